"""Merging neighbours before the tone rules, which look no further than a word.

The six merges and their limits are those of GPT-SoVITS, whose models learned the tones that follow from them.
"""

from collections.abc import Callable, Iterable

from tts.text.mandarin.words import Word

Words = list[Word]
MAX_THIRD_TONE_CHARS = 3


def merge_words(words: Words) -> Words:
    """Returns the words with 不, 一, repeated words, third tones and 儿 joined to their neighbours."""
    for merge in (_merge_bu, _merge_yi, _merge_repeated, _merge_all_third, _merge_touching_third, _merge_er):
        words = merge(words)
    return words


def _join(*words: Word) -> Word:
    """Joins words; the tag is that of the last but where a caller sets another."""
    return Word("".join(w.text for w in words), words[-1].tag, [s for w in words for s in w.syllables])


def _pairwise(
    words: Iterable[Word], fits: Callable[[Word, Word], bool], *, tag_of_first: bool = True
) -> Words:
    """Joins each word to the one before where `fits(before, word)`; a joined word can grow further."""
    out: Words = []
    for word in words:
        if out and not word.is_fixed and not out[-1].is_fixed and fits(out[-1], word):
            tag = out[-1].tag if tag_of_first else word.tag
            out[-1] = _join(out[-1], word)
            out[-1].tag = tag
        else:
            out.append(word)
    return out


def _merge_bu(words: Words) -> Words:
    return _pairwise(words, lambda before, _: before.text == "不", tag_of_first=False)


def _merge_yi(words: Words) -> Words:
    out: Words = []
    index = 0
    while index < len(words):
        word = words[index]
        after = words[index + 1] if index + 1 < len(words) else None
        is_yi = word.text == "一" and not word.is_fixed
        if is_yi and out and after and out[-1].text == after.text and out[-1].tag == "v" == after.tag:
            tag = out[-1].tag
            out[-1] = _join(out[-1], word, after)
            out[-1].tag = tag
            index += 2
            continue
        out.append(word)
        index += 1
    return _pairwise(out, lambda before, _: before.text == "一")


def _merge_repeated(words: Words) -> Words:
    return _pairwise(words, lambda before, word: before.text == word.text)


def _is_repeated(word: Word) -> bool:
    return len(word.text) == 2 and word.text[0] == word.text[1]


def _merge_third(words: Words, fits: Callable[[Word, Word], bool]) -> Words:
    """Joins at most two words, up to three characters together, the first not a doubled one."""
    out: Words = []
    was_joined = False
    for word in words:
        was_joined = (
            bool(out)
            and not was_joined
            and not (word.is_fixed or out[-1].is_fixed)
            and fits(out[-1], word)
            and not _is_repeated(out[-1])
            and len(out[-1].text) + len(word.text) <= MAX_THIRD_TONE_CHARS
        )
        if was_joined:
            tag = out[-1].tag
            out[-1] = _join(out[-1], word)
            out[-1].tag = tag
        else:
            out.append(word)
    return out


def _merge_all_third(words: Words) -> Words:
    return _merge_third(words, lambda before, word: set(before.tones + word.tones) == {"3"})


def _merge_touching_third(words: Words) -> Words:
    return _merge_third(words, lambda before, word: before.tones[-1] == word.tones[0] == "3")


def _merge_er(words: Words) -> Words:
    return _pairwise(words, lambda _, word: word.text == "儿")
