"""Names that users give themselves: common ones, and made-up ones so that the model learns to copy."""

from __future__ import annotations

import random

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = (
    "明华丽强芳军敏静磊洋艳勇娟杰涛超秀霞平刚桂英文斌玲辉健建志伟海燕波红梅飞雪云龙晨阳宇轩浩然子涵梓怡"
    "欣悦佳琪思雨诗婷嘉豪天翔雅楠若曦一诺可心安宁星月光乐果豆糖苗禾松竹兰菊石川溪岩枫桐白墨青蓝冬夏春秋"
)
_COMMON = (
    "Tom Anna Jack Emma Ben Lucy Sam Mia Leo Ella Max Nora Adam Ruby Noah Ivy Owen Zoe Paul Rose "
    "Mark Jane Peter Mary John Kate Luke Amy David Sarah James Laura Mike Julia Robert Helen Daniel "
    "Grace Henry Alice Oscar Clara Felix Maya Simon Eva Victor Nina Hugo Lily Martin Iris Theo Daisy "
    "George Ada Oliver Hazel Arthur Edith"
)
_ENGLISH = _COMMON.split()
_STARTS = "b br c d dr f g h j k l m n p r s st t v w z th sh"
_ONSETS = _STARTS.split()
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ee", "ou", "ia"]
_CODAS = ["n", "l", "r", "s", "m", "t", "k", "x", *[""] * 6]
# Never drawn in training: the measure of copying.
HELD_OUT = {
    "zh": ("雷恩", "孟小棠", "阿福", "顾北", "方圆"),
    "en": ("Bridget", "Tobias", "Quinn", "Marlow", "Xenia"),
}


def draw_name(language: str, rng: random.Random) -> str:
    """Returns a name in "zh" or "en"; never one of HELD_OUT."""
    name = _chinese(rng) if language == "zh" else _english(rng)
    return name if name not in HELD_OUT[language] else draw_name(language, rng)


def _chinese(rng: random.Random) -> str:
    given = "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2))))
    first = rng.choice((rng.choice(_SURNAMES), "小", "阿", "" if len(given) > 1 else "小"))
    return first + given


def _english(rng: random.Random) -> str:
    if rng.random() < 0.35:
        return rng.choice(_ENGLISH)
    syllables = (rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.choice((1, 2, 2))))
    return ("".join(syllables) + rng.choice(_CODAS)).capitalize()
