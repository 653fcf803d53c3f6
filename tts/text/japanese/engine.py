"""The dictionary and the analyser of Open JTalk, loaded once per process when first needed.

The package pyopenjtalk-plus carries a dictionary of its own (nothing is downloaded). With another folder,
such as that of Debian's package open-jtalk-mecab-naist-jdic, and our accent rules the outcome is that of the
older pyopenjtalk, which GPT-SoVITS uses.

Its analyser keeps state while it works on a sentence but guards it with a lock of its own, so one serves all
threads.
"""

import io
import logging
import os
from contextlib import redirect_stdout
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tts.text.japanese.labels import phones_with_marks

if TYPE_CHECKING:
    from pyopenjtalk.types import NJDFeature

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "OPEN_JTALK_DICT_DIR"
# Sounds of rare foreign syllables that no table of the models has, as two that they have.
_RARE = {"kw": ("k", "w"), "gw": ("g", "w"), "ty": ("t", "y")}
_FILES = ("sys.dic", "matrix.bin", "char.bin", "unk.dic")


class Engine:
    """One dictionary with the analyser that reads it. Safe to share between threads.

    Attributes:
        is_own: whether the dictionary is the package's own.
    """

    def __init__(self, folder: Path | None) -> None:
        """Loads the dictionary (mapped into memory, not read).

        Args:
            folder: of an Open JTalk dictionary; None for the package's own.

        Raises:
            ValueError: if the folder has no such dictionary.
        """
        with redirect_stdout(io.StringIO()):  # it recommends an optional package on the console
            import pyopenjtalk
            from pyopenjtalk.openjtalk import OpenJTalk
        self._package = pyopenjtalk
        self.is_own = folder is None
        folder = folder or Path(str(pyopenjtalk.__file__)).parent / "dictionary"
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise ValueError(
                f"{folder} is no dictionary of Open JTalk, for it has no {', '.join(missing)}; valid is a "
                "folder such as that of Debian's package open-jtalk-mecab-naist-jdic, or none, for the "
                "dictionary that comes with pyopenjtalk-plus"
            )
        try:
            self._analyser = OpenJTalk(dn_mecab=os.fsencode(folder))
        except RuntimeError as error:
            raise ValueError(f"the dictionary of Open JTalk in {folder} cannot be read") from error

    def entries(self, text: str) -> list[str]:
        """Returns the dictionary's entry of each word, as lines of fields with commas between."""
        return self._analyser.run_mecab(text)

    def words(self, text: str, *, is_corrected: bool) -> "list[NJDFeature]":
        """Returns the words with sounds and the package's own accents.

        Args:
            text: without marks.
            is_corrected: let the package mend readings by the words around them (生で見る nama de miru). With
                another dictionary than its own this is never done.
        """
        if is_corrected and self.is_own:
            return self._package.run_frontend(text, predict_nani=False, jtalk=self._analyser)
        return self._analyser.run_frontend(text, restore_unknown_katakana=False, modify_numeral_reading=False)

    def bare_words(self, entries: list[str], *, is_corrected: bool) -> "list[NJDFeature]":
        """Returns the words of `entries` as in `words`, but before the package mends anything."""
        is_corrected = is_corrected and self.is_own
        return self._analyser.run_njd_from_mecab(
            entries, restore_unknown_katakana=is_corrected, modify_numeral_reading=is_corrected
        )

    def phones(self, words: "list[NJDFeature]") -> list[str]:
        """Returns the phones of words with sounds and accents, and the marks of `labels`."""
        if not any(word["mora_size"] for word in words):
            return []
        phones = phones_with_marks(self._analyser.make_label(words))
        return [one for phone in phones for one in _RARE.get(phone, (phone,))]


_engines: dict[Path | None, Engine] = {}
_refused: set[str] = set()
_loading = Lock()


def get_engine(folder: Path | None = None) -> Engine:
    """Returns the engine of a dictionary, made at the first call.

    Args:
        folder: of the dictionary; None for what the environment variable OPEN_JTALK_DICT_DIR names, and the
            package's own without it. If what the variable names is no dictionary, it is the package's own,
            and a warning tells so: a reply is not to end at its first Japanese word.

    Raises:
        ValueError: if there is no dictionary in `folder`.
    """
    named = os.environ.get(FOLDER_VARIABLE) if folder is None else None
    with _loading:
        if not named:
            return _engine(folder)
        if named not in _refused:
            try:
                return _engine(Path(named))
            except ValueError as error:
                _refused.add(named)
                log.warning("%s: %s; Japanese is read with the package's own", FOLDER_VARIABLE, error)
        return _engine(None)


def _engine(folder: Path | None) -> Engine:
    if folder not in _engines:
        _engines[folder] = Engine(folder)
    return _engines[folder]
