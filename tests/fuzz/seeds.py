"""Small documents of every format, made here: what the tests read, and what the fuzz run mutates."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence

BODY = (
    "The council decided on Tuesday that the old mill by the river will not be torn down this year.",
    "The mayor said that the mill was important to the town and that the council had listened.",
    "The council will now talk to the county about the money for the mill and for the river bank.",
)
TITLE = "Old mill will stay"
PAGE = f"""<!doctype html><html lang="en-GB"><head><title>{TITLE} – Vale Herald</title>
<link rel="canonical" href="https://vale.example/mill"><meta property="og:site_name" content="Vale Herald">
<meta name="author" content="Jo Lane"><meta property="article:published_time" content="2023-03-03T08:00:00+01:00">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{TITLE}", "dateModified": "2023-03-04T10:00:00Z"}}</script></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav><article><h1>{TITLE}</h1>
<p>{BODY[0]}</p><p><a href="/x">Read more: A dam for the brook</a></p>
<p>{BODY[1]}</p><table><tr><th>Year</th><th>Guests</th></tr><tr><td>2021</td><td>300</td></tr></table><h2>What comes next</h2><p>{BODY[2]}</p></article>
<footer>All rights reserved</footer></body></html>"""
MARKDOWN = (
    f"---\ntitle: {TITLE}\ndate: 2023-03-03\nauthor: [Jo Lane, Al Poe]\nurl: https://vale.example/mill\n---\n# {TITLE}\n\n{BODY[0]}\n\n"
    f"## Next\n\n- one\n- two\n\n| Year | Guests |\n|---|---|\n| 2021 | 300 |\n\n> {BODY[1]}\n\n{BODY[2]}\n\n---\n\n[More](https://a.example) [from us](https://b.example)\n"
)
TEXT = "\n\n".join(["Vale Herald", TITLE, "By Jo Lane", "https://vale.example/mill", "Published 3 March 2023", *BODY])
JSON_LINES = f'{{"id": 1, "title": "{TITLE}", "text": "{BODY[0]}", "date": "2023-03-03"}}\n{{"url": "https://vale.example/2", "body": "{BODY[1]}"}}\n'
CSV = f'id,title,text,date\n1,{TITLE},"{BODY[0]} ""So"", she said.",2023-03-03\n2,,"{BODY[1]}\nA second line, too.",\n'


def make_pdf(
    pages: Sequence[Sequence[str]],
    *,
    size: int = 11,
    title_size: int = 20,
    information: str = "",
    trailer: str = "",
    compress: bool = False,
) -> bytes:
    """A PDF whose pages have these lines, 14 points apart; an empty line is a gap, one that begins with "# " is larger."""
    fonts = b"<</Font<</F1 3 0 R>>>>"
    objects: list[bytes] = [
        b"<</Type/Catalog/Pages 2 0 R/Lang(en)>>",
        b"",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    kids = []
    for lines in pages:
        drawn, y = [b"BT"], 780
        for line in lines:
            large = line.startswith("# ")
            escaped = (
                line.removeprefix("# ")
                .encode("cp1252", "replace")
                .replace(b"\\", b"\\\\")
                .replace(b"(", b"\\(")
                .replace(b")", b"\\)")
            )
            drawn.append(f"/F1 {title_size if large else size} Tf 1 0 0 1 60 {y} Tm (".encode() + escaped + b") Tj")
            y -= 28 if large else 14
        stream = b"\n".join([*drawn, b"ET"])
        filtered = zlib.compress(stream) if compress else stream
        objects.append(
            b"<</Length %d%s>>stream\n%s\nendstream" % (len(filtered), b"/Filter/FlateDecode" if compress else b"", filtered)
        )
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources%s/Contents %d 0 R>>" % (fonts, len(objects)))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    objects.append(f"<<{information}>>".encode("latin-1"))
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(
        b"trailer<</Size %d/Root 1 0 R/Info %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, len(objects), trailer.encode(), table)
    )
    return out.getvalue()


def make_docx(body: str = "", *, core: str = "") -> bytes:
    """A DOCX whose body is this WordprocessingML, or a title, paragraphs and a table."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    heading = f'<w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr><w:r><w:t>{TITLE}</w:t></w:r></w:p>'
    cells = "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in ("2021", "300"))
    text = "".join(f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p>" for paragraph in BODY)
    body = body or f"{heading}{text}<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
        '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>'
        '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006/relationships"
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in (("Title", "Title"), ("Heading1", "heading 1"))
    )
    return make_zip(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": f'<Relationships xmlns="{packages}"><Relationship Id="r1" Type="{relations}/officeDocument" Target="word/document.xml"/>'
            '<Relationship Id="r2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"'
            ' Target="docProps/core.xml"/></Relationships>',
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{packages}"><Relationship Id="r1" Type="{relations}/styles"'
            ' Target="styles.xml"/></Relationships>',
            "word/document.xml": f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f'<w:styles xmlns:w="{word}">{styles}</w:styles>',
            "docProps/core.xml": '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
            f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{core}</cp:coreProperties>',
        }
    )


def make_epub(
    chapters: Mapping[str, str] | None = None,
    *,
    metadata: str = "",
    spine: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> bytes:
    """An EPUB with these chapters (file name → XHTML body) in the order of ``spine``, else in their own."""
    chapters = chapters or {
        "one.xhtml": f"<h1>{TITLE}</h1><p>{BODY[0]}</p><p>{BODY[1]}</p>",
        "two.xhtml": f"<h2>Next</h2><p>{BODY[2]}</p>",
    }
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in chapters)
    order = "".join(f'<itemref idref="{name}"/>' for name in spine or chapters)
    namespaces = 'xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"'
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "book/content.opf": f'<package version="3.0" {namespaces}><metadata>{metadata}</metadata><manifest>{items}'
        f'<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="nav"/>{order}</spine></package>',
        "book/nav.xhtml": "<html><body><nav><ol><li>Contents of the book</li></ol></nav></body></html>",
        **{
            f"book/{name}": f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{body}</body></html>'
            for name, body in chapters.items()
        },
        **(more or {}),
    }
    return make_zip(parts, stored={"mimetype"})


def make_mhtml(page: bytes = PAGE.encode(), *, address: str = "https://vale.example/mill-saved", charset: str = "utf-8") -> bytes:
    """A page as a browser saves it with its parts: a frame, the page, a picture."""
    import quopri

    quoted = quopri.encodestring(page)
    head = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: " + address + "\r\nSubject: A page\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----Part"\r\n\r\n'
    ).encode()
    parts = [
        f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: {address}\r\n\r\n".encode()
        + quoted,
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://vale.example/a.png\r\n\r\niVBORw0KGgo=",
        b"Content-Type: text/html\r\nContent-Location: https://ads.example/frame\r\n\r\n<html><body><p>An advertisement in a frame.</p></body></html>",
    ]
    return head + b"".join(b"------Part\r\n" + part + b"\r\n" for part in parts) + b"------Part--\r\n"


def make_zip(parts: Mapping[str, str | bytes], *, stored: frozenset[str] | set[str] = frozenset()) -> bytes:
    """A zip archive of these files, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, compress_type=zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def seeds() -> dict[str, bytes]:
    """A document of every format by a file name that says which."""
    return {
        "a.html": PAGE.encode(), "b.html": PAGE.encode("utf-16"), "a.md": MARKDOWN.encode(), "a.txt": TEXT.encode(), "b.txt": TEXT.encode("utf-16-le"),
        "a.mhtml": make_mhtml(), "a.pdf": make_pdf([[f"# {TITLE}", "", *BODY], list(BODY)]), "b.pdf": make_pdf([list(BODY)], compress=True),
        "a.docx": make_docx(), "a.epub": make_epub(), "a.jsonl": JSON_LINES.encode(), "a.json": f"[{JSON_LINES.splitlines()[0]}]".encode(),
        "a.csv": CSV.encode(), "b.csv": CSV.encode("cp1252"), "a.tsv": CSV.replace(",", "\t").encode(),
        "a.zip": make_zip({"mill.html": PAGE, "deep/a.txt": TEXT, "inner.zip": make_zip({"b.md": MARKDOWN})}),
    }  # fmt: skip
