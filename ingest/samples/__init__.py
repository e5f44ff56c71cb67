"""Sample news articles in five languages, and questions about them with their verbatim answers."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

_EXAMPLES = {"en": ("q014", "q013", "q096"), "de": ("q085", "q059", "q006")}


@dataclass(frozen=True)
class SampleQuestion:
    """A question about the sample articles; `article` and `quote` are None where none of them answers it."""

    id: str
    question: str
    language: str
    article: str | None
    quote: str | None
    answers: tuple[str, ...]
    kind: str
    follows: str | None = None
    also: tuple[str, ...] = ()


def _folder() -> Path:
    return Path(str(files(__name__)))


def sample_paths() -> list[Path]:
    """Paths of the sample articles (.txt, .html and .md), sorted by file name."""
    suffixes = {".txt", ".html", ".md"}
    return sorted(path for path in (_folder() / "articles").iterdir() if path.suffix in suffixes)


def sample_questions() -> list[SampleQuestion]:
    """The questions of questions.jsonl, in the order of the file."""
    text = (_folder() / "questions.jsonl").read_text(encoding="utf-8")
    questions: list[SampleQuestion] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        row = json.loads(line)
        questions.append(
            SampleQuestion(
                id=row["id"],
                question=row["question"],
                language=row["language"],
                article=row["article"],
                quote=row["quote"],
                answers=tuple(row["answers"]),
                kind=row["kind"],
                follows=row.get("follows"),
                also=tuple(row.get("also", ())),
            )
        )
    return questions


def example_questions(*, language: str = "en") -> list[SampleQuestion]:
    """The few questions in a language (those in English where there are none) that show best what can be asked, for a first visit."""
    by_id = {question.id: question for question in sample_questions()}
    return [by_id[id_] for id_ in _EXAMPLES.get(language, _EXAMPLES["en"])]
