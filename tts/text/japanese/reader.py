"""The Japanese reader: text -> clauses and marks -> words -> phones."""

import re
from collections.abc import Mapping
from pathlib import Path

from tts.text.japanese.engine import get_engine
from tts.text.japanese.labels import PAUSE
from tts.text.japanese.lexicon import Lexicon
from tts.text.japanese.normalise import normalise, without_private
from tts.text.japanese.sentence import Given, phones_of
from tts.text.languages import ReaderOptions, Reading
from tts.text.marks import CLAUSE, MARKS, UPSTREAM_MARKS, collapse_marks
from tts.text.symbols import UNKNOWN

# What GPT-SoVITS gives to the analyser in one piece; each other character is a mark by itself.
_UPSTREAM_WORD = r"A-Za-z\d々\u3040-\u30ff\u4e00-\u9fff\uff11-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9d"
_UPSTREAM_CLAUSE = re.compile(rf"[{_UPSTREAM_WORD}]+|[^{_UPSTREAM_WORD}]")
_MAX_CLAUSE = 200  # characters; the analyser's buffers are of fixed size
_PAUSE_PHONE = ","


class JapaneseReader:
    """Reads Japanese. The dictionary is loaded with the first text and shared by all readers."""

    def __init__(self, options: ReaderOptions, dictionary: Path | None = None) -> None:
        """Checks the lexicon.

        Args:
            options: what a reader may be told; readings in kana.
            dictionary: folder of another Open JTalk dictionary than the package's own; None also asks the
                environment variable OPEN_JTALK_DICT_DIR.

        Raises:
            ValueError: for a reading in the lexicon that is not kana, or a folder without a dictionary.
        """
        if dictionary is not None:
            get_engine(dictionary)
        self._is_like_upstream = options.is_like_upstream
        self._dictionary = dictionary
        self._lexicon = Lexicon(options.lexicon)

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns phones: sounds with `[` where the voice rises, `]` where it falls, `UNK` between phrases.

        The last is a short pause to the models: the sign for such borders was in none of their tables. A text
        may bring readings along: `{七海|ナナミ}は`. It makes no difference whether it stands alone.
        """
        return self._read_as_upstream(text) if self._is_like_upstream else self._read(text)

    def _read(self, text: str) -> Reading:
        text, given = self._lexicon.take_out(without_private(text))
        norm_text, num_skipped = normalise(text)
        phones: list[str] = []
        for clause in CLAUSE.findall(norm_text):
            if clause in MARKS:
                phones.append(clause)
                continue
            said, skipped = self._read_clause(clause, given)
            num_skipped += skipped
            phones += [_PAUSE_PHONE if phone == PAUSE else phone for phone in said]
        spoken = "".join(given[char].sound if char in given else char for char in norm_text)
        return Reading(spoken, tuple(phones) if _has_sound(phones) else (), None, num_skipped)

    def _read_as_upstream(self, text: str) -> Reading:
        text = collapse_marks(text)
        phones: list[str] = []
        num_skipped = 0
        for clause in _UPSTREAM_CLAUSE.findall(text.replace("％", "パーセント").lower()):
            if re.match(f"[{_UPSTREAM_WORD}]", clause):
                said, skipped = self._read_clause(clause, {})
                phones += said
                num_skipped += skipped
            elif clause != " ":
                phones.append(clause.translate(UPSTREAM_MARKS))
        return Reading(text, tuple(phones), None, num_skipped)

    def _read_clause(self, clause: str, given: Mapping[str, Given]) -> tuple[list[str], int]:
        phones: list[str] = []
        num_skipped = 0
        for begin in range(0, len(clause), _MAX_CLAUSE):
            part, skipped = phones_of(
                get_engine(self._dictionary),
                clause[begin : begin + _MAX_CLAUSE],
                given,
                is_like_upstream=self._is_like_upstream,
            )
            phones += [UNKNOWN if phone == "#" else phone for phone in part]
            num_skipped += skipped
        return phones, num_skipped


def _has_sound(phones: list[str]) -> bool:
    return not MARKS.issuperset(phones)
