"""Chinese copy of what the chat does for firms and partners: linking, matches, introductions, events, announcements,
the inbox."""

from __future__ import annotations

NOT_OPEN = "这项功能暂未开通，您可以先提问政策或做条件自评。"
IN_PRIVATE = "为保护企业信息，请与我私聊后再进行这一步。"
CODE_IN_GROUP = "认领码请勿发在群里。请与我私聊；刚才的认领码建议不再使用，请找{desk}重新领取。"
BETWEEN = "、"
DAY = "{0.year}年{0.month}月{0.day}日"
MOMENT = "{0.year}年{0.month}月{0.day}日 {0:%H:%M}"
SHORTENED = "…"

# --- buttons ---
BUTTON_MATCH = "找合作"
BUTTON_MINE = "我的进展"
BUTTON_INBOX = "收件箱"
BUTTON_INBOX_UNREAD = "收件箱（{count}）"
BUTTON_LINK = "绑定企业"
BUTTON_CONSENT = "授权与订阅"
BUTTON_POLICY = "查政策原文怎么说"
BUTTON_SEEK = "帮我找{kind}"
BUTTON_WANT = "有意向：{title}"
BUTTON_JOIN = "报名：{title}"
BUTTON_AGREE, BUTTON_DISAGREE = "同意，发送", "不发送"
BUTTON_WITHDRAW, BUTTON_WITHDRAW_OF = "撤回这条意向", "撤回：{title}"
BUTTON_OTHER_KIND = "换一类"
BUTTON_ANSWER = "查看并答复：{title}"
BUTTON_CONTACTS_OF = "查看联系方式：{title}"
BUTTON_CONTACTS = "查看联系方式"
BUTTON_DETAILS_OF, BUTTON_DETAILS = "查看：{title}", "查看详情"
BUTTON_ACCEPTED, BUTTON_DECLINED = "同意", "暂不考虑"
BUTTON_LEAVE, BUTTON_LEAVE_OF = "取消报名", "取消报名：{title}"
BUTTON_TAKE_OF = "确认参加：{title}"
BUTTON_UNLINK = "解除：{name}"
BUTTON_KEEP = "不解除"
BUTTON_AS = "换成：{name}"
BUTTON_ON, BUTTON_OFF = "开启：{name}", "关闭：{name}"
BUTTON_ALL_ON = "全部订阅"
BUTTON_STOP = "全部退订"

# --- linking ---
CLAIM_WORDS = (
    r"[\W_]*(?:/?(?:link|start)\b|(?:我的|这是|这个是|输入)?(?:企业)?(?:认领码|绑定码|验证码|认领|绑定企业|绑定)(?:码)?"
    r"(?:是|为|:)?|(?:claim\s*)?code\s*(?:is|:))[\s:,，。]*"
)
CLAIM_ABOUT = "认领|绑定码|绑定企业"
CODE_HIDDEN = "认领码（已隐去）"
LINK_HOW = (
    "绑定企业要用认领码：请向{desk}领取，10 位，只能用一次。拿到后直接发给我就行，比如“绑定 KX7P3-M9QW2”。\n"
    "绑定以后，我能按贵企业的资料找合作、替您发送意向和报名、把通知发到这里。"
)
LINK_ALREADY = "这里已绑定：{names}。要再绑定一家，把它的认领码发给我就行。"
LINKED_FIRM = (
    "已绑定：{name}。\n"
    "现在可以：点“找合作”按企业资料匹配高校、融资、服务和配套；点“我的进展”看意向和报名；"
    "点“授权与订阅”决定谁能看到企业、接收哪些通知。"
)
LINKED_PROVIDER = "已绑定：{name}（合作提供方）。\n有企业表达意向时，我会通知您；点“我的进展”可以查看和答复。"
UNLINK_WHICH = "要解除哪一个绑定？解除后，这里不能再查看或办理它的事项，之前的意向和报名不受影响。"
UNLINK_NONE = "这里没有绑定任何企业。"
UNLINKED = "已解除绑定。以后需要时，请重新领取认领码。"
UNLINK_KEPT = "好的，绑定保持不变。"
LINK_FIRST = (
    "这一步要代表企业办理，请先绑定企业：向{desk}领取认领码，直接发给我。\n"
    "绑定之后，上面的按钮仍然有效，回来再点一次就行。"
)
ACTING = "现在代表：{firm}。"
NOT_YOURS = "这里没有绑定这家企业，请重新操作。"

# --- finding partners ---
WHICH_KIND = "想找哪一类？点下面的按钮，或者直接用一句话说需求，比如“想找做刀具涂层的团队，预算30万”。"
WHICH_NEED = "想找{kind}，您想解决什么问题？一句话说明就行，比如{example}。"
NEED_EXAMPLES = {
    "university": "“铣刀涂层寿命短，想做物理气相沉积涂层，预算30万”",
    "financing": "“买设备，想贷300万，一年期，可以抵押厂房”",
    "service": "“车间管理乱，想请人做精益诊断”",
    "event": "“想参加融资对接会”",
    "partner": "“我们做阀体铸件，想给整机厂配套”",
}
ANY_KIND = "合作方"
NEED_TOO_LONG = "这段话太长了（超过 {limit} 个字），请用几句话说清想解决什么问题。"
NEED_TOO_SHORT = "再说具体一点，我才好找：做什么产品，遇到什么问题？"
FOUND_FOR = "按“{firm}”的资料找{kind}"
FOUND_FOR_NEED = "按您说的需求，为“{firm}”找{kind}"
FOUND = "按您说的需求找{kind}"
COUNTED = "{lead}，有 {count} 项可以看看："
FOUND_EVENTS = "近期可以报名的活动有 {count} 场："
FOUND_WHAT = "合作方"
APART = "；"
FOUND_NONE = "暂时没有找到合适的{kind}。"
NONE_STEPS = "可以换个说法再试，比如写明产品、工艺、金额；新的资源会陆续发布，也可以请{desk}帮忙对接。"
NONE_STEPS_LINK = "绑定企业后，我能按企业资料匹配得更准。"
PROVIDER_LINE = "提供方：{provider}"
CHECK_LINE = "需核对：{ask}"
TIME_LINE = "时间：{time}"
PLACE_LINE = "地点：{place}"
CLOSES_LINE = "报名截止：{time}"
NEAR_TITLE = "差一点的"
NEAR_LINE = "{title}：{missing}"
QUESTION_HINT = "补充这一项，匹配会更准：{question}（做条件自评时答上，或请{desk}更新企业资料）"
LINK_HINT = "点“有意向”要先绑定企业；现在先看看也可以。"
OFFER_GONE = "这一项已撤下、已到期或已经满额，请重新找找看。"

# --- introductions ---
CONFIRM_WANT = (
    "将向“{provider}”发送贵企业的合作意向，内容包括：企业名称（{firm}）、所在地、主要产品和需求，用途是就《{title}》与您对接。\n"
    "对方同意后，双方交换联系人姓名、电话和邮箱；对方同意前，双方都看不到联系方式。是否同意？"
)
WANT_CHANGED = "这一项刚有更新，请再看一遍。\n"
WANT_NOT_SENT = "好的，没有发送任何信息。"
ASKED = (
    "已向“{provider}”发送意向：《{title}》。\n"
    "对方最晚在{until}前（含当日）答复，有结果我会通知您。对方同意前双方看不到联系方式；您随时可以撤回。"
)
STATE_LINES = {
    "asked_by_me": "已发出，等对方答复，{until}到期",
    "asked_of_me": "等您答复，{until}到期",
    "accepted": "已达成，可以查看联系方式",
    "declined": "对方或您已婉拒",
    "withdrawn": "已撤回",
    "expired": "已过答复期限",
}
DONE = {
    "accepted": "已同意《{title}》的引荐，双方可以互相联系了。",
    "declined": "已回复暂不考虑《{title}》。",
    "withdrawn": "已撤回《{title}》的引荐，联系方式不再显示。",
}
STATE_NOW = "《{title}》的引荐：{state}。"
NO_INTRODUCTION = "没有找到这条引荐，可能已经结束，或不属于这里绑定的企业。"

# --- events ---
SAID_JOIN, SAID_TAKE = "报名", "确认参加"
NO_REGISTRATION = "没有找到这条报名，可能不属于这里绑定的企业。"
POSITION_LINE = "{state}，第 {position} 位"
HELD_LINE = "保留到：{time}"
REGISTRATION_LINES = {
    "registered": "已报名", "waiting": "候补中", "offered": "有名额，等您确认", "cancelled": "已取消",
    "lapsed": "名额已过期",
}  # fmt: skip

# --- what is under way ---
MINE = "{who}的进展："
MINE_NOTHING = "还没有意向或报名。点“找合作”看看有哪些资源。"
MINE_MORE = "另有 {count} 条较早的没有列出。"
INTRODUCTION_TITLE = "意向：{title}"
EVENT_TITLE = "活动：{title}"
WITH = "对方：{provider}"
SOME_FIRM = "来自一家企业"

# --- announcements and consents ---
CATEGORIES = {
    "policy": "政策", "university": "高校", "financing": "融资", "service": "服务", "event": "活动", "partner": "配套",
}  # fmt: skip
CATEGORY_NAME = "{category}通知"
VISIBLE_NAME = "可被合作方查看"
STOPPED = "已退订全部通知，不会再给您发公告。您办理中的意向和报名，结果仍会通知您。想恢复时发“/subscribe”。"
UNSUBSCRIBED = "已退订“{category}”类通知，其他类别不变。发“/consent”可以查看和修改。"
UNKNOWN_CATEGORY = "没有找到这一类通知，可能已经调整。发“/consent”查看现在的类别。"
SUBSCRIBED = "已恢复接收通知。"
SUBSCRIBE_PICK = "已恢复接收通知。请在下面选择要订阅的类别，点一下就生效："
OPTED_OUT = "（您目前退订了全部通知，发“/subscribe”可以恢复。）"
CONSENT = (
    "{firm}的授权与订阅，点按钮随时可以改，马上生效：\n"
    "· {visible}：{visible_state}。开启后，{recipient}能看到企业名称、所在地、主要产品和需求，看不到联系方式；"
    "关闭后立即看不到，已达成的引荐也不再显示联系方式。\n"
    "· 通知订阅：{on}。没有订阅的类别不会发给您，不影响提问、自评和申报。"
)
ON, OFF, NONE_ON = "已开启", "已关闭", "都没有订阅"
CONSENT_CHANGED = "已{state}“{name}”。\n"
ALL_NAME = "全部通知"
STATE_ON, STATE_OFF = "开启", "关闭"
CONSENT_SOURCE = "聊天中由企业本人设置"

# --- the inbox ---
INBOX_EMPTY = "收件箱里没有消息。"
INBOX_RECENT = "没有新消息，最近几条是："
INBOX = "有 {count} 条新消息："
INBOX_MORE = "还有 {count} 条，再发“收件箱”继续看。"
INBOX_AT = "〔{at}〕{text}"
