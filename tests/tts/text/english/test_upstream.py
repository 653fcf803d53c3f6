"""Words as GPT-SoVITS looks them up, with its packages, or stand-ins for them, and without."""

from importlib.util import find_spec

import numpy as np
import pytest

from tts.text.english import upstream
from tts.text.english.encoder_decoder import EncoderDecoder
from tts.text.english.upstream import read_release, read_upstream_word


class FakeNet:
    def read(self, word: str) -> tuple[str, ...]:
        return ("N", "EH1", "T")


@pytest.fixture(autouse=True)
def no_memory():
    read_upstream_word.cache_clear()
    yield
    read_upstream_word.cache_clear()


@pytest.fixture
def with_packages(monkeypatch):
    monkeypatch.setattr(
        upstream, "_old_readings", lambda: {"zero": "Z IY1 R OW0", "sakura": "S AA2 K UW1 R AA2"}
    )
    parts = {"blorfing": ["bl", "or", "fing"], "helloare": ["hello", "are"]}
    monkeypatch.setattr(upstream, "_splitter", lambda: lambda word: parts.get(word, [word]))
    monkeypatch.setattr(upstream, "_net", FakeNet)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("zero", "Z IY1 R OW0"),
        ("sakura", "S AA2 K UW1 R AA2"),
        ("zy", "Z IY1 W AY1"),
        ("zyx", "Z IY1 W AY1 EH1 K S"),
        ("blorfing", "B IY1 EH1 L AO1 R N EH1 T"),
        ("helloare", "HH AH0 L OW1 AA1 R"),
        ("half-broken", "N EH1 T"),
        ("half-broken's", "N EH1 T S"),
    ],
)
def test_the_chain_of_look_ups(word, said, with_packages):
    assert " ".join(read_upstream_word(word)) == said


def test_without_the_old_release_the_newer_one_stands_in(monkeypatch):
    monkeypatch.setattr(upstream, "_old_readings", dict)
    assert " ".join(read_upstream_word("zero")) == "Z IH1 R OW0"


def test_a_package_that_lacks_the_file_is_as_good_as_none(monkeypatch):
    monkeypatch.setattr(upstream, "_RELEASE_FILE", "cmudict-0.8")
    assert upstream._old_readings.__wrapped__() == {}


def test_a_release_is_read_without_its_remarks(tmp_path):
    path = tmp_path / "release"
    path.write_bytes(";;; # Remark\nREAD  R EH1 D\nREAD(1)  R IY1 D\nDÉJÀ  D EY2 ZH\n".encode("latin-1"))
    assert read_release(path) == {"read": "R EH1 D", "read(1)": "R IY1 D", "déjà": "D EY2 ZH"}


@pytest.mark.parametrize("missing", ["_splitter", "_net"])
def test_without_one_of_the_packages_our_own_readings_stand_in(monkeypatch, with_packages, missing):
    monkeypatch.setattr(upstream, missing, lambda: None)
    assert " ".join(read_upstream_word("half-broken")) == "HH AE1 F B R OW1 K AH0 N"
    assert read_upstream_word("ringuild.com")


@pytest.mark.skipif(
    not all(map(find_spec, ("pronouncing", "g2p_en", "wordsegment"))), reason="packages are not installed"
)
def test_the_packages_say_what_upstream_says():
    assert " ".join(read_upstream_word("activity")) == "AE0 K T IH1 V IH0 T IY0"
    assert " ".join(read_upstream_word("half-broken")) == "HH AE1 L B R AH0 F IH0 K"
    assert " ".join(read_upstream_word("zyphora")) == "Z IY1 W AY1 P IY1 EY1 CH AO1 R EY1"


def test_the_net_says_what_its_weights_say(tmp_path):
    """Weights that make it ignore the letters: phone number n is followed by n + 1, and 25 by the end."""
    width, num_symbols = 80, 74
    zeros = {
        f"{side}_{name}": np.zeros(shape, np.float32)
        for side in ("enc", "dec")
        for name, shape in (
            ("w_ih", (3 * width, width)),
            ("w_hh", (3 * width, width)),
            ("b_ih", 3 * width),
            ("b_hh", 3 * width),
        )
    }
    zeros["enc_emb"] = np.zeros((29, width), np.float32)
    zeros["dec_emb"] = np.eye(num_symbols, width, dtype=np.float32)
    for said in range(num_symbols):  # the new state is the embedding, all gates shut to the old one
        zeros["dec_w_ih"][2 * width + said, said] = 9.0
    zeros["dec_b_ih"][width : 2 * width] = -30.0
    zeros["fc_w"] = np.zeros((num_symbols, width), np.float32)
    zeros["fc_b"] = np.zeros(num_symbols, np.float32)
    for before, after in [(2, 22), (22, 23), (23, 24), (24, 25), (25, 3)]:
        zeros["fc_w"][after, before] = 1.0
    np.savez(tmp_path / "net.npz", **zeros)
    assert EncoderDecoder(tmp_path / "net.npz").read("it's") == ("B", "CH", "D", "DH")
    zeros["fc_w"][3, 25], zeros["fc_w"][22, 25] = 0.0, 1.0
    np.savez(tmp_path / "endless.npz", **zeros)
    assert len(EncoderDecoder(tmp_path / "endless.npz").read("a")) == 20
