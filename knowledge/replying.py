"""One question's reply: whose rules and as of when, which clause, whether it states what was asked, and the words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from core import regions
from core.text import fold
from knowledge import english, lookup, wording
from knowledge.answer import Answer, Citation, Why
from knowledge.base import Desk
from knowledge.decision import Decision, Features, Judge
from knowledge.expectation import Said, Wanted, differing, own_pairs, share, states, wanted
from knowledge.finding import Finder, Found, Reading, Scope, among, level
from knowledge.indexing import headings
from knowledge.known import Known
from knowledge.library import ClauseText, Snapshot, StoredDocument
from knowledge.lookup import Held, NamedDocument, Place
from knowledge.phrases import Phrases
from knowledge.places import Whose, whose
from knowledge.ranking import Common, Weights
from knowledge.stating import Stated, Stating, nearest, plain_questions
from knowledge.understanding import period, topic
from search import Hit, Mode

_SUGGESTIONS = 3
_LOOKED_AT = 8
_RANKED = 32
_SPEAKING = 12
_LOOKED_THROUGH, _WITHIN_DOCUMENT = 3, 12
_DENSE_FLOOR = 0.85
_NEAR = 1.5
_SAME_QUESTION = 0.95
_WITHIN = 0.25
_SPOKEN_OF = 0.5
_TWO_READINGS = 0.1
_LOOK_UP = re.compile(r"[\u4e00-\u9fff]{2}")
_PAGE = re.compile(r"第\s*([0-9]{1,4})\s*页")
_MOST_CHOICES = 4


@dataclass(frozen=True)
class Setting:
    """What a question is asked in: the library and its words, the asker's day and region, and who decides."""

    known: Known
    phrases: Phrases
    desk: Desk
    judge: Judge
    finder: Finder
    weights: Weights
    as_of: date
    region: str

    @property
    def snapshot(self) -> Snapshot:
        return self.known.snapshot


class Replying:
    """Replies to one question that stands on its own, as it was read."""

    def __init__(self, setting: Setting, reading: Reading) -> None:
        self._setting = setting
        self._known = setting.known
        self._snapshot = setting.snapshot
        self._phrases = setting.phrases
        self._then = period(reading.text, setting.as_of, setting.phrases)
        if self._then is not None:
            reading = replace(reading, text=setting.phrases.past.sub("", reading.text))
        self._reading = reading
        self._text = reading.text
        self._pairs = own_pairs(reading.text, setting.phrases)
        self._want = wanted(reading.text, setting.phrases)
        self._as_of = self._then or setting.as_of
        self._whose = whose(reading.text, setting.region, self._known.held_regions, self._known.language)
        self._scope = self._scoped(self._whose)
        self._stating = Stating(self._snapshot, self._as_of, setting.region, setting.phrases)

    def answer(self) -> Answer:
        """The answer, or why there is none."""
        elsewhere = self.elsewhere()
        if elsewhere is not None:
            return self._declined("other_region", wording.OTHER_REGION.format(region=elsewhere))
        named = self._known.register.named(self._text)
        if named is not None and (answer := self._of_document(named)) is not None:
            return answer
        place = lookup.read_place(self._text)
        found = self._search()
        if place is not None and (answer := self._at(place, found, named)) is not None:
            return answer
        return self._found(found)

    def item(self, clause: ClauseText) -> Answer:
        """The answer that a clause is, which was asked for as an item of a list."""
        return self._stated(self._stating.clause(clause, self._text), 1.0)

    def find(self, mode: Mode = "fusion") -> Found:
        """What is found, without looking anything up."""
        return replace(self._search(mode), elsewhere=self.elsewhere())

    def _search(self, mode: Mode = "fusion") -> Found:
        """What is found in the scope, in the order of `knowledge.ranking`, with all features of the best clause."""
        found = self._setting.finder.find(self._reading, self._known, self._scope, mode=mode)
        if mode != "fusion" or not found.clauses:
            return found
        ranked = self.ranked(found)
        seen = {clause.id for (clause, _), _, _ in ranked}
        clauses = (*(item for item, _, _ in ranked), *(item for item in found.clauses if item[0].id not in seen))
        (best, _), common, score = ranked[0]
        rival = next((score for (other, _), _, score in ranked if other.document_id != best.document_id), score)
        said = self._said(best)
        features = replace(
            Features.of(clauses, found.topics),
            named=share(self._pairs, fold(f"{said.about}\n{said.headings}\n{said.text}"), found.synonyms),
            typical=common.typical,
            stated=common.stated,
            rank=score,
            rank_lead=score - rival,
        )
        ranks = {clause.id: score for (clause, _), _, score in ranked}
        return replace(found, clauses=clauses, features=features, ranks=ranks)

    def ranked(self, found: Found) -> list[tuple[tuple[ClauseText, Hit], Common, float]]:
        """The candidates with what they have in common with the question, best first: first the nearest of all, then
        those of the documents that these speak for, looked through once more."""
        first = self._scored(found, found.clauses[:_SPEAKING], {})
        documents = dict.fromkeys(clause.document_id for (clause, _), _, _ in first)
        inside: dict[int, float] = {}
        candidates = {clause.id: (clause, hit) for clause, hit in found.clauses[:_RANKED]}
        for document_id in list(documents)[:_LOOKED_THROUGH]:
            hits = self._setting.finder.within(found, self._snapshot.documents[document_id], _WITHIN_DOCUMENT)
            highest = max((hit.lexical for _, hit in hits), default=0.0) or 1.0
            for clause, hit in hits:
                candidates.setdefault(clause.id, (clause, replace(hit, lexical=0.0, coverage=0.0)))
                inside[clause.id] = hit.lexical / highest
        return self._scored(found, self._with_substance(list(candidates.values())), inside)

    def _with_substance(self, candidates: list[tuple[ClauseText, Hit]]) -> list[tuple[ClauseText, Hit]]:
        """Without bare titles, unless the question is about a document itself or there is nothing else."""
        if self._phrases.of_document.search(self._text):
            return candidates
        return [item for item in candidates if not _is_bare_title(item[0])] or candidates

    def _scored(
        self, found: Found, candidates: Sequence[tuple[ClauseText, Hit]], inside: Mapping[int, float]
    ) -> list[tuple[tuple[ClauseText, Hit], Common, float]]:
        highest = max((hit.lexical for _, hit in candidates), default=0.0) or 1.0
        nearest: dict[str, float] = {}
        for clause, hit in candidates:
            nearest[clause.document_id] = max(nearest.get(clause.document_id, 0.0), _dense(hit))
        scored = []
        for clause, hit in candidates:
            common = self._common(clause, hit, highest, nearest[clause.document_id], found.synonyms)
            common = replace(common, within=inside.get(clause.id, 0.0))
            score = self._setting.weights.score(common, has_dense=hit.dense is not None)
            scored.append(((clause, hit), common, score))
        return sorted(scored, key=lambda item: -item[2])

    def _common(self, clause: ClauseText, hit: Hit, highest: float, nearest: float, synonyms: Sequence[str]) -> Common:
        said = self._said(clause)
        title, text = folded(self._snapshot.documents[clause.document_id].title), folded(clause.text)
        document = self._snapshot.documents[clause.document_id]
        dense = _dense(hit)
        typical = self._is_typical(clause, hit)
        below = bool(self._snapshot.below(clause))
        asks_list = bool(self._phrases.lists.search(self._text) or self._phrases.counts.search(self._text))
        want = self._want
        return Common(
            dense=dense,
            typical=float(typical),
            dense_typical=dense * typical,
            lexical=hit.lexical / highest,
            coverage=hit.coverage,
            own=share(self._pairs, text),
            rest=share([pair for pair in self._pairs if pair not in title], text),
            headings=share(self._pairs, folded(said.headings)),
            title=share(self._pairs, title),
            title_synonyms=share((), title, synonyms),
            stated=0.0 if want is None else 1.0 if states(want, said, self._phrases, synonyms) else -1.0,
            head=float(clause.kind in ("front", "annex") or (below and not _says_something(clause))),
            list=float(below and asks_list),
            part=float(asks_list and not below),
            frame=float(self._is_frame(text)),
            document=nearest,
            synonyms=share((), f"{text}\n{folded(said.headings)}", synonyms),
            expired=float(self._snapshot.expired(document, self._as_of)),
            near=level(document) / 3,
        )

    def probability(self) -> tuple[float, str | None]:
        """How probable it is that the best clause is an answer, and its document; half of that where the clause does
        not have the kind of value that is asked for."""
        found = self.find()
        best = found.best.document_id if found.best else None
        if found.elsewhere is not None:
            return 0.0, best
        decision, _ = self._decided(found, self._want)
        return (decision.score if decision.why is None else decision.score / 2), best

    def speaks_of(self, question: str) -> bool:
        """Whether the best clause has half of the characters of a question's own words: it is not about something else
        that was merely asked in the same breath."""
        own = {char for pair in own_pairs(question, self._phrases) for char in pair}
        best = self.find().best
        if best is None:
            return False
        said = self._said(best)
        text = fold(f"{said.about}\n{said.headings}\n{said.text}")
        return sum(char in text for char in own) >= _SPOKEN_OF * len(own)

    def elsewhere(self) -> str | None:
        """The place that the question is about and the base has nothing for; the asker's own when nothing applies."""
        if self._whose.elsewhere is not None:
            return self._whose.elsewhere
        if self._scope.documents(self._snapshot):
            return None
        return regions.find(self._whose.region).name

    def _scoped(self, asked: Whose) -> Scope:
        if not asked.only:
            return Scope(self._as_of, asked.region)
        usable = self._snapshot.applicable(self._as_of, asked.region)
        own = (id for id, document in usable.items() if document.region == asked.region)
        return Scope(self._as_of, asked.region, frozenset(own))

    def _is_typical(self, clause: ClauseText, hit: Hit) -> bool:
        """Whether a clause was found by a typical question that somebody wrote, not by one made of its heading."""
        return hit.dense is not None and hit.view_text in self._snapshot.questions.get(clause.id, ())

    def _is_frame(self, text: str) -> bool:
        """Whether a clause only frames its document, and the question is not about that."""
        return bool(self._phrases.frame.search(text)) and not self._phrases.asks_frame.search(self._text)

    # --- documents and places named ---

    def _of_document(self, named: NamedDocument) -> Answer | None:
        """The answer where the document named is not there to answer from; else the scope is narrowed to it."""
        usable = self._scope.documents(self._snapshot)
        if held := frozenset(id for named_id in named.ids if (id := self._current(named_id)) in usable):
            self._scope = replace(self._scope, only=held)
            return self._of_itself(named, held)
        if drafts := [id for id in named.ids if self._snapshot.documents[id].draft]:
            title = self._snapshot.documents[drafts[0]].title
            return self._declined("not_stated", wording.DRAFT_ONLY.format(document=title))
        if named.ids or not named.by_number:
            return None
        mentions = [(id, place) for id, place in self._known.register.mentions(named.said) if id in usable]
        clauses = [lookup.mention_of(self._snapshot, id, place) for id, place in mentions]
        cited = [clause for clause in dict.fromkeys(clauses) if clause is not None][:_SUGGESTIONS]
        if not cited or not self._asks_inside(named):
            return None
        text = f"{wording.NOT_HELD.format(said=named.said)}{wording.MENTIONED_IN}"
        return self._declined("not_stated", text, citations=tuple(map(self._stating.citation, cited)))

    def _of_itself(self, named: NamedDocument, held: frozenset[str]) -> Answer | None:
        """The head of a document asked for by its number alone (6号是哪个文件); None where its rules are asked for."""
        rest = self._text.replace(named.said, "")
        bare = not self._phrases.fillers.sub("", self._phrases.inside.sub("", self._phrases.asked_with.sub("", rest)))
        if not named.by_number or len(held) != 1 or not (bare or self._phrases.of_document.search(rest)):
            return None
        document = self._snapshot.documents[next(iter(held))]
        return self._stated(self._stating.contents(document), 1.0)

    def _asks_inside(self, named: NamedDocument) -> bool:
        """Whether what stands in the document itself is asked for (按27号文怎么说), not that it is mentioned."""
        rest = self._text.replace(named.said, "")
        return bool(self._phrases.inside.search(rest)) or not self._phrases.fillers.sub("", rest).strip()

    def _current(self, document_id: str) -> str:
        """The document that stands for this one now: whatever replaced it."""
        seen: set[str] = set()
        while document_id not in seen and (document := self._snapshot.documents[document_id]).superseded(self._as_of):
            seen.add(document_id)
            document_id = document.superseded_by or document_id
        return document_id

    def _at(self, place: Place, found: Found, named: NamedDocument | None) -> Answer | None:
        """What stands at a place; None where no document has it and nothing says that one was meant."""
        documents = self._documents(found)
        held = [here for document in documents if (here := lookup.at_place(document, place)).all]
        if not held:
            return self._no_such_place(place, documents, named)
        rest = self._phrases.fillers.sub("", self._phrases.asked_with.sub("", self._text.replace(place.words, "")))
        subject = re.sub(r"[\W_]+", "", rest)
        clause = self._at_once(held, subject, found, named)
        if clause is None:
            return self._which_place(place, held)
        return self._stated(self._stating.clause(clause, self._text), 1.0)

    def _at_once(
        self, held: Sequence[Held], subject: str, found: Found, named: NamedDocument | None
    ) -> ClauseText | None:
        """The one clause that a place means: by what else is said of it, else the only likely one; None where it is
        open which."""
        if len(subject) >= 2:
            ids = {clause.id for here in held for clause in here.all}
            said = (clause for clause in among(found, ids) if self._shares(subject, clause))
            if (best := next(said, None)) is not None:
                return best
        likely = [clause for here in held for clause in here.likely]
        if len(likely) == 1 or named is not None:
            return likely[0]
        return likely[0] if len(held) == 1 and lookup.is_top(held[0].document, likely[0]) else None

    def _shares(self, subject: str, clause: ClauseText) -> bool:
        """Whether a clause has a pair of the subject's characters."""
        text = fold(clause.text)
        return any(subject[i : i + 2] in text for i in range(len(subject) - 1))

    def _documents(self, found: Found) -> list[StoredDocument]:
        """The documents to look a place up in: the one named, else those of the nearest clauses."""
        usable = self._scope.documents(self._snapshot)
        if self._scope.only is not None or len(usable) == 1:
            return list(usable.values())
        ids = dict.fromkeys(clause.document_id for clause, _ in found.clauses[:_LOOKED_AT])
        return [usable[id] for id in ids if id in usable]

    def _no_such_place(
        self, place: Place, documents: Sequence[StoredDocument], named: NamedDocument | None
    ) -> Answer | None:
        if len(documents) == 1 or (named is not None and documents):
            parts = wording.JOIN.join(_title_line(clause) for clause in lookup.top_level(documents[0]))
            text = wording.NO_SUCH_PLACE.format(document=documents[0].title, place=place.words, parts=parts)
            return self._declined("not_stated", text)
        return self._declined("not_stated", wording.NO_SUCH_PLACE_HERE.format(place=place.words))

    def _which_place(self, place: Place, held: Sequence[Held]) -> Answer:
        """Asks back which of several places with one name is meant."""
        if len(held) == 1:
            choices = [wording.CLARIFY_PLACE.format(place=clause.path) for clause in held[0].likely]
        else:
            choices = [
                wording.CLARIFY_DOCUMENT.format(document=here.document.title, question=place.words) for here in held
            ]
        return self._clarify(choices)

    def _clarify(self, choices: Sequence[str]) -> Answer:
        return Answer("clarify", None, wording.CLARIFY, suggestions=tuple(choices[:_MOST_CHOICES]))

    # --- what was found ---

    def _found(self, found: Found) -> Answer:
        want = self._want
        decision, clause = self._decided(found, want)
        if decision.why is not None or clause is None:
            return self._not_found(found, decision)
        if choices := self._two_readings(found, clause, want):
            return self._clarify(choices)
        return self._about(self._as_asked(self._row_asked(clause), found), found, decision)

    def _decided(self, found: Found, want: Wanted | None) -> tuple[Decision, ClauseText | None]:
        """Whether to answer, and with which clause: the first of the nearest that states what was asked for."""
        decision = self._setting.judge.decide(found.features)
        if not found.clauses:
            return Decision("out_of_scope", 0.0), None
        best, hit = found.clauses[0]
        if decision.why is not None and not (
            self._accepted_within(found, want) or self._plainly_stated(found, decision)
        ):
            return decision, None
        if self._is_look_up() and not self._names(best, found):
            return Decision("not_stated" if decision.why is None else decision.why, decision.score), None
        if want is None or _asked_so(hit, self._text, want, self._phrases):
            return Decision(None, decision.score), best
        near = [
            clause
            for clause, _ in found.clauses[:_LOOKED_AT]
            if found.ranks.get(best.id, 0.0) - found.ranks.get(clause.id, 0.0) <= _NEAR
        ]
        stating = next((clause for clause in near if self._states(clause, want, found)), None)
        return (Decision(None, decision.score), stating) if stating else (Decision("not_stated", decision.score), None)

    def _accepted_within(self, found: Found, want: Wanted | None) -> bool:
        """In a document or place that the question named, a clause that states the value or shares its words is one."""
        if self._scope.only is None:
            return False
        best, hit = found.clauses[0]
        return self._states(best, want, found) if want is not None else hit.coverage >= _WITHIN

    def _plainly_stated(self, found: Found, decision: Decision) -> bool:
        """Whether nothing but what every document has is asked for (奖励多少), and the nearest clause states it: such a
        question has no words of its own to be recognised by."""
        threshold = self._setting.judge.model(found.features).threshold
        bare = not self._phrases.attributes.sub("", "".join(self._pairs))
        return bare and found.features.stated > 0 and decision.score >= threshold / 2

    def _is_look_up(self) -> bool:
        """Whether the question is nothing but a short word."""
        return _LOOK_UP.fullmatch(self._text.rstrip("?。! ")) is not None

    def _names(self, clause: ClauseText, found: Found) -> bool:
        """Whether the clause, its headings or its typical questions have the word, or a document's word for it."""
        said = self._said(clause)
        text = fold(f"{said.about}\n{said.headings}\n{said.text}")
        return any(term in text for term in (self._text.rstrip("?。! "), *found.synonyms))

    def _states(self, clause: ClauseText, want: Wanted, found: Found) -> bool:
        return states(want, self._said(clause), self._phrases, found.synonyms)

    def _said(self, clause: ClauseText) -> Said:
        """What may state a value: the clause with what amendments put in, its headings, title and typical questions."""
        changed = [change.new for change in self._snapshot.amendments(clause, self._as_of)]
        asked = self._snapshot.questions.get(clause.id, ())
        title = self._snapshot.documents[clause.document_id].title
        body = clause.context if clause.kind == "row" else clause.whole
        text = "\n".join([body, *changed])
        return Said(text, "\n".join(headings(self._snapshot, clause)), "\n".join([title, *asked]))

    def _row_asked(self, clause: ClauseText) -> ClauseText:
        """Of a table's rows the one whose words the question says: 省级 is not answered with the row of 国家级."""
        table = self._snapshot.above(clause) if clause.kind == "row" else None
        if table is None:
            return clause
        rows = [row for row in self._snapshot.below(table) if row.kind == "row"]
        return max(rows, key=lambda row: (self._said_of(row), row is clause))

    def _said_of(self, row: ClauseText) -> int:
        """How many characters of a row's words, its figures left out, the question says."""
        values = (part.rpartition("：")[2] for part in row.context.split("；"))
        words = {fold(value) for value in values if len(value) >= 2 and not any(char.isdigit() for char in value)}
        return sum(len(word) for word in words if word in self._text)

    def _as_asked(self, clause: ClauseText, found: Found) -> ClauseText:
        """The clause, or the list it stands in where a list or its length is asked for."""
        asks_list = self._phrases.lists.search(self._text) or self._phrases.counts.search(self._text)
        if not asks_list or self._snapshot.below(clause):
            return clause
        above = self._snapshot.above(clause)
        if above is None or len(self._snapshot.below(above)) < 2:
            return clause
        subject = topic(self._phrases.counts.sub("", self._phrases.lists.sub("", self._text)), self._phrases)
        pairs = {subject[i : i + 2] for i in range(len(subject) - 1)}
        named = fold(above.text.splitlines()[0])
        return above if pairs and sum(pair in named for pair in pairs) * 2 >= len(pairs) else clause

    def _about(self, clause: ClauseText, found: Found, decision: Decision) -> Answer:
        if self._phrases.counts.search(self._text) and len(self._snapshot.below(clause)) > 1:
            stated = self._stating.count(clause)
        elif self._phrases.which.search(self._text):
            stated = self._stating.place(clause, self._text)
        else:
            stated = self._stating.clause(clause, self._text)
        answer = self._stated(stated, decision.score)
        lines = [*self._notes(clause), *self._desk_said(clause, found), *self._in_english(clause)]
        suggestions = self._suggestions([other for other, _ in found.clauses if other is not clause])
        return replace(answer, text="\n".join([answer.text, *lines]), suggestions=suggestions)

    def _notes(self, clause: ClauseText) -> list[str]:
        """Where the question and the clause use different terms or qualifiers: said, not smoothed over."""
        text = fold(clause.whole)
        stated = dict(reversed(self._known.language.named(text)))
        held = {term.name for _, term in self._known.language.named(text)}
        notes = [
            wording.TERM_DIFFERS.format(stated=stated[number].name, asked=term.said_in(self._text))
            for number, term in self._known.language.named(self._text)
            if number in stated and term.name not in held
        ]
        if (other := differing(self._text, clause.whole, self._phrases)) is not None:
            notes.append(
                wording.QUALIFIER_DIFFERS.format(
                    stated=other.stated, asked=f"{other.asked}{other.head}", desk=self._setting.desk.name
                )
            )
        return list(dict.fromkeys(notes))

    def _desk_said(self, clause: ClauseText, found: Found) -> list[str]:
        """What the desk answered to the very question, shown as its words."""
        hit = next((hit for other, hit in found.clauses if other.id == clause.id), None)
        for entry in self._known.answered.get(clause.id, ()):
            same = any(fold(question) == self._text for question in entry.questions)
            near = hit is not None and hit.view_text in entry.questions and (hit.dense or 0.0) >= _SAME_QUESTION
            if same or near:
                return [wording.DESK_SAID.format(desk=self._setting.desk.name, answer=entry.answer)]
        return []

    def _in_english(self, clause: ClauseText) -> list[str]:
        if not self._reading.is_english:
            return []
        part = self._stating.focus(clause, self._text) or clause.text
        shown = "; ".join(english.figures(part))
        return [wording.ENGLISH_LINE.format(label=clause.path, figures=f": {shown}." if shown else ".")]

    def _two_readings(self, found: Found, clause: ClauseText, want: Wanted | None) -> list[str]:
        """Two questions to choose from, where a clause of another document of the same level is as near, states the
        same kind of value, and the question names neither document."""
        if want is None or self._scope.only is not None:
            return []
        rivals = [
            other
            for other, _ in found.clauses[:_LOOKED_AT]
            if other.document_id != clause.document_id
            and abs(found.ranks.get(clause.id, 0.0) - found.ranks.get(other.id, 0.0)) <= _TWO_READINGS
            and self._same_standing(other, clause)
            and fold(other.text) != fold(clause.text)
            and self._states(other, want, found)
        ]
        if not rivals:
            return []
        titles = [self._snapshot.documents[one.document_id].title for one in (clause, *rivals)]
        return [wording.CLARIFY_DOCUMENT.format(document=title, question=self._text) for title in dict.fromkeys(titles)]

    def _same_standing(self, one: ClauseText, other: ClauseText) -> bool:
        first, second = (self._snapshot.documents[clause.document_id] for clause in (one, other))
        expired = self._snapshot.expired(first, self._as_of), self._snapshot.expired(second, self._as_of)
        return first.region == second.region and expired[0] == expired[1]

    def _stated(self, stated: Stated, score: float) -> Answer:
        notices = (*self._then_notice(), *stated.notices)
        return Answer("answered", None, stated.text, tuple(dict.fromkeys(notices)), stated.citations, (), (), score)

    def _then_notice(self) -> tuple[str, ...]:
        return (wording.AS_OF_THEN.format(day=wording.day(self._then)),) if self._then else ()

    # --- nothing found ---

    def _not_found(self, found: Found, decision: Decision) -> Answer:
        if unreadable := self._unreadable(found, decision):
            pages = wording.JOIN.join(map(str, unreadable.unread_pages))
            text = wording.UNREADABLE.format(document=unreadable.title, pages=pages)
            return self._declined("unreadable_part", text, score=decision.score)
        if decision.why == "out_of_scope" and not self._wants_bare_value():
            return self._declined("out_of_scope", wording.OUT_OF_SCOPE, score=decision.score)
        near = self._nearest(found)
        shell = self._shell(found)
        if near is None:
            return self._declined("not_stated", f"{wording.NOT_STATED}{shell}", score=decision.score)
        return self._declined(
            "not_stated",
            f"{wording.NOT_STATED}{shell}{wording.NOT_STATED_NEAREST}",
            score=decision.score,
            notices=(*self._then_notice(), *self._stating.notices(near)),
            citations=(self._stating.citation(near),),
            suggestions=self._suggestions([clause for clause, _ in found.clauses]),
        )

    def _wants_bare_value(self) -> bool:
        """Whether a value of the kind that rules state is asked for, and nothing is said of what (奖励多少)."""
        return self._want is not None and not self._want.subject and len(self._pairs) <= 1

    def _unreadable(self, found: Found, decision: Decision) -> StoredDocument | None:
        """The document whose pages without text may say it: the one whose page was named, else the nearest one."""
        documents = [self._snapshot.documents[clause.document_id] for clause, _ in found.clauses[:_LOOKED_AT]]
        if (page := _PAGE.search(self._text)) is not None:
            return next((document for document in documents if int(page[1]) in document.unread_pages), None)
        best = documents[0] if documents else None
        return best if best is not None and best.unread_pages and decision.why == "not_stated" else None

    def _shell(self, found: Found) -> str:
        """What is said when the nearest document came without its body."""
        best = found.best
        document = self._snapshot.documents[best.document_id] if best else None
        if document is None or not any(warning.get("code") == "body_in_attachment" for warning in document.warnings):
            return ""
        names = wording.JOIN.join(document.missing)
        if not names:
            return wording.BODY_MISSING_UNNAMED.format(document=document.title)
        return wording.BODY_MISSING.format(document=document.title, missing=names)

    def _nearest(self, found: Found) -> ClauseText | None:
        """The clause to show beside 'not stated': the silent topic's own, else the best found."""
        if found.topics and found.features.score_lead > 0:
            silent = found.topics[0][0]
            near = [self._snapshot.by_path.get((silent.document_id, path)) for path in silent.paths]
        else:
            near = [clause for clause, _ in found.clauses[:3]]
        return nearest([clause for clause in near if clause is not None], self._snapshot)

    def _suggestions(self, clauses: Sequence[ClauseText]) -> tuple[str, ...]:
        return plain_questions([self._snapshot.questions.get(clause.id, ()) for clause in clauses], _SUGGESTIONS)

    def _declined(
        self,
        why: Why,
        text: str,
        *,
        score: float = 0.0,
        notices: tuple[str, ...] = (),
        citations: tuple[Citation, ...] = (),
        suggestions: tuple[str, ...] = (),
    ) -> Answer:
        desk = self._setting.desk
        ask = wording.ASK_DESK_CONTACT if desk.contact else wording.ASK_DESK
        whom = ask.format(desk=desk.name, contact=desk.contact)
        return Answer("declined", why, f"{text}\n{whom}", notices, citations, (), suggestions, score)


def _asked_so(hit: Hit, question: str, want: Wanted, phrases: Phrases) -> bool:
    """Whether the question is one of the clause's typical questions, which the desk says that it answers: the same, or
    as good as the same and for the same kind of value."""
    if hit.view_kind != "question":
        return False
    typical = fold(hit.view_text)
    if typical == question.rstrip("?。! "):
        return True
    same_kind = (other := wanted(typical, phrases)) is not None and other.expected is want.expected
    return same_kind and (hit.dense or 0.0) >= _SAME_QUESTION


@lru_cache(maxsize=1 << 13)
def folded(text: str) -> str:
    """`core.text.fold`, remembered: the same clauses are looked at again and again."""
    return fold(text)


def _is_bare_title(clause: ClauseText) -> bool:
    """Whether a clause is nothing but what stands at a document's head: title, number, date, without a sentence."""
    return clause.kind == "front" and not re.search(r"[。；;：:，,]", clause.text)


def _dense(hit: Hit) -> float:
    """The cosine of the nearest view above where all texts lie, tenfold; 0 without vectors."""
    return 10 * (hit.dense - _DENSE_FLOOR) if hit.dense is not None else 0.0


def _says_something(clause: ClauseText) -> bool:
    """Whether a clause with sub-clauses has a sentence of its own."""
    return "。" in clause.text


def _title_line(clause: ClauseText) -> str:
    return clause.text.splitlines()[0][:30]
