"""Chinese copy of matching: why an offer fits, what is missing, what to check, what to do next."""

from __future__ import annotations

YES, NO = "是", "否"

# Hard rules.
CLOSED = "已截止、已满或已撤下"
OWN = "本企业自己发布的"
OUTSIDE = "只面向{regions}"
UNREADABLE_RULE = "准入条件无法识别，请提供方核对"
VERIFY = "“{name}”现有数据无法计算，请核实。"
LACKS_CERTIFICATES = "缺少证书：{names}"
HAS_CERTIFICATES = "已有所需证书{names}"
LACKS_COLLATERAL = "要求担保方式为{names}，现登记的是{own}"
ASK_COLLATERAL = "可以提供哪种担保？该产品接受：{names}。"
ASK_WHITELIST = "该产品仅限白名单企业，需银行确认是否在白名单内。"
MISSING = "要求{required}，现为{given}"
SHORT = "，还差{gap}"
OVER = "，高出{gap}"
ANY_OF = "以下至少满足一项：{parts}"
JOIN_ANY = "；或"
OR_JOIN = "或"

# Reasons. Quoted words are the firm's or the offer's own.
FIELDS = {
    "tech_need": "技术需求",
    "products": "主要产品",
    "supply_wish": "配套意向",
    "finance_use": "融资用途",
    "topics": "关注主题",
    "need": "需求",
}
TITLE = "标题"
CONTENT = "内容"
TEXT_NEAR = "{field}“{own}”与{label}“{offered}”相近"
CHAIN = "同属{names}产业链"
TRL = "技术成熟度{level}级"
BUDGET_FITS = "起步经费{cost}万元，在技术预算{budget}万元以内"
BUDGET_OVER = "起步经费{cost}万元，超出技术预算{budget}万元"
BUDGET_FITS_PLAIN = "起步经费{cost}万元，在企业预算以内"
NEAR_PLACE = "同在{place}"
SERVES = "面向{place}企业"
AMOUNT_FITS = "额度{range}，覆盖所需{amount}万元"
AMOUNT_FITS_PLAIN = "企业所需金额在额度{range}以内"
AMOUNT_OVER = "所需{amount}万元，超出最高额度{limit}万元"
AMOUNT_UNDER = "所需{amount}万元，低于最低额度{limit}万元"
AMOUNT_OVER_PLAIN = "企业所需金额超出最高额度{limit}万元"
AMOUNT_UNDER_PLAIN = "企业所需金额低于最低额度{limit}万元"
AMOUNT_BETWEEN = "{low}-{high}万元"
AMOUNT_UP_TO = "最高{high}万元"
AMOUNT_FROM = "{low}万元起"
TERM_FITS = "最长{months}个月，够所需的{wanted}个月"
TERM_SHORT = "最长{months}个月，短于所需的{wanted}个月"
TERM_FITS_PLAIN = "最长{months}个月，够企业所需期限"
TERM_SHORT_PLAIN = "最长{months}个月，短于企业所需期限"
SECURITY = "接受{names}，企业可提供"
RATE = "年利率{rate}%"
RATE_BETWEEN = "{low}-{high}"
COSTS = {"免费": "免费", "补贴": "有补贴", "收费": "收费服务"}
SOON = "{year}年{month}月{day}日{time}开始"
CONDITIONS_MET = "符合准入条件：{conditions}"
CONDITIONS_MET_SO_FAR = "已符合的条件：{conditions}"
CONDITIONS_MORE = "{conditions}等{count}项"
CONDITION_JOIN = "、"
NO_CONDITIONS = "不设准入条件"
VALID_UNTIL = "有效期至{day.year}年{day.month}月{day.day}日"
NO_END = "长期有效"
REGISTER_UNTIL = "报名截至{day.year}年{day.month}月{day.day}日{time}"
UPDATED_SINCE = "上次谢绝后内容有更新"

# Notices and errors.
NO_TEXTS = "尚未登记{fields}，{kinds}匹配只能参考准入条件、地区等信息；补充后结果会更准。"
KEYWORDS_ONLY = "语义匹配暂不可用，本次按关键词匹配，结果可能不全。"
NOTHING = "目前没有符合条件的{kinds}。可以补充企业信息后再试，或留意后续发布。"
NOTHING_BUT_NEAR = "目前没有完全符合条件的{kinds}，下面列出差一两项条件的。"
ANY_KIND = "资源"
NO_FIRMS = "目前没有符合条件且同意被查看的企业。"
OFFER_NOT_OPEN = "该资源已截止、已满或已撤下，不再匹配企业。"
BAD_LIMIT = "每类最多返回 1 到 {most} 条，请修改数量。"
BAD_KIND = "不认识的类别：{kind}。可用：{kinds}。"
EMPTY_NEED = "请写明需求，比如“想找团队做刀具涂层”。"

# The command line.
FIRM_LINE = "{name} 的匹配结果"
NEED_LINE = "按需求匹配的结果"
OFFER_LINE = "与“{title}”匹配的企业"
KIND_LINE = "【{kind}】"
MATCH_LINE = "{place}. {title}（{provider}，编号 {id}，匹配度 {score}）"
OFFERED_FIRM_LINE = "{place}. {name}（{firm}，匹配度 {score}）"
REASON_LINE = "   · {text}"
CHECK_LINE = "   ? 待确认：{ask}"
NEAR_LINE = "只差一两项条件的："
NEAR_MISS_LINE = "- {title}（{id}）：{missing}"
NEXT_LINE = "补充一项最有用的信息：{ask}"
NOTICE_LINE = "提示：{text}"
COUNT_LINE = "共 {firms} 家企业，{matches} 条匹配。"
JOIN = "；"
FIRM_OR_NEED = "请给出企业（信用代码、编号或全称）、--all 或 --need 中的一个；--region 只与 --need 一起用。"
