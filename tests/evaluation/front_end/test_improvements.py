from evaluation.front_end.improvements import describe, load_improvements
from evaluation.front_end.readings import Outcome


def test_reasons_are_found_by_text(tmp_path):
    path = tmp_path / "improvements.toml"
    path.write_text('["better"]\ntexts = ["好", "坏"]\n["best"]\ntexts = ["美"]\n', encoding="utf-8")
    assert load_improvements(path) == {"好": "better", "坏": "better", "美": "best"}
    assert all(load_improvements().values())


def test_what_differs_is_told_with_its_reason():
    outcome = Outcome("zh-1", "好", " (ours)", ("a", "b", "c", "d"), ("a", "b", "x"))
    assert list(describe(outcome, {"好": "better"})) == [
        "zh-1 (ours): 好",
        "    on purpose: better",
        "    after a b: upstream c d, we x",
    ]
    assert list(describe(outcome, {}))[1] == "    not explained"
    assert not list(describe(Outcome("zh-1", "好", "", ("a",), ("a",)), {}))
