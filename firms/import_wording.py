"""Chinese copy of the import of tables: what is wrong with a file or a cell, and the report."""

from __future__ import annotations

YES, NO = "是", "否"
MONEY_UNIT = "万元"
LARGE_UNITS = ("亿", "万")

# --- files ---
DAMAGED_TABLE = "文件已损坏或不是有效的 Excel 表格，请用 Excel 或 WPS 打开后另存为 .xlsx 再导入。"
ENCRYPTED_TABLE = "文件设有打开密码，请去掉密码后再导入。"
ZIP_BOMB = "文件解压后过大或内部文件过多，没有读取。"
NO_SHEET = "文件里没有工作表。"
OLD_EXCEL = "这是旧版 Excel 文件（.xls），请另存为 .xlsx 或 CSV 再导入。"
FILE_TOO_LARGE = "文件超过 {limit} MB，请拆成几个文件导入。"
TOO_MANY_ROWS = "表格超过 {limit} 行，请拆成几个文件导入。"
TOO_MANY_COLUMNS = "表格超过 {limit} 列，请删去不需要的列再导入。"
UNKNOWN_ENCODING = "文件的编码无法识别（不是 UTF-8，也不是 GB18030/GBK）。请另存为 UTF-8 编码的 CSV，或 .xlsx。"
BAD_CSV = "CSV 第 {row} 行的引号不成对或格式有误，请用 Excel 或 WPS 重新另存后再导入。"
NO_HEADER = "没有找到表头（按 {format} 读取）：应有一行含两个以上认识的列名。如有乱码，请另存为 .xlsx 或 UTF-8 的 CSV。"
DUPLICATE_COLUMN = "“{one}”和“{other}”是同一列，请只留一列。"
UNKNOWN_COLUMNS = "以下列没有读取（不认识列名、单位或年度）：{columns}。"
ROWS_ABOVE = "表头上方有 {count} 行没有读取；行号从表头算起，表头是第 1 行。"
FORMULA_UNSAVED = "{count} 个单元格是公式，但文件里没有存下计算结果，按未填处理：{cells}。"

# --- cells ---
BROKEN_CELL = "单元格里是表格软件的错误值（如 #REF!），请改正。"
REQUIRED = "必填，不能为空。"
TOO_LONG = "内容太长（超过 {limit} 个字）。"
BAD_NUMBER = "“{value}”不是数字，或单位与本列不符。"
PERCENT_FORMAT = "“{value}”的单元格是百分比格式，与本列不符。"
SCALED_FORMAT = "“{value}”的单元格格式会把数值缩放显示（如以万、千为单位），无法确定实际数值，请改为常规格式。"
BAD_DATE = "“{value}”不是日期，请写成 2026-11-30 这样。"
BAD_YES_NO = "“{value}”应为“是”或“否”。"
DAMAGED_CODE = "代码被表格软件改成科学计数，请把该列设为文本格式后重新填写。"

# --- rows of firms ---
WRONG_CHECK = "统一社会信用代码 {code} 校验不符（可能抄错了一位，或把数字写成了字母），请核对后重新填写。"
BAD_CREDIT_CODE = "统一社会信用代码应为 18 位字母和数字。"
IDENTITY_NUMBER = "这一格像是个人身份证号码，没有收下。请填企业的统一社会信用代码，不要填写个人证件号码。"
BAD_REGION = "没有识别出“{value}”是哪个县（市、区）或园区，请写全称，如“××县”。"
BAD_INDUSTRY = "“{value}”不是国民经济行业代码，请写成 C34、I65 这样。"
BAD_CHOICE = "“{value}”无法识别，可填：{options}。"
BAD_TITLE = "“{value}”后面的日期无法识别，请写成“名称:2027-12-31”。"
BAD_SUBSCRIPTION = "“{value}”不是订阅类别，可填：{options}。"
BAD_PHONE = "电话号码无法识别。"
BAD_EMAIL = "电子邮箱地址无法识别。"
BAD_CHAT = "Telegram 编号应为数字。"
NEGATIVE = "不能小于 0。"
NOT_WHOLE_MONTHS = "应为整月数。"
SURPLUS = "这一行的格数比表头多，可能是数字里的逗号没有加引号，请核对。"
TWO_YEARS = "“{one}”和“{other}”说的是同一年，但数值不同。"
AMBIGUOUS_NAME = "有几家企业都叫这个名称，请填统一社会信用代码。"
WHOLE_ROW = ""

DEFAULT_SOURCE = "表格导入"
RECIPIENTS = {
    "visible": "高校、金融机构、服务机构和配套企业",
    "telegram": "Telegram（境外）",
    "announce": "主管部门",
}
PURPOSES = {
    "visible": "查看企业名称、情况和需求，不含联系方式",
    "telegram": "通过 Telegram 发送消息，消息会出境",
    "announce": "发送这一类通知",
}

NO_FIRM = "没有找到这家企业。"
SEVERAL_FIRMS = "有几家企业都叫这个名称，请改用统一社会信用代码或编号。"
FIRM_CHANGED = "企业资料刚被别人改过：{fields}。请刷新后再改。"
FIELD_CHANGED = "{field}现在是“{current}”，您写的是“{wanted}”"
FACT_CHANGED = "企业资料刚被别人改过，请刷新后再改。"
UNKNOWN_CONSENT = "没有这一类同意：{kind}。"
NO_KEY = "没有找到这个密钥。"
SEVERAL_KEYS = "有几个密钥都以此开头，请写全。"
ONE_OWNER = "请用 --firm、--provider 或 --staff 中的一个写明密钥给谁。"
KEY_REVOKED = "密钥 {prefix}… 已作废。"

# --- notices ---
SHARE_OR_PERCENT = "“{column}”不大于 1，已按百分数读取（0.48 就是 0.48%）；如果是比例，请改写成 48%：第 {rows} 行。"
RENAMED = "企业名称有变，已按表格更新：第 {rows} 行。"
CHOICE_KEPT = "企业自己后来改过同意或订阅，仍以企业的为准：第 {rows} 行。"
UNKNOWN_COLLATERAL = "“{column}”里有不认识的方式，按原文保留：第 {rows} 行。"
DOUBTS = {"share": SHARE_OR_PERCENT, "collateral": UNKNOWN_COLLATERAL}
MORE_ROWS = "{rows} 等 {count} 行"

# --- report in the terminal ---
DRY_RUN = "预览，没有写入："
SUMMARY = "共 {rows} 行：新增 {added}，更新 {updated}，未变 {unchanged}，有误 {errors}。"
ERROR_LINE = "第 {row} 行　{column}　{message}"
MORE_ERRORS = "……还有 {count} 处错误，用 --json 查看全部。"
MORE_DUPLICATES = "……还有 {count} 行，用 --json 查看全部。"
DUPLICATE_CODE = "第 {row} 行　与前面的企业信用代码相同（{same_as}），没有重复导入"
DUPLICATE_NAME = "第 {row} 行　与“{same_as}”名称相近，请核对是否同一家"
DUPLICATE_WHY = {"credit_code": DUPLICATE_CODE, "near_name": DUPLICATE_NAME}
