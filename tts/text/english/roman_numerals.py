"""Roman numerals: chapters and wars are counted, kings are ranked."""

import re

from tts.text.english.numbers import cardinal, ordinal
from tts.text.scripts import roman_value

_SEVERAL = "II|III|IV|VI{1,3}|IX|XI{1,3}|XIV|XV|XVI{1,3}|XIX|XX"
# A single letter is a numeral only after these words.
_COUNTED = (
    "Chapter|Part|Act|Volume|Book|Phase|Type|Level|Rank|Class|Mark|Stage|Episode|Section|Article|Scene|Tier|"
    "Fantasy|War"
)
_RULERS = (
    "Henry|Louis|Elizabeth|George|Edward|Charles|James|William|Richard|Philip|Catherine|Nicholas|Napoleon|"
    "Ferdinand|Frederick|Francis|Leo|Pius|Benedict|Victoria|Margaret|Ivan|Constantine|Ramses|Alexander|Paul"
)
_TITLES = "King|Queen|Emperor|Empress|Pope|Prince|Princess|Lord|Sultan|Tsar|Duke"
_RULER = re.compile(rf"\b((?:{_TITLES}) [A-Z]\w+|{_RULERS}) ({_SEVERAL}|[VX]\b|I(?=[,.!?;:]|$))(?![\w'])")
_SINGLE = re.compile(rf"\b((?:{_COUNTED})) ([IVX])(?![\w'])")
_NUMERAL = re.compile(rf"(?<=[A-Za-z] )\b({_SEVERAL})\b(?!')")


def say_romans(text: str) -> str:
    """Reads `Henry VIII` as Henry the eighth, `Act V` as Act five, `World War II` as World War two."""
    text = _RULER.sub(lambda match: f"{match[1]} the {ordinal(roman_value(match[2]))}", text)
    text = _SINGLE.sub(lambda match: f"{match[1]} {cardinal(roman_value(match[2]))}", text)
    return _NUMERAL.sub(lambda match: cardinal(roman_value(match[1])), text)
