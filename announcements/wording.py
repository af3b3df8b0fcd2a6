"""Chinese copy of the announcements floor: announcements, events, registrations and their notices."""

from __future__ import annotations

# --- announcements: what a member of staff reads ---

NO_ANNOUNCEMENT = "没有找到这则公告。"
NO_TITLE = "请填写公告标题。"
LONG_TITLE = "公告标题不能超过 {limit} 个字。"
NO_TEXT = "请填写公告正文。"
LONG_TEXT = "公告正文不能超过 {limit} 个字。"
UNKNOWN_CATEGORY = "公告类别“{category}”不认识，可选：{options}。"
NOT_YOUR_REGION = "您只能面向“{region}”范围内的企业发布公告。"
CHANGED = "这则公告刚被别人改过，请看过最新内容后再保存。{fields}"
FIELD_CHANGED = "{label}：现在是“{current}”，您要改成“{wanted}”"
FIELDS = {
    "title": "标题",
    "text": "正文",
    "category": "类别",
    "audience": "受众条件",
    "region": "地区",
    "offer_id": "关联事项",
}
OWN_ANNOUNCEMENT = "自己起草或修改过的公告不能由本人审批，请换一位同事审批。"
MAY_NOT_APPROVE = "您没有审批权限，请由审批人审批。"
NOT_A_DRAFT = "这则公告目前是“{state}”，不能审批。"
NOT_APPROVED = "这则公告还没有审批，不能安排发送。"
ALREADY_SCHEDULED = "这则公告已在发送或已安排发送，不会重复发送。"
CLOSED = "这则公告目前是“{state}”，不能再改动。"
OFFER_OVER = "关联的“{title}”已截止或已撤下，不能再发送。"
BAD_TIME = "发送时间请写成 2026-12-01 09:00 这样，或写 now：{value}"
TIME_PASSED = "发送时间 {at:%Y-%m-%d %H:%M} 已经过去，请改为将来的时间，或写 now。"
STATES = {
    "draft": "草稿",
    "approved": "已审批",
    "scheduled": "已安排发送",
    "sending": "发送中",
    "done": "已发完",
    "stopped": "已停止",
}
REASONS = {
    "rule": "不符合受众条件",
    "unknown_fact": "资料不全，无法判断",
    "region": "不在公告地区",
    "no_consent": "未订阅该类通知",
    "opted_out": "已退订",
    "blocked": "对方已屏蔽或停用",
    "no_channel": "没有可用的联系渠道",
    "same_person": "与另一家企业同一收件人",
    "expired": "发送前已过截止时间",
    "stopped": "公告已停止",
    "gave_up": "多次重试未成功",
    "rejected": "对方服务拒收",
    "uncertain": "不确定是否送达",
}

# --- announcements: what a firm reads ---

SUBSCRIBED = "您收到本消息是因为订阅了“{category}”类通知；回复“退订”可随时停止。"
LATE = "本通知原定 {at:%m月%d日 %H:%M} 发送，因故延迟，现予补发。"
JOIN = "我要报名"
UNSUBSCRIBE = "退订此类"

# --- cards ---

CARD_TIME = "时间：{time}"
CARD_PLACE = "地点：{place}"
CARD_CLOSES = "报名截止：{time}"
CARD_PROVIDER = "提供方：{provider}"
CARD_ORGANISER = "组织方：{provider}"
CARD_PLACES = "名额：{capacity}"
CARD_UNTIL = "有效期至：{day:%Y年%m月%d日}"
FROM_TO = "{start} 至 {end}"
MOMENT = "{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
MOMENT_DAY = "{at.year}年{at.month}月{at.day}日（含当天）"
HOUR = "{at:%H:%M}"
CARD_DETAIL = "{label}：{value}"

# --- events and registrations ---

NO_EVENT = "没有找到这个活动。"
NO_REGISTRATION = "没有找到这条报名。"
REGISTRATION_CLOSED = "这个活动的报名已经截止。"
EVENT_WITHDRAWN = "这个活动已经撤下，不能报名。"
EVENT_FULL = "这个活动的名额已满。"
NOT_ELIGIBLE = "暂不符合这个活动的报名条件：{missing}。"
OUTSIDE_REGION = "企业须在{regions}"
PLACE_LAPSED = "为您保留的名额已超过确认时间，名额已让给后面的企业。"
NO_PLACE_YET = "还在候补，暂时没有空出的名额；有名额时会通知您。"
REGISTRATION_ENDED = "这条报名已经取消或失效，如需参加请重新报名。"
JOIN_SEPARATOR = "；"

CANCEL = "取消报名"
LEAVE_QUEUE = "退出候补"
CONFIRM = "确认参加"
DECLINE = "不参加了"
FIRM_LINE = "企业：{firm}"

REGISTERED = "报名成功：{title}"
REMINDER = "活动提醒：您报名的“{title}”将在一天内开始，请留意时间和地点。来不了请及时取消，把名额让给候补的企业。"
WAITING = "“{title}”名额已满，已为贵企业登记候补，目前排在第 {position} 位。有名额空出时会通知您。"
OFFERED = "“{title}”空出一个名额，为贵企业保留到 {until}。请在此之前确认，逾期名额将让给后面的企业。"
CANCELLED = "已取消报名：{title}"
LAPSED = "“{title}”为贵企业保留的名额已超过确认时间，现已让给后面的企业。如仍想参加，可以重新报名。"

# --- the command line ---

LINE = "{id}  {state}  [{category}] {title}"
PREVIEW = "{id}：将发给 {count} 家企业，每份约 {parts} 条消息。"
SAMPLE = "  例如：{name}（{firm}）"
STATUS = "{id}：{state}"
COUNT = "  {name}：{count}"
COUNTS = {
    "queued": "待发送",
    "sending": "发送中",
    "sent": "已送达",
    "failed": "未送达",
    "uncertain": "不确定",
    "skipped": "未发送",
}
BAD_NAME = "请写明工作人员姓名（不超过 {limit} 个字）。"
FILE_TOO_LARGE = "文件太大，不像是一则公告：{path}"
