"""Chinese copy of who may do what: claim codes, staff accounts, keys, sign-in."""

from __future__ import annotations

# --- claim codes ---
BAD_CODE = "认领码无效、已用过或已过期，请核对后重新输入；还不行的话，请工作人员重新发一个。"
NO_PROVIDER_NAME = "请写明提供方名称（不超过 {most} 个字）。"
ONE_CLAIMANT = "请用 --firm 或 --provider 中的一个写明认领码给谁。"
CODE_MADE = "认领码：{code}\n有效期至 {until:%Y-%m-%d %H:%M}，只能用一次，请发给本人。"

# --- staff accounts ---
NO_STAFF = "没有找到这个工作人员账号。"
STAFF_EXISTS = "已有同名的工作人员账号，请换一个名称，例如加上科室。"
STAFF_OFF = "这个账号已停用，请先启用。"
BAD_STAFF_NAME = "请写明工作人员名称（不超过 {most} 个字）。"
BAD_ROLE = "角色只能是 editor（编辑）、approver（审核）或 admin（管理员）。"
BAD_REGION = "没有识别出“{value}”是哪个地区，请写全称或六位代码。"
SHORT_PASSWORD = "密码至少要 {least} 个字符。"
LONG_PASSWORD = "密码不能超过 {most} 个字符。"
BAD_LINK = "链接无效、已用过或已过期，请管理员重新发一个。"

# --- requests ---
KEY_REQUIRED = "需要密钥或登录：请在请求头里写明 Authorization: Bearer 加密钥，或先登录工作台。"
BAD_KEY = "密钥无效或已作废，请核对，或请主管部门重新发一个。"
NOT_APPROVER = "需要审核人员的权限，您的账号没有。"
NOT_ADMIN = "需要管理员的权限，您的账号没有。"
FIRM_REQUIRED = "请写明企业（统一社会信用代码、编号或全称）。"
NO_SUCH_THING = "没有找到。"
TOO_MANY_REQUESTS = "请求太频繁，请 {seconds} 秒后再试。"
TOO_MANY_SIGN_INS = "登录失败次数太多，请 {minutes} 分钟后再试。"

# --- the command line ---
LINK = "{name}的设置密码链接（48 小时内有效，只能用一次）：\n{link}"
ROLES = {"editor": "编辑", "approver": "审核", "admin": "管理员"}
STAFF_LINE = "{name}　{role}　{region}　{state}"
EVERYWHERE = "不限地区"
STATES = {"active": "在用", "no_password": "未设密码", "disabled": "已停用"}
NO_STAFF_YET = "还没有工作人员账号。"
DISABLED = "{name}的账号已停用，登录已全部退出。"
ENABLED = "{name}的账号已启用。"
TOTP_ON = "{name}的动态口令密钥（只显示这一次，请录入手机上的验证器）：{secret}\n{uri}"
TOTP_OFF = "{name}登录时不再需要动态口令。"
TOTP_ISSUER = "企伴"
