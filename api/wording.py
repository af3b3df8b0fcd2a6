"""Chinese copy of the HTTP floor: pages, problems, API summaries."""

from __future__ import annotations

NAME = "企伴"
TAGLINE = "企业扶持政策问答"
DESCRIPTION = "企伴：用大白话问企业扶持政策，回答附文件原文和条款号。"

# --- chat page ---
SKIP_TO_MAIN = "跳到正文"
NAVIGATION = "导航"
SKIP_TO_INPUT = "跳到输入框"
DOCUMENTS = "收录文件"
NEW_CHAT = "新对话"
INBOX = "收件箱（{count}）"
WELCOME_TITLE = "您好，想了解哪项政策？"
WELCOME = "直接打字提问就行。我只按收录的文件原文回答，附上条款号；文件没写的会直说。"
CHECK = "条件自评"
CHECK_HINT = "一问一答，告诉您符合几条、还差什么；随时可以停，中途也能看结果。"
MATCH = "找合作"
MATCH_HINT = "找高校、融资、服务、活动和配套客户；绑定企业后匹配更准。"
STARTERS_LABEL = "可以这样问"
LOG_LABEL = "对话记录"
YOU = "您："
BOT = "企伴："
INPUT_LABEL = "输入问题"
INPUT_PLACEHOLDER = "输入您想问的问题"
ANSWER_PLACEHOLDERS = {
    "money": "填多少万元，大概数也行",
    "percent": "填百分数，比如 48%",
    "count": "填数字，没有就填 0",
    "number": "填数字",
    "date": "填日期，比如 2019年3月1日",
    "region": "填县（市、区）或园区",
    "industry": "说说做什么，比如 机械加工",
    "names": "可以说几个，用顿号分开",
    "choices": "可以说几个，用顿号分开",
}
SEND = "发送"
INPUT_HINT = "原文摘录，仅供参考；以{desk}答复为准"
PENDING = "正在查阅文件"
NOT_SENT = "网络不通，这条还没有发出去。"
NOT_ANSWERED = "没有收到回答，请重试。"
RETRY = "重试"
NOTICE_LABEL = "提示"
BLANK_MESSAGE = "（空白消息）"
STATUS = {"declined": "文件里没有答案", "clarify": "需要您补充"}
CITED = "依据原文"
NEAREST = "最接近的条款"
IN_FORCE = "现行有效"
NOT_IN_FORCE = "不在实施期内"
SEE_IN_PLACE = "在原文中查看"
PAGE = "第 {page} 页"
CHOICES_LABEL = "可选的下一步"
VOTES_LABEL = "评价这条回答"
COMPUTED_LABEL = "按您给的数据计算"
GIVEN = "您的情况"
REQUIRED = "要求"
GAP = "差距"
VERDICTS = {"met": "符合", "not_met": "不符合", "unknown": "还不能确定"}
MARKS = {"✓": "met", "✗": "not_met", "？": "unknown"}
PROGRESS = "已答 {done} 题，还剩 {left} 题"
PROGRESS_OVER = "已答 {done} 题，没有要问的了"
ATTACHMENTS = "附件"

# --- document pages ---
DOCUMENTS_TITLE = "收录的政策文件"
DOCUMENTS_INTRO = "企伴的回答只来自下面这些文件。点开可看全文。"
NO_DOCUMENTS = "还没有收录文件。"
BACK_TO_CHAT = "去提问"
ALL_DOCUMENTS = "全部文件"
NUMBER = "文号"
ISSUER = "发文单位"
ISSUED = "成文日期"
VALID = "有效期"
LEVEL = "级别"
REGION = "适用地区"
SOURCE = "来源"
UNTIL_REVOKED = "未写明截止日期"
VALID_BETWEEN = "{start}至{end}"
VALID_FROM = "{start}起，{open}"
STATES = {
    "in_force": "现行有效",
    "expired": "已过实施期",
    "superseded": "已被取代",
    "not_yet": "尚未施行",
}
SUPERSEDED = "本文件已被新文件取代，请以新文件为准。"
SUCCESSOR = "查看新文件"
NOT_YET = "本文件自{start}起施行，目前尚未生效。"
CONTENTS = "目录"
FULL_TEXT = "全文"
PLAIN_TEXT = "纯文本"
GO_TO_QUOTE = "跳到引用处"
NO_SUCH_DOCUMENT = "没有找到这份文件，可能已经移除。"
WHOLE_AREA_ONLY = "县级账号不能上传文件，请交市级经办人办理。"

# --- errors ---
TITLES = {
    400: "请求有误",
    401: "需要登录或密钥",
    403: "不能这样操作",
    404: "没有找到",
    405: "不支持这种请求方式",
    409: "与当前状态不符",
    413: "内容太大",
    415: "不支持这种格式",
    422: "内容有误",
    429: "请求太频繁",
    500: "出错了",
    503: "暂时不可用",
}
OTHER_TITLE = "请求没有完成"
DETAILS = {
    400: "请求内容读不出来，请检查是否为 UTF-8 编码的 JSON。",
    404: "这个地址没有内容，请检查地址是否正确。",
    405: "这个地址不支持这种请求方式。",
    413: "内容太大，请缩短后再发。",
    500: "服务出了点问题，我们会尽快处理。请稍后再试。",
    503: "服务暂时不可用，请稍后再试。",
}
OTHER_DETAIL = "请求没有完成，请检查后再试。"
CROSS_SITE = "这个请求不是从本站页面发出的，没有处理。请回到首页再试。"
TEXT_OR_CHOICE = "text 和 choice 要给且只给一个。"
INVALID_REQUEST = "有的内容不合要求，请按 fields 里的说明修改。"
INVALID_JSON = "正文不是有效的 JSON。"
NOT_JSON = "正文请用 JSON，并写明 Content-Type: application/json。"
FIELD_REQUIRED = "缺少这一项。"
FIELD_TYPE = "类型不对。"
FIELD_TEXT = "请给有效的文字（UTF-8）。"
FIELD_DATE = "日期请写成 2026-11-24 这样。"
FIELD_FORM = "格式不对。"
FIELD_LENGTH = "太长或太短。"
FIELD_OTHER = "不合要求。"
ERROR_HOME = "回到首页"
REQUEST_ID = "请求编号"

# --- API document ---
API_TITLE = "企伴 API"
API_DOCS = "企伴 API 文档"
API_DESCRIPTION = (
    "问政策、对话、自评、查文件原文。引用的 `start`、`end` 是 `/documents/{id}/text` 里的 Unicode 码位；"
    "出错时返回 `application/problem+json`，`code` 固定不变。"
)
TAG_QUESTIONS = "问答"
TAG_CHAT = "对话"
TAG_SCHEMES = "自评"
TAG_DOCUMENTS = "文件"
TAG_HEALTH = "运行状态"
API_QUESTIONS = "问一个问题"
API_CHAT = "对话：发一条消息，收到回复"
API_STREAM = "对话：以事件流收到回复"
API_HISTORY = "对话：最近的记录"
API_SCHEMES = "可以自评的方案"
API_SCHEME = "一个方案的条件和要问的指标"
API_EVALUATE = "按企业数据逐条判断是否符合条件"
API_DOCUMENTS = "文件列表"
API_DOCUMENT = "一份文件及其条款"
API_ADD_DOCUMENT = "上传一份文件，收到入库报告"
API_TEXT = "一份文件的原文"
API_HEALTH = "进程是否在运行"
API_READY = "服务是否可用"
TAG_OFFERS = "合作资源"
TAG_MATCHES = "匹配"
TAG_INTRODUCTIONS = "对接"
TAG_FIRMS = "企业"
TAG_EVENTS = "活动"
TAG_ANNOUNCEMENTS = "通知"
TAG_INBOX = "收件箱"
TAG_OPEN_QUESTIONS = "待答问题"
TAG_FAQ = "常见问题"
API_OFFERS = "有效的合作资源"
API_OFFER = "一项合作资源"
API_OFFER_FIRMS = "适合一项资源的企业（已同意被查看的）"
API_MATCHES = "为企业或一句话需求匹配资源"
API_INTRODUCTION_ASK = "表达合作意向"
API_INTRODUCTIONS = "对接列表"
API_INTRODUCTION = "一次对接"
API_INTRODUCTION_ACCEPT = "同意对接"
API_INTRODUCTION_DECLINE = "谢绝对接"
API_INTRODUCTION_WITHDRAW = "撤回对接"
API_CONSENTS = "企业的授权情况"
API_CONSENTS_CHANGE = "改变企业的授权"
API_CLAIM = "生成认领码"
API_EVENT = "一场活动"
API_EVENT_CALENDAR = "活动的日历文件"
API_REGISTER = "报名"
API_REGISTRATIONS = "一场活动的报名名单"
API_CANCEL = "取消报名"
API_CONFIRM = "确认候补名额"
API_ANNOUNCEMENTS = "通知列表"
API_ANNOUNCEMENT = "一条通知"
API_ANNOUNCEMENT_CREATE = "起草通知"
API_ANNOUNCEMENT_PREVIEW = "预览发送范围"
API_ANNOUNCEMENT_STATUS = "发送进度"
API_ANNOUNCEMENT_APPROVE = "审核通过"
API_ANNOUNCEMENT_SCHEDULE = "定时或立即发送"
API_ANNOUNCEMENT_STOP = "停止发送"
API_INBOX = "收件箱"
API_INBOX_READ = "标为已读"
API_OPEN_QUESTIONS = "没有答上来的问题"
API_OPEN_QUESTION = "一组相同的问题"
API_OPEN_QUESTION_ANSWER = "答复一组问题"
API_OPEN_QUESTION_DISMISS = "忽略一组问题"
API_OPEN_QUESTION_REOPEN = "重新打开一组问题"
API_OPEN_QUESTION_MERGE = "并入另一组"
API_OPEN_QUESTION_SPLIT = "把一种问法单独成组"
API_OPEN_QUESTION_APPROVE = "审批答复，进入常见问题"
API_FAQ = "常见问题列表"
API_FAQ_ADD = "新增常见问题"
API_FAQ_ENTRY = "一条常见问题"
API_FAQ_EDIT = "修改或移动常见问题"
API_FAQ_KEEP = "复核后保留"
API_FAQ_DELETE = "删除常见问题"
FIRM_OR_NEED = "请给出企业（firm）或一句话需求（need），两者选一。"
FIRM_NEEDED = "请写明企业（firm）。"
UNKNOWN_CATEGORY = "没有这一类通知，可选：政策、高校、融资、服务、活动、配套。"
CONSENT_SOURCE = "接口"
