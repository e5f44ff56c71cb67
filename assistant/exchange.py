"""Answers for other programs and people: read back from JSON, and as Markdown.

What is read is checked against the fields of ``types.py``, so that no list of keys is kept here. In Markdown every word that came from an
article, a model or a reader is text, whatever it says. Not here: writing JSON (``types.py``), proving an answer (``bundle.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from assistant.types import SCHEMA, Answer, HitRecord, plain
from vectorstore.errors import DocumentError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from assistant.types import Citation, Sentence
    from vectorstore.types import Article

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "question": "Question",
        "searched": "Searched for",
        "undated": "undated",
        "unchecked": "not checked word for word",
        "unsupported": "not borne out by the source",
        "uncited": "without a source",
        "also_in": "also in",
        "by_model": "Written by {model} from the sources below.",
        "translation": "Translation by {model}",
    },
    "de": {
        "question": "Frage",
        "searched": "Gesucht",
        "undated": "ohne Datum",
        "unchecked": "nicht wörtlich geprüft",
        "unsupported": "von der Quelle nicht gedeckt",
        "uncited": "ohne Quelle",
        "also_in": "auch in",
        "by_model": "Geschrieben von {model} nach den Quellen unten.",
        "translation": "Übersetzung von {model}",
    },
}
_FAULTS_SHOWN: Final = 3


@cache
def _answers() -> TypeAdapter[Answer[HitRecord]]:
    from pydantic import TypeAdapter

    return TypeAdapter(Answer[HitRecord])


def answer_from(document: Mapping[str, Any]) -> Answer[HitRecord]:
    """The answer that ``Answer.to_dict`` made ``document`` of; keys that are not known are left out.

    Raises:
        DocumentError: it is no answer, or of another schema.
    """
    from pydantic import ValidationError

    check_schema(document, what="answer")
    try:
        # As JSON, so that lists are taken for tuples and nothing else is taken for what it is not.
        return _answers().validate_json(json.dumps(dict(document)), strict=True)
    except ValidationError as error:
        raise DocumentError(f"This is no answer of Fundstelle: {faults(error)}.") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise DocumentError(f"This is no answer in JSON: {error}.") from error


def check_schema(document: object, *, what: str) -> None:
    """Refuse what is not a JSON object of this schema; ``what`` it should be is for people.

    Raises:
        DocumentError: it is none.
    """
    if not isinstance(document, Mapping):
        raise DocumentError(f"This is no {what} of Fundstelle: it is not a JSON object.")
    schema = document.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        remedy = (
            "A later version of Fundstelle reads it." if isinstance(schema, int) and schema > SCHEMA else "Is it another file?"
        )
        raise DocumentError(
            f'This is no {what} that this version of Fundstelle reads: "schema" is {schema!r}, not {SCHEMA}. {remedy}'
        )


def faults(error: Any) -> str:
    """What pydantic found, in short: where, and what is wrong there."""
    found = [
        f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False)
    ]
    return "; ".join([*found[:_FAULTS_SHOWN], *(["…"] if len(found) > _FAULTS_SHOWN else [])])


def article_facts(article: Article) -> dict[str, Any]:
    """What is known of an article, as JSON-ready values; its text and furniture are not among them."""
    facts = {each.name: plain(getattr(article, each.name)) for each in fields(article) if each.name not in {"text", "furniture"}}
    return {"id": facts.pop("id"), "version": article.version, **facts}


# Markdown


def answer_markdown(answer: Answer[Any]) -> str:
    """The question, the answer with its markers, and the numbered sources, each with its quote and where it stands."""
    words = _WORDS.get(answer.language, _WORDS["en"])
    parts = [f"**{words['question']}:** {escaped_line(answer.question)}"]
    if answer.searched.question != answer.question:
        parts.append(f"*{words['searched']}: {escaped_line(answer.searched.question)}*")
    parts += _paragraphs(answer, words=words)
    if answer.notice:
        parts.append(f"*{escaped_line(answer.notice)}*")
    if answer.model and not answer.abstained:
        parts.append(f"*{words['by_model'].format(model=escaped_line(answer.model))}*")
    for citation in answer.citations:
        parts += _source(citation, words=words)
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """``text`` with a backslash before whatever Markdown, as CommonMark or as GitHub reads it, could take for more than text."""
    text = re.sub(r"[\\`*_\[\]<>#!|~$]", r"\\\g<0>", text)
    # Entities, links that need no brackets, and what could make a link or definition of a marker before it.
    text = re.sub(r"&(?=[#\w])|@|:(?=//)|(?<=\])[(:]", r"\\\g<0>", text)
    text = re.sub(r"(?i)\b(www)\.", r"\1\\.", text)
    return "\n".join(_escaped_start(line) for line in text.splitlines())


def escaped_line(text: str) -> str:
    """``text`` on one line, escaped."""
    return escaped(" ".join(text.split()))


def _escaped_start(line: str) -> str:
    """``line`` so that it begins no list, heading, rule or code."""
    line = line.strip()
    line = re.sub(r"^([-+=])", r"\\\1", line)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)


def _paragraphs(answer: Answer[Any], *, words: Mapping[str, str]) -> list[str]:
    """The answer's text by its blank lines, markers of citations left as they are, and a note behind sentences that failed."""
    noted, at = "", 0
    for sentence in sorted(answer.sentences, key=lambda one: one.start):
        note = _note(sentence, words=words)
        if note and sentence.end >= at:
            noted += escaped_with_breaks(answer.text[at : sentence.end]) + note
            at = sentence.end
    noted += escaped_with_breaks(answer.text[at:])
    for number in sorted({citation.number for citation in answer.citations}):
        noted = noted.replace(f"\\[{number}\\]", f"[{number}]")
    return [paragraph for paragraph in re.split(r"\n{2,}", noted) if paragraph.strip()]


def escaped_with_breaks(text: str) -> str:
    """``text`` escaped, with the line breaks at its ends as they were."""
    bare = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{_breaks(before)}{escaped(bare)}{_breaks(after)}" if bare else _breaks(text)


def _breaks(space: str) -> str:
    return re.sub(r"[^\n]", "", space) or " " * bool(space)


def _note(sentence: Sentence, *, words: Mapping[str, str]) -> str:
    if sentence.support not in {"unsupported", "uncited"}:
        return ""
    said = words[sentence.support] + (f": {escaped_line(sentence.reason)}" if sentence.reason else "")
    return f" *({said})*"


def _source(citation: Citation, *, words: Mapping[str, str]) -> Iterator[str]:
    """A source: its number and headline, outlet, date, language and address, then the quote."""
    facts = [escaped_line(citation.source), day_text(citation) or words["undated"], escaped_line(citation.language)]
    if citation.also_in:
        facts.append(f"{words['also_in']}: {escaped_line(', '.join(citation.also_in))}")
    if not citation.verbatim:
        facts.append(f"**{words['unchecked']}**")
    if address := _address(citation.url):
        facts.append(f"<{address}>")
    yield f"[{citation.number}] **{escaped_line(citation.title or citation.article_id)}** · " + " · ".join(filter(None, facts))
    yield _quoted(citation.quote)
    if citation.translation:
        label = words["translation"].format(model=escaped_line(citation.translated_by or "?"))
        yield f"*{label}:* {escaped_line(citation.translation)}"


def _quoted(words: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in escaped(words).splitlines())


def day_text(citation: Citation) -> str:
    """The day of publication in ISO 8601, no finer than it is known; empty where it is not."""
    if citation.published_at is None:
        return ""
    width = {"year": 4, "month": 7}.get(citation.published_precision or "day", 10)
    return citation.published_at.date().isoformat()[:width]


def _address(url: str | None) -> str:
    """``url`` for angle brackets, empty where it is not plain http or https."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return ""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._", errors="replace") if plain else ""
