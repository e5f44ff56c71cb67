"""PDF, DOCX and EPUB: their text in reading order, what they state about themselves, and reasons for what is locked, scanned or damaged."""

from __future__ import annotations

import io
import textwrap
import zipfile
from datetime import UTC, datetime

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.documents import DocumentKind
from ingest.extract import extract
from ingest.sandbox import run_limited
from ingest.types import Extracted
from tests.fuzz.seeds import BODY, TITLE, make_docx, make_epub, make_pdf, make_zip
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def read(content: bytes, name: str) -> Extracted:
    """The document as an ingest run reads it."""
    return extract(content, name=name, now=NOW)


def blocks(content: bytes, name: str) -> list[str]:
    """Its paragraphs."""
    return read(content, name).text.split("\n\n")


def wrapped(paragraph: str, width: int = 40) -> list[str]:
    """A paragraph as lines of a page."""
    return textwrap.wrap(paragraph, width)


# PDF


def test_a_pdf_has_paragraphs() -> None:
    """Lines are joined, gaps and full stops end a paragraph, larger letters make a heading and the title."""
    page = [f"# {TITLE}", "", *wrapped(BODY[0]), "", *wrapped(BODY[1]), "", "# Next", "", *wrapped(BODY[2])]
    found = read(make_pdf([page]), "mill.pdf")
    assert found.text.split("\n\n") == [TITLE, BODY[0], BODY[1], "Next", BODY[2]]
    assert (found.title, found.language) == (TITLE, "en")


def test_hyphenated_words_are_joined() -> None:
    """At a line's end, unless the hyphen belongs to the word or stands for the rest of one."""
    lines = ["The impor-", "tant mill has a water-", "Wheel for pre-", "and postwar", "use in the fu-", "ture of the region."]
    assert blocks(make_pdf([lines]), "a.pdf") == [
        "The important mill has a water-Wheel for pre- and postwar use in the future of the region."
    ]


def test_what_pages_repeat_is_furniture() -> None:
    """Running heads and page numbers stay, marked, and do not break a sentence that goes on overleaf."""
    pages = [
        ["Vale Herald, 3 March", "", *wrapped(BODY[0]), "Some said that it was", "", "Page 1"],
        ["Vale Herald, 3 March", "", "not worth the money.", *wrapped(BODY[1]), "Others agreed.", "", "Page 2"],
        ["Vale Herald, 3 March", "", *wrapped(BODY[2]), "And more of it.", "", "Page 3"],
    ]
    found = read(make_pdf(pages), "a.pdf")
    marked = {found.text[mark.start : mark.end]: mark.reason for mark in found.furniture}
    assert marked["Page 1"] == marked["Vale Herald, 3 March"] == "repeated on the document's pages"
    assert "Some said that it was not worth the money." in found.text


def test_dates_of_a_file_are_no_publication() -> None:
    """When a PDF was made says nothing about its article; a printed date line does. A title that is a file name is none."""
    information = "/Title(Microsoft Word - mill.docx)/Author(Jo Lane)/CreationDate(D:20230305080000Z)/ModDate(D:20230306080000Z)"
    found = read(
        make_pdf([[f"# {TITLE}", "", "Published 3 March 2023", "", *wrapped(BODY[0])]], information=information), "a.pdf"
    )
    assert (found.title, found.author) == (TITLE, "Jo Lane")
    assert found.published is not None
    assert (found.published.at, found.published.came_from) == (datetime(2023, 3, 3, tzinfo=UTC), "published line")
    assert found.modified is not None
    assert found.modified.at == datetime(2023, 3, 6, 8, tzinfo=UTC)
    assert read(make_pdf([wrapped(BODY[0])], information=information), "a.pdf").published is None


def test_a_pdf_says_its_title() -> None:
    """The stated title counts where the first page has it."""
    found = read(make_pdf([[TITLE, "", *wrapped(BODY[0])]], information=f"/Title({TITLE})"), "a.pdf")
    assert found.title == TITLE
    assert found.text.startswith(f"{TITLE}\n\n")


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
@pytest.mark.parametrize("password", ["", "secret"])
def test_a_locked_pdf(algorithm: str, password: str) -> None:
    """One that needs a password says so; one that only forbids printing is read."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf([wrapped(BODY[0])])))
    writer.encrypt(password, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    if password:
        with pytest.raises(SourceUnreadable, match=r"a\.pdf is a PDF with a password.*Save a copy"):
            read(out.getvalue(), "a.pdf")
    else:
        assert blocks(out.getvalue(), "a.pdf") == [BODY[0]]


def test_a_scan_says_so() -> None:
    """Pages without letters are pictures: the remedy is text recognition."""
    with pytest.raises(SourceEmpty, match=r"a\.pdf has no text: its 2 pages are pictures.*ocrmypdf"):
        read(make_pdf([[], []]), "a.pdf")


@pytest.mark.parametrize("damage", ["cut", "head", "loop", "garbled"])
def test_a_damaged_document_gives_text_or_a_reason(damage: str) -> None:
    """Cut off, head only, pages within themselves, broken streams: its text or a reason with a remedy, in bounded time."""
    whole = make_pdf([wrapped(BODY[0])] * 3, compress=True)
    content = {
        "cut": whole[: len(whole) // 2],
        "head": b"%PDF-1.7 ...",
        "loop": whole.replace(b"/Kids[", b"/Kids[2 0 R "),
        "garbled": whole.replace(b"stream\nx", b"stream\n\0"),
    }[damage]
    try:
        assert read(content, "a.pdf").text
    except SourceError as error:
        assert str(error).startswith("a.pdf")  # noqa: PT017 - both outcomes are right


# DOCX


def paragraph(text: str, *, style: str = "") -> str:
    """A paragraph in WordprocessingML."""
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r></w:p>"


def test_a_docx_in_order() -> None:
    """Title, headings, paragraphs and table rows as they stand; what it says about itself."""
    table = "<w:tbl><w:tr><w:tc>" + paragraph("2021") + "</w:tc><w:tc>" + paragraph("300") + "</w:tc></w:tr></w:tbl>"
    body = paragraph(TITLE, style="Title") + paragraph(BODY[0]) + paragraph("Next", style="Heading1") + table + paragraph(BODY[1])
    core = (
        "<dc:creator>Jo Lane</dc:creator><dc:language>en-GB</dc:language>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2023-03-01T08:00:00Z</dcterms:created>'
        '<dcterms:modified xsi:type="dcterms:W3CDTF">2023-03-06T08:00:00Z</dcterms:modified>'
    )
    found = read(make_docx(body, core=core), "mill.docx")
    assert found.text.split("\n\n") == [TITLE, BODY[0], "Next", "2021 | 300", BODY[1]]
    assert (found.title, found.author, found.language, found.published) == (TITLE, "Jo Lane", "en", None)
    assert found.modified is not None
    assert found.modified.at.date().isoformat() == "2023-03-06"


def test_a_docx_reads_with_its_changes_accepted() -> None:
    """Inserted words count, deleted ones do not; links, tabs and text boxes are read, the fallback of a box is not read twice."""
    body = (
        "<w:p><w:r><w:t>The mill </w:t></w:r><w:ins><w:r><w:t>will stay</w:t></w:r></w:ins><w:del><w:r><w:delText>goes</w:delText></w:r></w:del>"
        '<w:hyperlink><w:r><w:t> by the river.</w:t></w:r></w:hyperlink></w:p><w:p xmlns:mc="urn:x"><mc:AlternateContent><mc:Choice><w:txbxContent>'
        + paragraph("Boxed words of the mill.")
        + "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>"
        + paragraph("Boxed words of the mill.")
        + "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>"
    )
    assert blocks(make_docx(body), "a.docx") == ["The mill will stay by the river.", "Boxed words of the mill."]


def test_an_empty_docx_says_so() -> None:
    """No paragraph, no article."""
    with pytest.raises(SourceEmpty, match=r"a\.docx"):
        read(make_docx("<w:p/>"), "a.docx")


# EPUB


def test_an_epub_in_reading_order() -> None:
    """The spine's order, not the file's; the table of contents and what is not linear are left out."""
    chapters = {
        "b.xhtml": f"<h2>Next</h2><p>{BODY[1]}</p><ul><li>one</li><li>two</li></ul>",
        "a.xhtml": f"<h1>{TITLE}</h1><p>{BODY[0]}<br/>So.</p>",
    }
    metadata = (
        f"<dc:title>{TITLE}</dc:title><dc:creator>Jo Lane</dc:creator><dc:creator>Al Poe</dc:creator><dc:publisher>Vale Herald</dc:publisher>"
        '<dc:language>en-GB</dc:language><dc:date>2023-03-03</dc:date><meta property="dcterms:modified">2023-03-06T08:00:00Z</meta>'
    )
    found = read(make_epub(chapters, metadata=metadata, spine=["a.xhtml", "b.xhtml"]), "mill.epub")
    assert found.text.split("\n\n") == [TITLE, f"{BODY[0]}\nSo.", "Next", BODY[1], "one", "two"]
    assert (found.title, found.author, found.source, found.language) == (TITLE, "Jo Lane, Al Poe", "Vale Herald", "en")
    assert found.published is not None
    assert (found.published.at, found.published.came_from) == (datetime(2023, 3, 3, tzinfo=UTC), "epub")
    assert found.modified is not None
    assert found.modified.at == datetime(2023, 3, 6, 8, tzinfo=UTC)


def test_a_future_date_is_not_believed() -> None:
    """Whatever a book says."""
    assert read(make_epub(metadata="<dc:date>2031-01-01</dc:date>"), "a.epub").published is None


def test_a_locked_epub_says_so() -> None:
    """Digital rights management is told from fonts that are only scrambled."""

    def lock(algorithm: str, part: str) -> bytes:
        encryption = (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData><EncryptionMethod'
            f' Algorithm="{algorithm}"/><CipherData><CipherReference URI="{part}"/></CipherData></EncryptedData></encryption>'
        )
        return make_epub(more={"META-INF/encryption.xml": encryption})

    with pytest.raises(SourceUnreadable, match="digital rights management"):
        read(lock("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "book/one.xhtml"), "a.epub")
    assert BODY[0] in read(lock("http://www.idpf.org/2008/embedding", "book/font.otf"), "a.epub").text


# Both are zip archives of XML

BOMB = (
    '<!DOCTYPE x [<!ENTITY a "'
    + "ha" * 500
    + '">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 20}">' for n in range(1, 9))
    + "]>"
)


@pytest.mark.parametrize("kind", ["docx", "epub"])
def test_entity_bombs_do_not_go_off(kind: str) -> None:
    """Entities are not expanded, in no part of a packed document, nor do they name files."""
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    for declaration, entity in ((BOMB, "&a8;"), (outside, "&f;")):
        if kind == "docx":
            whole = make_docx(paragraph(f"{BODY[0]} {entity}"))
            content = _with_part(whole, "word/document.xml", declaration)
        else:
            content = make_epub({"a.xhtml": f"<p>{BODY[0]} {entity}</p>"})
            content = _with_part(_with_part(content, "book/content.opf", declaration), "book/a.xhtml", declaration)
        try:
            assert len(read(content, f"a.{kind}").text) < 500
        except SourceUnreadable as error:
            assert str(error).startswith(f"a.{kind}")  # noqa: PT017 - refusing it is as good


@pytest.mark.parametrize(("kind", "part"), [("docx", "word/document.xml"), ("epub", "book/content.opf")])
def test_packed_bombs_run_into_the_limit(kind: DocumentKind, part: str) -> None:
    """A part that unpacks to more than the memory allowed is a reason."""
    content = _with_bomb(make_docx() if kind == "docx" else make_epub(), part, megabytes=400)
    assert len(content) < 4 * 2**20
    with pytest.raises(SourceUnreadable, match=rf"a\.{kind}.*(?:256 MB of memory|larger than 32 MB)"):
        run_limited(kind, content, name=f"a.{kind}", memory_bytes=256 * 2**20)


@pytest.mark.parametrize("name", ["a.docx", "a.epub"])
def test_a_cut_off_document_is_damaged(name: str) -> None:
    """Its beginning and its name say what it should be."""
    whole = make_docx() if name.endswith("docx") else make_epub()
    with pytest.raises(SourceUnreadable, match=rf"{name}.*damaged"):
        read(whole[:-60], name)


def test_other_packed_documents_are_named() -> None:
    """Spreadsheets, presentations and OpenDocument files are refused by what they are."""
    for part, what in (("xl/workbook.xml", "spreadsheet"), ("ppt/presentation.xml", "presentation")):
        with pytest.raises(SourceUnreadable, match=what):
            read(make_zip({"[Content_Types].xml": "<x/>", part: "<x/>"}), "a.docx.bin")
    with pytest.raises(SourceUnreadable, match="OpenDocument"):
        read(make_zip({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}), "a.odt")


@settings(deadline=None, max_examples=25)
@given(kind=st.sampled_from(["pdf", "docx", "epub"]), at=st.integers(0, 3_000), piece=st.binary(min_size=1, max_size=60))
def test_any_change_gives_text_or_a_reason(kind: str, at: int, piece: bytes) -> None:
    """Whatever bytes are written into a document, it is read or refused by name."""
    whole = {"pdf": make_pdf([list(BODY)]), "docx": make_docx(), "epub": make_epub()}[kind]
    try:
        assert read(whole[:at] + piece + whole[at + len(piece) :], f"a.{kind}").text.strip()
    except SourceError as error:
        assert str(error).startswith(f"a.{kind}")  # noqa: PT017 - both outcomes are right


def _with_part(content: bytes, part: str, before: str) -> bytes:
    """A packed document with something before one of its parts."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    parts[part] = (
        before.encode() + parts[part].partition(b"?>")[2] if parts[part].startswith(b"<?xml") else before.encode() + parts[part]
    )
    return make_zip(parts)


def _with_bomb(content: bytes, part: str, *, megabytes: int) -> bytes:
    """A packed document in which one part begins as it should and goes on with spaces."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for entry in archive.infolist():
            with copy.open(entry.filename, "w") as target:
                target.write(archive.read(entry))
                for _ in range(megabytes if entry.filename == part else 0):
                    target.write(b" " * 2**20)
    return out.getvalue()
