"""The library as a LangChain retriever. Not here: the search itself (``vectorstore/search.py``)."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from assistant.types import hit_to_dict
from vectorstore.types import Filters


class LibraryRetriever(BaseRetriever):
    """Passages as LangChain documents, best first; ``metadata`` has a hit's keys but for its text."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Any
    """The Assistant whose library is searched."""
    limit: int = 10
    filters: Filters | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002 - LangChain passes it
        found = [hit_to_dict(hit) for hit in self.assistant.search(query, limit=self.limit, filters=self.filters)]
        return [Document(page_content=hit.pop("text"), metadata=hit) for hit in found]
