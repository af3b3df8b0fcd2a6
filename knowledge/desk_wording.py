"""Chinese copy of the desk's side: open questions, the desk's answers, typical questions, votes, synonyms."""

from __future__ import annotations

OFFICER_ANSWER = "您问过：{question}\n\n{desk}答复：{answer}"
OFFICER_CITED = "依据《{document}》{label}：\n{quote}"
QUOTE_SOURCE = "《{document}》{label}"

ANSWER_LENGTH = "请写下回复，不超过 {limit} 个字。"
NO_SUCH_QUESTION = "没有这个问题，或不归您的账号管。"
QUESTION_CHANGED = "这个问题刚被{who}处理过，请看过再决定。{what}"
ITS_ANSWER = "现在的答复是：“{answer}”"
ITS_STATE = "现在的状态是：{state}。"
SOMEBODY = "同事"
STATES = {"open": "待答", "answered": "已答复", "dismissed": "已忽略", "reopened": "又有人问"}
DISMISSALS = {"irrelevant": "无关", "duplicate": "重复", "advert": "广告"}
UNKNOWN_DISMISSAL = "请选择忽略的原因：{options}。"
NO_SUCH_CLAUSE = "《{document}》里没有“{path}”这一条，请核对条款号。"
NO_SUCH_DOCUMENT = "没有编号为“{document}”的文件。"
CLAUSE_WITHOUT_DOCUMENT = "请写明条款属于哪份文件。"
NUMBERS_NOT_CITED = "回复里的 {numbers} 在引用的条款里找不到，请核对；确认无误可以照发。"
NUMBERS_WITHOUT_CITATION = "回复里有 {numbers}，但没有引用条款，请核对；确认无误可以照发。"
SAME_GROUP = "这两个问题已经在一组里。"
MERGE_APPROVED = "这一组的答复已进入常见问题，不能并入别的组；可以把别的组并到这一组。"
ONLY_WORDING = "这一组只有这一种问法，不用拆分。"
NOT_APPROVER = "您没有审批权限，请由审批人审批。"
OWN_ANSWER = "自己写或改过的答复不能由本人审批，请换一位同事审批。"
NOTHING_TO_APPROVE = "还没有答复，不能审批。"
CITATION_NEEDED = "进入常见问题的答复要引用一条条款，请先补上引用。"
ALREADY_APPROVED = "这条答复已经审批过了。"

NO_SUCH_ENTRY = "没有这条常见问题，可能刚被别人删除。"
ENTRY_CHANGED = "这条常见问题刚被别人改过，请看过再改。现在的问法是：{questions}"
NO_QUESTIONS = "请至少写一个问法。"
TOO_MANY_QUESTIONS = "一条最多 {limit} 个问法。"
QUESTION_LENGTH = "每个问法 2 到 {limit} 个字：{question}"
QUESTION_TAKEN = "“{question}”已经是{label}的常见问题。"
SILENT_TOPIC = "“文件没写”的条目没有答案，不能移到别的文件。"
REGION_NOT_YOURS = "这份文件不归您的账号管。"

REASONS = {"other_question": "不是我问的", "outdated": "内容过时", "unclear": "看不懂", "other": "其他"}

SYNONYMS_CHANGED = "同义词刚被别人改过，请看过最新内容再改。"
NO_SUCH_GROUP = "没有这一组同义词。"
NO_CANONICAL = "请写文件里的说法。"
NO_SPOKEN = "请至少写一个口语说法。"
SHORT_SPOKEN = "口语说法至少两个字：{term}"
LONG_TERM = "每个词不超过 {limit} 个字：{term}"
SPOKEN_TAKEN = "“{term}”已经在另一组里（{canonical}），一个口语说法只能属于一组。"
SPOKEN_IS_CANONICAL = "“{term}”就是文件里的说法，不用再写成口语说法。"
