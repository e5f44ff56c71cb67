"""Answers as JSON and back, and as Markdown in which nothing is markup but what was meant to be."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant import Answer, Filters
from assistant.exchange import escaped, escaped_line
from assistant.types import HitRecord, Searched, Sentence, hit_to_dict
from tests.web.fakes import QUOTE, SECOND, answer_with, cite, hit_of, make_article
from vectorstore.errors import DocumentError
from vectorstore.types import Rank

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RANKS = st.dictionaries(st.text(), st.builds(Rank, st.integers(), NUMBERS), max_size=3)


def any_of(kind: type[Any], **given_fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of ``kind`` with anything in every field, also those that come later."""
    hints = get_type_hints(kind)
    strategies = {each.name: given_fields.get(each.name, st.from_type(hints[each.name])) for each in fields(kind)}
    return st.builds(kind, **strategies)


ANSWERS = any_of(
    Answer,
    hits=st.lists(any_of(HitRecord, score=NUMBERS, ranks=RANKS), max_size=3).map(tuple),
    confidence=st.none() | NUMBERS,
    timings=st.dictionaries(st.text(), NUMBERS, max_size=3),
)


@given(ANSWERS)
def test_an_answer_comes_back_from_json_as_it_was(answer: Answer[HitRecord]) -> None:
    """Through JSON text and back nothing is lost or changed, whatever is in the fields."""
    document = answer.to_dict()
    read = Answer.from_dict(json.loads(json.dumps(document)))
    assert read == answer
    assert read.to_dict() == document


def test_the_keys_are_the_fields() -> None:
    """The schema comes first, then every field under its name; a hit has its article's facts and its own words, no whole article."""
    article = make_article()
    answer = answer_with(cite(article, QUOTE), hits=[hit_of(article)])
    document = answer.to_dict()
    assert list(document) == ["schema", *(each.name for each in fields(Answer))]
    assert document["hits"] == [hit_to_dict(answer.hits[0])]
    assert list(document["hits"][0]) == [each.name for each in fields(HitRecord)]
    assert document["hits"][0]["published_at"] == "2023-02-16T00:00:00+00:00"
    assert Answer.from_dict(document).hits == (HitRecord.of(answer.hits[0]),)


def test_what_later_versions_add_is_left_out() -> None:
    """Unknown keys at any depth do no harm, and what earlier versions lacked has its default."""
    article = make_article()
    document = answer_with(cite(article, QUOTE), hits=[hit_of(article)]).to_dict()
    richer = json.loads(json.dumps(document))
    for place in (richer, richer["citations"][0], richer["hits"][0], richer["searched"]["filters"], richer["sentences"][0]):
        place["of_the_future"] = {"x": [1]}
    assert Answer.from_dict(richer).to_dict() == document
    poorer = {key: value for key, value in document.items() if key not in {"notice", "left_out", "pending"}}
    assert Answer.from_dict(poorer).to_dict() == document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "not a JSON object"),
        ("{}", "not a JSON object"),
        ({}, '"schema" is None'),
        ({"schema": 2}, "later version"),
        ({"schema": True}, '"schema" is True'),
        ({"schema": "1"}, "another file"),
        ({"schema": 1}, "question: Field required"),
        ({"schema": 1, "question": {1, 2}}, "no answer in JSON"),
    ],
)
def test_what_is_no_answer_is_refused(document: Any, said: str) -> None:
    """The message says what was expected and what was found."""
    with pytest.raises(DocumentError, match=said):
        Answer.from_dict(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [("text", 3), ("abstained", "no"), ("pending", "1"), ("citations", [{}]), ("sentences", [{"support": "true"}]), ("hits", {})],
)
def test_nothing_is_taken_for_what_it_is_not(key: str, value: object) -> None:
    """A wrong value is named by its key, never converted."""
    document = answer_with(cite(make_article(), QUOTE)).to_dict()
    with pytest.raises(DocumentError, match=f"no answer of Fundstelle: {key}"):
        Answer.from_dict({**document, key: value})


# Markdown


def markdown_tokens(text: str) -> list[Any]:
    """What CommonMark with the usual extensions makes of ``text``."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return [inner for token in parser.parse(text) for inner in (token, *(token.children or []))]


def kinds_in(text: str) -> set[str]:
    """The kinds of tokens in ``text`` as Markdown."""
    return {token.type for token in markdown_tokens(text)}


PROSE = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}
MARKUP = st.lists(
    st.sampled_from(
        [*"\\`*_{}[]()<>#+-=.!|~:&$^@\"'\n 1a", "://", "www.", "[1]", "](", "http", "&lt;", "    ", "---", "\t", "\n\n", "1. "]
    ),
    max_size=30,
).map("".join)


@given(MARKUP | st.text())
def test_escaped_text_is_only_text(text: str) -> None:
    """No combination of characters becomes markup, and what is shown are the same words."""
    shown = escaped(text)
    assert kinds_in(shown) <= PROSE
    words = "".join(
        " " if token.type in {"softbreak", "paragraph_close"} else token.content
        for token in markdown_tokens(shown)
        if token.type in {"text", "text_special", "softbreak", "paragraph_close"}
    )
    assert words.split() == text.replace("\0", "\N{REPLACEMENT CHARACTER}").split()


def test_bare_addresses_are_not_made_links() -> None:
    """Where Markdown makes links of addresses and names that stand alone, as GitHub's does, it finds none."""
    assert escaped("see http://a.example, www.a.example or me@a.example &copy; #1") == (
        r"see http\://a.example, www\.a.example or me\@a.example \&copy; \#1"
    )


@given(MARKUP)
def test_one_line_stays_one_line(text: str) -> None:
    """What is put into a line of other words does not leave it."""
    assert "\n" not in escaped_line(text)
    assert kinds_in(f"Outlet: {escaped_line(text)}") <= PROSE


HOSTILE = (
    "<script>alert(1)</script> [1](http://evil.example) ![x](http://evil.example/x.png) `rm` # No\n\n"
    "[1]: http://evil.example\n\n- item\n\n    code\n\n<!-- --> **bold** http://evil.example www.evil.example &amp; | a | b |"
)


def test_a_hostile_article_stays_text_in_markdown() -> None:
    """Quote, title, outlet, question, reason: none becomes a link, an image, HTML or code; the source's own address does."""
    article = make_article(text=f"{HOSTILE}\n\nEnd.", title=HOSTILE, source=HOSTILE, url="https://news.example/a?b=(c)&d=<e>")
    citation = replace(cite(article, HOSTILE), also_in=(HOSTILE,), translation=HOSTILE, translated_by=HOSTILE)
    answer = answer_with(citation, question=HOSTILE)
    sentence = replace(answer.sentences[0], support="unsupported", reason=HOSTILE)
    answer = replace(answer, sentences=(sentence,), notice=HOSTILE, model=HOSTILE)
    tokens = markdown_tokens(answer.to_markdown())
    kinds = {token.type for token in tokens}
    ours = {
        "strong_open",
        "strong_close",
        "em_open",
        "em_close",
        "blockquote_open",
        "blockquote_close",
        "link_open",
        "link_close",
    }
    assert kinds <= PROSE | ours
    links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    assert links == ["https://news.example/a?b=(c)&d=%3Ce%3E"]


def test_an_answer_as_markdown() -> None:
    """Question, text with its markers, then each source with headline, outlet, day, address and quote, in the answer's language."""
    article = make_article()
    answer = answer_with(cite(article, QUOTE), cite(article, SECOND, number=2), question="Warum reist er?", language="de")
    assert answer.to_markdown() == (
        "**Frage:** Warum reist er?\n\n"
        f"{QUOTE} [1]\n\n"
        f"{SECOND} [2]\n\n"
        "[1] **Blinken wirbt um frühere Sowjetrepubliken** · Welt News · 2023-02-16 · de · <https://welt.example/blinken>\n\n"
        f"> {QUOTE}\n\n"
        "[2] **Blinken wirbt um frühere Sowjetrepubliken** · Welt News · 2023-02-16 · de · <https://welt.example/blinken>\n\n"
        f"> {SECOND}\n"
    )


def test_markdown_hides_no_doubt() -> None:
    """What is not verbatim, not borne out or of another question than was put says so; a month is not shown as a day."""
    article = make_article(published_precision="month", url="javascript:alert(1)")
    text = "Er reist. Es regnet [1]."
    answer = replace(
        answer_with(cite(article, QUOTE, verbatim=False), question="Und er?"),
        text=text,
        sentences=(
            Sentence(start=0, end=9, citations=(), support="uncited"),
            Sentence(start=10, end=len(text), citations=(1,), support="unsupported", reason="nothing about rain"),
        ),
        searched=Searched(question="Reist Blinken?", filters=Filters(since=date(2023, 1, 1))),
    )
    shown = answer.to_markdown()
    assert "*Searched for: Reist Blinken?*" in shown
    assert "Er reist. *(without a source)* Es regnet [1]. *(not borne out by the source: nothing about rain)*" in shown
    assert "· 2023-02 ·" in shown
    assert "**not checked word for word**" in shown
    assert "javascript" not in shown


def test_an_undated_refusal_as_markdown() -> None:
    """An answer that abstains is its reason; other languages than German are framed in English."""
    refused = answer_with(question="Wo?", text="Rien.", language="fr")
    assert refused.to_markdown() == "**Question:** Wo?\n\nRien.\n"
    undated = answer_with(cite(make_article(published_at=None), QUOTE))
    assert "· undated ·" in undated.to_markdown()
    assert datetime(2023, 2, 16, tzinfo=UTC).date().isoformat() not in undated.to_markdown()
