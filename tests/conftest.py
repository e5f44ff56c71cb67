"""What the tests share: folders of their own, the bundled model loaded once, a library with the samples loaded once."""

from __future__ import annotations

import gzip
import ipaddress
import json
import os
import re
import socket
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from assistant import Assistant, Settings, evaluation
from tests.news_server import NewsServer
from vectorstore import embedding, languages
from vectorstore.dictionary import Glossary
from vectorstore.embedding import SentenceTransformerEncoder
from vectorstore.errors import ModelError
from vectorstore.library import Library
from vectorstore.settings import BUNDLED
from vectorstore.types import Article, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vectorstore.embedding import Encoder

LAMP = """The Morning Ferry

Lighthouse at Skarven Point lit again

SKARVEN, 4 May 2023 – The lighthouse at Skarven Point was lit again on Tuesday after eleven years in the dark. Engineers from the
harbour authority replaced its lamp and its gears over the winter.

The work cost 340,000 crowns, said the harbour master, Ingrid Solheim.
"""
BUS = """# Bibliotheksbus fährt wieder durch das Ahlental

Der Bücherbus der Stadtbibliothek Ahlen hält seit Montag wieder in zwölf Dörfern des Ahlentals. Fahrerin Marion Tews sagte,
sie habe schon am ersten Tag vierhundert Bücher verliehen.
"""
SHARED = Path(__file__).parents[2] / "shared"
"""The folder beside the checkout with articles and question sets; not everyone has it."""


_REFUSED: list[str] = []
"""The machines that somebody tried to reach since the last test."""
_REACHING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: in every thread, and below every library that uses Python's sockets."""
    if event in _REACHING:
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None  # else a path, or a socket that is connected already
    elif event in _LOOKING_UP:
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name and not (event in _LOOKING_UP and _is_number(name)) and not _is_here(name):
        _REFUSED.append(f"{event} {name}")
        message = f"tests stay on this machine: {event} {name}"
        raise PermissionError(message)


def _is_number(host: str) -> bool:
    """Whether an address is in digits, in whatever spelling, so that nobody is asked for it."""
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return host in {"localhost", socket.gethostname()}
    return address.is_loopback or address.is_unspecified


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported: no test sees the user's settings and library, asks the model hub for anything, or leaves the machine."""
    sys.addaudithook(_stay_here)
    for name in [name for name in os.environ if name.startswith(("FUNDSTELLE_", "LANGSMITH_", "LANGCHAIN_"))]:
        del os.environ[name]
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["COLUMNS"] = "200"
    # Word lists and models are loaded by whichever example comes first.
    settings.register_profile("fundstelle", deadline=None)
    settings.load_profile("fundstelle")


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """The cache of every test and its subprocesses: the unpacked model and parsed dictionaries are kept from run to run."""
    kept = getattr(pytestconfig, "cache", None)
    folder = Path(kept.mkdir("fundstelle")) if kept else tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUNDSTELLE_CACHE", str(folder))
        languages.keep_lists_in(folder)  # for tests that open no library
        patch.setenv("FUNDSTELLE_LIBRARY", str(tmp_path_factory.mktemp("nobody") / "library"))
        yield folder


@pytest.fixture(scope="session")
def bundled_encoder(shared_cache: Path) -> Encoder:
    """The bundled model, loaded once for all tests; skipped where its package is not to be had."""
    try:
        return embedding.load_encoder(BUNDLED, cache=shared_cache)
    except ModelError as error:
        pytest.skip(f"needs the bundled model: {error}")


@pytest.fixture(scope="session")
def loaded_once(bundled_encoder: Encoder) -> Iterator[None]:
    """Every Assistant opened in this process uses the one bundled model that is loaded."""
    load = embedding.load_encoder

    def load_or_share(model: str, *, cache: Path) -> Encoder:
        return bundled_encoder if model == BUNDLED else load(model, cache=cache)

    with pytest.MonkeyPatch.context() as patch:
        for module in (embedding, evaluation):
            patch.setattr(module, "load_encoder", load_or_share)
        yield


@pytest.fixture
def open_assistant(loaded_once: None, tmp_path: Path) -> Iterator[Callable[..., Assistant]]:
    """Opens assistants over folders below ``tmp_path``; they are closed after the test."""
    opened: list[Assistant] = []

    def open_folder(name: str = "library", **given: object) -> Assistant:
        assistant = Assistant(Settings.model_validate({**Settings().model_dump(), "library": tmp_path / name, **given}))
        opened.append(assistant)
        return assistant

    yield open_folder
    for assistant in opened:
        assistant.close()


@pytest.fixture(scope="session")
def lamp() -> str:
    """An English article as plain text, dated 4 May 2023."""
    return LAMP


@pytest.fixture(scope="session")
def two_articles(loaded_once: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library with that article and an undated German one. Only to be copied: it is the same for every test."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "a.txt").write_text(LAMP, "utf-8")
    (folder / "b.md").write_text(BUS, "utf-8")
    with Assistant.open(folder / "library") as assistant:
        assistant.add([folder / "a.txt", folder / "b.md"])
    return folder / "library"


@pytest.fixture(scope="session")
def samples(loaded_once: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over the sample articles. Only to be read: it is the same one for every test."""
    with Assistant.open(tmp_path_factory.mktemp("samples") / "library") as assistant:
        assistant.add(samples=True)
        yield assistant


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder ``shared`` beside the checkout; tests that need it are skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the articles and question sets in {SHARED}")
    return SHARED


@pytest.fixture
def news_server() -> Iterator[NewsServer]:
    """A web server on 127.0.0.1 whose answers the test sets."""
    with NewsServer() as server:
        yield server


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[list[str]]:
    """Whoever connects to another machine, sends to it or looks one up is refused, and the test fails even if it makes nothing of that.

    Gives what was refused, for a test to take away that means it. Not covered: subprocesses, and sockets that are not Python's.
    """
    yield _REFUSED
    refused, _REFUSED[:] = sorted(set(_REFUSED)), []
    if refused:
        pytest.fail(f"leaves this machine: {', '.join(refused)}")


# --- vectorstore/ without the bundled model: small parts made by the tests

TINY_CORPUS = (
    "The council of Brenn voted on Tuesday to rebuild the old bridge over the river.",
    "A ferry to the island will run twice a day until the work is done, the mayor said.",
    "Der Stadtrat von Brenn stimmte am Dienstag für den Neubau der alten Brücke über den Fluss.",
    "Eine Fähre zur Insel fährt zweimal am Tag, bis die Arbeiten beendet sind, sagte die Bürgermeisterin.",
    "Le conseil de Brenn a voté mardi la reconstruction du vieux pont sur le fleuve.",
)


def split_paragraphs(article: Article) -> list[Passage]:
    """One passage for each line of an article, its sentences cut behind full stops."""
    passages = []
    for line in re.finditer(r"[^\n]+", article.text):
        sentences = tuple(
            Span(line.start() + found.start(), line.start() + found.end()) for found in re.finditer(r"\S[^.]*\.?", line.group())
        )
        passages.append(
            Passage(article_id=article.id, version=article.version, start=line.start(), end=line.end(), sentences=sentences)
        )
    return passages


@pytest.fixture(scope="session")
def make_article() -> Callable[..., Article]:
    """Makes articles: ``make_article("a", "Text.", language="de", published_at=...)``."""

    def make(article_id: str, text: str, **given: Any) -> Article:
        return Article(id=article_id, text=text, **{"language": "en", "fetched_at": datetime(2024, 1, 2, tzinfo=UTC), **given})

    return make


@pytest.fixture(scope="session")
def split() -> Callable[[Article], list[Passage]]:
    """The splitter of these tests: a passage a line."""
    return split_paragraphs


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty article store in ``tmp_path / "library"``."""
    opened = Library(tmp_path / "library")
    yield opened
    opened.close()


@pytest.fixture
def no_glossary(tmp_path: Path) -> Glossary:
    """No dictionary at all."""
    return Glossary.open([], cache=tmp_path / "cache")


@pytest.fixture(scope="session")
def tiny_glossary(tmp_path_factory: pytest.TempPathFactory) -> Glossary:
    """A German-English dictionary of five words, in dictd format."""
    folder = tmp_path_factory.mktemp("dictd")
    entries = {
        "Brücke": "Brücke /bʁˈʏkə/ <fem, n, sg>\nbridge <n>\n",
        "Fluss": "Fluss /flˈʊs/ <masc, n, sg>\nriver <n>, flow <n>\n",
        "Fähre": "Fähre /fˈɛːrə/ <fem, n, sg>\nferry <n>\n",
        "bauen": "bauen /bˈaʊən/ <v, trans>\nbuild <v>\n",
        "der": "der /dˈɛɾ/ <art>\nthe <art>\n",
    }
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    def number(value: int) -> str:
        return digits[value] if value < 64 else number(value // 64) + digits[value % 64]

    text, index = b"", []
    for headword, entry in entries.items():
        index.append(f"{headword.lower()}\t{number(len(text))}\t{number(len(entry.encode()))}")
        text += entry.encode()
    (folder / "freedict-deu-eng.index").write_text("\n".join(sorted(index)) + "\n", "utf-8")
    (folder / "freedict-deu-eng.dict.dz").write_bytes(gzip.compress(text))
    return Glossary.open([folder], cache=folder / "cache")


@pytest.fixture(scope="session")
def make_tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Saves random BERTs of two layers as sentence-transformers: ``make_tiny_model("name", seed=7, prompts={...})``."""

    def make(name: str, *, seed: int = 7, prompts: dict[str, str] | None = None) -> Path:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
        from transformers import BertModel

        folder = tmp_path_factory.mktemp("model") / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts = folder.with_name("bert")
            BertModel(_tiny_bert(parts, seed=seed)).save_pretrained(parts)
            modules = [Transformer(str(parts)), Pooling(32)]
            SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder))
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_reranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random cross-encoder of two layers."""
    from transformers import BertForSequenceClassification

    folder = tmp_path_factory.mktemp("reranker")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        BertForSequenceClassification(_tiny_bert(folder, seed=7, num_labels=1)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def single_precision(make_tiny_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache which says that this machine is faster in single precision, whatever it is."""
    cache = tmp_path_factory.mktemp("single-precision")
    SentenceTransformerEncoder(str(make_tiny_model("timed")), cache=cache).encode_query("Which is faster?")
    record = cache / "precision.json"
    record.write_text(json.dumps(dict.fromkeys(json.loads(record.read_text("utf-8")), "float32")), "utf-8")
    return cache


@pytest.fixture(scope="session")
def tiny_encoder(make_tiny_model: Callable[..., Path], single_precision: Path) -> SentenceTransformerEncoder:
    """A tiny model in single precision: 32 dimensions, 128 tokens, no prompts."""
    return SentenceTransformerEncoder(str(make_tiny_model("tiny")), cache=single_precision)


def _tiny_bert(folder: Path, *, seed: int, num_labels: int = 2) -> Any:
    """Saves a tokenizer in ``folder``; gives the configuration of a model for it, to be made from random weights."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TINY_CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrap: Any = PreTrainedTokenizerFast
    wrap(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=128,
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    configuration: Any = BertConfig
    return configuration(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.3,
        num_labels=num_labels,
    )
