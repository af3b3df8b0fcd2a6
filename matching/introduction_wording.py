"""Chinese copy of introductions: why something cannot be done, and what the two parties are told."""

from __future__ import annotations

# --- what cannot be done ---
NO_INTRODUCTION = "没有找到这条引荐。"
USE_REGISTRATION = "这是一场活动，请直接报名参加。"
OWN_OFFER = "这是贵单位自己发布的，不能向自己发起引荐。"
ALREADY_ASKED = "对方已就这一项先提出引荐（编号 {id}），同意那一条即可，不用另外发起。"
PAIR_RESTS = "双方就这一项的引荐已被婉拒，{day}之前不再重复发起（内容有更新的除外）。"
OFFER_CLOSED = "这一项已撤下或已过有效期，不能再发起引荐。"
OFFER_FULL = "这一项的名额已满，暂时不能引荐。"
CLOSED = "这条引荐{state}，不能再这样操作。"
NOT_YOUR_TURN = "这条引荐要由对方答复。"
FIRM_HIDDEN = "企业目前不同意被合作方查看，同意引荐前请先恢复“可被合作方查看”。"
REASON_TOO_LONG = "说明太长，请控制在 {limit} 字以内。"
STATES = {
    "asked": "正等待答复",
    "accepted": "已达成",
    "declined": "已被婉拒",
    "withdrawn": "已撤回",
    "expired": "已过答复期限",
}
DAY = "{0.year}年{0.month}月{0.day}日"

# --- consents, as they are kept on record ---
CONSENT_SOURCE = "引荐 {id}"
CONTACTS_PURPOSE = "就《{title}》（编号 {offer}）与对方联系"

# --- buttons ---
ACCEPT = "同意，交换联系方式"
DECLINE = "暂不考虑"
WITHDRAW = "撤回引荐"
SHOW = "查看详情"
SHOW_CONTACTS = "查看联系方式"

# --- messages to the firm ---
ASKED_FIRM = "{provider}希望就《{title}》与贵企业对接，请在{until}前（含当日）答复。"
ASKED_FIRM_NOTE = (
    "同意后，贵企业登记的联系人姓名、电话和邮箱将提供给{provider}，只用于这次对接；同意之前对方看不到联系方式。"
)
ACCEPTED_FIRM = "贵企业与{provider}就《{title}》的引荐已达成，可以互相联系了。"
DECLINED_FIRM = "{provider}就《{title}》暂不考虑与贵企业对接。"
WITHDRAWN_FIRM = "{provider}撤回了与贵企业就《{title}》的引荐。"
EXPIRED_FIRM = "{provider}没有在期限内答复贵企业就《{title}》发起的引荐，这条引荐已结束。需要的话可以重新发起。"

# --- messages to the provider: none names the firm, so that nothing has to be taken back when it hides ---
ASKED_PROVIDER = "有企业对贵单位的《{title}》表达了合作意向，请在{until}前（含当日）答复。"
ASKED_PROVIDER_NOTE = "同意后，双方登记的联系人姓名、电话和邮箱将提供给对方，只用于这次对接。"
ACCEPTED_PROVIDER = "贵单位《{title}》的一条引荐已达成，可以互相联系了。"
DECLINED_PROVIDER = "企业就贵单位的《{title}》暂不考虑对接。"
WITHDRAWN_PROVIDER = "企业撤回了与贵单位就《{title}》的引荐。"
EXPIRED_PROVIDER = "企业没有在期限内答复贵单位就《{title}》发起的引荐，这条引荐已结束。需要的话可以重新发起。"
HINT_PROVIDER = "有企业对《{title}》表达了合作意向。请向服务专员索取认领码，发给本机器人完成认领后，即可查看并答复。"

# --- an introduction as it stands now ---
SHOWN = "《{title}》：{firm}与{provider}的引荐{state}。"
SHOWN_UNTIL = "请在{until}前（含当日）答复。"
SHOWN_WAITING = "已发给对方，等待答复，{until}到期。"
SHOWN_REASON = "对方说明：{reason}"
OWN_REASON = "说明：{reason}"

# --- cards ---
PROVIDER_LINE = "提供方：{provider}"
VALID_LINE = "有效期至：{day}"
PLACE_LINE = "所在地：{place}"
PRODUCTS_LINE = "主要产品：{products}"
NEED_LINE = "需求：{need}"
MASKED = "（联系方式略）"
SHORTENED = "…"

# --- contacts ---
CONTACTS_OF = "{name}的联系方式"
NAME_LINE = "联系人：{value}"
PHONE_LINE = "电话：{value}"
EMAIL_LINE = "邮箱：{value}"
NO_CONTACT = "没有登记联系方式，请联系服务专员。"
