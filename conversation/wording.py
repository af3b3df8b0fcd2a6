"""Chinese copy of the dialogue."""

from __future__ import annotations

WELCOME = (
    "您好，我是企伴，帮企业查扶持政策。\n"
    "直接输入问题就行，比如“申报要什么条件”。我只按收录的文件原文回答，文件没写的会直说。"
)
HELP = (
    "怎么用：\n"
    "· 直接打字提问，一次问一件事，我会给出文件原文和条款号；\n"
    "· 发“菜单”回到开始，发“取消”放弃当前步骤；\n"
    "· 文件里没写的，我会告诉您找谁问。"
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
UNKNOWN_COMMAND = "没有“/{command}”这个命令。可用的命令：/start 开始，/ask 问政策，/help 帮助，/cancel 取消。"
BUTTON_EXPIRED = "这个按钮已失效，请用最新消息里的按钮，或直接输入问题。"
ALREADY_ANSWERED = "这个问题刚刚已经回答过了，请看上面的回复。"
GREETING = "您好！想了解哪方面的政策？可以直接输入问题。"
THANKS = "不客气，有问题随时问我。"
COMPLAINT = "很抱歉没有帮上忙。我只能按收录的文件原文回答；您也可以直接向{desk}反映。"
SORRY = "抱歉，刚才这条没有处理好，请再发一次；如果还是不行，可以向{desk}咨询。"

BUTTON_MENU = "菜单"
BUTTON_ASK = "问政策"
BUTTON_CONDITIONS = "申报条件有哪些"
BUTTON_HELP = "怎么用"

# Whole messages (folded, without punctuation) that are commands rather than questions.
COMMANDS = {
    "start": ("开始", "菜单", "主菜单", "首页", "回到菜单", "回到开始", "start", "menu"),
    "help": ("帮助", "怎么用", "使用说明", "你能做什么", "你会什么", "help"),
    "cancel": ("取消", "退出", "不问了", "算了", "返回", "cancel"),
    "ask": ("问政策", "提问", "我要提问", "我想问个问题", "问个问题", "ask"),
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
