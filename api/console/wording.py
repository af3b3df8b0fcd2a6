"""Chinese copy of the staff console."""

from __future__ import annotations

CONSOLE = "工作台"
SIGN_IN = "登录"
SIGN_OUT = "退出"
NAME = "姓名"
PASSWORD = "密码"
TOTP = "动态口令（未启用可不填）"
WRONG = "姓名、密码或动态口令不对，请检查后再试。"
SET_PASSWORD = "设置密码"
NEW_PASSWORD = "新密码（至少 10 个字符）"
REPEAT_PASSWORD = "再输一次"
PASSWORDS_DIFFER = "两次输入的密码不一样。"
PASSWORD_SET = "密码已设置，请登录。"
NOT_ALLOWED = "您的账号没有这项权限。"
WHOLE_AREA_ONLY = "您的账号只管{region}，这项操作会影响全市，请交市级经办人办理。"
ROLES = {"editor": "编辑", "approver": "审核", "admin": "管理员"}

HOME = "首页"
DOCUMENTS = "政策文件"
IMPORT = "导入表格"
ANNOUNCEMENTS = "通知"
QUESTIONS = "待答问题"
CODES = "认领码"
TO_CHAT = "看问答页"

TODAY = "今天是{day}。"
COUNTS = {
    "documents": "份政策文件",
    "questions": "个没有答上来的问题",
    "offers": "项有效资源",
    "firms": "家企业",
    "drafts": "条待审核通知",
    "sending": "条通知正在发送",
}

UPLOAD = "上传文件"
UPLOAD_HINT = "目前支持纯文本（.txt、.md）。标题、日期、效力由正文识别，填写的以填写为准。"
FILE = "文件"
TITLE = "标题"
NUMBER = "文号"
ISSUER = "发文单位"
REGION = "适用地区（名称或六位代码）"
LEVEL = "级别"
LEVELS = ("", "国家级", "省级", "市级", "县级")
ISSUED = "成文日期"
VALID_FROM = "施行日期"
VALID_TO = "有效期至"
SOURCE = "来源网址"
DRAFT = "征求意见稿（不用于回答）"
NO_FILE = "请选择一个文件。"
REPORT = "入库报告"
STATUS = {"ready": "已入库", "partial": "部分入库", "failed": "没有入库"}
COVERAGE = "文字覆盖率"
CLAUSES = "条款数"
TABLES = "表格数"
PAGES_WITHOUT_TEXT = "没有文字的页"
DUPLICATE_OF = "与已有文件内容相同"
WARNINGS = "提示"
SEE_DOCUMENT = "查看文件"
DOCUMENT_DRAFT = "草案"
BAD_DATE = "日期请写成 2026-11-24 这样。"

IMPORT_HINT = "先预览，确认无误再导入；坏行不影响好行。表格格式见说明文档。"
IMPORT_KINDS = {"firms": "企业", "offers": "合作资源", "events": "活动"}
WHAT = "导入什么"
PREVIEW = "预览"
PREVIEWED = "预览：还没有写入任何数据。"
IMPORTED = "导入完成。"
CONFIRM = "确认导入"
OTHER_FILE = "换一个文件"
STALE = "这份预览已过期，请重新上传。"
ROWS = "共 {rows} 行：新增 {added}，更新 {updated}，不变 {unchanged}，有错 {errors} 行。"
ROW = "行"
COLUMN = "列"
PROBLEM = "问题"
ERRORS = "有错的行"
DUPLICATES = "可能重复"
DUPLICATE_WHY = {"credit_code": "信用代码相同", "near_name": "名称相近", "id": "编号相同"}
NOTICES = "请留意"
NONE = "没有。"

NEW_ANNOUNCEMENT = "起草通知"
STATES = {
    "draft": "草稿",
    "approved": "已审核",
    "scheduled": "等待发送",
    "sending": "正在发送",
    "done": "已发完",
    "stopped": "已停止",
}
CATEGORY = "类别"
CATEGORIES = {
    "policy": "政策",
    "university": "高校",
    "financing": "融资",
    "service": "服务",
    "event": "活动",
    "partner": "配套",
}
TEXT = "正文"
AUDIENCE = "发给谁（规则；留空则不发给任何人）"
AUDIENCE_HINT = "例如：region in 衡南县; 发明专利 >= 1。多个条件用分号隔开，都满足才发。"
LINKED = "关联的活动或资源编号（可不填）"
SAVE_DRAFT = "保存草稿"
AUTHOR = "起草"
APPROVED_BY = "审核"
REACHES = "将发给 {count} 家企业"
EXCLUDED = "不发的企业"
REASONS = {
    "rule": "不符合条件",
    "unknown_fact": "数据不全，无法判断",
    "region": "不在地区内",
    "no_consent": "没有订阅这一类",
    "opted_out": "已退订",
    "blocked": "对方已停用或屏蔽",
    "no_channel": "没有可用的联系渠道",
    "same_person": "与另一家企业是同一联系人",
    "expired": "已过期",
    "stopped": "已停止",
    "withdrawn": "已撤回",
}
SAMPLE = "例如"
PARTS = "每人 {parts} 条消息"
APPROVE = "审核通过"
APPROVE_HINT = "由另一位有审核权限的同事审核；改动后需要重新审核。"
SEND = "发送"
SEND_AT = "发送时间（留空为立即）"
URGENT = "紧急：夜间也发"
STOP = "停止发送"
PROGRESS = "发送进度"
DELIVERY = {
    "queued": "排队",
    "sending": "发送中",
    "sent": "已送达",
    "failed": "失败",
    "uncertain": "不确定",
    "skipped": "跳过",
}
NO_ANNOUNCEMENTS = "还没有通知。"
CREATED = "草稿已保存。"
APPROVED = "已审核通过。"
SCHEDULED = "已安排发送。"
STOPPED = "已停止。"

NO_QUESTIONS = "没有待答问题。"
WHY = {
    None: "没有答案",
    "not_stated": "文件没写",
    "out_of_scope": "超出范围",
    "other_region": "外地政策",
    "unreadable_part": "文件有未读部分",
}
ASKED_AT = "提问时间"
ANSWER = "回复"
ANSWER_HINT = "会发到提问人所在的渠道。"
ANSWER_SENT = "回复已发出。"
OLDER = "更早的"

CODES_HINT = "企业或资源方在聊天里发送认领码，就能代表本单位查看和办理。请核实对方身份后再给；七天内有效，只能用一次。"
FIRM = "企业（信用代码或全称）"
PROVIDER = "资源方名称"
MAKE_CODE = "生成认领码"
ONE_OWNER = "企业和资源方请填一个。"
CODE = "认领码（只显示这一次）"
NO_PROVIDER = "没有这个资源方的资源，请核对名称。"
