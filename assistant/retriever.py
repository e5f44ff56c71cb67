"""The library as a LangChain retriever. Not here: the search itself (``vectorstore/search.py``)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from assistant.types import hit_to_dict
from vectorstore.types import Filters, Hit


class Searchable(Protocol):
    """What is searched: an ``Assistant``, or anything that searches like one."""

    def search(self, question: str, *, limit: int, filters: Filters | None) -> list[Hit]:
        """The passages that match best."""


class LibraryRetriever(BaseRetriever):
    """Passages as LangChain documents, best first.

    ``page_content`` are the passage's words. ``metadata`` has a hit's other keys, those of ``fundstelle search --json``: ``article_id``, ``version``,
    ``start``, ``end``, ``title``, ``source``, ``url``, ``language``, ``published_at`` (ISO 8601), ``score`` and the rest. A document's ``id`` is its passage's.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: SkipValidation[Searchable]
    """The Assistant whose library is searched."""
    limit: int = 10
    filters: Filters | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun | None = None) -> list[Document]:  # noqa: ARG002 - LangChain passes it
        return [_document(hit) for hit in self.assistant.search(query, limit=self.limit, filters=self.filters)]

    async def _aget_relevant_documents(self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002 - as above
        return await asyncio.to_thread(self._get_relevant_documents, query)


def _document(hit: Hit) -> Document:
    metadata = hit_to_dict(hit)
    return Document(id=hit.passage.id, page_content=metadata.pop("text"), metadata=metadata)
