"""Chinese copy of the staff console."""

from __future__ import annotations

from knowledge import desk_wording

CONSOLE = "工作台"
TITLE = "{title} · 工作台"
TITLE_AMISS = "请检查：{title} · 工作台"
HOME = "首页"
DOCUMENTS = "政策文件"
IMPORT = "导入表格"
ANNOUNCEMENTS = "公告"
QUESTIONS = "待答问题"
FAQ = "常见问题"
SYNONYMS = "同义词"
CODES = "认领码"
TO_CHAT = "看问答页"
AMISS = "请检查"
NONE = "没有。"

# --- sign-in ---
SIGN_IN = "登录"
SIGN_OUT = "退出"
NAME = "姓名"
PASSWORD = "密码"
TOTP = "动态口令"
TOTP_HINT = "没有启用可以不填。"
WRONG = "姓名、密码或动态口令不对，请检查后再试。"
SIGN_IN_HELP = "没有账号或忘了密码，请找管理员重新要一个设置密码的链接。"
SESSION_OVER = "登录已失效，刚才提交的内容没有保存。请重新登录后再办理。"
SET_PASSWORD = "设置密码"
SET_PASSWORD_FOR = "为“{name}”设置密码。设好以后用姓名和密码登录。"
NEW_PASSWORD = "新密码"
NEW_PASSWORD_HINT = "至少 10 个字符，可以是一句话。"
REPEAT_PASSWORD = "再输一次"
PASSWORDS_DIFFER = "两次输入的密码不一样。"
PASSWORD_SET = "密码已设置，请登录。"
LINK_OVER = "这个链接已失效：每个链接只能用一次，48 小时内有效。请找管理员重新要一个。"

# --- who may do what ---
NOT_ALLOWED = "您的账号没有这项权限。"
NOT_ALLOWED_TITLE = "不能这样操作"
WHOLE_AREA_ONLY = "您的账号只管{region}，这项操作会影响全市，请交市级经办人办理。"
STALE_PAGE = "这个页面已过期，提交的内容没有保存。请返回上一页刷新后再试。"
MISSING_TITLE = "没有找到"
MISSING = "这条公告不存在，或不归您的账号管。"
BACK_HOME = "回到工作台首页"
ROLES = {"editor": "编辑", "approver": "审批人", "admin": "管理员"}
WHO = "{name}（{role}，{region}）"
WHOLE_AREA = "全市"

# --- first page ---
TODAY = "今天是{day}。"
AGENDA = "要办的事"
AGENDA_EMPTY = "现在没有等您办的事。"
TO_APPROVE = "等您审批"
TO_SEND = "已审批，等发送"
OWN_DRAFTS = "您起草的，等同事审批"
UNDERWAY = "正在发送"
SEE_ALL = "全部公告（{count}）"
OVERVIEW = "总览"
COUNTS = {
    "documents": "份政策文件",
    "questions": "个没有答上来的问题",
    "announcements": "条公告",
    "offers": "项有效资源和活动",
    "firms": "家企业",
}

# --- documents ---
UPLOAD = "上传文件"
UPLOAD_HINT = "支持 Word、PDF、WPS、网页、表格和纯文本。标题、文号、日期、废止和修改关系由正文识别，填写的以填写为准。"
NO_DOCUMENTS = "还没有文件，请在下面上传第一份。"
FILE = "文件"
FILE_HINT = "不超过 20 MB。"
FILE_AGAIN = "请重新选择文件，其他内容已为您保留。"
MORE_FIELDS = "文件信息（可不填）"
DOCUMENT_TITLE = "标题"
NUMBER = "文号"
ISSUER = "发文单位"
REGION = "适用地区"
REGION_HINT = "名称或六位代码，留空由标题和发文单位识别，看不出的按本市。"
LEVEL = "级别"
NOT_STATED = "不填"
ISSUED = "成文日期"
VALID_FROM = "施行日期"
VALID_TO = "有效期至"
SOURCE = "来源网址"
SOURCE_HINT = "以 http:// 或 https:// 开头。"
DRAFT = "是否草案"
DRAFT_HINT = "征求意见稿和草案不用于回答，问答页上也看不到。"
AS_READ = "由正文识别"
IS_DRAFT = "征求意见稿或草案"
IS_PUBLISHED = "已正式公布"
RELATIONS = {"supersedes": "废止（取代）", "amends": "修改", "prolongs": "延长有效期"}
RELATIONS_FROM = {"supersedes": "被其废止", "amends": "被其修改", "prolongs": "由其延长有效期"}
CHANGES = {"words": "改文字", "rewrite": "整条改为", "delete": "删去", "add": "增加"}
REPLACED_BY = "取代它的文件"
NOT_HELD = "尚未入库"
DOCUMENT_STATE = "状态"
MISSING_ATTACHMENTS = "缺少的附件"
MISSING_ATTACHMENTS_HINT = "正文提到、但还没有入库的附件。上传以后会从这里消失。"
DOCUMENT = "文件管理"
CORRECT = "更正文件信息"
CORRECT_HINT = "原文不会改变，只更正入库时识别的信息。"
SAVE_RECORD = "保存更正"
REMOVE = "移除文件"
REMOVE_HINT = "移除后不再用于回答，条款和常见问题一并删除，不能恢复。指向它的废止、修改关系会等它重新入库。"
REMOVE_SURE = "确定移除这份文件"
REMOVE_NOT_SURE = "没有移除：请先勾选“确定移除这份文件”。"
DOCUMENT_DONE = {"saved": "已保存。", "removed": "已移除。"}
NO_DOCUMENT = "没有这份文件，可能已经移除。"
NO_FILE = "请选择一个文件。"
REPORT = "入库报告"
STATUS = {"ready": "已入库", "partial": "部分入库", "failed": "没有入库"}
DUPLICATE = "没有重复入库：与已有文件内容相同"
FILE_NAME = "文件名"
COVERAGE = "文字覆盖率"
CLAUSES = "条款数"
TABLES = "表格数"
PAGES_WITHOUT_TEXT = "没有文字的页"
WARNINGS = "提示"
SEE_DOCUMENT = "查看文件"
UPLOAD_MORE = "再传一份"
DOCUMENT_DRAFT = "草案"
BAD_DATE = "“{label}”请写成 2026-11-24 这样。"
BAD_SOURCE = "来源网址请以 http:// 或 https:// 开头。"

# --- tables ---
IMPORT_HINT = "先预览，看过没有问题再确认导入。坏行不影响好行；同一份表再导一次不会重复。"
IMPORT_KINDS = {"firms": "企业", "offers": "合作资源", "events": "活动"}
IMPORT_FILE_HINT = "CSV 或 XLSX，第一个工作表，首行为列名。"
COLUMNS_OF = "“{kind}”表可以有哪些列"
COLUMNS_HINT = "带 * 的必填，其余没有可以不填；不认识的列会在预览里提示。"
WHAT = "导入什么"
PREVIEW = "预览"
PREVIEWED = "这是预览，还没有写入任何数据。"
IMPORTED = "导入完成。"
CONFIRM = "确认导入（{count} 条）"
CONFIRM_HINT = "新增 {added}、更新 {updated}；有错的 {errors} 行不会导入。"
CONFIRM_CLEAN = "新增 {added}、更新 {updated}。"
NOTHING_TO_IMPORT = "没有可导入的行。"
NOTHING_ALL_KNOWN = "没有可导入的行：都与现有数据相同。"
NOTHING_ALL_WRONG = "没有可导入的行：请按下面的问题改好表格，再上传。"
OTHER_FILE = "换一个文件"
IMPORT_MORE = "再导一份"
STALE = "这份预览已过期，请重新上传。"
TALLY = {"rows": "共（行）", "added": "新增", "updated": "更新", "unchanged": "不变", "bad_rows": "有错（行）"}
ROW = "行"
COLUMN = "列"
PROBLEM = "问题"
ERRORS = "有错的行"
ERRORS_HINT = "行号从表头算起，与表格软件左边的行号一致。"
SHOWN_OF = "只列出前 {shown} 条，共 {count} 条。"
DUPLICATES = "可能重复"
DUPLICATES_HINT = "不会自动合并，请核对是不是同一家。"
DUPLICATE_WHY = {"credit_code": "信用代码相同", "near_name": "名称相近", "id": "编号相同"}
NOTICES = "请留意"

# --- announcements ---
NEW_ANNOUNCEMENT = "起草公告"
EDIT = "修改"
EDIT_ANNOUNCEMENT = "修改公告"
STATES = {
    "draft": "草稿",
    "approved": "已审批",
    "scheduled": "等待发送",
    "sending": "正在发送",
    "done": "已发完",
    "stopped": "已停止",
}
HEADLINE = "标题"
CATEGORY = "类别"
CATEGORY_HINT = "只发给订阅了这一类的企业。"
CATEGORIES = {
    "policy": "政策",
    "university": "高校",
    "financing": "融资",
    "service": "服务",
    "event": "活动",
    "partner": "配套",
}
TEXT = "正文"
AUDIENCE = "发给谁"
AUDIENCE_HINT = "写成条件，几个条件用分号隔开，都满足才发；留空则不发给任何人。"
AUDIENCE_EXAMPLES = (
    ("企业规模 in 小型、微型", "小型和微型企业"),
    ("发明专利 >= 1; 资产负债率 <= 60", "有发明专利，并且负债率不高于 60%"),
    ("行业代码 in C34、C35", "通用、专用设备制造业"),
    ("证书 has IATF16949 或 发明专利 >= 3", "两条满足一条"),
)
EXAMPLES = "写法举例"
AREA = "只发给这个地区"
AREA_HINT = "名称或六位代码，留空为不限。"
AREA_FIXED = "只发给{region}的企业（您的账号只管{region}）。"
LINKED = "关联的活动或资源"
LINKED_HINT = "填编号，可不填。关联后公告下面会带上它的说明；关联活动还会带报名按钮。"
LINKED_OPTION = "{kind}：{title}"
SAVE_DRAFT = "保存草稿"
SAVE_EDIT = "保存修改"
EDIT_HINT = "保存后需要重新审批；已经定好的发送时间作废。"
AUTHOR = "起草"
APPROVED_BY = "审批"
SCHEDULED_FOR = "定于 {at} 发送"
SENT_AT = "发送时间：{at}"
IS_URGENT = "紧急"
MESSAGE = "企业收到的样子"
MESSAGE_BUTTONS = "按钮：{labels}"
CONDITIONS = "发送范围"
ALL_CONDITIONS = "同时满足："
IN_AREA = "在{region}范围内"
NOBODY = "没有写条件，不会发给任何企业。"
OR = "，或 "
REACHES = "现在发出，{count} 家企业会收到"
REACHES_NONE = "现在发出，没有企业会收到"
PARTS_ONE = "每家收到 1 条消息。"
PARTS = "内容较长，每家分成约 {parts} 条消息。"
EMAIL_ONLY = "其中 {count} 家只留了电子邮箱，邮件渠道开通之前收不到。"
SAMPLE = "例如：{names}。"
EXCLUDED = "另有 {count} 家不会收到"
WHY_NOT = "原因"
HOW_MANY = "家数"
REASONS = {
    "rule": "不符合条件",
    "unknown_fact": "资料不全，无法判断",
    "region": "不在地区内",
    "no_consent": "没有订阅这一类",
    "opted_out": "已退订",
    "blocked": "对方已停用或屏蔽",
    "no_channel": "没有可用的联系渠道",
    "same_person": "与另一家企业是同一收件人",
    "expired": "发送前已过截止时间",
    "stopped": "公告已停止",
    "withdrawn": "已撤回",
    "gave_up": "多次重试未成功",
    "rejected": "对方服务拒收",
    "uncertain": "不确定是否送达",
    "skipped": "没有发送",
}
APPROVE = "审批通过"
APPROVAL = "审批"
APPROVE_HINT = "请核对内容和发送范围。通过后由编辑安排发送；内容改动后需要重新审批。"
APPROVE_OWN = "您起草的公告要由另一位有审批权限的同事审批。可以把本页地址发给他。"
APPROVE_NOT_YOURS = "公告要由有审批权限的同事审批（您的账号是“{role}”）。可以把本页地址发给他。"
SENDING = "发送"
SEND_NOW = "发送给 {count} 家企业"
SEND_AT = "发送时间"
SEND_AT_HINT = "留空为立即发送。"
URGENT = "紧急：夜间也发"
URGENT_HINT = "不勾选的，晚上 8 点到早上 8 点不发，早上接着发。"
SEND_NONE = "没有企业会收到，所以不能发送。请先修改发送范围。"
STOP = "停止发送"
STOP_HINT = "停止后，还没发出的不再发；已经发出的收不回来。停止以后不能恢复。"
STOP_SURE = "确定停止"
DISCARD = "作废这条公告"
DISCARD_HINT = "作废后不能恢复；还没有发给任何企业。"
DISCARD_SURE = "确定作废"
PROGRESS = "发送进度"
PROGRESS_OF = "共 {total} 家，已处理 {done} 家"
PROGRESS_WAITS = "还没有开始发送。"
PROGRESS_REFRESHES = "本页会自动更新。"
DELIVERY = {
    "queued": "待发送",
    "sending": "发送中",
    "sent": "已送达",
    "failed": "未送达",
    "uncertain": "不确定",
    "skipped": "没有发送",
}
STATE = "情况"
NOT_DELIVERED = "没有送达的原因"
NO_ANNOUNCEMENTS = "还没有公告。"
CREATED = "草稿已保存，请有审批权限的同事审批。"
EDITED = "修改已保存，需要重新审批。"
APPROVED = "已审批通过，可以安排发送。"
SCHEDULED = "已安排发送。"
STOPPED = "已停止。"

# --- questions ---
QUESTIONS_HINT = "这些问题文件里没有答案，或答了但没帮上忙。同一个问题只需答复一次，每位提问人都会收到。"
NO_QUESTIONS = "没有待答问题。"
NO_OLDER_QUESTIONS = "没有更早的问题了。"
WHY = {
    None: "没有答案",
    "not_stated": "文件没写",
    "out_of_scope": "超出范围",
    "other_region": "外地政策",
    "unreadable_part": "文件有未读部分",
    "down_voted": "答了但没用",
}
ANSWER = "回复"
ANSWER_TEXT = "回复内容"
ANSWER_HINT = "发到提问人提问的地方（网页或 Telegram）。同样的内容不会重复发。"
ANSWER_SEND = "发出回复"
QUESTION_DONE = {
    "sent": "回复已发出。",
    "dismissed": "已忽略。",
    "reopened": "已重新打开。",
    "merged": "已并到这一组。",
    "split": "已单独成组。",
    "approved": "已审批，进入常见问题。",
    "reworded": "问法已保存，需要审批。",
}
NO_SUCH_QUESTION = "这个问题不存在，或不归您的账号管。"
WHICH = {"all": "全部", "waiting": "待答", "to_approve": "待审批", "answered": "已答复", "dismissed": "已忽略"}
QUESTION_STATES = desk_wording.STATES
DISMISSALS = desk_wording.DISMISSALS
ASKED_TIMES = "问过 {count} 次（{askers} 人）"
DOWN_VOTES = "{count} 次“没用”"
WAITING_FOR = "{count} 人等回复"
TALLY_VOTES = "近 30 天：有用 {up}，没用 {down}"
VOTE_REASONS = desk_wording.REASONS
ANSWER_WITH_CLAUSE = "引用条款答复"
CONFIRM_FIGURES = "数字已核对，确认发出"
DESK_ANSWER = "现在的答复"
CITES = "引用："
ANSWERED_BY = "{name} 答复"
IS_FAQ = "已进入常见问题（{name} 审批）"
FAQ_NEEDS_CLAUSE = "要进入常见问题，请引用一条条款重新答复。"
FAQ_NEEDS_APPROVER = "进入常见问题要由有审批权限的同事审批（您的账号是“{role}”）。"
FAQ_OWN = "您写的答复要由另一位有审批权限的同事审批，才会进入常见问题。"
FAQ_APPROVE_HINT = "审批后，再有人这样问，系统直接引用这条条款回答，并附上这条答复。"
FAQ_WORDINGS = "常见问题的问法"
FAQ_QUESTIONS = "问法"
FAQ_QUESTIONS_HINT = "一行一个。改动后需要重新审批。"
FIND_CLAUSE = "找条款"
FIND_WORDS = "关键词"
FIND_HINT = "留空按问题本身找。"
FIND = "查找"
CITED_DOCUMENT = "引用哪份文件"
NO_CITATION = "不引用"
CITED_CLAUSE = "哪一条"
CITED_CLAUSE_HINT = "例如 四（一）2；原文会自动附上。"
WORDINGS = "提问人的说法"
SPLIT = "单独成组"
NEAR = "可能是同一个问题"
NEAR_HINT = "确认是同一个问题再合并：合并后一起答复。"
MERGE = "并过去"
DISMISS = "忽略"
DISMISS_REASON = "原因"
REOPEN = "重新打开"
OLDER = "更早的问题"
NEWEST = "回到最新的问题"

# --- claim codes ---
CODES_HINT = "企业或资源方在聊天里发送认领码，就能代表本单位查看和办理。请核实对方身份后再给；七天内有效，只能用一次。"
FIRM = "企业"
FIRM_HINT = "信用代码或全称。"
PROVIDER = "资源方"
PROVIDER_HINT = "资源表里“提供方”的名称。企业和资源方填一个就行。"
PROVIDER_NOT_YOURS = "资源方的认领码请找市级经办人领取（您的账号只管{region}）。"
MAKE_CODE = "生成认领码"
ONE_OWNER = "企业和资源方请填一个。"
ONE_FIRM = "请填写企业。"
CODE = "{owner} 的认领码"
CODE_HINT = "只显示这一次，有效期至 {until}。请对方在聊天里发送：绑定 {code}"
NO_PROVIDER = "没有这个资源方的资源，请核对名称。"

# --- typical questions ---
FAQ_HINT = "有人这样问，系统就用对应的条款回答。改动立即生效，下次安装升级也会保留。"
FAQ_SEARCH = "查找"
FAQ_ANY_DOCUMENT = "所有文件"
FAQ_NONE = "没有找到。"
FAQ_ORIGINS = {"built_in": "自带", "staff": "人工", "desk": "答复"}
FAQ_REVIEW = "待复核：文件已被取代"
FAQ_SILENT = "文件没写"
FAQ_ADD = "新增"
FAQ_SAVE = "保存"
FAQ_DELETE = "删除"
FAQ_KEEP = "复核过，不用改"
FAQ_PROPOSAL = "新文件里最接近的条款：《{document}》{label}（相似度 {likeness:.0%}）"
FAQ_MOVE = "移到这一条"
FAQ_DESK_ANSWER = "答复内容"
FAQ_DESK_EDIT_HINT = "改动后退回待答问题，重新审批后才生效。"
FAQ_DONE = {
    "added": "已新增。",
    "saved": "已保存。",
    "sent_back": "已退回待审批。",
    "kept": "已复核。",
    "deleted": "已删除。",
}
NO_SUCH_ENTRY = "这条常见问题不存在，或不归您的账号管。"
ONE_A_LINE = "一行一个。"
FAQ_NEXT = "后面的"
FAQ_FIRST = "回到开头"

# --- synonyms ---
SYNONYMS_HINT = "提问里出现口语说法时，也按文件里的说法去找。只影响查找，不改变提问和原文。保存后立即生效。"
CANONICAL = "文件里的说法"
SPOKEN = "口语说法"
TERMS_HINT = "几个词用顿号或逗号隔开。"
SYNONYMS_OWN = "本单位的"
SYNONYMS_BUILT_IN = "自带的（{count} 组，只读）"
SYNONYMS_NEW = "新增一组"
SYNONYMS_DONE = {"saved": "已保存。", "deleted": "已删除。"}
