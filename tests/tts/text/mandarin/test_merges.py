from tts.text.mandarin.merges import merge_words
from tts.text.mandarin.sandhi import apply_erhua, apply_tones
from tts.text.mandarin.words import Word


def make(*words: tuple[str, str, str]) -> list[Word]:
    return [Word(text, tag, syllables.split()) for text, tag, syllables in words]


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


def test_bu_joins_the_next_word_and_takes_its_tag():
    merged = merge_words(make(("不", "d", "bu4"), ("会", "v", "hui4"), ("走", "v", "zou3")))
    assert texts(merged) == ["不会", "走"]
    assert merged[0].tag == "v"


def test_yi_joins_what_it_stands_between_or_before():
    merged = merge_words(make(("想", "v", "xiang3"), ("一", "m", "yi1"), ("想", "v", "xiang3")))
    assert texts(merged) == ["想一想"]
    assert texts(merge_words(make(("看", "v", "kan4"), ("一", "m", "yi1"), ("座", "q", "zuo4")))) == [
        "看",
        "一座",
    ]


def test_a_repeated_word_is_one_word():
    assert texts(merge_words(make(("看", "v", "kan4"), ("看", "v", "kan4"), ("吧", "y", "ba5")))) == [
        "看看",
        "吧",
    ]


def test_third_tones_join_up_to_three_characters():
    i, want, buy = ("我", "r", "wo3"), ("想", "v", "xiang3"), ("买", "v", "mai3")
    assert texts(merge_words(make(i, want))) == ["我想"]
    assert texts(merge_words(make(i, want, buy))) == ["我想买"]
    assert texts(merge_words(make(("所有", "b", "suo3 you3"), ("水手", "n", "shui3 shou3")))) == [
        "所有",
        "水手",
    ]
    assert texts(merge_words(make(("很", "d", "hen3"), ("好吃", "a", "hao3 chi1")))) == ["很好吃"]
    assert texts(merge_words(make(("想想", "v", "xiang3 xiang3"), ("我", "r", "wo3")))) == ["想想", "我"]


def test_er_joins_the_word_before():
    assert texts(merge_words(make(("花", "n", "hua1"), ("儿", "n", "er2")))) == ["花儿"]


def test_words_of_a_lexicon_are_neither_joined_nor_changed():
    words = make(("不", "d", "bu4"), ("你好", "nz", "ni3 hao3"), ("儿", "n", "er2"))
    words[1].is_fixed = True
    merged = merge_words(words)
    assert texts(merged) == ["不", "你好", "儿"]
    apply_tones(merged[1])
    apply_erhua(merged[1])
    assert merged[1].tones == "33"


def test_er_has_a_second_tone_where_it_is_a_word_and_that_before_it_where_it_is_none():
    for text, syllables, tones in (
        ("女儿", "nv3 er1", "32"),
        ("女儿", "nv3 er2", "32"),
        ("点儿", "dian3 er2", "33"),
        ("玩儿", "wan2 er5", "22"),
    ):
        word = Word(text, "n", syllables.split())
        apply_erhua(word)
        assert word.tones == tones


def test_upstream_drops_tones_that_ours_keeps():
    for is_like_upstream, tones in ((True, "45"), (False, "44")):
        word = Word("目的", "n", ["mu4", "di4"])
        apply_tones(word, is_like_upstream=is_like_upstream)
        assert word.tones == tones
        prince = Word("王子", "n", ["wang2", "zi3"])
        apply_tones(prince, is_like_upstream=is_like_upstream)
        assert prince.tones == ("25" if is_like_upstream else "23")
