"""Chinese copy of the composer."""

WORDED = "以下文字由语言模型根据所引条款整理并经逐项核对，一切以引文为准。"
