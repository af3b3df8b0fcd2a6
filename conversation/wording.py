"""Chinese copy of the dialogue."""

from __future__ import annotations

WELCOME = (
    "您好，我是企伴，帮企业查扶持政策。\n"
    "直接输入问题就行，比如“申报要什么条件”；也可以点“条件自评”，我带您逐条对照，告诉您还差什么。\n"
    "我只按收录的文件原文回答，文件没写的会直说。"
)
WELCOME_PARTNERS = "想找高校、融资、服务、活动或配套客户，点“找合作”，或直接说需求。"
HELP = (
    "怎么用：\n"
    "· 直接打字提问，一次问一件事，我会给出文件原文和条款号；\n"
    "· 点“条件自评”或发“自评”，逐条对照申报条件，随时可以停，下次接着做；\n"
    "· 发“菜单”回到开始，发“取消”放弃当前步骤；\n"
    "· 文件里没写的，我会告诉您找谁问。"
)
HELP_PARTNERS = (
    "\n找合作和办事：\n"
    "· 发“找合作”（/match）匹配高校、融资、服务、活动和配套，也可以直接说需求，比如“想找做刀具涂层的团队”；\n"
    "· 发“绑定企业”（/link）用认领码绑定企业，发“解除绑定”（/unlink）解除；\n"
    "· 发“我的进展”（/mine）看意向和报名，发“收件箱”（/inbox）看通知；\n"
    "· 发“授权与订阅”（/consent）改授权和订阅；不想再收通知发“退订”（/stop），恢复发 /subscribe。"
)
ASK_NOW = "请输入您的问题，比如“负债率有要求吗”。"
CANCELLED = "好的，已取消。需要时直接输入问题即可。"
NOTHING_TO_CANCEL = "现在没有进行中的步骤。直接输入问题即可。"
EMPTY = "没有收到文字。请输入您想问的问题，或点下面的按钮。"
NO_WORDS = "没看懂这条消息。请用文字说说想问什么，或点下面的按钮。"
TOO_LONG = "这条消息太长了（超过 {limit} 个字），我怕理解错。请挑最想问的一点，用几句话说。"
MEDIA = "目前只能看文字，{media}我还处理不了。请把问题用文字发给我。"
MEDIA_NAMES = {
    "sticker": "表情贴纸", "photo": "图片", "voice": "语音", "audio": "音频", "video": "视频", "animation": "动图",
    "document": "文件", "location": "位置", "contact": "名片", "poll": "投票", "dice": "骰子", "other": "这类消息",
}  # fmt: skip
UNKNOWN_COMMAND = (
    "没有“/{command}”这个命令。可用的命令：/start 开始，/ask 问政策，/check 条件自评，/match 找合作，/mine 我的进展，"
    "/cancel 取消，其他的见 /help 帮助。"
)
BUTTON_EXPIRED = "这个按钮已失效，请用最新消息里的按钮，或直接输入问题。"
ALREADY_ANSWERED = "这个问题刚刚已经回答过了，请看上面的回复。"
GREETING = "您好！想了解哪方面的政策？可以直接输入问题。"
THANKS = "不客气，有问题随时问我。"
COMPLAINT = "很抱歉没有帮上忙。我只能按收录的文件原文回答；您也可以直接向{desk}反映。"
NOT_KEPT = "（联系方式不在记录中保留，请重新点击“查看联系方式”或“查看详情”）"
SORRY = "抱歉，刚才这条没有处理好，请再发一次；如果还是不行，可以向{desk}咨询。"

BUTTON_MENU = "菜单"
BUTTON_ASK = "问政策"
BUTTON_CONDITIONS = "申报条件有哪些"
BUTTON_HELP = "怎么用"

BUTTON_CHECK = "条件自评"
BUTTON_YES, BUTTON_NO = "是", "否"
BUTTON_NONE = "没有（0）"
BUTTON_NEVER = "没有发生过"
BUTTON_SKIP = "不知道"
BUTTON_WHY = "为什么问"
BUTTON_BACK = "上一题"
BUTTON_RESULT = "看结果"
BUTTON_QUIT = "退出自评"
BUTTON_RESUME = "继续自评"
BUTTON_AGAIN = "重新自评"
BUTTON_AFRESH = "清空重来"
BUTTON_MORE = "再看优先条件"
BUTTON_SCHEME = "看看{name}"
PEOPLE = "人"

CHECK_INTRO = (
    "来对照《{name}》的条件自评一下，多数题点按钮就行。\n"
    "说大概数也可以；不知道的点“不知道”，不会当成“没有”。随时可以提问，问完接着答。"
)
CHECK_INTRO_KEPT = "接着对照《{name}》的条件，前面填过的不再问。"
CHECK_RESUMED = "接着上次的自评："
CHECK_DONE = "上次自评的题都答过了，结果是这样；要改答案可以发“上一题”，要从头来发“重新自评”。"
CHECK_GOES_ON = "接着刚才的自评："
CHECK_PAUSED = "您有一份没做完的自评，填过的内容都还在，发“继续自评”可以接着做。"
CHECK_QUIT = "已退出自评，填过的内容先留着：发“继续自评”接着做，发“重新自评”从头来。"
CHECK_AGAIN_SURE = "重新自评会清空已经填的内容，确定吗？"
CHECK_NONE = "还没有进行中的自评。发“自评”可以开始。"
RECORDED = "记下了：{label} {value}。"
RECORDED_ABOUT = "记下了：{label} {value}（您说的是大概数）。"
RECORDED_UNKNOWN = "好的，“{label}”先记为不清楚。"
ROUGH_STAYS = "好的，{label}就按大概数（{value}）算。"
ALREADY_RECORDED = "这一下已经记过了，请看最新一题。"
PROGRESS = "\n〔已答 {done} 题，还剩约 {left} 题〕"
HINT = "（{hint}）"
NO_BACK = "这已经是第一题了。"
BACK_TO = "回到上一题。"
BACK_TO_VALUE = "回到上一题，您之前填的是：{value}。重新回答会替换它。"
NOT_UNDERSTOOD = "没看懂这个回答，请按下面的提示再答一次，或点“不知道”。"
EXACT_WANTED = (
    "前面给的是大概数，正好落在门槛两边。如果方便，请给个准确数；给不了就点“不知道”，这一条会写“还不能判断”。"
)
CHANGE_BEFORE = "请核对后重新回答；如果是前面的数填错了，发“上一题”回去改。"
CONFIRM_FIGURE = "这里问的是{label}。您刚才说的是这个数吗？是就点下面的按钮，不是请重新回答。"
DATE_WANTED = "请说一下是哪一天，比如“2024年5月20日”；记不清日子可以只说年月。"
WHY_DEFAULT = "这一条用来判断是否符合申报条件。"

# What is asked back, by the reader's code, or by code and kind of the fact.
DOUBTS = {
    "unit_missing": "这个数的单位是什么？请点一下，或连单位一起再发一次，比如“2000万元”。",
    "foreign_currency": "请换算成人民币再告诉我，比如“2000万元”。",
    "negative": "这个数不能是负的，请核对后再发一次。",
    "zero_or_none": "是 0，还是暂时没有这个数？确实是 0 请点下面的按钮；没有统计过就点“不知道”。",
    "percent_or_ratio": "请确认一下是哪一个：",
    "other_unit": "单位好像不对，请再核对一下。",
    "other_unit.percent": "这里要的是百分比，比如“48%”。只知道金额的，可以点“不知道”，我改问金额。",
    "other_unit.money": "这里要的是金额，比如“2000万元”。",
    "other_unit.count": "这里要的是个数，比如“3”。",
    "impossible_date": "没有这个日期，请核对后再发一次，比如“2019年3月1日”。",
    "future_date": "这个日期还没到，请核对后再发一次。",
    "not_whole": "这里应该是整数，请再核对一下。",
    "several": "听到了不止一个说法，请只说一个。",
    "ambiguous": "不太确定您的意思，请说得再明确一点。",
    "ambiguous.money": "不太确定是多少，请连单位再发一次，比如“2000万元”。",
    "ambiguous.date": "请把年份也说上，比如“2019年3月”。",
    "ambiguous.boolean": "请回答“是”或“否”；拿不准就点“不知道”。",
    "ambiguous.region": "这个范围太大了，请说到哪个县（市、区）或园区。",
    "ambiguous.industry": "请说得再具体一点，比如“通用零部件加工”“软件开发”。",
}
# Words that make a message a question and not an answer.
ASKING_PATTERN = (
    r"[?？]|[吗嘛呢]\s*[。！!~]*$|怎么|怎样|什么|为何|为啥|多少|哪些|哪个|哪里|哪一|几个才|"
    r"能不能|可不可以|可以不可以|要不要|算不算|行不行|够不够|是不是|有没有(?:要求|规定|影响)|会不会|请问"
)
NEGATIONS = ("不是", "不属于", "没有", "并非", "不算")

_COUNTS = "{total} 项基本条件中，符合 {met} 项，不符合 {not_met} 项，还不能判断 {unknown} 项。"
VERDICT = {
    "met": "自评结果：{total} 项基本条件全部符合《{name}》的要求。",
    "not_met": "自评结果：暂不符合《{name}》的要求。" + _COUNTS,
    "unknown": "自评结果：对照《{name}》，还不能下结论。" + _COUNTS,
}
SECTIONS = {"not_met": "不符合的：", "unknown": "还不能判断的：", "met": "✓ 已符合："}
MARKS = {"met": "✓", "not_met": "✗", "unknown": "？"}
CONDITION = "{mark} {title}（{clause}）：{reason}"
NO_DATA = "还缺数据、没法判断的：{titles}。"
GAP = "差距：{gap}。"
PRIORITY_MET = "优先条件中已满足：{titles}。优先条件只在同等条件下起作用，不是必须。"
STILL_NEEDED = "补上这些就能继续判断：{needs}。"
EVIDENCE = "申报时一般要准备的证明：{items}。"
NEXT_STEPS = {
    "met": "下一步：把证明材料备齐，留意主管部门当年的申报通知。拿不准的可以向{desk}咨询。",
    "not_met": "下一步：先补上面不符合的几项，改善后可以重新自评；也可以直接问我某一条怎么规定的，或向{desk}咨询。",
    "unknown": "下一步：把上面缺的数据查一查，发“继续自评”补上；口径不明的几项请向{desk}确认。",
}
JOIN = "、"

# An answer that computes from the asker's own figures.
ENOUGH_PATTERN = (
    r"可以(?:申?报|申请|评)|过得了|过不过|报得[上了]|评得上|行不|有没有戏|够不够|够吗|够了吗|够么|够格|行吗|行不行|行么|可以吗|可以不|可不可以|能不能|能报|能申报|能评|能申请|能过|符合|达标|"
    r"达到了吗|够[^,，。?？不]{1,8}(?:吗|么)|达(?:得)?到[^,，。?？]{0,10}(?:吗|没|么)|满足|算不算|合格|有戏|有资格|够条件|差多少|还差|怎么样"
)
OTHER_MONEY = (
    "贷款", "借款", "奖励", "奖金", "补贴", "补助", "资助", "投资", "融资", "注册资本", "注册资金", "罚款", "利润",
    "纳税", "税收", "预算", "设备", "订单", "合同", "出口", "美元", "工资",
)  # fmt: skip
# What the firm does, anywhere in a sentence (做软件的去年999万), and a part that names nothing else (机械加工).
TRADE_ANYWHERE = r"(?:做|搞|开|干|从事|办|卖|生产|经营|加工)[^吗？?，,。0-9]{1,10}?的"
TRADE_ALONE = r"[^吗？?0-9]{2,10}"
# Short names that count only beside one another: alone they stand in too many other words.
PAIRED_NAMES = {"total_liabilities": ("负债", "欠债"), "total_assets": ("资产",)}
SHORT_NAMES = {"design_patents": ("外观",), "utility_models": ("新型",)}
# Ratios that are said as such; each is what a document may mean by it, in any of its ways to count.
TOLD = {
    r"研发[^，,。0-9]{0,6}?(?:占比|比例|比重|强度|占)|研发(?=[^，,。0-9万元]{0,3}[0-9.]+\s*[%％])": (
        "rnd_ratio", "rnd_ratio_pooled", "rnd_ratio_mean",
    ),
    r"主营[^，,。0-9]{0,8}?(?:占比|比例|比重|占)|主业[^，,。0-9]{0,8}?占": ("main_share",),
    r"(?:年均|平均|每年|收入|营收|业绩|两年|2年)?(?:增长率?|增速|增幅|涨幅|涨了?)": (
        "revenue_cagr_2y", "revenue_mean_growth_2y",
    ),
}  # fmt: skip
SHARE_PATTERN = (
    r"[0-9]+(?:\.[0-9]+)?\s*[%‰]|百分之[零一二两三四五六七八九十百点0-9.]+|"
    r"[0-9.一二两三四五六七八九十]+(?:个百分点|个点|成[一二三四五六七八九半]?)"
)
TOLD_BREAKS = r"[，,。；;？?！!\n]|去年|前年|20\d\d"
NEGATIVE_WORDS = ("下降", "下滑", "负增长", "减少", "降了", "跌")
# How long a firm has been there, in months.
TENURE_PATTERN = (
    r"(?:成立|注册|开业|经营|创办|开办|开|办)(?:了|才|刚刚?|已经|有|满|差不多|大概|将近|快|也就)*(?P<less>不到|不足|没到|不满)?"
    r"(?:(?P<years>[0-9]{1,2}|[一二两三四五六七八九十]{1,3})年)?(?P<half>零?半年?|(?P<months>[0-9]{1,3}|[一二两三四五六七八九十]{1,3})个月)"
)
TRADE_PATTERN = r"(?:做|搞|开|干|从事|办|卖|生产|经营|加工)[^吗？?]{1,12}$"
PEOPLE_UNITS = ("人", "名", "位", "号人", "个人")
COMPUTED_LEAD = "按您说的情况算："
COMPUTED = {
    "met": "· {title}：{given}，要求{bound}，符合。",
    "not_met": "· {title}：{given}，要求{bound}，不符合{gap}。",
    "unknown": "· {title}：{given}，要求{bound}，落在门槛两边，还不能判断，请给个准确数。",
}
COMPUTED_PART = "· {title}：{given}，要求{bound}{short}；只凭您说的还不能下结论，还缺：{needs}。"
COMPUTED_SHORT = "，还差{gap}"
COMPUTED_READINGS = "· {title}：{reason}"
COMPUTED_GAP = "，相差{gap}"
COMPUTED_OPEN = "· {title}：{given}。不同行业要求不一样：{cases}。"
CASES_APART = "；"
COMPUTED_CASE = {
    "met": "{industry}要求{bound}，符合",
    "not_met": "{industry}要求{bound}，不符合{gap}",
    "unknown": "{industry}要求{bound}，还不能判断",
}
COMPUTED_ASSUMED = "（您没有说明是哪一项，这里按{labels}算；如果不是，请说清楚再问一次。）"
COMPUTED_TOLD = "（占比和增长率按您说的数直接对照；怎么算以文件和主管部门的口径为准。）"
COMPUTED_ASK_INDUSTRY = "您是做什么行业的？告诉我就能给出明确结论；文件只写了这些行业的数额。"

# Whole messages (folded, without punctuation) that are commands rather than questions.
COMMANDS = {
    "start": ("开始", "菜单", "主菜单", "首页", "回到菜单", "回到开始", "start", "menu"),
    "help": ("帮助", "怎么用", "使用说明", "你能做什么", "你会什么", "help"),
    "cancel": ("取消", "退出", "不问了", "算了", "返回", "cancel"),
    "check": (
        "自评",
        "条件自评",
        "自查",
        "开始自评",
        "资格自评",
        "我要自评",
        "自我评估",
        "自测",
        "测一测",
        "评估",
        "对照条件",
        "继续自评",
        "接着自评",
        "继续",
        "check",
    ),
    "again": ("重新自评", "重来", "重新开始", "从头来", "重做", "again"),
    "afresh": ("清空重来",),
    "ask": ("问政策", "提问", "我要提问", "我想问个问题", "问个问题", "ask"),
    "match": ("找合作", "找资源", "匹配", "找合作方", "资源匹配", "帮我匹配", "match"),
    "mine": ("我的进展", "进展", "我的意向", "我的报名", "意向进展", "办理进展", "mine"),
    "inbox": ("收件箱", "我的消息", "看通知", "我的通知", "inbox"),
    "link": ("绑定企业", "绑定", "认领企业", "认领", "怎么绑定", "怎么绑定企业", "认领码", "我要绑定企业", "link"),
    "unlink": ("解除绑定", "取消绑定", "解绑", "unlink"),
    "stop": (
        "退订",
        "td",
        "全部退订",
        "退订全部",
        "取消订阅",
        "不要再发",
        "不要再发了",
        "别再发了",
        "别发了",
        "停止发送",
        "不要再给我发",
        "不要再给我发消息",
        "我要退订",
        "stop",
        "unsubscribe",
    ),
    "subscribe": ("订阅", "恢复订阅", "重新订阅", "我要订阅", "subscribe"),
    "consent": ("授权与订阅", "授权", "授权管理", "订阅管理", "我的授权", "我的订阅", "consent"),
}
# Whole messages that are commands only while a self-check is under way.
CHECK_COMMANDS = {
    "back": ("上一题", "上一步", "返回", "回退", "后退", "退回", "back"),
    "skip": ("跳过", "下一题", "略过", "skip"),
    "why": ("为什么问", "为什么要问", "为什么问这个", "为什么", "why"),
    "result": ("看结果", "结果", "直接看结果", "出结果", "result"),
    "quit": ("取消", "退出", "退出自评", "不做了", "不填了", "算了", "quit", "cancel"),
}
GREETINGS = (
    "你好",
    "您好",
    "你好啊",
    "您好啊",
    "嗨",
    "在吗",
    "在不在",
    "有人吗",
    "hi",
    "hello",
    "早上好",
    "下午好",
    "晚上好",
    "你们好",
    "哈喽",
)
THANK_WORDS = ("谢谢", "谢谢你", "谢谢您", "多谢", "感谢", "好的谢谢", "谢了", "辛苦了", "ok谢谢", "thanks", "thankyou")
ACKNOWLEDGEMENTS = ("好", "好的", "嗯", "嗯嗯", "哦", "行", "知道了", "明白了", "收到", "ok", "可以")
ABUSE = ("骗子", "垃圾", "傻逼", "废物", "滚", "他妈", "去死", "混蛋", "坑人")
