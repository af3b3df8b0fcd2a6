"""Chinese copy of the knowledge floor."""

from __future__ import annotations

from datetime import date

NO_SUCH_DOCUMENT = "没有找到这份文件，请用 qiban knowledge list 查看编号。"
UNKNOWN_LEVEL = "级别只能是：{levels}。"
DATES_CROSSED = "有效期的起始日期晚于截止日期，请检查。"
METADATA_UNKNOWN = {
    "issuer": "没有写明发文单位，可用 --issuer 补充。",
    "issued": "正文中没有找到成文日期，可用 --issued 补充。",
}

UNKNOWN_PATHS = "文件里没有这些条款：{paths}。"

LEAD_ONE = "文件原文是这样写的："
LEAD_LIST = "文件原文列出以下内容："
LEAD_LONG_LIST = "文件原文列出以下各项，这里各取首句，全文请看引用："
NOT_STATED = "现有文件里没有写到这一点，我不能替文件作答。"
NOT_STATED_NEAREST = "最接近的条款附在下面供参考，但其中没有写明您问的内容。"
OUT_OF_SCOPE = "这个问题不在已收录的政策文件范围内，我答不了。"
OTHER_REGION = "目前没有收录{region}的文件，我不能拿别处的规定来回答。"
ASK_DESK = "可以向{desk}咨询。"
ASK_DESK_CONTACT = "可以向{desk}咨询（{contact}）。"
EMPTY_QUESTION = "请输入您想问的问题，例如：申报有哪些条件？"
TOO_LONG = "问题太长了（超过 {limit} 个字）。请挑最想问的一点，用几句话说清楚。"


def day(value: date) -> str:
    """A date as a clerk writes it."""
    return f"{value.year}年{value.month}月{value.day}日"


def expired(document: str, valid_to: date) -> str:
    return f"《{document}》的实施期已于{day(valid_to)}结束，以下内容仅供参考，能否申报以主管部门当年的通知为准。"


def clause_list_question(heading: str) -> tuple[str, ...]:
    """Questions that ask for the whole of a heading's list."""
    return (f"{heading}有哪些", f"{heading}都包括什么")


OFFICER_ANSWER = "您问过：{question}\n\n{desk}答复：{answer}"
NO_RETURN_ADDRESS = "提问人没有留下可以回复的渠道。"
ANSWER_LENGTH = "请写下回复，不超过 {limit} 个字。"
