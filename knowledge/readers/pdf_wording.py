"""Chinese copy of the PDF reader."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

PAGES_WITHOUT_TEXT = "第{pages}页无文字（可能是扫描件），这部分没有读取。请做文字识别（OCR）后再上传。"
GLYPHS_UNREADABLE = "文件里有 {count} 个字的字体没有文字编码，没有收录。请另存为 .docx，或做文字识别（OCR）后再上传。"
HIDDEN_TEXT = "页面里有看不见的文字（{count} 字：白色、极小或在页面之外），没有收录。请核对原文，谨防夹带内容。"
WATERMARK = "页面上有斜排的水印文字“{text}”，没有收进正文。"
TRUNCATED = "文件不完整（可能没有下载完），只收录了读到的部分，请重新获取后再上传。"
SCANNED = "这份 PDF 的各页都没有文字（可能是扫描件）。请做文字识别（OCR）后再上传。"
TOO_MANY_PAGES = "PDF 的页数过多，上限为 {limit} 页，请拆成几份后再上传。"


def page_numbers(pages: Iterable[int]) -> str:
    """Page numbers as a person writes them: 2-4、7."""
    runs = [[page for _, page in run] for _, run in groupby(enumerate(pages), key=lambda item: item[1] - item[0])]
    return "、".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
