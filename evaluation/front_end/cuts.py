"""Whole texts cut by our methods, beside how upstream cut them."""

from collections.abc import Iterable

from evaluation.front_end.readings import Row
from evaluation.front_end.scores import Cuts
from tts.text.cutting import cut, pieces_of
from tts.text.marks import collapse_marks


def score_cuts(rows: Iterable[Row]) -> tuple[Cuts, list[str]]:
    """Scores the cut itself, the collapse of marks and the final pieces of the text with and without it.

    Where upstream raises no pieces are right, and where it makes an empty piece, at which it raises later on,
    all but that.

    Returns:
        The score, and a line for each row that is cut otherwise.
    """
    cuts, different = Cuts(), []
    for row in rows:
        text, collapsed = row["text"], collapse_marks(row["text"])
        pieces = {
            name: pieces_of(whole, row["lang"], row["method"])
            for name, whole in (("pre_seg", text), ("pre_seg_collapsed", collapsed))
        }
        raises = any(f"{name}_raises" in row or "" in row[name] for name in pieces)
        is_alike = cut(text, row["method"]) == row["cut"] and collapsed == row["collapsed"]
        is_alike &= all(got == [one for one in row.get(name, ()) if one] for name, got in pieces.items())
        cuts.rows += 1
        cuts.exact += is_alike
        cuts.where_upstream_raises += is_alike and raises
        if not is_alike:
            different.append(f"{row['id']} {text[:80]}: {pieces['pre_seg']}")
    return cuts, different
