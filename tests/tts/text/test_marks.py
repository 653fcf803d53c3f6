from tts.text.marks import CLAUSE, DASHES, MARKS, UPSTREAM_MARKS, collapse_marks
from tts.text.symbols import symbol_table


def test_the_models_know_all_marks():
    assert (
        symbol_table("v1").known(sorted(MARKS))
        == symbol_table("v2").known(sorted(MARKS))
        == tuple(sorted(MARKS))
    )


def test_a_text_is_parted_at_each_mark():
    assert CLAUSE.findall("你好.再,世-界!?…") == ["你好", ".", "再", ",", "世", "-", "界", "!", "?", "…"]


def test_repeated_marks_collapse_to_the_first():
    assert collapse_marks("什么!?...好,-。。") == "什么!好,。。"


def test_dashes_go_with_the_blanks_round_them_and_hyphens_only_in_runs():
    assert DASHES.sub("|", "好 ——  好─好--好-好") == "好|好|好|好-好"


def test_upstream_has_half_width_marks_for_some_full_width_ones():
    assert "：；，。！？\n·、…".translate(UPSTREAM_MARKS) == ",,,.!?.,,…"
