from evaluation.front_end.improvements import Improvement, describe, load_improvements, reason_of
from evaluation.front_end.readings import Outcome


def test_reasons_are_found_by_text(tmp_path):
    path = tmp_path / "improvements.toml"
    path.write_text('["b"]\ntexts = ["好", "坏"]\n["c"]\nalways = true\ntexts = ["美"]\n', encoding="utf-8")
    assert load_improvements(path) == {"好": ("b", False), "坏": ("b", False), "美": ("c", True)}
    assert len(load_improvements()) > 50


def test_a_front_end_told_to_be_like_upstream_differs_on_purpose_only_where_it_always_does():
    like, ours = (Outcome("zh-1", "好", variant, ("a",), ("b",)) for variant in ("", " (ours)"))
    assert reason_of(like, {"好": Improvement("better", False)}) is None
    assert reason_of(like, {"好": Improvement("better", True)}) == "better"
    assert reason_of(ours, {"好": Improvement("better", False)}) == "better"
    assert reason_of(ours, {"坏": Improvement("better", False)}) is None


def test_what_differs_is_told_with_its_reason():
    outcome = Outcome("zh-1", "好", " (ours)", ("a", "b", "c", "d"), ("a", "b", "x"))
    assert list(describe(outcome, {"好": Improvement("better", False)})) == [
        "zh-1 (ours): 好",
        "    on purpose: better",
        "    after a b: upstream c d, we x",
    ]
    assert list(describe(outcome, {}))[1] == "    not explained"
    assert not list(describe(Outcome("zh-1", "好", "", ("a",), ("a",)), {}))
