"""Chinese copy of the firms floor: how values are shown, and what is wrong with an input."""

from __future__ import annotations

YES, NO = "是", "否"
NONE = "没有"
UNKNOWN = "不清楚"
BETWEEN = "{low}到{high}"
AT_LEAST = "至少{low}"
MORE_THAN = "超过{low}"
AT_MOST = "{high}以内（含）"
LESS_THAN = "不到{high}"
OPEN_LOW = "（不含）"
DAYS_BETWEEN = "{first}到{last}之间"
YEAR, MONTH, DAY = "{0.year}年", "{0.year}年{0.month}月", "{0.year}年{0.month}月{0.day}日"
YEARLY = "{year}年{label}"
YEARS_SPAN = "{first}—{last}年{label}"
SIZES = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型"}
SIZE_WORDS = {
    "micro": ("微型", "微型企业"),
    "small": ("小型", "小型企业"),
    "medium": ("中型", "中型企业"),
    "large": ("大型", "大型企业"),
}
SIZES_UP_TO = "{size}及以下"
OR, AND = "或", "、"
POINTS = "个百分点"

OPERATORS = {
    ">=": "{value}以上（含）",
    ">": "超过{value}",
    "<=": "不高于{value}",
    "<": "低于{value}",
    "=": "{value}",
    "!=": "不是{value}",
    "in": "属于{value}",
    "not in": "不属于{value}",
    "has": "有{value}",
}
BEFORE = {"<": "早于{value}", "<=": "不晚于{value}", ">": "晚于{value}", ">=": "不早于{value}", "=": "{value}"}
BOOLEAN_REQUIRED = {True: "“{label}”应为“是”", False: "“{label}”应为“否”"}

UNKNOWN_FACT = "不认识的指标“{name}”。"
BAD_VALUE = "“{label}”的值无法识别：{value}。{expected}"
EXPECTED = {
    "money": '请填数字（万元），或范围如 {{"min": 1900, "max": 2000}}。',
    "percent": '请填百分数（70 表示 70%），或范围如 {{"min": 60, "max": 70}}。',
    "count": '请填整数，或范围如 {{"min": 1, "max": 3}}。',
    "number": "请填数字，或范围。",
    "boolean": "请填 true 或 false。",
    "date": "请填日期，如 2019-03-01、2019-03 或 2019。",
    "choice": "可填：{options}。",
    "choices": "可填一个或几个：{options}。",
    "region": "请填地区名称或六位代码。",
    "industry": "请填国民经济行业代码，如 C34、I65。",
    "names": "请填名称，或名称的列表。",
}
NEGATIVE = "“{label}”不能小于 {low}。"
TOO_LARGE = "“{label}”不能大于 {high}。"
NOT_WHOLE = "“{label}”应为整数。"
EMPTY_RANGE = "“{label}”的范围是空的：下限大于上限。"
NOT_YEARLY = "“{label}”不按年度填写。"
BAD_YEAR = "“{label}”的年度“{year}”无法识别，请写四位年份，如 2025。"
FUTURE_DATE = "“{label}”晚于评估日期 {as_of}，请核对。"
NOT_AN_OBJECT = "指标应为一组“名称: 值”。"
RATIO_CONFLICT = (
    "填写的资产负债率是 {stated}，但按负债总额 {liabilities}、资产总额 {assets} 算出来是 {computed}，"
    "两者对不上，请核对。"
)

RULE_EMPTY = "规则是空的。"
RULE_NO_OPERATOR = "规则“{text}”里没有比较符（>=、<=、>、<、=、!=、in、not in、has）。"
RULE_UNKNOWN_FACT = "规则“{text}”：不认识的指标“{name}”。"
RULE_BAD_OPERATOR = "规则“{text}”：“{label}”不能用“{operator}”来比较。"
RULE_BAD_VALUE = "规则“{text}”：“{label}”要与“{value}”比较，但这个值无法识别。"
RULE_BAD_SHIFT = "规则“{text}”：“{label}”不按年度，不能写 [{shift}]。"
RULE_TOO_LONG = "规则太长了（超过 {limit} 个字）。"
RULE_BAD_FORM = "规则的写法无法识别：{text}"

# A place whose name ends like this is a city or province of its own; any other unknown place may lie in one.
OWN_REGIONS = ("省", "市")
