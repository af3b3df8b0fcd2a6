"""What is worked out of the library once for all questions: terms and their sounds, titles and numbers, places.

Kept a document, so that a change costs as much as the documents that changed, and put together a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from core import regions
from knowledge.indexing import heading
from knowledge.language import Language
from knowledge.library import Snapshot, StoredDocument, TopicText
from knowledge.lookup import Register, Registered
from knowledge.spelling import Vocabulary, pairs, terms


@dataclass(frozen=True)
class _Own:
    """What one document brings: its headings' terms, the pairs of characters in its text, what the register keeps."""

    terms: frozenset[str]
    pairs: frozenset[str]
    registered: Registered

    @classmethod
    def of(cls, document: StoredDocument) -> _Own:
        named = [document.title, *filter(None, (heading(clause) for clause in document.clauses if clause.text.strip()))]
        return cls(terms(named), pairs([document.text]), Registered.of(document))


@dataclass(frozen=True)
class Known:
    """The library's words, titles and numbers, and the regions that its documents are of, at one snapshot."""

    snapshot: Snapshot
    language: Language
    own: tuple[_Own, ...]
    vocabulary: Vocabulary

    @cached_property
    def register(self) -> Register:
        """The documents by number and title."""
        return Register(own.registered for own in self.own)

    @cached_property
    def answered(self) -> dict[int, list[TopicText]]:
        """What the desk answered, by the clause it cited."""
        found: dict[int, list[TopicText]] = {}
        for topic in self.snapshot.topics.values():
            for path in topic.paths if topic.stated and topic.answer else ():
                if (clause := self.snapshot.by_path.get((topic.document_id, path))) is not None:
                    found.setdefault(clause.id, []).append(topic)
        return found

    @cached_property
    def held_regions(self) -> frozenset[str]:
        """Codes, or names outside the table, of the regions that documents are of, drafts left out."""
        return frozenset(document.region for document in self.snapshot.documents.values() if not document.draft)

    @cached_property
    def unlisted(self) -> tuple[regions.Region, ...]:
        """The regions among them that stand in no table."""
        found = (regions.find(region) for region in sorted(self.held_regions))
        return tuple(region for region in found if not region.known)


class Knowing:
    """Keeps what is known of the newest snapshot. Safe in any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._own: dict[str, tuple[StoredDocument, _Own]] = {}
        self._vocabulary = Vocabulary()
        self._known: Known | None = None

    def of(self, snapshot: Snapshot, language: Language) -> Known:
        """What is known of a snapshot in a language; only documents that changed are worked out again."""
        known = self._known
        if known is not None and known.snapshot is snapshot and known.language is language:
            return known
        with self._lock:
            if known is None or known.language is not language:
                self._own, self._vocabulary = {}, _spoken(language)
            self._own = {document.id: (document, self._of(document)) for document in snapshot.documents.values()}
            asked = (question for questions in snapshot.questions.values() for question in questions)
            self._vocabulary.learn((), pairs(asked))
            self._known = Known(snapshot, language, tuple(own for _, own in self._own.values()), self._vocabulary)
            return self._known

    def _of(self, document: StoredDocument) -> _Own:
        kept = self._own.get(document.id)
        if kept is not None and kept[0] is document:
            return kept[1]
        own = _Own.of(document)
        self._vocabulary.learn(sorted(own.terms), own.pairs)
        return own


def _spoken(language: Language) -> Vocabulary:
    """A vocabulary of the words that the language names, those that slips are put right to first."""
    meant = [right for _, right in (*language.pinyin, *language.typos)]
    spoken = [word for said, canonical in language.synonyms for word in (said, *canonical)]
    return Vocabulary(dict.fromkeys((*sorted(terms(meant)), *sorted(terms(spoken)))))
