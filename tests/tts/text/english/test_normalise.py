"""Written English becomes spoken words and six marks."""

import pytest

from tts.text.english.normalise import normalise

SAID = {
    "You have 3 potions and 12 arrows.": "You have three potions and twelve arrows.",
    "I own 23456 coins.": "I own twenty-three thousand, four hundred fifty-six coins.",
    "I own 1,250,000 coins.": "I own one million, two hundred fifty thousand coins.",
    "In 1805, 1900, 2000, 2003 and 2019.": "In eighteen oh five, nineteen hundred, two thousand, two "
    "thousand three and twenty nineteen.",
    "The 1990s and the '80s": "The nineteen nineties and the eighties",
    "1st, 22nd, 103rd": "first, twenty-second, one hundred third",
    "1. Open it. 2. Go.": "first, Open it. second, Go.",
    "It is 6.25 or .5 of 1.2.3": "It is six point two five or point five of one point two point three",
    "It fell to -12": "It fell to negative twelve",
    "12.5% of 10%-20%": "twelve point five percent of ten percent to twenty percent",
    "$299, $49.99, £7.14, 20$, $1, $0.50": "two hundred ninety-nine dollars, forty-nine dollars and "
    "ninety-nine cents, seven pounds and fourteen pence, twenty dollars, one dollar, fifty cents",
    "It costs €1,299.99. At noon":
    "It costs one thousand, two hundred ninety-nine euros and ninety-nine cents. "
    "At noon",
    "J. K. Rowling, Ph.D., is 5'11\"": "J K Rowling, P H D, is five foot eleven",
    "$1.5 million": "one point five million dollars",
    "at 8:30, 18:45 and 9:05pm": "at eight thirty a.m., six forty-five p.m. and nine oh five p.m.",
    "9:00": "nine a.m.",
    "8pm or 7 a.m.": "eight p.m. or seven a.m.",
    "on May 5, 2024": "on May fifth, twenty twenty-four",
    "2024-05-01": "May first, twenty twenty-four",
    "1/2, 3/4, 1 1/2, ½": "one half, three fourths, one and one half, one half",
    "24/7 and 10/10": "twenty-four seven and ten out of ten",
    "10km, 1 km, 5m, 6ft, 42°C, 60 mph": "ten kilometers, one kilometer, five meters, six feet, "
    "forty-two degrees celsius, sixty miles per hour",
    "pages 3-5": "pages three to five",
    "3 + 5 = 8 and 12 × 4 - 7": "three plus five equals eight and twelve times four minus seven",
    "Lv.3, HP+20, MP-5": "level three, H P plus twenty, M P minus five",
    "v1.4 or GPT-4": "version one point four or G P T-four",
    "£5m and €1.2bn, -$5": "five million pounds and one point two billion euros, negative five dollars",
    "2 3/4 tsp, 3/4 km": "two and three fourths teaspoons, three fourths of a kilometer",
    "Henry VIII, World War II, Act V, plan V": "Henry the eighth, World War two, Act five, plan V",
    "100 km², 3.5GHz": "one hundred square kilometers, three point five gigahertz",
    "10:30-11:45, 8-10pm": "ten thirty a.m. to eleven forty-five a.m., eight to ten p.m.",
    "5-10kg, $10-$20, 10-20%": "five to ten kilograms, ten dollars to twenty dollars, ten to twenty percent",
    "Mon-Fri, on Tues. too": "Monday to Friday, on Tuesday too",
    "an RTX4090, a 1v1 in 4K": "an R T X forty ninety, a one V one in four K",
    "1234567890123 and 5000000000000": (
        "one two three four five six seven eight nine zero one two three and five trillion"
    ),
    "±3, ≈10, ~5, 2^10": "plus or minus three, about ten, about five, two to the power of ten",
    "'90s, the 70's, S01E02": "nineties, the seventies, season one episode two",
    "12 May 1990": "the twelfth of May nineteen ninety",
    "5 ft 4 in, w/o it": "five feet four inches, without it",
    "15km/day, $5/month": "fifteen kilometers per day, five dollars per month",
    "x² + 99¢": "x squared plus ninety-nine cents",
    "007 and 555-1234": "zero zero seven and five five five, one two three four",
    "World War II, Chapter IV": "World War two, Chapter four",
    "Dr. Lee, Mr. Brown and Mrs Jones": "Doctor Lee, Mister Brown and Missus Jones",
    "near St. Paul on Elm St.": "near Saint Paul on Elm Street.",
    "e.g. this, i.e. that, etc.": "for example this, that is that, et cetera.",
    "No. 5 says No. Then": "number five says No. Then",
    "“It’s mine,” she said; we’re ‘fine’.": "It's mine, she said, we're fine.",
    "Hello，are you there？Yes！": "Hello, are you there? Yes!",
    "Ｈｉ　１２": "Hi twelve",
    "The café sells naïve crêpes, Ærø": "The cafe sells naive crepes, Aero",
    "Stop — there - is -- no": "Stop, there, is, no",
    "— Well, yes": "Well, yes",
    "Wait!!! What?! No way...": "Wait! What? No way.",
    "rin@guild.com & bring #7": "rin at guild dot com and bring number seven",
    "T60 iPhone15": "T sixty iPhone fifteen",
    "the boys' toys": "the boys' toys",
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SAID.items())
def test_says_what_a_person_would(text: str, said: str) -> None:
    assert normalise(text)[0] == said


def test_capitals_are_words_or_letters() -> None:
    said = normalise("My AI friend in the USA, ChatGPT, NPCs, NASA and the US. HELP ME, PLEASE! I WANT IT")[0]
    assert said == (
        "My A I friend in the U S A, Chat G P T, N P C's, NASA and the U S. HELP ME, PLEASE! I WANT IT"
    )


def test_counts_only_what_is_missed() -> None:
    assert normalise("(Hi) “you” [there] …") == ("Hi you there.", 0)
    assert normalise("Hi 你好 😀!") == ("Hi!", 3)


def test_like_upstream_it_spells_capitals_and_knows_no_titles() -> None:
    assert normalise("HELP Dr. Lee: go", is_like_upstream=True)[0] == "H E L P Dr. Lee go"
    assert normalise("at 9:00", is_like_upstream=True)[0] == "at nine o'clock a.m."
