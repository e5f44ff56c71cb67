"""Evidence bundles: what is whole is verified, and whatever is changed is found, with the digest mended or not."""

from __future__ import annotations

import copy
import json
import re
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import cli
from assistant.bundle import BundledArticle, bundle_text, digest, make_bundle, make_conversation_bundle, parse_bundle
from assistant.bundle_checks import Verification, verify_bundle
from assistant.kept import Conversation, KeptExchange
from assistant.types import Answer
from tests.web.fakes import QUOTE, SECOND, answer_with, cite, hit_of, make_article
from vectorstore.errors import ArticleNotFound, DocumentError
from vectorstore.types import Article

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assistant import Assistant

ARTICLE = make_article(author="A. Reporter")
OTHER = make_article(
    id="b", text="Other news.\n\nThe mill of Dornau burned down on Monday. Nobody was hurt.", title="Mill", url=None
)
MILL = "The mill of Dornau burned down on Monday."
Place = tuple[str | int, ...]


def stored(article_id: str, version: str) -> Article:
    """What a library has."""
    for article in (ARTICLE, OTHER):
        if (article.id, article.version) == (article_id, version):
            return article
    raise ArticleNotFound(article_id)


def answer() -> Answer:
    """Three quotes from two articles."""
    return answer_with(
        cite(ARTICLE, QUOTE), cite(OTHER, MILL, number=2), cite(ARTICLE, SECOND, number=3), hits=[hit_of(ARTICLE), hit_of(OTHER)]
    )


BUNDLE = make_bundle(answer(), article=stored)
QUOTES_ONLY = make_bundle(answer(), article=stored, with_texts=False)


def leaves(value: Any, path: Place = ()) -> Iterator[Place]:
    """Where the single values of a document are."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path


def at(document: Any, path: Place) -> Any:
    """The value at ``path``."""
    for step in path:
        document = document[step]
    return document


def with_value(document: dict[str, Any], path: Place, value: Any, *, mended: bool = False) -> dict[str, Any]:
    """A copy with another value at ``path``; ``mended`` has the digest of what it says now, as a careful forger would."""
    changed = copy.deepcopy(document)
    at(changed, path[:-1])[path[-1]] = value
    return {**changed, "digest": digest(changed)} if mended else changed


def changed_value(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """``value`` with one character, or the number, another."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, (int, float)):
        return value + draw(st.sampled_from([-2, -1, 1, 2]))
    if not value:
        return draw(st.characters(exclude_categories=["Cs"]))
    position = draw(st.integers(0, len(value) - 1))
    character = draw(st.characters(exclude_categories=["Cs"]).filter(lambda one: one != value[position]))
    cut = draw(st.sampled_from([0, 1]))  # another character instead, or one more
    return value[:position] + character + value[position + cut :]


def verified(document: dict[str, Any]) -> bool:
    """Whether a bundle is believed, after a way through a file."""
    try:
        return verify_bundle(parse_bundle(bundle_text(document))).verified
    except DocumentError:
        return False


@pytest.mark.parametrize("bundle", [BUNDLE, QUOTES_ONLY])
def test_what_was_not_changed_is_verified(bundle: dict[str, Any]) -> None:
    """Every check holds, through a file too, and against the library where that is given."""
    read = parse_bundle(bundle_text(bundle))
    assert read == bundle
    verification = verify_bundle(read, stored=stored)
    assert verification.verified
    assert verification.texts is (bundle is BUNDLE)
    names = [check.name for check in verification.checks]
    assert {name: names.count(name) for name in names} == {
        "bundle": 1,
        "article": 2,
        "quote": 3,
        "marker": 3,
        "sentence": 3,
        "stored": 5,
    }


def test_what_a_bundle_holds() -> None:
    """The answer as its JSON, each cited version once with its text, when it was read, where it is from, and what made the bundle."""
    assert (BUNDLE["schema"], BUNDLE["kind"], BUNDLE["program"]["name"]) == (1, "evidence", "fundstelle")
    assert BUNDLE["answer"] == answer().to_dict()
    assert [article["article_id"] for article in BUNDLE["articles"]] == [ARTICLE.id, "b"]
    first = BUNDLE["articles"][0]
    assert first["text"] == ARTICLE.text
    assert (first["version"], first["characters"]) == (ARTICLE.version, len(ARTICLE.text))
    assert (first["url"], first["source"], first["author"]) == (ARTICLE.url, "Welt News", "A. Reporter")
    assert first["fetched_at"] == "2023-02-17T00:00:00+00:00"
    assert [article["text"] for article in QUOTES_ONLY["articles"]] == [None, None]
    assert (
        ARTICLE.text[:60] not in bundle_text(make_bundle(replace(answer(), hits=()), article=stored, with_texts=False)).decode()
    )


@given(st.data(), st.sampled_from([BUNDLE, QUOTES_ONLY]))
def test_any_change_is_found(data: st.DataObject, bundle: dict[str, Any]) -> None:
    """One character or number anywhere, and the bundle is not believed."""
    path = data.draw(st.sampled_from(list(leaves(bundle))))
    assert not verified(with_value(bundle, path, changed_value(at(bundle, path), data.draw)))


CLAIMS = [
    path
    for path in leaves(BUNDLE)
    if path[:2] == ("answer", "citations")
    and path[-1] in {"quote", "start", "end", "version", "article_id", "title", "source", "url"}
] + [
    path
    for path in leaves(BUNDLE)
    if path[0] in {"articles", "quotes"} and path[-1] in {"text", "version", "sha256", "characters"}
]


@given(st.data())
def test_a_forger_who_mends_the_digest_is_found(data: st.DataObject) -> None:
    """A quote, an offset, a text, a hash or an origin that was changed contradicts the rest."""
    path = data.draw(st.sampled_from(CLAIMS))
    assert not verified(with_value(BUNDLE, path, changed_value(at(BUNDLE, path), data.draw), mended=True))


def test_every_character_of_a_quote_counts() -> None:
    """Each single one is compared, also where quote and hash were changed together."""
    quote = BUNDLE["answer"]["citations"][0]["quote"]
    for position in range(len(quote)):
        forged = quote[:position] + ("x" if quote[position] != "x" else "y") + quote[position + 1 :]
        assert not verified(with_value(BUNDLE, ("answer", "citations", 0, "quote"), forged, mended=True))


def failures(document: dict[str, Any], **given_options: Any) -> list[tuple[str, int | None, str]]:
    """What does not hold, but for the digest."""
    verification = verify_bundle(document, **given_options)
    return [(check.name, check.citation, check.detail) for check in verification.failed if check.name != "bundle"]


@pytest.mark.parametrize(
    ("path", "value", "name", "citation", "said"),
    [
        (("answer", "citations", 1, "quote"), MILL.replace("Monday", "Friday"), "quote", 2, "hash"),
        (("answer", "citations", 1, "start"), 14, "quote", 2, "cannot stand at 14:"),
        (("answer", "citations", 2, "context_before"), "He said: ", "quote", 3, "words around"),
        (("answer", "citations", 0, "verbatim"), False, "quote", 1, "not verbatim"),
        (("answer", "citations", 0, "source"), "Another", "quote", 1, "told as its article is: source"),
        (("answer", "citations", 0, "version"), "0" * 64, "quote", 1, "not in the bundle"),
        (("answer", "citations", 0, "number"), 2, "marker", 2, "2 sources"),
        (("answer", "text"), QUOTE, "marker", 1, "does not point at it"),
        (("answer", "sentences", 0, "citations"), [7], "sentence", None, "rests on .7., which is no source"),
        (("answer", "sentences", 0, "citations"), [2], "sentence", None, "does not have the words of .2."),
        (("answer", "sentences", 0, "citations"), [], "sentence", None, "rests on nothing"),
        (("answer", "sentences", 0, "end"), 100_000, "sentence", None, "no sentence at 0:100000"),
        (("articles", 1, "text"), OTHER.text + ".", "article", None, "hash is another"),
        (("articles", 1, "characters"), 3, "article", None, "not 3"),
    ],
)
def test_what_failed_is_named(path: Place, value: Any, name: str, citation: int | None, said: str) -> None:
    """The check, its citation and what is wrong with it."""
    found = failures(with_value(BUNDLE, path, value, mended=True))
    assert any((which, number) == (name, citation) and re.search(said, detail) for which, number, detail in found), found


def test_a_marker_in_the_article_s_own_words_is_none() -> None:
    """A quote that has brackets of its own claims no source by that; a forged marker beside it does."""
    article = make_article(text="Before. As said [9] in the report. After.")
    bracketed = make_bundle(answer_with(cite(article, "As said [9] in the report.")), article=lambda *_: article)
    assert verify_bundle(bracketed).verified
    text = bracketed["answer"]["text"]
    forged = with_value(bracketed, ("answer", "text"), text.replace("[1]", "[1][2]"), mended=True)
    forged = with_value(forged, ("answer", "sentences", 0, "end"), len(text) + 3, mended=True)
    assert [detail for _, _, detail in failures(forged)] == [
        f"the sentence at 0:{len(text) + 3} points at [1, 2], but rests on [1]"
    ]


def test_the_library_is_asked_too() -> None:
    """An article that is not there, or whose words are others, is named; without a library it is not asked about."""

    def gone(article_id: str, version: str) -> Article:
        if article_id == "b":
            raise ArticleNotFound(article_id)
        return replace(ARTICLE, text=ARTICLE.text.replace("Astana", "Almaty"))

    names = [(name, citation) for name, citation, _ in failures(BUNDLE, stored=gone)]
    assert names == [("stored", None), ("stored", 3), ("stored", None)]


def test_an_article_that_was_read_again_is_told_as_it_was_cited() -> None:
    """What was learnt of an article between answer and bundle does not contradict the answer."""
    learnt = replace(ARTICLE, source="Die Welt", title="Another headline")
    bundle = make_bundle(answer_with(cite(ARTICLE, QUOTE)), article=lambda *_: learnt)
    assert verify_bundle(bundle).verified
    assert bundle["articles"][0]["source"] == "Welt News"


def test_an_answer_without_citations_has_a_bundle_too() -> None:
    """There is nothing to compare but the bundle itself."""
    refused = make_bundle(answer_with(text="The articles do not answer this."), article=stored)
    assert verify_bundle(refused).verified
    assert not verified(with_value(refused, ("answer", "text"), "Yes."))


def test_a_cited_article_that_is_gone_makes_no_bundle() -> None:
    """There is no proof without it."""
    with pytest.raises(ArticleNotFound):
        make_bundle(answer_with(cite(make_article(text=f"{QUOTE} New."), QUOTE)), article=stored)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"schema": 9}', "later version"),
        (b'{"schema": 1}', "kind"),
        (b'{"schema": 1, "kind": "evidence"}', "no answer"),
        (b'{"schema": 1, "kind": "evidence", "kind": "evidence"}', "named twice"),
        (b'{"schema": 1, "kind": "evidence", "answer": {}}', "no evidence bundle"),
        (b'{"schema": 1, "kind": "evidence", "answer": {}, "articles": [], "quotes": []}', "no answer"),
    ],
)
def test_what_is_no_bundle_is_refused(content: bytes, said: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(DocumentError, match=said):
        verify_bundle(parse_bundle(content))


def test_the_outcome_as_json() -> None:
    """Whether it holds, how many checks failed, and each of them."""
    document = verify_bundle(with_value(BUNDLE, ("made_at",), "2020-01-01")).to_dict()
    assert list(document) == ["schema", "verified", "texts", "failed", "checks"]
    assert (document["schema"], document["verified"], document["failed"]) == (1, False, 1)
    assert document["checks"][0] == {
        "name": "bundle",
        "passed": False,
        "citation": None,
        "article_id": None,
        "detail": "the bundle was changed after it was made: its digest is another",
    }
    assert Verification((), texts=True).verified


def test_a_bundle_keeps_all_that_is_cited() -> None:
    """What a citation says of its article is in the article's record too."""
    record = BundledArticle.of(ARTICLE, with_text=True)
    for name in ("title", "source", "url", "language", "published_at", "published_precision", "published_from", "fetched_at"):
        assert getattr(record, name) == getattr(cite(ARTICLE, QUOTE), name)


# The command


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """How ``fundstelle ARGUMENTS`` ends, and what it writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["fundstelle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    written = capsys.readouterr()
    return int(ended.value.code or 0), written.out, " ".join(written.err.split())


def test_verifying_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and what was compared; 1 and what failed; 2 for a file that is none; ``--json`` is one document."""
    file = tmp_path / "evidence.json"
    file.write_bytes(bundle_text(BUNDLE))
    code, out, err = run(capsys, "verify", file)
    assert (code, err) == (0, "")
    assert "3 quotes, compared with their articles" in out
    file.write_bytes(bundle_text(QUOTES_ONLY))
    assert "compared with their hashes" in run(capsys, "verify", file)[1]

    file.write_bytes(bundle_text(with_value(BUNDLE, ("answer", "citations", 1, "start"), 14, mended=True)))
    code, out, _ = run(capsys, "verify", file)
    assert code == 1
    assert "✗ [2]: the quote cannot stand at 14:" in out
    code, out, _ = run(capsys, "verify", file, "--json")
    assert (code, json.loads(out)["verified"]) == (1, False)

    file.write_text("{}", "utf-8")
    code, out, err = run(capsys, "verify", file)
    assert (code, out) == (2, "")
    assert "evidence.json" in err
    code, _, err = run(capsys, "verify", tmp_path / "missing.json")
    assert code == 2
    assert "No such file" in err


def test_a_bundle_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a file of somebody else says is printed without the codes that move a cursor, colour words or set a title."""
    named = with_value(BUNDLE, ("articles", 0, "article_id"), "\x1b]0;mine\x07\x1b[2Ja")
    file = tmp_path / "evidence.json"
    file.write_bytes(bundle_text(with_value(named, ("articles", 0, "text"), "Other words.", mended=True)))
    code, out, _ = run(capsys, "verify", file)
    assert code == 1
    assert "[2Ja: " in out
    assert not {"\x1b", "\x07"} & set(out)


def test_from_the_answer_to_the_proof(
    open_assistant: Callable[..., Assistant], tmp_path: Path, lamp: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``ask --bundle`` writes what ``verify`` believes, also against the library, until the article is gone from it."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    library, file = tmp_path / "library", tmp_path / "evidence.json"
    with open_assistant() as assistant:
        assistant.add([tmp_path / "a.txt"])
    question = "What did the work on the lighthouse at Skarven Point cost?"
    code, out, _ = run(capsys, "--library", library, "ask", question, "--bundle", file, "--json")
    assert code == 0
    document = parse_bundle(file.read_bytes())
    assert document["answer"] == json.loads(out)
    assert document["answer"]["citations"]
    assert run(capsys, "verify", file)[0] == 0
    assert run(capsys, "--library", library, "verify", file)[0] == 0
    run(capsys, "--library", library, "remove", document["articles"][0]["article_id"])
    code, out, _ = run(capsys, "--library", library, "verify", file)
    assert code == 1
    assert "does not have the article" in out
    assert run(capsys, "verify", file)[0] == 0


def test_a_bundle_that_cannot_be_written(two_articles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the file; nothing half is left."""
    (tmp_path / "folder").mkdir()
    shutil.copytree(two_articles, tmp_path / "library")
    code, _, err = run(capsys, "--library", tmp_path / "library", "ask", "Where?", "--bundle", tmp_path / "folder")
    assert code == 2
    assert "folder cannot be written" in err
    assert not list(tmp_path.glob(".folder*"))


def conversation() -> dict[str, Any]:
    """Two answers, the second of which is a refusal, and a question that failed."""
    refusal = answer_with(text="Nothing.", hits=[hit_of(ARTICLE)])
    exchanges = (
        KeptExchange(question="One?", answer=answer()),
        KeptExchange(question="Two?", answer=refusal),
        KeptExchange(question="Three?", failure="The library is in use."),
    )
    return make_conversation_bundle(Conversation(id="c", title="Talk", exchanges=exchanges), article=stored)


def test_a_whole_conversation_is_verified() -> None:
    """Every answer is checked with its own evidence, also after a trip through a file."""
    verification = verify_bundle(parse_bundle(bundle_text(conversation())), stored=stored)
    assert verification.verified
    assert verification.texts
    assert len([check for check in verification.checks if check.name == "quote"]) == 3


def test_what_is_changed_in_a_conversation_is_found() -> None:
    """With the digests mended too; the question that it is about is named, and an answer without evidence does not hold."""
    changed = conversation()
    evidence = changed["exchanges"][0]["evidence"]
    evidence["answer"]["citations"][1]["quote"] = "The mill of Dornau burned down on Sunday."
    evidence["digest"] = digest(evidence)
    assert not verify_bundle(changed).verified
    changed["digest"] = digest(changed)
    assert [check.detail.split(":")[0] for check in verify_bundle(changed).failed if check.name == "quote"] == ["question 1"]
    for bare in ({"question": "Q", "answer": answer().to_dict()}, {"question": "Q", "evidence": conversation()}):
        document = {**conversation(), "exchanges": [bare]}
        document["digest"] = digest(document)
        assert [check.name for check in verify_bundle(document).failed] == ["bundle"]
    with pytest.raises(DocumentError, match="exchanges"):
        verify_bundle({**conversation(), "exchanges": None})


def test_an_answer_whose_article_is_gone_says_so() -> None:
    """It is handed on without its evidence, and does not pass for proven."""
    gone = answer_with(cite(make_article(id="gone"), QUOTE))
    talk = Conversation(id="c", title="Talk", exchanges=(KeptExchange(question="One?", answer=gone),))
    document = make_conversation_bundle(talk, article=stored)
    assert document["exchanges"][0]["incomplete"]
    assert not verify_bundle(document).verified
