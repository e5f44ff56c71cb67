"""Evidence bundles: an answer with the articles it quotes, in one JSON document that anyone can check without the library or the network.

A bundle holds the answer, the text of each cited version (or, to hand on quotes only, none), hashes, addresses and times. Not here: checking one
(``bundle_checks.py``), JSON of answers (``types.py``, ``exchange.py``), files and printing (``commands/asking.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, Final

from assistant.exchange import check_schema
from assistant.types import SCHEMA, Answer, Citation, plain
from vectorstore.errors import ArticleNotFound, DocumentError
from vectorstore.types import Article, Precision

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.kept import Conversation

    StoredArticle = Callable[[str, str], Article]
    """The version of an article (id, version) that a library holds; raises ``ArticleNotFound``."""

KIND: Final = "evidence"
CONVERSATION_KIND: Final = "conversation"
TOLD_TWICE: Final = ("title", "source", "url", "language", "published_at", "published_precision", "published_from", "fetched_at")
"""What both a citation and its article say."""


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
            {"number": citation.number, "sha256": hash_of(citation.quote), "article_id": citation.article_id}
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
    return replace(BundledArticle.of(article, with_text=with_text), **{name: getattr(citation, name) for name in TOLD_TWICE})


def digest(document: Mapping[str, Any]) -> str:
    """The sha256 of a bundle without its digest, as JSON with sorted keys and nothing but ASCII."""
    kept = {key: value for key, value in document.items() if key != "digest"}
    return hash_of(json.dumps(kept, sort_keys=True, separators=(",", ":")))


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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which every key is named once: two readers of a bundle may not see two things."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is named twice")
    return dict(pairs)


def hash_of(text: str) -> str:
    """The sha256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
