"""The table of patterns of the Korean normaliser, in the order they run."""

import re
from collections.abc import Callable
from functools import cache

from tts.text.korean import sayings as say
from tts.text.korean.lists import pairs, words
from tts.text.korean.numbers import MAX_DIGITS, say_digits


def _any_of(names: frozenset[str] | set[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))


NUMBER = r"\d+(?:\.\d+)?"
COUNTER = _any_of(words("counters") | words("more_counters"))
# What may follow a counter; anything else makes it the beginning of another word, as in 3개월 and 2시즌.
PARTICLE = (
    "가|이|을|를|은|는|의|에|도|만|로|으로|와|과|씩|쯤|께|정도|정각|반|경|나|까|부터|보다|마다|하고|랑|인|입|야|예|여|였|짜리|째|밖|뿐|들|당|처럼|"
    "간|전|후|동안|안|뒤|쪽|분|가량|이상|미만|남|넘|더|치|급|한테|께서|요|라|중|다|뿐|넣|있|없|남짓"
)
UNIT = _any_of(set(pairs("latin")))
MONTH_DAY = r"(1[0-2]|0?[1-9])/(3[01]|[12]\d|0?[1-9])"
DASH = r"\s?[-~–—∼]\s?"
CLOCK = r"(?P<{0}h>[01]?\d|2[0-4]):(?P<{0}m>[0-5]\d)(?::(?P<{0}s>[0-5]\d))?"
CODE = "비밀번호|패스워드|암호|인증 번호|코드|번호|아이디|비번"
SINGLE_NAMES = (
    "출구|방|문|버튼|선택지|버스|자리|트랙|채널|타자|노선|창구|게이트|좌석|"
    "서버|구역|키|카드|길|국도|홀|선수|마을버스|퀘스트|슬롯"
)
SCORED = "로|으로"
LOST_OR_WON = "이기|이겼|이긴|지|졌|진|승|패|비|앞|뒤|끝|역전"
MEASURED = r"(?<=[년월일시분초개명원도층세살회급점째])"

Say = Callable[[re.Match[str]], str]
RULES: tuple[tuple[str, Say], ...] = (
    (
        rf"\d{{{MAX_DIGITS + 1},}}",
        lambda match: say_digits(match[0]),
    ),  # and no later row meets endless digits
    (r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?!\d|,\d)", lambda match: match[0].replace(",", "")),
    (r"(?<![\d-])(?:\+82[- ]?\d|0\d)\d?[-.) ]\s?\d{3,4}[-. ]\d{4}(?![\d-])", say.digit_groups),
    (r"(?<![\d-])(?:01\d\d{7,8}|1[568]\d\d-\d{4})(?![\d-])", say.digit_groups),
    (rf"(?P<word>(?:{CODE})(?:은|는|이|가|:)?\s?)(?P<code>\d{{3,}}(?:-\d+)*)(?![\d.%번개명원])", say.code),
    (
        r"(?<!\d)(?P<y>\d{4})\s?([-/.])\s?(?P<m>1[0-2]|0?[1-9])\s?\2\s?(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)(?:\.(?=\s?[(가-힣]))?",
        say.date,
    ),
    (rf"(?<!\d){CLOCK.format('a')}{DASH}{CLOCK.format('b')}(?!\d)", say.clocks),
    (rf"(?<![\d:]){CLOCK.format('')}(?![\d:])", say.clock),
    (r"(?<![\d:])(\d+)\s?:\s?(\d+)(?![\d:])", say.against),
    (rf"(?<![\d-])(\d+)\s?-\s?(\d+)(?=\s?(?:{SCORED})\s?(?:{LOST_OR_WON}))", say.against),
    (rf"(?<!\d)(\d+)\s?대\s?(\d+)(?!\d)(?!\s?(?:{COUNTER}))", say.against),
    (rf"{MEASURED}[-~–—∼](?=\d)", lambda _: "에서 "),
    (r"(?<=시|분|일|월)\s?[-~–—∼]\s?(?=오전|오후)", lambda _: "에서 "),
    (rf"([{''.join(say.MONEY)}])\s?({NUMBER})(?:\s?([만억]))?", say.money),
    (rf"({NUMBER})\s?km/h", say.speed),
    (rf"({NUMBER})\s?(?:°F|℉)", say.fahrenheit),
    (rf"(?<![\d가-힣A-Za-z)])[-−]({NUMBER})\s?(?:°C|℃|도|°)", say.cold),
    (rf"({NUMBER})(?:%|℃)?{DASH}({NUMBER})(?=\s?(?:%|℃|°C))", say.between),
    (rf"(?<![A-Za-z]){NUMBER}(?:\s?[+×*÷]\s?{NUMBER})+", say.arithmetic),
    (rf"{NUMBER}(?:\s?[-−]\s?{NUMBER})+(?=\s?=)", say.arithmetic),
    (rf"({NUMBER})(\s?)({UNIT})(?![A-Za-z])", say.unit),
    (rf"(?<![\d/]){MONTH_DAY}{DASH}{MONTH_DAY}(?![\d/])", say.days),
    (r"(?<![\d/])(\d+)/(\d+)(?![\d/])", say.fraction),
    (r"(?<![\d월])(\d{1,2})월(?!드|광|급)", say.months),
    (r"(?<![\d.])(\d{1,2})(\s?)번째", say.ordinal),
    (r"(?<=제)( ?)(\d+)", lambda match: match[1] + say.say_sino(match[2])),
    (rf"(?<![\d.])(\d+)(?=\s?번\s?(?:{SINGLE_NAMES}))", lambda match: say.say_sino(match[1])),
    (rf"(?<![\d.-])(\d+){DASH}(\d+)(\s?)({COUNTER})(?![가-힣])", say.about),
    (rf"(?<![\d.-])(\d+){DASH}(\d+)(\s?)({COUNTER})(?={PARTICLE})", say.about),
    (r"(?<![\d.-])(\d+)[-~–—∼](\d+)()([가-힣])", say.about),
    (rf"(?<![\d.-])({NUMBER}){DASH}({NUMBER})(?![\d.-])", say.between),
    (rf"(?<![\d.])(\d+)( ?)({COUNTER})(?![가-힣])", say.quantity),
    (rf"(?<![\d.])(\d+)( ?)({COUNTER})(?={PARTICLE})", say.quantity),
    (r"\d+(?:\.\d+){2,}", say.dotted),
    (rf"(?<![\d가-힣])[+](?={NUMBER})", lambda _: " 플러스 "),
    (rf"(?<![\d가-힣)])[-−](?={NUMBER})", lambda _: " 마이너스 "),
    (rf"(?<=[가-힣]) ?[+](?={NUMBER})", lambda _: " 플러스 "),
    (r"\d+\.\d+", say.number),
    (r"\d+", say.integer),
    (r"(?<=[가-힣]) ?[xX×](?= ?[일이삼사오육칠팔구십백천만])", lambda _: " 곱하기 "),
    (r"([가-힣])\s?=\s?", say.equals),
    (r"(?<![A-Za-z])(?:[Ll][Vv]|LEVEL|[Ll]evel)(?![A-Za-z])\.?\s?", lambda _: "레벨 "),
    (r"(?<![A-Za-z])(?:[Vv][Ss])(?![A-Za-z])\.?", lambda _: "대"),
    (r"(?<=[A-Za-z]{2})\.(?=[A-Za-z]{2})", lambda _: "점"),
    (r"[A-Za-z]+", say.letters),
    ("[%]", lambda _: "퍼센트"),
    ("&", lambda _: " 앤드 "),
    ("@", lambda _: "골뱅이"),
    ("[+]", lambda _: "플러스"),
    ("×", lambda _: " 곱하기 "),
    ("÷", lambda _: " 나누기 "),
)


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], Say], ...]:
    return tuple((re.compile(pattern), words_of) for pattern, words_of in RULES)


def say_numbers(text: str) -> str:
    """Returns `text` with every number, unit, sign and Latin letter the table knows said in Hangul."""
    for pattern, words_of in _compiled():
        text = pattern.sub(words_of, text)
    return text
