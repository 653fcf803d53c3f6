"""Words that stand beside numbers: units written in letters or signs, money, arithmetic, Greek letters."""

from tts.text.mandarin.numbers import say_cardinal

# Longest first matters: the pattern below is an alternation.
UNITS = {
    "km/h": "千米每小时",
    "m/s": "米每秒",
    "km²": "平方千米",
    "km2": "平方千米",
    "cm²": "平方厘米",
    "cm2": "平方厘米",
    "cm³": "立方厘米",
    "cm3": "立方厘米",
    "m²": "平方米",
    "m2": "平方米",
    "m³": "立方米",
    "m3": "立方米",
    "km": "千米",
    "cm": "厘米",
    "mm": "毫米",
    "nm": "纳米",
    "μm": "微米",
    "m": "米",
    "kg": "千克",
    "mg": "毫克",
    "g": "克",
    "t": "吨",
    "ml": "毫升",
    "mL": "毫升",
    "L": "升",
    "l": "升",
    "ms": "毫秒",
    "min": "分钟",
    "s": "秒",
    "h": "小时",
    "db": "分贝",
    "dB": "分贝",
    "kHz": "千赫",
    "MHz": "兆赫",
    "GHz": "吉赫",
    "Hz": "赫兹",
    "kW": "千瓦",
    "W": "瓦",
    "V": "伏",
    "kcal": "千卡",
    "°": "度",
}
UNIT = "|".join(sorted(map(str, UNITS), key=len, reverse=True))

MONEY = {"￥": "元", "¥": "元", "$": "美元", "€": "欧元", "£": "英镑", "₩": "韩元", "₽": "卢布", "฿": "泰铢"}

ARITHMETIC = {"+": "加", "-": "减", "×": "乘", "÷": "除", "=": "等于", "*": "乘", "−": "减"}

_GREEK_NAMES = """
α 阿尔法 β 贝塔 γ 伽马 δ 德尔塔 ε 艾普西龙 ζ 泽塔 η 伊塔 θ 西塔 ι 约塔 κ 卡帕 λ 兰姆达 μ 缪 ν 纽 ξ 克西
ο 欧米克戎 π 派 ρ 柔 σ 西格马 ς 西格马 τ 陶 υ 宇普西龙 φ 斐 χ 希 ψ 普西 ω 欧米伽
"""
GREEK: dict[str, str] = dict(zip(_GREEK_NAMES.split()[::2], _GREEK_NAMES.split()[1::2], strict=True))
GREEK |= {letter.upper(): name for letter, name in GREEK.items()}

SUPERSCRIPTS = {sign: str(number) for number, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
CIRCLED = {chr(0x2460 + number - 1): say_cardinal(str(number)) for number in range(1, 21)}
