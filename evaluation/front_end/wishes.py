"""What is right, whatever upstream says: wishes, and marked characters of Mandarin."""

from collections.abc import Iterable, Sequence

from evaluation.front_end.readings import Row
from evaluation.front_end.scores import Truth, Wishes
from tts.text.front_end import FrontEnd
from tts.text.mandarin.pinyin import syllable_phones


def score_truth(rows: Iterable[Row], front_end: FrontEnd) -> tuple[Truth, list[str]]:
    """Scores single characters: the reading has to be one of those the row accepts.

    Returns:
        The score, and a line for each character that is read otherwise.
    """
    truth, wrong = Truth(), []
    for row in rows:
        segment = front_end.read_run(row["text"], "zh")
        starts = [sum((segment.word2ph or ())[:index]) for index in range(len(segment.norm_text))]
        truth.rows += 1
        for target in row["targets"]:
            nth = row["text"][: target["index"]].count(target["char"])
            places = [index for index, char in enumerate(segment.norm_text) if char == target["char"]]
            start = starts[places[nth]] if nth < len(places) else len(segment.phones)
            got = segment.phones[start : start + 2]
            is_right = got in [syllable_phones(one) for one in target["accept"]]
            truth.targets += 1
            truth.right += is_right
            if not is_right:
                said = " ".join(got) or "nothing"
                wrong.append(f"{row['id']} {row['text']}: {target['char']} is {target['want']}, not {said}")
    return truth, wrong


def score_wishes(rows: Iterable[Row], front_end: FrontEnd) -> tuple[Wishes, list[str]]:
    """Scores wishes in the mode each names.

    Returns:
        The score, and a line for each wish that did not come true.
    """
    wishes, broken = Wishes(), []
    for row in rows:
        phones = front_end.read(row["text"], row["lang"])
        is_kept = keeps_wish(row, phones.norm_text, phones.symbols)
        wishes.rows += 1
        wishes.kept += is_kept
        if not is_kept:
            broken.append(f"{row['id']} {row['text']}: {phones.norm_text} [{' '.join(phones.symbols)}]")
    return wishes, broken


def keeps_wish(row: Row, norm_text: str, phones: Sequence[str]) -> bool:
    """Tells whether a reading has what a wish asks for and nothing it forbids.

    One of `norm_any` has to occur whatever the case, commas and blanks; none of `norm_none` may occur as
    written.
    """
    plain, joined = _plain(norm_text), f" {' '.join(phones)} "
    has_norm = not row["norm_any"] or any(_plain(text) in plain for text in row["norm_any"])
    has_phones = not row["phone_any"] or any(f" {run} " in joined for run in row["phone_any"])
    is_clean = not any(text in norm_text for text in row["norm_none"])
    return has_norm and has_phones and is_clean and not any(f" {run} " in joined for run in row["phone_none"])


def _plain(text: str) -> str:
    return text.lower().replace(",", "").replace(" ", "")
