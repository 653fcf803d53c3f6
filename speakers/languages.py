"""The names people give languages, and the one code each of them means.

The codes are GPT-SoVITS's: `zh`, `ja`, `ko`, `yue` allow English words inside, the `all_` codes read
everything as that language, `auto` and `auto_yue` detect it. Its own pages offer them under Chinese and
English labels, which stand in many speaker files.
"""

from __future__ import annotations

LANGUAGE_CODES = (
    "zh",
    "en",
    "ja",
    "ko",
    "yue",
    "all_zh",
    "all_ja",
    "all_ko",
    "all_yue",
    "auto",
    "auto_yue",
)

_LABELS = {
    "all_zh": ("中文", "chinese", "mandarin"),
    "en": ("英文", "英语", "english", "all_en"),
    "all_ja": ("日文", "日语", "japanese"),
    "all_ko": ("韩文", "韩语", "korean"),
    "all_yue": ("粤语", "cantonese"),
    "zh": ("中英混合", "chinese-english mixed", "cmn"),
    "ja": ("日英混合", "japanese-english mixed", "jp"),
    "ko": ("韩英混合", "korean-english mixed", "kr"),
    "yue": ("粤英混合", "yue-english mixed"),
    "auto": ("多语种混合", "multilingual mixed", "multilingual"),
    "auto_yue": ("多语种混合(粤语)", "多语种混合（粤语）", "multilingual mixed(yue)"),
}
_CODE_OF = {label: code for code, labels in _LABELS.items() for label in labels}
_CODE_OF.update({code: code for code in LANGUAGE_CODES})


def language_code(label: str) -> str:
    """Return the code a language label stands for; case and a region ("zh-CN", "en_US") do not matter.

    Raises:
        ValueError: an unknown label; the message names the valid codes and labels.
    """
    key = label.strip().lower()
    code = _CODE_OF.get(key) or _CODE_OF.get(key.replace("-", "_").split("_")[0])
    if code is None:
        chinese = ", ".join(labels[0] for labels in _LABELS.values())
        raise ValueError(f"unknown language {label!r}; valid: {', '.join(LANGUAGE_CODES)}, or {chinese}")
    return code
