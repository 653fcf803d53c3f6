import pytest

from evaluation.front_end.cuts import score_cuts

ROW = {
    "id": "c",
    "text": "好？？？",
    "lang": "zh",
    "method": "cut0",
    "cut": "好？？？",
    "collapsed": "好？？？",
}


def test_empty_pieces_and_errors_of_upstream_are_not_asked_for():
    alike = ROW | {"pre_seg": ["。好？？？"], "pre_seg_collapsed": ["", "。好？？？"]}
    raises = ROW | {
        "text": "……",
        "cut": "\n",
        "collapsed": "…",
        "pre_seg_raises": "X",
        "pre_seg_collapsed_raises": "X",
    }
    other = ROW | {"pre_seg": ["好？"], "pre_seg_collapsed": []}
    cuts, different = score_cuts([alike, raises, other])
    assert (cuts.rows, cuts.exact, cuts.where_upstream_raises) == (3, 2, 2)
    assert different == ["c 好？？？: ['。好？？？']"]


@pytest.mark.parametrize("name", ["cut", "collapsed", "pre_seg", "pre_seg_collapsed"])
def test_a_row_is_alike_only_if_all_of_it_is(name):
    row = ROW | {"pre_seg": ["。好？？？"], "pre_seg_collapsed": ["。好？？？"]}
    assert score_cuts([row])[0].exact == 1
    assert score_cuts([row | {name: ["。好？"] if isinstance(row[name], list) else "好？"}])[0].exact == 0
