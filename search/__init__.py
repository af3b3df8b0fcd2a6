"""Search: keywords and meaning, kept equal to a source, whole on disk at any moment. Knows nothing of what it finds."""

from search.embedding import CrossEncoderReranker, Embedder, Reranker, SentenceTransformerEmbedder
from search.errors import IndexUnavailable, ModelBroken, ModelNotPrepared, ModelPackageMissing, ModelSourceDamaged
from search.index import Changes, SearchIndex
from search.lexical import LexicalIndex, tokens
from search.model import is_prepared, prepare, verify
from search.ranking import FusionWeights, Hit, Mode, Query
from search.source import Item, Kind, Role, Source, View
from search.vectors import FaissVectorIndex, VectorIndex

__all__ = [
    "Changes",
    "CrossEncoderReranker",
    "Embedder",
    "FaissVectorIndex",
    "FusionWeights",
    "Hit",
    "IndexUnavailable",
    "Item",
    "Kind",
    "LexicalIndex",
    "Mode",
    "ModelBroken",
    "ModelNotPrepared",
    "ModelPackageMissing",
    "ModelSourceDamaged",
    "Query",
    "Reranker",
    "Role",
    "SearchIndex",
    "SentenceTransformerEmbedder",
    "Source",
    "VectorIndex",
    "View",
    "is_prepared",
    "prepare",
    "tokens",
    "verify",
]
