"""PDF, DOCX and EPUB files → blocks and the metadata that they state. Runs in the subprocess of ``sandbox.py``.

So it needs little that takes time to load. Not here: which date counts and how blocks become a text (``extract.py``), where a
PDF's paragraphs end (``pdf_layout.py``), the chapters of an EPUB (``epub.py``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ingest.types import Block
from vectorstore.errors import SourceEmpty, SourceUnreadable

if TYPE_CHECKING:
    from ingest.pdf_layout import Line

DocumentKind = Literal["pdf", "docx", "epub"]

MAX_PAGES = 3_000
_SCAN_CHARACTERS = 16
"""Pages with fewer letters on average than this are pictures of pages."""
_UNMAPPED_SHARE = 0.3
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DELETED = frozenset({f"{_WORD}del", f"{_WORD}moveFrom", f"{_WORD}instrText", f"{_WORD}delText"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says: its blocks in reading order and its metadata as it states them, unchecked. Dates are ISO 8601 or empty."""

    blocks: tuple[Block, ...]
    title: str = ""
    author: str = ""
    source: str = ""
    language: str = ""
    url: str = ""
    published: str = ""
    modified: str = ""


def read_document(content: bytes, *, kind: DocumentKind, name: str) -> Document:
    """The blocks and metadata of a file; errors name it.

    Raises:
        SourceUnreadable: it is locked or too long.
        SourceEmpty: there is no text in it.
        Exception: it is damaged. The libraries raise whatever the broken place runs into; ``sandbox.py`` says so.
    """
    if kind == "pdf":
        return _read_pdf(content, name=name)
    if kind == "docx":
        return _read_docx(content, name=name)
    from ingest.epub import read_epub

    return read_epub(content, name=name)


# PDF


def _read_pdf(content: bytes, *, name: str) -> Document:
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError

    from ingest.pdf_layout import to_blocks

    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise SourceUnreadable(f"{name} is a PDF with a password. Save a copy without it and add that.")
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise SourceUnreadable(f"{name} has {count} pages, more than an article (at most {MAX_PAGES}). Split it.")
        pages = [_page_lines(page) for page in reader.pages]
        stated = _pdf_metadata(reader)
    except (FileNotDecryptedError, DependencyError) as error:
        raise SourceUnreadable(f"{name} is a locked PDF ({error}). Save a copy without the lock and add that.") from error
    letters = sum(sum(char.isalnum() for char in line.text) for page in pages for line in page)
    if not letters or (len(pages) > 1 and letters < _SCAN_CHARACTERS * len(pages)):
        raise SourceEmpty(
            f"{name} has no text: its {len(pages)} pages are pictures, as from a scanner. Run text recognition over it"
            " (for example: ocrmypdf in.pdf out.pdf) and add the result."
        )
    unmapped = sum(_is_unmapped(char) for page in pages for line in page for char in line.text)
    if unmapped > _UNMAPPED_SHARE * letters:
        raise SourceUnreadable(
            f"{name} is a PDF that shows letters without saying which they are. Run text recognition over it (for example:"
            " ocrmypdf --force-ocr in.pdf out.pdf) and add the result."
        )
    blocks, title = to_blocks(pages)
    stated_title = stated.pop("title")
    first_page = re.sub(r"\s+", " ", " ".join(line.text for line in pages[0]))
    if (
        stated_title
        and (not title or stated_title in first_page)
        and not re.search(r"\.\w{2,5}$|^untitled|^microsoft word", stated_title, re.IGNORECASE)
    ):
        title = stated_title
    return Document(blocks=tuple(blocks), title=title, **stated)


def _page_lines(page: Any) -> list[Line]:
    from ingest.pdf_layout import Line

    lines: list[Line] = []
    pieces: list[str] = []
    place = (0.0, 0.0, 0.0)

    def visit(text: str, cm: list[float], tm: list[float], _font: object, size: float) -> None:
        nonlocal place
        for n, piece in enumerate(text.split("\n")):
            if n:
                end_line()
            if piece.strip() and not any(one.strip() for one in pieces):
                x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                scale = (abs(tm[0] * tm[3] - tm[1] * tm[2]) * abs(cm[0] * cm[3] - cm[1] * cm[2])) ** 0.5
                place = (x, y, abs(size) * scale)
            pieces.append(piece)

    def end_line() -> None:
        if text := "".join(pieces).strip():
            lines.append(Line(text, *place))
        pieces.clear()

    page.extract_text(visitor_text=visit)
    end_line()
    return lines


def _pdf_metadata(reader: Any) -> dict[str, str]:
    stated = reader.metadata
    language = reader.root_object.get("/Lang")
    changed = stated.modification_date if stated else None
    return {
        "title": str(stated.title or "").strip() if stated else "",
        "author": str(stated.author or "").strip() if stated else "",
        "language": str(language or ""),
        # When the file was made is not when its article appeared.
        "modified": changed.isoformat() if changed else "",
    }


def _is_unmapped(char: str) -> bool:
    return char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or (char < " " and char not in "\t\n\r")


# DOCX


def _read_docx(content: bytes, *, name: str) -> Document:
    import docx

    document = docx.Document(io.BytesIO(content))
    stated = document.core_properties
    titled = [block for block in _docx_blocks(document) if block.text.strip()]
    if not titled:
        raise SourceEmpty(
            f"{name} is a DOCX without text. If its pages are pictures, run text recognition over them and add the result."
        )
    changed = stated.modified
    language = stated.language or _docx_language(document)
    title = next((block.text for block in titled if block.tag == "title"), "") or stated.title or ""
    blocks = tuple(Block(block.text, "h1", block.linked) if block.tag == "title" else block for block in titled)
    return Document(
        blocks=blocks, title=title, author=stated.author or "", language=language, modified=changed.isoformat() if changed else ""
    )


def _docx_blocks(document: Any) -> Iterator[Block]:
    """The paragraphs and table rows of a document's body as it reads with all changes accepted."""
    styles = {style.style_id: (style.name or "").casefold() for style in document.styles}
    stack = [iter(document.element.body)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag == f"{_WORD}p":
            yield _docx_paragraph(element, styles=styles)
        elif element.tag == f"{_WORD}tr":
            cells = (
                " ".join(_docx_text(paragraph)[0] for paragraph in cell.iter(f"{_WORD}p")).strip()
                for cell in element.findall(f"{_WORD}tc")
            )
            yield Block(" | ".join(cell for cell in cells if cell), "row")
        elif isinstance(element.tag, str) and element.tag not in _DELETED:
            stack.append(iter(element))


def _docx_paragraph(paragraph: Any, *, styles: dict[str, str]) -> Block:
    text, linked = _docx_text(paragraph)
    style = paragraph.find(f"{_WORD}pPr/{_WORD}pStyle")
    name = styles.get(style.get(f"{_WORD}val"), "") if style is not None else ""
    tag = "title" if name == "title" else "head" if name.startswith("heading") else "p"
    return Block(text, tag, linked / max(1, len(text)))


def _docx_text(paragraph: Any) -> tuple[str, int]:
    """What stands in a paragraph, and how many characters of it are links."""
    pieces: list[str] = []
    linked = 0
    stack: list[tuple[Any, bool]] = [(paragraph, False)]
    while stack:
        element, in_link = stack.pop()
        # A text box is in the file twice: as drawn now and as a fallback for old programs.
        if element.tag in _DELETED or not isinstance(element.tag, str) or element.tag.endswith("}Fallback"):
            continue
        piece = {
            f"{_WORD}t": element.text or "",
            f"{_WORD}tab": "\t",
            f"{_WORD}br": "\n",
            f"{_WORD}cr": "\n",
            f"{_WORD}noBreakHyphen": "-",
        }.get(element.tag, "")
        if element.tag == f"{_WORD}p" and element is not paragraph:  # in a text box
            piece = "\n"
        in_link = in_link or element.tag == f"{_WORD}hyperlink"
        pieces.append(piece)
        linked += len(piece) if in_link else 0
        if element.tag != f"{_WORD}pPr":
            stack.extend((child, in_link) for child in reversed(element))
    return "".join(pieces).strip(), linked


def _docx_language(document: Any) -> str:
    found = document.styles.element.find(f"{_WORD}docDefaults/{_WORD}rPrDefault/{_WORD}rPr/{_WORD}lang")
    return str(found.get(f"{_WORD}val") or "") if found is not None else ""
