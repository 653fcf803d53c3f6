"""Full-context labels -> phones, with marks where the voice rises and falls and where a phrase begins."""

import re
from collections.abc import Iterator, Sequence

RISE, FALL, BORDER, PAUSE = "[", "]", "#", "_"
_SOUND = re.compile(r"-([A-Za-z]+)\+")
# Within its accent phrase: distance of this mora from the fall, its place from the front and from the end.
_PLACE = re.compile(r"/A:(-?\d+)\+(\d+)\+(\d+)/")
_PHRASE = re.compile(r"/F:(\d+)_")
_SILENCE, _PAUSE_SOUND = "sil", "pau"
_ENDS_OF_MORAE = frozenset(("a", "i", "u", "e", "o", "N", "cl"))


def phones_with_marks(labels: Sequence[str]) -> list[str]:
    """Returns the phones of a sentence with the four marks between them.

    Vowels that are whispered (capitals in the labels) are written like others, as the models were trained.

    Args:
        labels: one full-context label per phone, the silences at both ends among them.
    """
    phones: list[str] = []
    read = list(_read(labels))
    for number, (sound, from_fall, from_front, from_end, num_morae) in enumerate(read):
        if sound == _SILENCE:
            continue
        phones.append(PAUSE if sound == _PAUSE_SOUND else sound)
        following = read[number + 1][2] if number + 1 < len(read) else 0
        if sound in _ENDS_OF_MORAE:
            if from_end == 1 and following == 1:
                phones.append(BORDER)
            elif from_fall == 0 and following == from_front + 1 and from_front != num_morae:
                phones.append(FALL)
            elif from_front == 1 and following == 2:
                phones.append(RISE)
    return phones


def _read(labels: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yields per label: sound, the three numbers of `_PLACE` and the phrase's length; zeros for silences."""
    for label in labels:
        sound = _SOUND.search(label)
        name = sound[1] if sound else _SILENCE
        place, phrase = _PLACE.search(label), _PHRASE.search(label)
        from_fall, from_front, from_end = map(int, place.groups()) if place else (0, 0, 0)
        num_morae = int(phrase[1]) if phrase else 0
        yield name.lower() if name in "AIUEO" else name, from_fall, from_front, from_end, num_morae
