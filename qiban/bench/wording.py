"""Chinese copy of the bench."""

UNKNOWN_FIGURE = "没有这些指标：{names}。可测的有：{known}。"
NO_MODEL = "向量模型尚未准备好，只测不需要模型的指标；请先运行 qiban setup。"
NO_PEERS = "未安装对比项目（requirements-bench.txt），跳过 peer_ratio。"
