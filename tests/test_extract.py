"""Bytes to text and metadata: HTML, Markdown and plain text, in any usual encoding."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.encoding import decode
from ingest.extract import extract
from vectorstore.errors import SourceEmpty, SourceUnreadable

NOW = datetime(2024, 6, 1, tzinfo=UTC)
BODY = [
    "The council decided on Tuesday that the old mill by the river will not be torn down this year.",
    "The mayor said that the mill was important to the town and that the council had listened.",
    "The council will now talk to the county about the money for the mill and for the river bank.",
]
PAGE = f"""<!doctype html><html lang="en-GB"><head><title>Old mill will stay – Vale Herald</title>
<link rel="canonical" href="https://vale.example/mill"><meta property="og:site_name" content="Vale Herald">
<meta name="author" content="Jo Lane"><meta property="article:published_time" content="2023-03-03T08:00:00+01:00"></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav><article><h1>Old mill will stay</h1>
<p>{BODY[0]}</p><p><a href="/x">Read more: A dam for the brook</a></p>
<p>{BODY[1]}</p><h2>What comes next</h2><p>{BODY[2]}</p></article>
<footer>All rights reserved</footer></body></html>"""


def test_html_gives_headline_paragraphs_and_metadata() -> None:
    """The headline comes first, paragraphs are apart, the head's metadata are read."""
    found = extract(PAGE.encode(), name="mill.html", now=NOW)
    blocks = found.text.split("\n\n")
    assert blocks[0] == found.title == "Old mill will stay"
    assert all(paragraph in blocks for paragraph in [*BODY, "What comes next"])
    assert (found.source, found.author, found.language, found.url) == (
        "Vale Herald",
        "Jo Lane",
        "en",
        "https://vale.example/mill",
    )
    assert found.published is not None
    assert (found.published.at, found.published.came_from) == (datetime(2023, 3, 3, 7, tzinfo=UTC), "meta")


def test_html_structure_tells_links_from_prose() -> None:
    """A paragraph that is one link is furniture by its structure."""
    found = extract(PAGE.encode(), name="mill.html", now=NOW)
    marked = [found.text[mark.start : mark.end] for mark in found.furniture]
    assert "Read more: A dam for the brook" in marked or "Read more" not in found.text
    assert not any(paragraph in marked for paragraph in BODY)


def test_markdown_is_read_as_a_reader_sees_it() -> None:
    """Front matter becomes metadata, mark-up goes, lists and tables stay; a linked rest under a rule is furniture."""
    text = (
        '---\ntitle: "The mill: it stays"\ndate: 2023-03-03\nsource: Vale Herald\nauthor: Jo Lane\nurl: https://vale.example/m\n'
        "language: en\n---\n# The mill: it stays\n\n"
        f"{BODY[0].replace('old mill', '**old** [mill](https://m.example)')}"
        f"\n\n## Next\n\n- one\n- two\n\n{BODY[1]}\n\n{BODY[2]}"
        "\n\n---\n\n[More](https://a.example) [from us](https://b.example)\n"
    )
    found = extract(text.encode(), name="mill.md", now=NOW)
    assert found.text.split("\n\n")[:5] == ["The mill: it stays", BODY[0], "Next", "one", "two"]
    assert (found.title, found.source, found.author, found.language) == ("The mill: it stays", "Vale Herald", "Jo Lane", "en")
    assert found.url == "https://vale.example/m"
    assert found.published is not None
    assert (found.published.at, found.published.came_from) == (datetime(2023, 3, 3, tzinfo=UTC), "front matter")
    assert [found.text[mark.start : mark.end] for mark in found.furniture] == ["More from us"]


def test_plain_text_keeps_everything_and_knows_its_head() -> None:
    """All of a plain text stays; site name, headline, byline, address and date are recognised."""
    text = "\n\n".join(
        ["Vale Herald", "The old mill will stay", "By Jo Lane", "https://vale.example/m", "Published 3 March 2023", *BODY]
    )
    found = extract(text.encode(), name="mill.txt", now=NOW)
    assert found.text == text
    assert (found.title, found.source, found.author) == ("The old mill will stay", "Vale Herald", "Jo Lane")
    assert found.url == "https://vale.example/m"
    assert found.published is not None
    assert found.published.at == datetime(2023, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Die Brücke über den Fluß bleibt „gesperrt“ – für Fußgänger.", "cp1252"),
        ("Für Köln", "iso-8859-1"),
        ("L’été dernier, la forêt brûlait déjà près de Nîmes.", "cp1252"),
        ("El año pasado llovió mucho más en España.", "iso-8859-1"),
        ("Совет решил, что старую мельницу у реки не будут сносить.", "koi8-r"),
        ("Совет решил, что старую мельницу у реки не будут сносить.", "cp1251"),
        ("Die Brücke über den Fluß", "utf-16"),
        ("Die Brücke über den Fluß", "utf-16-le"),
        ("Die Brücke über den Fluß", "utf-8-sig"),
        ("議会は火曜日に古い水車を取り壊さないことを決めた。", "utf-8"),
    ],
)
def test_the_encoding_is_found(text: str, encoding: str) -> None:
    """Short texts too are decoded in the encoding that they were written in."""
    assert decode(text.encode(encoding)).lstrip("\ufeff") == text


def test_a_wrong_declaration_does_not_break_utf8() -> None:
    """Valid UTF-8 is UTF-8 whatever the page claims; a right declaration is followed."""
    wrong = '<meta charset="iso-8859-1"><p>Brücke</p>'
    assert decode(wrong.encode()) == wrong
    right = '<meta charset="windows-1250"><p>żółć</p>'
    assert decode(right.encode("cp1250")) == right


def test_characters_are_cleaned() -> None:
    """NFC, one kind of line end, no NUL, no controls."""
    found = extract("Cafe\u0301 open\r\n\r\nIt \x00is\x07 there.\rYes.".encode(), name="a.txt", now=NOW)
    assert found.text == "Café open\n\nIt is there.\nYes."


@pytest.mark.parametrize(
    ("content", "name"), [(b"", "a.txt"), (b" \n\t", "a.txt"), (b"<html><body></body></html>", "a.html"), (b"---", "a.md")]
)
def test_nothing_to_read_is_said(content: bytes, name: str) -> None:
    """Empty sources are refused by name."""
    with pytest.raises(SourceEmpty, match=name):
        extract(content, name=name, now=NOW)


@pytest.mark.parametrize("content", [b"PK\x03\x04....", b"{\\rtf1 Words}", bytes(range(32)) * 40])
def test_what_is_not_text_is_refused(content: bytes) -> None:
    """Binary sources are refused by name, with what to do instead."""
    with pytest.raises(SourceUnreadable, match=r"thing\.bin.*Add it as"):
        extract(content, name="thing.bin", now=NOW)


def test_kind_is_sniffed_where_the_name_says_nothing() -> None:
    """A page saved without a suffix is still a page; a media type decides over a text suffix."""
    assert extract(PAGE.encode(), name="mill", now=NOW).title == "Old mill will stay"
    assert (
        extract(PAGE.encode(), name="https://vale.example/mill", media_type="text/html; charset=utf-8", now=NOW).source
        == "Vale Herald"
    )


@settings(deadline=None, max_examples=120)
@given(
    content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))),
    suffix=st.sampled_from(["txt", "md", "html", ""]),
)
def test_any_bytes_give_clean_text_or_a_reason(content: bytes, suffix: str) -> None:
    """For any bytes: either a text that is NFC, has no controls and encodes, with furniture inside it, or an error of ours."""
    try:
        found = extract(content, name=f"a.{suffix}", now=NOW)
    except (SourceEmpty, SourceUnreadable):
        return
    assert found.text.encode("utf-8").decode() == found.text == unicodedata.normalize("NFC", found.text)
    assert not any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in found.text)
    assert all(0 <= mark.start < mark.end <= len(found.text) for mark in found.furniture)
