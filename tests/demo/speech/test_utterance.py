"""Texts are read word by word as the engine reads them as a whole."""

import numpy as np
import pytest

from demo.speech.utterance import UtteranceReader
from tts.text.front_end import FrontEnd
from tts.text.pieces import prepare_target


@pytest.fixture(scope="module")
def reader() -> UtteranceReader:
    return UtteranceReader()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Oh, it is you! I knew your footsteps at once.", "en"),
        ("Yes.", "en"),
        ("It left at 7:30 a.m. with 45 well-kept letters.", "en"),
        ("你来啦，快进来坐。", "zh"),
        ("我喜欢 tea，你呢？", "zh"),
        ("好。", "zh"),
    ],
)
def test_words_add_up_to_what_the_engine_reads(reader, text, language):
    utterance = reader.read(text, language)
    wanted = FrontEnd("v2").read(prepare_target(text, language), language)
    assert tuple(phone for word in utterance.words for phone in word.phones) == wanted.symbols
    np.testing.assert_array_equal(utterance.ids, wanted.ids)
    assert [word.start for word in utterance.words] == [
        sum(len(word.phones) for word in utterance.words[:place]) for place in range(len(utterance.words))
    ]


def test_words_know_their_language(reader):
    assert reader.read("我喜欢 tea，你呢？", "zh").languages == {"zh", "en"}


def test_text_that_cannot_be_read_is_refused(reader):
    with pytest.raises(ValueError, match="can be read"):
        reader.read("♪♪", "en")
