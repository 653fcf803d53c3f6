"""The six marks that the models know, how runs of them are told apart, and how upstream maps all others."""

import re

MARKS = frozenset("!?…,.-")
# A normalised text's parts: each mark by itself, and what stands between two.
CLAUSE = re.compile(r"[!?…,.-]|[^!?…,.-]+")
# Dashes are a pause in Chinese and Korean, hyphens only where there are several.
DASHES = re.compile(r"\s*[—–―─]+\s*|--+")
# As GPT-SoVITS maps them; every other mark passes unchanged and is unknown to the models.
UPSTREAM_MARKS = str.maketrans("：；，。！？\n·、", ",,,.!?.,,")

_REPEATED = re.compile(r"([!?…,.-])[!?…,.-]+")


def collapse_marks(text: str) -> str:
    """Returns a text with the first only of each run of marks."""
    return _REPEATED.sub(r"\1", text)
