"""Chinese copy of offers and of their import: what is wrong with a row, notices, and the errors of an offer."""

from __future__ import annotations

YES, NO = "是", "否"
RATE = "{rate}%"
WITH_UNIT = {"money": "{value} 万元", "months": "{value} 个月", "days": "{value} 天"}

# --- offers ---
NO_OFFER = "没有找到这条资源。"
OFFER_FULL = "名额已满。"
OFFER_CLOSED = "这条资源已经截止或撤下。"
OFFER_CHANGED = "这条资源刚被别人改过，请刷新后再改。"
BAD_CURSOR = "翻页标记无法识别，请从第一页重新开始。"
AMOUNTS_CONTRADICT = "金额下限（{low} 万元）大于上限（{high} 万元），条件互相矛盾，没有结果。"
REGIONS_CONTRADICT = "“{one}”和“{other}”互不包含，条件互相矛盾，没有结果。"
UNKNOWN_REGION = "没有识别出地区“{region}”，只列出面向全国的资源。"
WITHOUT_AMOUNT = "按金额筛选时，没有写明金额的资源不列出。"

# --- rows ---
BAD_KIND = "“{value}”不是资源类别，可填：{options}。"
NOT_AN_EVENT = "活动表里的类别只能是“活动”。"
BAD_REGION = "没有识别出“{value}”是哪个地区，请写全称，如“全国”“××省”“××市”“××县”，多个地区用顿号隔开。"
EXCLUDED_REGION = "“{value}”里有“除外”一类的说法，无法确定范围，请把能服务的地区逐个写出，用顿号隔开。"
RULE_REGION = "准入条件里没有识别出地区“{value}”，请写全称。"
BAD_CHOICE = "“{value}”无法识别，可填：{options}。"
BAD_RATE = "“{value}”不是利率，请写成 3.65 或 3.2-4.1。"
TOO_SMALL = "不能小于 {least}。"
TOO_LARGE = "不能大于 {most}。"
NOT_WHOLE = "应为整数。"
MIN_ABOVE_MAX = "“{low}”大于“{high}”，请核对。"
ENDS_BEFORE_START = "结束时间早于开始时间，请核对。"
TAKEN_ABOVE_CAPACITY = "已用名额（{taken}）多于名额（{capacity}），请核对。"
OTHER_KIND = "编号“{id}”已经用在另一类资源上（{kind}），请换一个编号。"

# --- notices ---
SAME_ID = "第 {row} 行　编号与前面的相同（{same_as}），没有重复导入"
SHARE_OR_PERCENT = "“{column}”不大于 0.2，已按百分数读取（0.048 就是 0.048%），如是比例请写成 4.8%：第 {rows} 行。"
UNKNOWN_COLLATERAL = "“{column}”里有不认识的方式，按原文保留：第 {rows} 行。"
NOT_OF_THIS_KIND = "“{column}”不是该类资源的列，没有读取：第 {rows} 行。"
NO_TIME_OF_DAY = "“{column}”没有写明几点，按当天 0:00 处理：第 {rows} 行。"
CLOSES_AFTER_START = "“{column}”晚于活动开始时间，请核对：第 {rows} 行。"
OVER_ALREADY = "按有效期或截止时间已经过期，导入后不会展示：第 {rows} 行。"
TAKEN_KEPT = "已用名额少于系统里已给出的名额，仍以系统的为准：第 {rows} 行。"
CAPACITY_BELOW_TAKEN = "名额少于系统里已给出的名额，不再接受新的申请：第 {rows} 行。"
ACTIVE_AGAIN = "已撤下的资源按表格重新生效：第 {rows} 行。"
MORE_ROWS = "{rows} 等 {count} 行"
