"""Checking evidence bundles: that nothing in one contradicts itself and nothing was changed since it was made.

There is no signature, so this does not show who made it. ``stored`` articles, where given, are compared as well. Not here: making and reading
bundles (``bundle.py``), printing what was found (``commands/asking.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from assistant.bundle import CONVERSATION_KIND, KIND, TOLD_TWICE, BundledArticle, digest, hash_of
from assistant.exchange import answer_from, check_schema, faults
from assistant.types import SCHEMA, Answer, Citation, HitRecord, plain
from vectorstore.errors import ArticleNotFound, DocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.bundle import StoredArticle

CheckName = Literal["bundle", "article", "quote", "marker", "sentence", "stored"]
_MARKER: Final = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked: what, of which citation or article, whether it holds, and if not, what is wrong."""

    name: CheckName
    passed: bool
    citation: int | None = None
    article_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was checked of a bundle. ``texts`` says whether quotes were compared with whole articles or with their hashes only."""

    checks: tuple[Check, ...]
    texts: bool

    @property
    def verified(self) -> bool:
        """Whether all of it holds."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """What does not hold."""
        return tuple(check for check in self.checks if not check.passed)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON-ready values, ``"schema"`` first."""
        return {
            "schema": SCHEMA,
            "verified": self.verified,
            "texts": self.texts,
            "failed": len(self.failed),
            "checks": plain(self.checks),
        }


def verify_bundle(document: Mapping[str, Any], *, stored: StoredArticle | None = None) -> Verification:
    """Check everything that ``document`` claims: hashes, offsets, quotes, contexts, markers; with ``stored``, against those articles too.

    Of a conversation, every answer; one without its evidence does not hold.

    Raises:
        DocumentError: it is not a bundle, so there is nothing to check.
    """
    if document.get("kind") == CONVERSATION_KIND:
        return _verify_conversation(document, stored=stored)
    answer, articles, quotes = _parts(document)
    checks = [_check("bundle", _altered(document)), *_check_articles(articles)]
    held = {(article.article_id, article.version): article for article in articles}
    for citation in answer.citations:
        fault = _citation_fault(citation, held.get((citation.article_id, citation.version)), quotes.get(citation.number))
        checks.append(_check("quote", fault, citation=citation.number, article_id=citation.article_id))
    checks += _check_markers(answer)
    if stored:
        checks += _check_stored(answer, articles, stored=stored)
    return Verification(tuple(checks), texts=all(article.text is not None for article in articles))


def _verify_conversation(document: Mapping[str, Any], *, stored: StoredArticle | None) -> Verification:
    check_schema(document, what="evidence bundle")
    exchanges = document.get("exchanges")
    if not isinstance(exchanges, list) or not all(isinstance(exchange, Mapping) for exchange in exchanges):
        raise DocumentError("This is no evidence bundle: it has no exchanges.")
    checks, texts = [_check("bundle", _altered(document))], True
    for position, exchange in enumerate(exchanges, start=1):
        evidence = exchange.get("evidence")
        if isinstance(evidence, Mapping) and evidence.get("kind") == KIND:
            found = verify_bundle(evidence, stored=stored)
            checks += [
                replace(check, detail=f"question {position}: {check.detail}" if check.detail else "") for check in found.checks
            ]
            texts = texts and found.texts
        elif evidence is not None or exchange.get("answer") is not None:
            checks.append(_check("bundle", f"question {position}: there is no evidence of its answer"))
    return Verification(tuple(checks), texts=texts)


def _parts(document: Mapping[str, Any]) -> tuple[Answer[HitRecord], Sequence[BundledArticle], Mapping[int, str]]:
    from pydantic import TypeAdapter, ValidationError

    check_schema(document, what="evidence bundle")
    answer = document.get("answer")
    if not isinstance(answer, Mapping):
        raise DocumentError("This is no evidence bundle: it has no answer.")
    try:
        found = json.dumps(document.get("articles")), json.dumps(document.get("quotes"))
        articles = TypeAdapter(tuple[BundledArticle, ...]).validate_json(found[0], strict=True)
        quotes = TypeAdapter(tuple[_QuoteHash, ...]).validate_json(found[1], strict=True)
    except ValidationError as error:
        raise DocumentError(f"This is no evidence bundle: {faults(error)}.") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise DocumentError(f"This is no evidence bundle in JSON: {error}.") from error
    return answer_from(answer), articles, {quote.number: quote.sha256 for quote in quotes}


@dataclass(frozen=True, slots=True)
class _QuoteHash:
    number: int
    sha256: str


def _check(name: CheckName, fault: str, *, citation: int | None = None, article_id: str | None = None) -> Check:
    return Check(name=name, passed=not fault, citation=citation, article_id=article_id, detail=fault)


def _altered(document: Mapping[str, Any]) -> str:
    return "" if document.get("digest") == digest(document) else "the bundle was changed after it was made: its digest is another"


def _check_articles(articles: Sequence[BundledArticle]) -> Iterator[Check]:
    for article in articles:
        fault = ""
        if article.text is not None and hash_of(article.text) != article.version:
            fault = "the article's text is not that of its version: its hash is another"
        elif article.text is not None and len(article.text) != article.characters:
            fault = f"the article's text has {len(article.text)} characters, not {article.characters}"
        yield _check("article", fault, article_id=article.article_id)


def _citation_fault(citation: Citation, article: BundledArticle | None, quote_sha256: str | None) -> str:
    """What is wrong with a citation; empty if nothing is."""
    if article is None:
        return "its article, in this version, is not in the bundle"
    if not citation.verbatim:
        return "it was not verbatim when the answer was given"
    if hash_of(citation.quote) != quote_sha256:
        return "the quote's hash is another"
    if not 0 <= citation.start < citation.end <= article.characters or citation.end - citation.start != len(citation.quote):
        return f"the quote cannot stand at {citation.start}:{citation.end} of {article.characters} characters"
    if article.text is not None:
        if article.text[citation.start : citation.end] != citation.quote:
            return f"the article does not say that at {citation.start}:{citation.end}"
        before, after = article.text[: citation.start], article.text[citation.end :]
        if not before.endswith(citation.context_before) or not after.startswith(citation.context_after):
            return "the words around the quote are not those of the article"
    other = [name for name in TOLD_TWICE if getattr(citation, name) != getattr(article, name)]
    return f"it is not told as its article is: {', '.join(other)}" if other else ""


def _check_markers(answer: Answer[Any]) -> Iterator[Check]:
    numbers = [citation.number for citation in answer.citations]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield _check("marker", f"there are {numbers.count(number)} sources [{number}]", citation=number)
    for number in numbers:
        yield _check("marker", "" if f"[{number}]" in answer.text else "the answer does not point at it", citation=number)
    quotes = {citation.number: " ".join(citation.quote.split()) for citation in answer.citations}
    for sentence in answer.sentences:
        yield _check(
            "sentence", _sentence_fault(answer, sentence.start, sentence.end, sentence.citations, sentence.support, quotes)
        )


def _sentence_fault(
    answer: Answer[Any], start: int, end: int, citations: Sequence[int], support: str, quotes: Mapping[int, str]
) -> str:
    """What is wrong with the sentence ``start:end``; one that stands as unsupported claims nothing."""
    if not 0 <= start < end <= len(answer.text):
        return f"there is no sentence at {start}:{end} of the answer's {len(answer.text)} characters"
    words, place = answer.text[start:end], f"the sentence at {start}:{end}"
    if missing := sorted(set(citations) - quotes.keys()):
        return f"{place} rests on [{missing[0]}], which is no source"
    if support not in {"quoted", "supported"}:
        return ""
    if not citations:
        return f"{place} is said to be borne out, but rests on nothing"
    if support == "quoted" and answer.model is None:
        for number in citations:
            if quotes[number] not in words:
                return f"{place} does not have the words of [{number}]"
            words = words.replace(quotes[number], "")
        pointed = {int(number) for number in _MARKER.findall(words)}
        if pointed != set(citations):
            return f"{place} points at {sorted(pointed)}, but rests on {sorted(citations)}"
    return ""


def _check_stored(answer: Answer[Any], articles: Sequence[BundledArticle], *, stored: StoredArticle) -> Iterator[Check]:
    """Whether the library has the same words under the same ids, and the quotes where they are said to be."""
    for article in articles:
        try:
            kept = stored(article.article_id, article.version)
        except ArticleNotFound:
            yield _check("stored", "the library does not have the article in this version", article_id=article.article_id)
            continue
        # What else is known of an article may have been learnt since; its words and its address are what they were.
        other = [name for name in ("version", "url") if getattr(kept, name) != getattr(article, name)]
        yield _check("stored", f"the library has another {', '.join(other)}" if other else "", article_id=article.article_id)
        for citation in answer.citations:
            if (citation.article_id, citation.version) == (article.article_id, article.version):
                same = kept.text[citation.start : citation.end] == citation.quote
                fault = "" if same else f"the stored article does not say that at {citation.start}:{citation.end}"
                yield _check("stored", fault, citation=citation.number, article_id=article.article_id)
