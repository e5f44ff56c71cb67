"""Layers, lazy imports and public names: rules about the code itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

import assistant

ROOT = Path(__file__).parents[1]
LAYERS = ("vectorstore", "ingest", "assistant")
"""From the lowest up: each may import itself and what stands before it."""

# The tables of the library and those who ask them: one part in several modules.
STORE = (
    "vectorstore/articles.py",
    "vectorstore/conversations.py",
    "vectorstore/database.py",
    "vectorstore/faults.py",
    "vectorstore/feedback.py",
    "vectorstore/findable.py",
    "vectorstore/hiding.py",
    "vectorstore/library.py",
    "vectorstore/pages.py",
    "vectorstore/recognition.py",
    "vectorstore/schema.py",
    "vectorstore/shelf.py",
    "vectorstore/salvage.py",
    "vectorstore/soundness.py",
    "vectorstore/stories.py",
    "vectorstore/paragraphs.py",
    "vectorstore/sources.py",
)
# Heavy or replaceable libraries, each behind one module. A folder stands for all of its modules.
ONE_IMPORTER: dict[str, str | tuple[str, ...]] = {
    "Stemmer": "vectorstore/languages.py",
    "brotli": "ingest/decompression.py",
    "chromadb": "vectorstore/dense.py",
    "datasketch": "ingest/duplicates.py",
    "docx": "ingest/documents.py",
    "fastapi": "assistant/web",
    "feedparser": "ingest/rss.py",
    "httpcore": "ingest/guard.py",
    "httpx": "ingest/fetch.py",
    "gradio": "assistant/web/page.py",
    "ir_measures": "assistant/evaluation.py",
    "langchain": "assistant/generative.py",
    "langchain_core": "assistant/retriever.py",
    "langsmith": "assistant/generative.py",
    "marisa_trie": "vectorstore/frequencies.py",
    "markdown_it": "ingest/markdown.py",
    "mcp": "assistant/web/tools.py",
    "protego": "ingest/robots.py",
    "py3langid": "vectorstore/languages.py",
    "pypdf": "ingest/documents.py",
    "sentence_transformers": "vectorstore/embedding.py",
    "sentencex": "ingest/split.py",
    "simplemma": "vectorstore/languages.py",
    "sklearn": "assistant/evaluation.py",
    "sqlalchemy": STORE,
    "stopwordsiso": "vectorstore/languages.py",
    "tantivy": "vectorstore/lexical.py",
    "torch": "vectorstore/torch_runtime.py",
    "trafilatura": "ingest/html.py",
    "transformers": "vectorstore/embedding.py",
    "uvicorn": "assistant/web",
    "wordfreq": "vectorstore/frequencies.py",
}
# Of these not even the module that uses them loads them on import; the retriever is a class of LangChain's and is itself imported late.
LATE = frozenset(ONE_IMPORTER) - {"sqlalchemy", "langchain_core", "gradio", "fastapi"}
NEVER_AT_START = (
    "chromadb",
    "gradio",
    "langchain",
    "langchain_core",
    "langsmith",
    "sentence_transformers",
    "sklearn",
    "tantivy",
    "torch",
    "trafilatura",
    "transformers",
    "wordfreq",
)


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: the absolute name that is imported, whether it runs at all and whether it runs when the module is loaded."""

    name: str
    runs: bool
    at_once: bool

    @property
    def package(self) -> str:
        """Its first part."""
        return self.name.partition(".")[0]


def modules() -> list[Path]:
    """Every module of the project, relative to its root."""
    return sorted(path.relative_to(ROOT) for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


def imports(module: Path) -> list[Import]:
    """The imports of a module, those within functions and under TYPE_CHECKING too."""
    found: list[Import] = []

    def visit(node: ast.AST, *, runs: bool, at_once: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, runs, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            found.append(Import(node.module or "", runs, at_once))
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        late = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        body = set(map(id, node.body)) if typing_only and isinstance(node, ast.If) else set()
        for child in ast.iter_child_nodes(node):
            visit(child, runs=runs and id(child) not in body, at_once=at_once and not late)

    visit(ast.parse((ROOT / module).read_text("utf-8")), runs=True, at_once=True)
    return found


def test_imports_point_down_only() -> None:
    """The assistant uses ingest uses vectorstore, never the other way round, not even for types."""
    upward = [
        f"{module} imports {found.name}"
        for module in modules()
        for found in imports(module)
        if found.package in LAYERS and LAYERS.index(found.package) > LAYERS.index(module.parts[0])
    ]
    assert upward == []


def test_each_heavy_library_has_one_importer() -> None:
    """Replacing a library means changing one module; annotations may name it elsewhere."""
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for module in modules():
        for found in imports(module):
            if found.runs:
                importers[found.package].add(module.as_posix())
    strangers = {
        library: others
        for library, home in ONE_IMPORTER.items()
        if (others := {module for module in importers[library] if not _lives_in(module, home)})
    }
    assert strangers == {}


def _lives_in(module: str, home: str | tuple[str, ...]) -> bool:
    homes = (home,) if isinstance(home, str) else home
    return module in homes or module.startswith(tuple(f"{folder}/" for folder in homes))


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    """Loading a module loads no heavy library: its imports stand inside functions."""
    early = [
        f"{module} imports {found.name}"
        for module in modules()
        for found in imports(module)
        if found.runs and found.at_once and found.package in LATE
    ]
    assert early == []


def test_the_vectorstore_types_need_the_standard_library_only() -> None:
    """Articles, passages and hits are plain values."""
    for name in ("types.py", "errors.py"):
        strangers = {found.package for found in imports(Path("vectorstore", name))} - sys.stdlib_module_names
        assert strangers == set()


def test_file_names_say_what_is_in_them() -> None:
    """No module is a drawer for the rest."""
    vague = {"utils", "util", "base", "manager", "managers", "helpers", "helper", "common", "misc", "factory", "core"}
    assert {path.stem for path in modules()} & vague == set()
    assert [path.as_posix() for path in modules() if not ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8")))] == []


def test_the_guide_names_modules_that_are_there() -> None:
    """What CONTRIBUTING.md says about where things are stays true when modules are split or renamed."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Where things are")[2]
    named = set(re.findall(r"`([a-z_]+)`", guide))
    assert len(named) > 30
    assert named - {path.stem for path in modules()} - set(LAYERS) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "import assistant",
        "from assistant import ask, Assistant",
        "import assistant.cli",
        "import sys; sys.argv = ['fundstelle', '--help']; import assistant.cli\ntry: assistant.cli.main()\nexcept SystemExit: pass",
        "import sys; sys.argv = ['fundstelle', 'add', '--help']; import assistant.cli\ntry: assistant.cli.main()\nexcept SystemExit: pass",
        "import ingest.pipeline, vectorstore.search, vectorstore.embedding, vectorstore.indexes",
    ],
)
def test_starting_loads_nothing_heavy(statement: str) -> None:
    """Importing the package and asking for help load none of the heavy libraries."""
    code = f"{statement}\nimport sys; print('loaded:', [name for name in {NEVER_AT_START!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.splitlines()[-1] == "loaded: []"
    assert ran.stderr == ""


def test_the_command_is_installed_and_helps() -> None:
    """``fundstelle --help`` names every command and ends well."""
    command = Path(sys.executable).with_name("fundstelle")
    ran = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    for name in ("add", "ask", "search", "serve", "articles", "show", "remove", "reindex", "eval", "doctor", "--library"):
        assert name in ran.stdout
    assert ran.stderr == ""


def test_public_names() -> None:
    """What ``from assistant import …`` offers; a change here is a change of the contract."""
    assert sorted(assistant.__all__) == [
        "Answer",
        "AnswerEvent",
        "Article",
        "Assistant",
        "Citation",
        "Filters",
        "FundstelleError",
        "Furniture",
        "Hit",
        "Passage",
        "Rank",
        "Searched",
        "Sentence",
        "Settings",
        "Span",
        "Turn",
        "ask",
    ]
    assert all(hasattr(assistant, name) for name in assistant.__all__)
