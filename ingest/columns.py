"""What the columns of a table of articles are called, and a row before it is an article. Not here: reading a format of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Usual names of a column, the likeliest first; in lower case.
USUAL_NAMES = {
    "key": ("_id", "id", "guid", "uuid", "article_id", "url", "link"),
    "text": ("text", "content", "body", "article", "maintext", "articlebody", "article_body", "fulltext", "full_text", "content_text", "inhalt", "artikel", "volltext", "contenu", "texte", "texto", "contenido", "testo", "tekst", "текст"),
    "title": ("title", "headline", "titel", "überschrift", "titre", "título", "titulo", "titolo", "заголовок"),
    "source": ("source", "outlet", "publisher", "site", "sitename", "site_name", "publication", "newspaper", "quelle", "medium", "fuente", "fonte", "источник"),
    "author": ("author", "authors", "byline", "creator", "autor", "autorin", "auteur", "autore", "автор"),
    "language": ("language", "lang", "sprache", "langue", "idioma", "lingua", "язык"),
    "url": ("url", "link", "canonical_url", "address", "href", "permalink", "source_url"),
    "published": ("published_at", "published", "date", "date_published", "datepublished", "pubdate", "pub_date", "publication_date", "publish_date", "publishedat", "datetime", "datum", "fecha", "data", "дата"),
    "modified": ("modified_at", "modified", "updated", "updated_at", "date_modified", "datemodified"),
}  # fmt: skip
COLUMNS = frozenset(USUAL_NAMES)
"""What a column can be; the keys of ``columns`` in :func:`ingest.tables.read_rows`."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file: where, the bytes to keep, and its columns or what is wrong with it."""

    place: str
    original: bytes = b""
    columns: Mapping[str, Any] | None = None
    error: str = ""


def renamed(cells: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """``cells`` with the columns in ``names`` (by what they are) under the name by which they are looked for first.

    Where the column that the text was said to be is not there, no other one is taken for it.
    """
    by_name = {key.strip().casefold(): value for key, value in cells.items()}
    canonical = {USUAL_NAMES[role][0]: by_name[column] for role, column in names.items() if column in by_name}
    others = {*canonical, *names.values(), *(USUAL_NAMES["text"] if names.get("text", "") not in {"", *by_name} else ())}
    return {**canonical, **{key: value for key, value in cells.items() if key.strip().casefold() not in others}}


def as_line(cells: Mapping[str, Any]) -> bytes:
    """``cells`` as a line of JSON."""
    return json.dumps(cells, ensure_ascii=False).encode("utf-8", "surrogatepass")
