"""Chinese copy of the readers: what a person should know about a file that was read."""

from __future__ import annotations

WARNINGS = {
    "wrong_extension": "文件名的后缀与内容不符，已按内容（{format}）读取，请核对是不是要上传的文件。",
    "hidden_text": "页面里有看不见的文字，没有收录。请核对原文，谨防夹带内容。",
    "struck_text": "文件里有划掉的文字，没有收录，请核对原文。",
    "error_page": "内容像是网站的出错页或验证页，请打开原网址核对后重新获取。",
    "body_in_attachment": "收到的文件里没有条款，正文在附件中、尚未入库，请补传附件。",
    "truncated": "文件不完整（可能没有下载完），只收录了读到的部分，请重新获取后再上传。",
}

FORMATS = {
    "text": "纯文本",
    "markdown": "Markdown",
    "html": "网页",
    "mhtml": "网页存档",
    "docx": "Word 文档",
    "office": "旧版 Office 文档",
    "pdf": "PDF",
    "xlsx": "Excel 表格",
    "csv": "CSV 表格",
}

OFD = "这是 OFD 版式文件，目前不能读取。请用阅读器另存为 PDF，或上传 .docx。"
SLIDES = "这是演示文稿，目前不能读取。请另存为 PDF 后再上传。"
PACKED = "这是压缩包，请解压后逐个上传其中的文件。"
BINARY_SHEET = "这是二进制的 Excel 文件（.xlsb），请另存为 .xlsx 后再上传。"
EPUB = "这是电子书文件，请另存为 .docx 或 .txt 后再上传。"
UNKNOWN_ZIP = "文件内容不是 Word 或 Excel 文档，请核对后上传 .docx、.xlsx 或 .pdf 文件。"
MEDIA = "这是音频或视频文件，没有可读取的文字。"
MARKUP = "这是一份 XML 数据文件，没有可读取的正文。请上传 .docx、.pdf、.txt 或网页文件。"
