"""Chinese copy of the thumbs under an answer."""

from __future__ import annotations

BUTTON_UP = "👍 有用"
BUTTON_DOWN = "👎 没用"
THANKS_UP = "谢谢，已记下：这条回答有用。"
THANKS_DOWN = "谢谢，已记下，并转给工作人员。方便的话选一下原因，不选也可以。"
THANKS_REASON = "谢谢，原因已记下。"
KNOWN = "这条评价已经记下了。"
ANSWER_GONE = "没有找到这条回答，请重新提问后再评价。"
