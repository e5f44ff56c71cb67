"""Evidence bundles: an answer with the articles it quotes, in one JSON document that anyone can check without the library or the network.

A bundle holds the answer, the text of each cited version (or, to hand on quotes only, none), hashes, addresses and times. Checking shows that
nothing in it contradicts itself and nothing was changed since; there is no signature, so it does not show who made it. ``stored`` articles, where
given, are compared as well. Not here: JSON of answers (``types.py``, ``exchange.py``), files and printing (``cli.py``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, Final, Literal

from assistant.exchange import answer_from, check_schema, faults
from assistant.types import SCHEMA, Answer, Citation, HitRecord, plain
from vectorstore.errors import ArticleNotFound, DocumentError
from vectorstore.types import Article, Precision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assistant.kept import Conversation

    StoredArticle = Callable[[str, str], Article]
    """The version of an article (id, version) that a library holds; raises ``ArticleNotFound``."""

KIND: Final = "evidence"
CONVERSATION_KIND: Final = "conversation"
CheckName = Literal["bundle", "article", "quote", "marker", "sentence", "stored"]
_TOLD_TWICE: Final = ("title", "source", "url", "language", "published_at", "published_precision", "published_from", "fetched_at")
"""What both a citation and its article say."""
_MARKER: Final = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledArticle:
    """One cited version of an article: where and when it is from, and its ``text``, None where only quotes were handed on.

    ``version`` is the sha256 of the text, ``characters`` its length.
    """

    article_id: str
    version: str
    characters: int
    text: str | None
    title: str
    source: str
    author: str
    url: str | None
    language: str
    published_at: datetime | None
    published_precision: Precision | None
    published_from: str | None
    modified_at: datetime | None
    fetched_at: datetime

    @classmethod
    def of(cls, article: Article, *, with_text: bool) -> BundledArticle:
        """What a bundle keeps of ``article``."""
        return cls(
            article_id=article.id,
            version=article.version,
            characters=len(article.text),
            text=article.text if with_text else None,
            title=article.title,
            source=article.source,
            author=article.author,
            url=article.url,
            language=article.language,
            published_at=article.published_at,
            published_precision=article.published_precision,
            published_from=article.published_from,
            modified_at=article.modified_at,
            fetched_at=article.fetched_at,
        )


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


def make_bundle(answer: Answer[Any], *, article: StoredArticle, with_texts: bool = True) -> dict[str, Any]:
    """``answer`` and what proves it, as JSON-ready values. ``with_texts=False`` leaves whole articles out: their hashes and the contexts stay.

    Raises:
        ArticleNotFound: a cited article is no longer in the library.
    """
    cited = {(citation.article_id, citation.version): citation for citation in answer.citations}
    document = {
        "schema": SCHEMA,
        "kind": KIND,
        "program": {"name": "fundstelle", "version": installed_version("fundstelle")},
        "made_at": plain(datetime.now(UTC)),
        "answer": answer.to_dict(),
        "quotes": [
            {"number": citation.number, "sha256": _sha256(citation.quote), "article_id": citation.article_id}
            for citation in answer.citations
        ],
        "articles": [plain(_bundled(article(*key), citation, with_text=with_texts)) for key, citation in cited.items()],
    }
    return {**document, "digest": digest(document)}


def make_conversation_bundle(conversation: Conversation, *, article: StoredArticle) -> dict[str, Any]:
    """A kept conversation and what proves each of its answers, as JSON-ready values.

    An answer of which an article is gone stands without its evidence, and ``incomplete`` says why.
    """
    exchanges = []
    for exchange in conversation.exchanges:
        told: dict[str, Any] = {"question": exchange.question, "failure": exchange.failure}
        if exchange.answer:
            try:
                told["evidence"] = make_bundle(exchange.answer, article=article)
            except ArticleNotFound as error:
                told |= {"answer": exchange.answer.to_dict(), "incomplete": str(error)}
        exchanges.append(told)
    document = {"schema": SCHEMA, "kind": CONVERSATION_KIND, "title": conversation.title, "exchanges": exchanges}
    return {**document, "digest": digest(document)}


def _bundled(article: Article, citation: Citation, *, with_text: bool) -> BundledArticle:
    """``article`` as it was known when it was cited: it may have been read again since."""
    return replace(BundledArticle.of(article, with_text=with_text), **{name: getattr(citation, name) for name in _TOLD_TWICE})


def digest(document: Mapping[str, Any]) -> str:
    """The sha256 of a bundle without its digest, as JSON with sorted keys and nothing but ASCII."""
    kept = {key: value for key, value in document.items() if key != "digest"}
    return _sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")))


def bundle_text(document: Mapping[str, Any]) -> bytes:
    """A bundle as it is kept in a file."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogatepass")


def parse_bundle(content: bytes) -> dict[str, Any]:
    """The bundle that a file holds.

    Raises:
        DocumentError: it is none, or says something twice.
    """
    try:
        document = json.loads(content.decode("utf-8-sig", "surrogatepass"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"This is no evidence bundle: not JSON in UTF-8 ({error}).") from error
    check_schema(document, what="evidence bundle")
    if document.get("kind") not in {KIND, CONVERSATION_KIND}:
        raise DocumentError(
            f'This is no evidence bundle: "kind" is neither "{KIND}" nor "{CONVERSATION_KIND}". `fundstelle ask QUESTION --bundle FILE` makes one.'
        )
    bundle: dict[str, Any] = document
    return bundle


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
        if article.text is not None and _sha256(article.text) != article.version:
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
    if _sha256(citation.quote) != quote_sha256:
        return "the quote's hash is another"
    if not 0 <= citation.start < citation.end <= article.characters or citation.end - citation.start != len(citation.quote):
        return f"the quote cannot stand at {citation.start}:{citation.end} of {article.characters} characters"
    if article.text is not None:
        if article.text[citation.start : citation.end] != citation.quote:
            return f"the article does not say that at {citation.start}:{citation.end}"
        before, after = article.text[: citation.start], article.text[citation.end :]
        if not before.endswith(citation.context_before) or not after.startswith(citation.context_after):
            return "the words around the quote are not those of the article"
    other = [name for name in _TOLD_TWICE if getattr(citation, name) != getattr(article, name)]
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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which every key is named once: two readers of a bundle may not see two things."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is named twice")
    return dict(pairs)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
