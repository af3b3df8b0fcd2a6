"""Invented wording (示例): cities, bodies of state, sentences of measures with figures, dates and marks."""

from __future__ import annotations

from random import Random

CITIES = ("云岭市", "青溪市", "白砾市", "望川市", "澄湖市", "北屏市", "南砚市", "锦河市")
OFFICES = (
    "工业和信息化局",
    "财政局",
    "科学技术局",
    "人力资源和社会保障局",
    "商务局",
    "市场监督管理局",
    "发展和改革委员会",
)
TOPICS = (
    "中小企业数字化改造", "科技型企业研发投入", "首台套装备推广", "企业技术改造", "绿色工厂创建", "工业设计能力提升",
    "知识产权运用", "外贸企业开拓市场", "企业上市培育", "标准化工作", "质量品牌建设", "人才引进", "创业担保贷款",
    "产业园区建设", "专利转化", "节能降碳改造", "软件产业发展", "现代物流企业培育",
)  # fmt: skip
SUBJECTS = (
    "首次认定的市级企业技术中心", "通过复核的省级工业设计中心", "年度营业收入首次突破5000万元的企业",
    "新建成的绿色工厂",
    "主导制定国家标准的单位", "取得发明专利的企业", "在本市注册满2年的企业", "吸纳高校毕业生10人以上的企业",
    "购买工业软件的企业", "参加境外展会的企业", "获得银行贷款的小微企业", "开展数字化诊断的企业",
    "通过ISO 9001认证的企业",
)  # fmt: skip
BASES = ("实际投资额", "上一年度研发费用", "审定的合同金额", "同期贷款利息", "设备购置费用", "年度新增营业收入")
KINDS = ("补助", "奖励", "贴息", "配套资金", "一次性补贴")
DUTIES = (
    "按要求报送年度总结", "建立项目台账", "接受审计和监督检查", "于每年3月31日前提出申请", "如实填写申报表",
    "保存原始凭证不少于5年",
    "配合绩效评价", "及时报告重大变化", "公开资金使用情况", "签署信用承诺书",
)  # fmt: skip
CONDITIONS = (
    "在本市依法登记并具有独立法人资格", "上一会计年度营业收入不低于1000万元", "研发费用占营业收入的比例不低于3.5%",
    "近三年内未发生重大安全、质量和环境事故", "拥有有效发明专利2件以上", "资产负债率不高于70%",
    "具有健全的财务管理制度",
    "从事特定细分市场的时间达到3年以上", "从业人员不少于20人", "未被列入严重失信主体名单", "产品合格率达到99.2%以上",
)  # fmt: skip
HEADINGS = (
    "总体要求", "基本原则", "支持范围", "申报条件", "支持标准", "申报程序", "资金管理", "监督检查", "保障措施",
    "组织领导", "主要任务",
    "工作目标", "职责分工", "实施步骤", "绩效评价", "有关要求",
)  # fmt: skip
INDUSTRIES = ("制造业", "软件和信息技术服务业", "批发业", "零售业", "建筑业", "交通运输业", "科技服务业")
CLASSES = ("首次认定", "复核通过", "晋级认定", "年度考核优秀", "新增入库")
MATERIALS = ("营业执照", "审计报告", "纳税证明", "项目合同", "专利证书", "信用报告", "社保缴纳证明")


def amount(random: Random) -> str:
    return random.choice(("5", "10", "20", "30", "50", "80", "100", "300", "1,000", "2000", "1500.5", "12.5"))


def percent(random: Random) -> str:
    return random.choice(("3.5%", "5%", "10%", "15%", "20%", "30%", "50%", "8.25%"))


def day(random: Random) -> str:
    return f"202{random.randint(1, 6)}年{random.randint(1, 12)}月{random.randint(1, 28)}日"


def sentence(random: Random) -> str:
    """One sentence with its stop."""
    subject, base, kind = random.choice(SUBJECTS), random.choice(BASES), random.choice(KINDS)
    form = random.randrange(9)
    if form == 0:
        return f"对{subject}，按{base}的{percent(random)}给予{kind}，最高不超过{amount(random)}万元。"
    if form == 1:
        return f"对{subject}，一次性给予{amount(random)}万元{kind}；同一企业同一年度只享受一次。"
    if form == 2:
        return f"{subject}应当{random.choice(DUTIES)}，并{random.choice(DUTIES)}。"
    if form == 3:
        return f"申请{kind}的，应当{random.choice(CONDITIONS)}，且{random.choice(CONDITIONS)}。"
    if form == 4:
        return f"本条所称“{base}”，是指经第三方机构审计确认的数额，不含税（增值税税率为{percent(random)}的部分另计）。"
    if form == 5:
        return f"自{day(random)}起至{day(random)}止，{random.choice(OFFICES)}会同{random.choice(OFFICES)}受理申请。"
    if form == 6:
        return (
            f"依照前款规定给予的{kind}由市、县（区）两级财政按{random.randint(1, 9)}:{random.randint(1, 9)}的比例承担。"
        )
    if form == 7:
        return f"符合本办法第{random.choice('三四五六七')}条规定的，{random.choice(DUTIES)}，逾期视为放弃。"
    projects = "人工智能（Artificial Intelligence）和工业互联网类项目"
    return f"{projects}的{kind}上浮{percent(random)}，总额不超过{amount(random)}万元。"


def label_like(random: Random) -> str:
    """A sentence that begins with what looks like a label and is none."""
    return random.choice((
        f"3.5%以上的部分按{percent(random)}给予补助。",
        f"第{random.choice('三四五')}条规定的条件以申报截止日为准。",
        f"{day(random)}以前已受理的，按原规定办理。",
        "一次性奖励不重复享受。",
        "二、三级资质企业按较高一级的标准执行。",
        f"2.0版系统升级费用不超过{amount(random)}万元的，据实补助。",
        f"1,000万元以下的项目，补助{percent(random)}。",
        "（一）至（三）项条件须同时满足。",
        "第二款所称企业，不含分支机构。",
    ))  # fmt: skip


def sentences(random: Random, least: int, most: int) -> str:
    """A paragraph; one in twelve has a sentence that seems to begin with a label somewhere in it."""
    found = [sentence(random) for _ in range(random.randint(least, most))]
    if random.random() < 0.08:
        found.insert(random.randint(1, len(found)), label_like(random))
    return "".join(found)


def item(random: Random, last: bool) -> str:
    """An item of a list, ended by a semicolon or, the last one, by a stop."""
    return random.choice((random.choice(CONDITIONS), random.choice(DUTIES))) + ("。" if last else "；")
