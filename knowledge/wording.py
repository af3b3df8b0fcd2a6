"""Chinese copy of the knowledge floor."""

from __future__ import annotations

from datetime import date

_DIGITS = "零一二三四五六七八九"

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
LEAD_ROW = "文件的表格里是这样写的："
LEAD_PLACE = "写在{label}："
LEAD_COUNT = "按文件分的项数，“{heading}”下面有{count}项，每项开头如下，全文请看引用："
LEAD_AMENDED = "这一条已经修改，现行的文字是："
LEAD_DELETED = "这一条已经被后来的文件删去，不再适用。原来的文字是："
FIGURE_WITH_UNIT = "{header}：{value}（{unit}）"
FOCUS = "其中与您问的直接有关的是："
RULE_OF = "《{document}》是{region}的规定。"
TERM_DIFFERS = "注意：文件用的是“{stated}”，与“{asked}”口径不同。"
QUALIFIER_DIFFERS = "注意：文件这里说的是“{stated}”，没有写到“{asked}”的情形；是否受影响，请以{desk}的解释为准。"
DESK_SAID = "{desk}以前这样答复过类似问题（不是文件原文）：{answer}"
ENGLISH_LINE = "In English: clause {label}{figures}"
NO_SUCH_PLACE = "《{document}》里没有{place}。这份文件有：{parts}。"
NO_SUCH_PLACE_HERE = "收录的文件里没有找到{place}。"
NOT_HELD = "没有收录{said}，我不能替它作答。"
DOCUMENT_PARTS = "这份文件有：{parts}。"
MENTIONED_IN = "下面的条款提到了它，供您查找原文："
DRAFT_ONLY = "《{document}》是征求意见稿，还没有生效，不能作为依据。"
UNREADABLE = "《{document}》有几页没有能识别的文字（第 {pages} 页），里面写了什么我读不到，不能作答。"
BODY_MISSING = "收到的《{document}》里没有条款，正文在附件里，附件还没有收录，请看附件：{missing}。"
BODY_MISSING_UNNAMED = "收到的《{document}》里没有条款，正文在附件里，附件还没有收录。"
AS_OF_THEN = "以下按{day}时有效的文件回答。"
CLARIFY = "这个问题可能有几种意思，您想问的是哪一个？"
CLARIFY_DOCUMENT = "《{document}》：{question}"
CLARIFY_PLACE = "{place}说的是什么"
JOIN = "、"
PART = "{number}、{question}\n{text}"
PART_NUMBER = "您的第{number}个问题"
MORE_QUESTIONS = "一次最多回答{most}个问题，后面的请再发一次。"
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


# --- what an ingestion has to say ---
DATES_CROSSED_IN_TEXT = "正文写明的有效期起止日期相互矛盾，截止日期暂未采用，请核对后用 --valid-to 补充。"
DATE_IMPOSSIBLE = "正文里有不存在的日期（{days}），没有采用，请核对原文。"
IS_DRAFT = "这份文件是征求意见稿或草案，不用于回答；正式公布后请上传正式文本，或改为已公布。"
REGION_UNKNOWN = "没有看出适用地区，暂按{region}入库；不对请用 --region 指明。"
REGION_NEW = "按标题或发文单位，文件适用于“{region}”（行政区划表中没有，单独作为一个地区）；不对请用 --region 指明。"
BODY_IN_ATTACHMENT = "收到的是印发通知，正文在附件里、尚未入库：{names}。请把附件一并上传。"
ATTACHMENT_MISSING = "正文提到的附件尚未入库：{names}。"
PAGES_UNREAD = "第 {pages} 页没有文字（可能是扫描件），这部分内容未能读取。"
NEAR_DUPLICATE = "内容与已有文件《{title}》（编号 {document}）几乎相同，请核对是否重复或是其新版本。"
TARGET_UNKNOWN = {
    "supersedes": "这份文件废止的{other}尚未入库，入库后会自动关联。",
    "amends": "这份文件修改的{other}尚未入库，入库后会自动关联。",
    "prolongs": "这份文件延长有效期的{other}尚未入库，入库后会自动关联。",
}
RELATION_CYCLE = "这份文件与{other}互相废止，无法判断先后，都没有采用；请核对原文。"
TOO_MANY_RELATIONS = "正文提到要废止、修改或延长的文件过多，只记录了前 200 份，请核对原文。"
SELF_REFERENCE = "一份文件不能废止、修改或延长它自己。"
VERSION_CONFLICT = "这份文件的信息刚被别人修改过，请刷新后再改。"


def prolonged(document: str, last: date | None) -> str:
    """That a document goes on after its own last day; `last` None: until it is revoked."""
    until = f"到{day(last)}" if last else ""
    return f"《{document}》原定的实施期已经延长{until}。"


def replaced(old: str, new: str, since: date) -> str:
    """That an earlier document does not apply any more."""
    return f"《{old}》已于{day(since)}起废止，现在按《{new}》执行。"


def upcoming(document: str, effective_from: date, old: str, new: str) -> str:
    """A change that is decided and not yet in effect."""
    change = f"“{old}”改为“{new}”" if old and new else f"改为“{new}”" if new else "删去"
    return f"《{document}》自{day(effective_from)}起施行，届时这里将有变动（{change}），在那之前仍按现在的文字。"


def chinese_number(value: int) -> str:
    """A number from 1 to 99 in Chinese."""
    tens, ones = divmod(value, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "") if 0 < value < 100 else str(value)


UNKNOWN_FIELDS = "不能修改这些信息：{fields}。"
TITLE_NEEDED = "标题不能为空。"
REGION_NEEDED = "适用地区不能为空，请填名称或六位代码。"
