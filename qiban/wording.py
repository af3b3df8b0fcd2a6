"""Chinese copy of the command line and of set-up."""

from __future__ import annotations

NOT_SET_UP = "还没有初始化，或程序已升级。请先运行 qiban setup。"
MODEL_NOT_PREPARED = "语义模型尚未准备好，目前按关键词查找。请运行 qiban setup。"
STEP_MODEL = "准备语义模型"
STEP_DATABASE = "建立数据库"
STEP_BASE = "载入内置政策"
STEP_INDEX = "建立检索索引"
SET_UP = "初始化完成：{documents} 份文件，{items} 条可检索内容。"
MODEL_FAILED = "语义模型没有准备成功，将只按关键词查找：{reason}"
DATABASE_DAMAGED = "数据库文件已损坏，已改名保存为 {kept}，并重新建立。如有备份，请用备份恢复其中的数据。"
SERVING = "企伴已启动：{url}（按 Ctrl+C 停止）"
PORT_TAKEN = "端口 {port} 已被占用。请换一个端口，例如：make run PORT=8001。"
STOPPING = "正在停止……"
REMOVED = "已移除：{document}"
REINDEXED = "索引已重建：{items} 条。"
CHAT_HINT = "企伴：直接输入问题，空行或 Ctrl+D 结束。会话编号：{session}"
NO_SUCH_FILE = "找不到文件：{path}"
BAD_DATE = "日期请写成 2026-11-24 这样：{value}"
BAD_SETTING = "配置有误：{name}：{message}"
UNKNOWN_ROLE = "角色只能是 api、bot 或 worker：{role}"
NO_TOKEN = "没有设置 QIBAN_TELEGRAM_TOKEN，Telegram 未开启。"
UNEXPECTED = "程序出错（{kind}），详情见日志。"
SOURCE = "出处：《{document}》{label}"
NOTICE = "〔{text}〕"
PROGRESS = "（已答 {done} 题，还剩 {left} 题）"
CHOICE = "  [{key}] {label}"

UNREADABLE_FILE = "文件打不开：{path}"
FILE_TOO_LARGE = "文件太大，不像是一份企业数据：{path}"
NOT_UTF8 = "文件不是 UTF-8 编码，请另存为 UTF-8 后再试：{path}"
BAD_JSON = "第 {line} 行附近不是有效的 JSON，请检查引号、逗号和括号。"
BAD_YAML = "第 {line} 行附近不是有效的 YAML，请检查缩进和冒号（不支持 & 和 * 引用）。"

ASSESSED = "对照《{name}》，截至 {as_of:%Y-%m-%d}"
HEADLINE = "结论：{verdict}。共 {total} 条：符合 {met} 条，不符合 {not_met} 条，还不能判断 {unknown} 条。"
OVERALL = {"met": "全部符合", "not_met": "不符合", "unknown": "还不能判断"}
SIZE_CLASS = "企业规模：{size}"
SIZES = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型", "unknown": "还不能判断"}
SECTIONS = {"not_met": "不符合（{count} 条）", "unknown": "还不能判断（{count} 条）", "met": "符合（{count} 条）"}
PRIORITY = "优先条件（同等条件下优先，不是必须）"
MARKS = {"met": "✓", "not_met": "✗", "unknown": "？"}
CONDITION = "{mark} {id} {title}{clause}"
CLAUSE = "〔{clause}〕"
DETAIL = "    {text}"
GAP = "差距：{gap}"
EVIDENCE = "证明材料：{evidence}"
JOIN = "、"
NEXT_QUESTION = "下一步先弄清：{label}（{fact}）。{question}"
SCHEME = (
    "{id}\n    {name}（{region_name}），依据《{document}》，{state}；基本条件 {conditions} 条，优先条件 {priority} 条"
)
IN_FORCE = "现行有效"
NOT_IN_FORCE = "不在施行期内"
SCHEMES_FIT = "{count} 个方案的条件都能在所引文件里找到原文。"
