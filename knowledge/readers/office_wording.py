"""Chinese copy of the readers of Word files, old Office files and spreadsheets."""

from __future__ import annotations

HIDDEN_TEXT = "文件里有隐藏、白色或极小的文字（{count} 字），没有收录。如属正文，请改成可见的字再上传。"
PICTURES_WITHOUT_TEXT = "文件以图片为主（{count} 张），图片里的文字没有读取。请做文字识别（OCR）后再上传。"
EMBEDDED_FILES = "文件里嵌有其他文件或图示（{count} 处），其中的内容没有读取，请另存后单独上传。"
UNKNOWN_SYMBOLS = "文件里有 {count} 个特殊符号认不出来，没有收录，请核对原文。"
NOTE = "〔注{number}〕"

OFFICE_MISSING = (
    "这是旧版 Word、WPS 或 Excel 格式，服务器没有安装 LibreOffice，无法转换。请用 Word 或 WPS 打开，"
    "另存为 .docx（表格另存为 .xlsx）后再上传。"
)
OFFICE_FAILED = (
    "这份旧格式的文件转换不了，可能已损坏。请用 Word 或 WPS 打开，另存为 .docx（表格另存为 .xlsx）后再上传。"
)
OFFICE_TIMEOUT = "这份旧格式的文件转换超时。请用 Word 或 WPS 打开，另存为 .docx（表格另存为 .xlsx）后再上传。"
UNKNOWN_OFFICE = (
    "这是旧版 Office 的文件，但里面没有认得出的文档，可能已损坏。请用 Word 或 WPS 打开，另存为 .docx 后再上传。"
)

HIDDEN_CELLS = "表格里有 {count} 处隐藏的行、列或工作表（{cells}）没有收录，如需收录请取消隐藏后再上传。"
FORMULA_UNSAVED = "有 {count} 个公式没有保存计算结果（{cells}），这些格子是空的。请用 Excel 或 WPS 打开并保存后再上传。"
BROKEN_CELLS = "有 {count} 个格子是错误值（如 #REF!），没有收录，请核对：{cells}。"
SCIENTIFIC_CELLS = "有 {count} 个格子是科学计数法（如 9.14E+17），末尾数字可能已经丢失，请核对：{cells}。"
HIDDEN_SHEET, HIDDEN_ROW, HIDDEN_COLUMN = "工作表“{name}”", "第 {name} 行", "{name} 列"
QUESTION_NAMES = (
    "问", "问题", "提问", "常见问题", "咨询问题", "热点问题", "企业问题", "问题描述", "问题内容", "q", "question",
)  # fmt: skip
ANSWER_NAMES = (
    "答", "答案", "回答", "解答", "答复", "回复", "答复内容", "回答内容", "标准答案", "解答内容", "政策解答",
    "官方答复",
    "a", "answer",
)  # fmt: skip
