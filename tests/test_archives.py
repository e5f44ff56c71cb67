"""Zip archives: their files one at a time, and reasons for what does harm, is locked or damaged."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import archives
from ingest.archives import Member, PassedOver, is_archive, members
from tests.fuzz.seeds import BODY, PAGE, make_docx, make_epub, make_pdf, make_zip
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

TEXT = BODY[0].encode()


def found_in(content: bytes | Path, name: str = "news.zip") -> tuple[list[str], list[str]]:
    """The names of an archive's members, and the reasons."""
    items = list(members(content, name=name))
    return [item.name for item in items if isinstance(item, Member)], [
        str(item) for item in items if isinstance(item, SourceError)
    ]


def with_entry(change: str, name: str = "a.txt") -> bytes:
    """An archive with one entry that is not what it should be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        if change == "link":
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, TEXT)
    content = out.getvalue()
    if change == "locked":  # the flag stands in both headers
        return content.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01").replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
        )
    return content


def test_files_come_as_they_are(tmp_path: Path) -> None:
    """Articles and tables of an archive and of one within it, from bytes or a file; hidden and foreign files are passed over."""
    inner = make_zip({"c.md": TEXT, ".hidden.md": TEXT})
    content = make_zip(
        {"mill.html": PAGE, "deep/er/a.txt": TEXT, "rows.jsonl": "{}", "inner.zip": inner, "photo.jpg": b"\xff\xd8", "__MACOSX/._a.txt": b"x",
         ".git/b.txt": TEXT, "deep/": b""}
    )  # fmt: skip
    (tmp_path / "news.zip").write_bytes(content)
    for source in (content, tmp_path / "news.zip"):
        assert found_in(source) == (["mill.html", "deep/er/a.txt", "rows.jsonl", "inner.zip/c.md"], [])
        *_, passed = members(source, name="news.zip")
        assert passed == PassedOver(1, ["photo.jpg"])
    first, *_ = members(content, name="news.zip")
    assert isinstance(first, Member)
    assert first.content == PAGE.encode()


def test_what_is_passed_over_is_counted_and_the_first_named() -> None:
    """In inner archives too; an archive that is read whole has nothing to say."""
    inner = make_zip({"deep/b.mp3": "x", "c.md": TEXT})
    content = make_zip({"a.txt": TEXT, "inner.zip": inner, **{f"{n}.jpg": "x" for n in range(7)}})
    *_, passed = members(content, name="news.zip")
    assert passed == PassedOver(8, ["inner.zip/deep/b.mp3", "0.jpg", "1.jpg", "2.jpg", "3.jpg"])
    assert [type(item) for item in members(make_zip({"a.txt": TEXT}), name="news.zip")] == [Member]


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:/evil.txt", "C:\\evil.txt", "..\\evil.txt"]
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    """By whatever way; the rest is read."""
    assert found_in(make_zip({name: TEXT, "b.txt": TEXT}))[0] == ["b.txt"]
    assert "leads out of the archive" in found_in(make_zip({name: TEXT}))[1][0]


@pytest.mark.parametrize(("change", "why"), [("link", "a link or device"), ("locked", "locked with a password")])
def test_links_and_locked_files_are_refused(change: str, why: str) -> None:
    """Each names the archive, the file and what to do."""
    names, reasons = found_in(with_entry(change))
    assert names == []
    assert reasons[0].startswith("news.zip/a.txt: ")
    assert why in reasons[0]


def test_a_bomb_by_ratio_is_refused() -> None:
    """It is cut off while it unpacks, whatever size it claims; its neighbour is read."""
    names, reasons = found_in(make_zip({"zeros.txt": b"0" * (20 * 2**20), "a.txt": TEXT}))
    assert names == ["a.txt"]
    assert "200 times its size" in reasons[0]


def test_a_lie_about_the_size_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts what comes out."""
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1_000)
    content = bytearray(make_zip({"a.txt": bytes(range(256)) * 8}))
    at = content.find(b"PK\x01\x02")
    content[at + 24 : at + 28] = (10).to_bytes(4, "little")
    names, reasons = found_in(bytes(content))
    assert names == []
    assert len(reasons) == 1


def test_what_comes_out_together_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many bytes or files the rest is refused in one reason."""
    many = make_zip({f"{n}.txt": TEXT for n in range(10)})
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 3 * len(TEXT))
    assert len(found_in(many)[0]) < 4
    assert "come out of it" in found_in(many)[1][-1]
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MAX_MEMBERS", 4)
    assert len(found_in(many)[0]) == 4
    assert len(found_in(many)[1]) == 1


def test_archives_within_archives_are_opened_once() -> None:
    """The second level is refused, which ends those that go on for ever."""
    deep = make_zip({"mid.zip": make_zip({"low.zip": make_zip({"a.txt": TEXT}), "b.txt": TEXT})})
    names, reasons = found_in(deep)
    assert names == ["mid.zip/b.txt"]
    assert "an archive in an archive in an archive" in reasons[0]


@pytest.mark.parametrize(("content", "kind"), [(make_docx(), "docx"), (make_epub(), "epub"), (make_pdf([list(BODY)]), "pdf")])
def test_a_document_is_no_archive(content: bytes, kind: str) -> None:
    """Packed documents are documents, whatever they are called; their member is called by what it is."""
    assert not is_archive(content)
    assert found_in(content) == ([f"news.{kind}"], [])
    assert found_in(make_zip({"x/paper.zip": content}))[0] == [f"x/paper.{kind}"]


def test_an_archive_of_documents_is_an_archive() -> None:
    """Documents that lie unpacked in an archive do not make it one."""
    content = make_zip({"a.docx": make_docx(), "b.epub": make_epub()}, stored={"a.docx", "b.epub"})
    assert is_archive(content)
    assert found_in(content)[0] == ["a.docx", "b.epub"]


@pytest.mark.parametrize("damage", ["cut", "garbled", "text", "empty"])
def test_damage_is_told(damage: str) -> None:
    """Cut off, changed, or no archive at all: one reason with the name, never another exception."""
    whole = make_zip({"a.txt": TEXT * 50, "b.txt": TEXT})
    at = whole.find(b"a.txt") + 10
    content = {"cut": whole[:-40], "garbled": whole[:at] + b"\xff" * 30 + whole[at + 30 :], "text": TEXT, "empty": b""}[damage]
    names, reasons = found_in(content)
    assert len(reasons) == 1
    assert reasons[0].startswith("news.zip")
    assert names == (["b.txt"] if damage == "garbled" else [])


def test_an_archive_without_articles_says_so() -> None:
    """It names what would be read."""
    (only,) = members(make_zip({"photo.jpg": b"\xff\xd8"}), name="news.zip")
    assert isinstance(only, SourceEmpty)
    assert ".html" in str(only)


def test_a_directory_that_fills_memory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at before it is loaded."""
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 500)
    names, reasons = found_in(make_zip({f"{n}.txt": TEXT for n in range(50)}))
    assert (names, len(reasons)) == ([], 1)


@pytest.mark.parametrize(
    ("stored", "name"),
    [("Mühle.txt".encode(), "Mühle.txt"), ("Mühle.txt".encode("cp437"), "Mühle.txt"), ("мельница.txt".encode(), "мельница.txt")],
)
def test_names_are_decoded(stored: bytes, name: str) -> None:
    """UTF-8 also where the archive does not say so, else the encoding of old archives."""
    content = make_zip({"x" * len(stored): TEXT}).replace(b"x" * len(stored), stored)
    assert found_in(content)[0] == [name]


@given(st.binary(max_size=100), st.integers(0, 400))
def test_any_bytes_are_members_or_reasons(piece: bytes, at: int) -> None:
    """Whatever is written into an archive, it gives members or reasons."""
    whole = make_zip({"a.txt": TEXT, "b/c.html": PAGE})
    for item in members(whole[:at] + piece + whole[at + len(piece) :], name="news.zip"):
        assert isinstance(item, Member | SourceUnreadable | SourceEmpty)
