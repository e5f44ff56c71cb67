"""What answers look like: everything from outside is text, and only text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from assistant.quoted_dates import with_dates
from assistant.types import AskedPeriod, LeftOut, Searched, Sentence, Support
from assistant.web.cards import safe_url
from assistant.web.foreign import entry_html
from assistant.web.local import date_attribute, date_text, language_name
from assistant.web.render import answer_html, became_html, error_html, exchange_html, working_html
from assistant.web.scope_html import filters_html
from assistant.web.texts import TEXTS, Language, pick_language
from assistant.web.welcome import intro_html, masthead_html
from tests.web.fakes import QUOTE, SECOND, FakeWord, answer_with, cite, hit_of, make_article
from vectorstore.catalogue import Scope
from vectorstore.types import Filters

HOSTILE = (
    '<script>window.pwned = 1</script><img src=x onerror="window.pwned=1"> </mark></blockquote><b>bold</b> **bold** '
    "[link](javascript:alert(1)) ![x](https://evil.example/x.png) ${window.pwned=1} `x` {{value}} \"'&amp;&lt; $$x$$ [7]"
)
# What the renderer itself writes; anything else came through from a text.
TAGS = re.compile(
    "article|aside|h[1-4]|div|form|label|input|dl|dt|dd|nav|p|span|a|ol|ul|li|cite|time|blockquote|mark|details|summary|strong|button|section|pre|code|header"
)
ATTRIBUTES = re.compile(
    "class|id|dir|lang|href|target|rel|datetime|title|tabindex|role|type|hidden|maxlength|autocomplete|data-(without|view|question|tool|quote|foreign|article|version|start|end)|"
    "aria-(label|hidden|live|busy|pressed|expanded)"
)


class Reader(HTMLParser):
    """Collects tags, attributes, links and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.marks: list[str] = []
        self.languages: list[str] = []
        self.words: list[str] = []
        self.marking = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and what it carries."""
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.languages += [value or "" for name, value in attrs if name == "lang" and tag == "blockquote"]
        if tag == "mark":
            self.marking += 1
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        """Note where a mark ends."""
        self.marking -= tag == "mark"

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words.append(data)
        if self.marking:
            self.marks[-1] += data

    @property
    def text(self) -> str:
        """All words."""
        return "".join(self.words)


def test_a_quote_is_marked_in_its_context_with_its_source() -> None:
    """The card shows context, quote, outlet, date, language, title, the way to the original, and that the slice was compared."""
    article = make_article()
    html = answer_html(answer_with(cite(article, QUOTE), cite(article, SECOND, number=2)), anchor="q1", language="en")
    reader = Reader(html)
    assert reader.marks == [QUOTE, SECOND]
    assert reader.languages == ["de", "de"]
    for words in ("Welt News", "16 February 2023", "German", article.title, "Word for word as in the article", "Danach fliegt"):
        assert words in reader.text
    assert reader.links == ["#q1-1", "#q1-2", article.url]
    assert html.count('rel="noopener noreferrer"') == html.count('target="_blank"') == 1
    assert 'id="q1-1"' in html


def test_a_quote_keeps_its_line_breaks() -> None:
    """A quote over two paragraphs is marked with every character it has."""
    article = make_article(text="Davor.\n\nErster Absatz.\n \n\nZweiter Absatz. Danach.")
    quote = "Erster Absatz.\n \n\nZweiter Absatz."
    assert Reader(answer_html(answer_with(cite(article, quote)), anchor="q", language="de")).marks == [quote]


def test_nothing_from_outside_becomes_markup() -> None:
    """Scripts, tags, Markdown and templates in any field are shown as they are written."""
    article = make_article(
        text=f"Before {HOSTILE} after.",
        title=HOSTILE,
        source=HOSTILE,
        url="javascript:alert(1)",
        published_from=HOSTILE,
        notes=(HOSTILE,),
    )
    period = AskedPeriod(since=None, until=date(2023, 2, 1), text=HOSTILE)
    cited = answer_with(
        cite(article, HOSTILE, also_in=(HOSTILE,), translation=HOSTILE, translated_by=HOSTILE),
        question=HOSTILE,
        hits=[replace(hit_of(article), also_in=(HOSTILE,))],
        searched=Searched(question=f"{HOSTILE}!", filters=Filters(), carried=(HOSTILE,), rewritten=True, period=period),
        sentences=(
            Sentence(start=0, end=5, citations=(1,), support="unsupported", reason=HOSTILE),
            Sentence(start=6, end=9, citations=(), support="uncited", reason=HOSTILE),
            Sentence(start=10, end=15, citations=(1,), support="supported", reason=HOSTILE),
        ),
        model=HOSTILE,
        notice=HOSTILE,
    )
    refused = answer_with(
        question=HOSTILE,
        text=HOSTILE,
        reason=f"{HOSTILE}?",
        hits=[replace(hit_of(article), also_in=(HOSTILE,))],
        searched=cited.searched,
        notice=HOSTILE,
    )
    pieces = [
        exchange_html(
            HOSTILE,
            answer_html(cited, anchor="q1", language="en", articles={article.id: article}),
            anchor="q1",
            language="en",
            live=True,
        ),
        answer_html(refused, anchor="q2", language="de"),
        error_html(HOSTILE, language="en"),
        working_html(f"{HOSTILE} ", step=HOSTILE, language="en"),
    ]
    for html in pieces:
        reader = Reader(html)
        assert all(TAGS.fullmatch(tag) for tag in reader.tags)
        assert all(ATTRIBUTES.fullmatch(name) for name in reader.attributes)
        assert set(reader.links) <= {"#q1-1"}
        assert HOSTILE.removesuffix(" [7]") in reader.text
    # Question, what it became, period; sentence reasons (3); notice, model; title, outlet, other outlets, note; quote; translation and who made it.
    assert Reader(pieces[0]).text.count(HOSTILE) == 15
    assert Reader(pieces[0]).marks == [HOSTILE]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " https://a.example",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "//evil.example/x",
        "https:evil",
        "https://a.example\\@evil.example",
        "https://[broken",
        "vbscript:x",
        "/relative",
    ],
)
def test_only_whole_web_addresses_become_links(url: str | None) -> None:
    """Anything but http and https with a host stays without a link."""
    article = make_article(url=url)
    assert not safe_url(url)
    assert "target=" not in answer_html(answer_with(cite(article, QUOTE)), anchor="q", language="en")


def test_an_address_cannot_leave_its_attribute() -> None:
    """Quotation marks in an address are escaped."""
    url = "https://a.example/?q=\"><script>&x='1"
    reader = Reader(answer_html(answer_with(cite(make_article(url=url), QUOTE)), anchor="q", language="en"))
    assert url in reader.links
    assert "script" not in reader.tags


def test_a_refusal_gives_its_reason_what_was_searched_and_the_nearest_passages() -> None:
    """An answer that abstains has no citations; how much was searched and what was looked at is there."""
    answer = answer_with(
        text="The articles do not answer this.", reason="No article names Beijing.", hits=[hit_of(make_article())]
    )
    scope = Scope(
        articles=28,
        languages={"de": 20, "en": 5, "fr": 1, "es": 1, "ru": 1},
        outlets={},
        first=date(2023, 2, 1),
        last=date(2023, 5, 3),
        undated=2,
    )
    html = answer_html(answer, anchor="q", language="en", scope=scope)
    text = Reader(html).text
    assert "No article names Beijing." in text
    assert "Searched28 articles" in text
    assert "German, English, French, Spanish and 1 more" in text
    assert "1 February 2023 – 3 May 2023 (2 undated)" in text
    assert "None of them answers the question" in text
    assert QUOTE in text
    assert "<mark" not in html


def test_the_nearest_passages_are_of_different_articles() -> None:
    """Of each article the best one is shown, without the headline that stands above it."""
    article = make_article(title="Blinken wirbt um frühere Sowjetrepubliken")
    answer = answer_with(text="Nothing.", hits=[hit_of(article), hit_of(article), hit_of(make_article(id="other"))])
    html = answer_html(answer, anchor="q", language="en")
    assert html.count('class="card hit"') == 2
    assert html.count("frühere Sowjetrepubliken<") == 2


def test_an_unchecked_quote_says_so() -> None:
    """What was not compared with the article is not shown as compared."""
    html = answer_html(answer_with(cite(make_article(), QUOTE, verbatim=False)), anchor="q", language="en")
    assert "Not checked word for word" in html
    assert "Word for word as in the article" not in html


def test_samples_are_labelled() -> None:
    """An article that came with the program is marked, others are not."""
    article = make_article()
    answer = answer_with(cite(article, QUOTE))
    assert ">Beispiel<" in answer_html(answer, anchor="q", language="de", articles={article.id: article})
    assert ">Beispiel<" not in answer_html(answer, anchor="q", language="de")


def test_a_marker_without_a_citation_stays_text() -> None:
    """Only numbers that have a card are links."""
    answer = answer_with(cite(make_article(), QUOTE), text=f"{QUOTE} [1] [9]", sentences=())
    reader = Reader(answer_html(answer, anchor="q", language="en"))
    assert reader.links[:-1] == ["#q-1"]
    assert "[9]" in reader.text


def test_notes_tell_what_was_searched_and_what_is_missing() -> None:
    """A question that was rewritten, articles that could not be searched and a model are named."""
    answer = answer_with(
        cite(make_article(), QUOTE),
        searched=Searched(question="Why does Blinken visit Astana?", filters=Filters()),
        pending=1200,
        model="ollama:tiny",
    )
    text = Reader(answer_html(answer, anchor="q", language="en")).text
    assert "Searched for: Why does Blinken visit Astana?" in text
    assert "1,200 articles are not searchable yet" in text
    assert "Written by ollama:tiny" in text


def test_what_the_question_became_stands_before_the_answer() -> None:
    """Words that were carried over, a model's own wording, and a period: a line each, with a button where it can be taken back."""
    article = make_article()

    def line(**given: Any) -> str:
        searched = Searched(**{"question": "Why does Blinken go?", "filters": Filters(), **given})
        html = answer_html(answer_with(cite(article, QUOTE), question="Why?", searched=searched), anchor="q", language="en")
        return Reader(html).text.split(QUOTE)[0].strip()

    period = AskedPeriod(since=date(2023, 2, 20), until=date(2023, 2, 26), text="last week")
    limited = "Only articles from 20 February 2023 to 26 February 2023 (“last week”)."
    alone, always = " Ask without what came before", " Ask without the period"
    assert line(carried=("Blinken",)) == f"Searched with words from earlier: Why does Blinken go?{alone}"
    assert line(carried=("Blinken",), rewritten=True) == f"Understood as: Why does Blinken go?{alone}"
    assert line(question="Why does Blinken go?") == "Searched for: Why does Blinken go?"
    assert line(period=period) == f"{limited}{always}"
    assert (
        line(period=period, carried=("Blinken",))
        == f"Searched with words from earlier: Why does Blinken go?{alone}{limited}{always}"
    )
    unapplied = line(period=replace(period, applied=False))
    assert unapplied.startswith("There are no articles from 20 February 2023")
    assert always not in unapplied
    assert line(question="Why?") == ""
    german = answer_with(question="Warum?", searched=Searched(question="Warum?", filters=Filters(), period=period))
    assert "Nur Artikel vom 20. Februar 2023 bis 26. Februar 2023 („last week“)." in answer_html(
        german, anchor="q", language="de"
    )


def test_sentences_are_told_apart_by_words() -> None:
    """Not borne out, without a source, and corrected: each has its reason behind it; one that is borne out has nothing."""
    text = "He came [1]. It cost much. Nobody knows. He left [2]."
    stands: list[tuple[Support, str]] = [
        ("supported", ""),
        ("unsupported", "not said"),
        ("uncited", ""),
        ("supported", "the model named another source; it is [2]"),
    ]
    starts = [0, 13, 27, 41, len(text) + 1]
    numbers = [(1,), (), (), (2,)]
    sentences = tuple(
        Sentence(start=starts[index], end=starts[index + 1] - 1, citations=numbers[index], support=support, reason=reason)
        for index, (support, reason) in enumerate(stands)
    )
    article = make_article()
    answer = answer_with(cite(article, QUOTE), cite(article, SECOND, number=2), text=text, sentences=sentences, model="x:y")
    html = answer_html(answer, anchor="q", language="en")
    said = Reader(html).text
    assert "He came\N{NO-BREAK SPACE}1. It cost much. (not said) Nobody knows. (without a source) He left" in said
    assert '<span class="unsupported">It cost much.</span>' in html
    assert '<span class="uncited">Nobody knows.</span>' in html
    assert "(the model named another source; it is\N{NO-BREAK SPACE}2)" in said
    assert Reader(html).links[:3] == ["#q-1", "#q-2", "#q-2"]


def test_numbers_of_a_conversation_lead_to_their_cards() -> None:
    """They need not begin at 1, nor be in order."""
    article = make_article()
    reader = Reader(
        answer_html(answer_with(cite(article, QUOTE, number=12), cite(article, SECOND, number=3)), anchor="q", language="en")
    )
    assert reader.links[:2] == ["#q-12", "#q-3"]


def test_what_happened_to_the_model_is_said() -> None:
    """Its failure, and how many passages it did not get to read, also of a refusal."""
    left_out = (LeftOut(article_id="a", start=0, end=5), LeftOut(article_id="b", start=0, end=5))
    for citations in ([cite(make_article(), QUOTE)], []):
        answer = answer_with(*citations, text="So it is [1].", notice="The chat model stopped.", left_out=left_out, model="x:y")
        text = Reader(answer_html(answer, anchor="q", language="de")).text
        assert "The chat model stopped." in text
        assert "2 weitere Stellen wurden gefunden" in text
        quoted = Reader(answer_html(replace(answer, model=None), anchor="q", language="de")).text
        assert "The chat model stopped." in quoted
        assert "weitere Stellen" not in quoted, "the quotes are from all that was found"


def test_days_stand_beside_the_words_that_mean_them() -> None:
    """In the reader's way; what is marked is the quote and nothing else, and no mark begins with a space."""
    quote = "Am Dienstag traf Blinken in Astana ein."
    article = make_article(text=f"Davor. {quote} Danach.", published_at=datetime(2023, 3, 2, tzinfo=UTC))
    citation = with_dates(cite(article, quote))
    days: dict[Language, str] = {"de": "28.02.2023", "en": "28 Feb 2023"}
    for language, day in days.items():
        reader = Reader(answer_html(answer_with(citation), anchor="q", language=language))
        assert f"Am Dienstag [{day}] traf" in reader.text
        assert reader.marks == ["Am Dienstag", "traf Blinken in Astana ein."]
    article = make_article(text="Blinken traf am Dienstag, bis Mittwoch ein.", published_at=datetime(2023, 3, 2, tzinfo=UTC))
    closed = Reader(answer_html(answer_with(with_dates(cite(article, article.text))), anchor="q", language="de"))
    assert closed.marks[0] == "Blinken traf am Dienstag,"  # the sign that closes the words stays with them


def test_a_translation_is_labelled_as_the_model_s() -> None:
    """With its name, and that nobody checked it; in the language of the answer; directly below the quote, before what follows it."""
    citation = cite(make_article(), QUOTE, translation="The aim is to woo.", translated_by="ollama:tiny")
    html = answer_html(answer_with(citation), anchor="q", language="en")
    assert "Translation by ollama:tiny, not checked: The aim is to woo." in Reader(html).text
    assert '<span lang="en" dir="auto">The aim is to woo.</span>' in html
    text = Reader(html.split('<aside class="evidence"')[1]).text
    assert text.index(QUOTE) < text.index("The aim is to woo.") < text.index("In Astana ist")


def test_other_outlets_and_gaps_of_an_article_are_named() -> None:
    """On its card, and among the nearest passages of a refusal."""
    hit = replace(hit_of(make_article(notes=("paywall",))), also_in=("Rheinwarte", "Elbtal"))
    cited = answer_with(cite(hit.article, QUOTE, also_in=hit.also_in), hits=[hit])
    for answer in (cited, answer_with(text="Nothing.", hits=[hit])):
        text = Reader(answer_html(answer, anchor="q", language="en")).text
        assert "Also in: Rheinwarte, Elbtal" in text
        assert "Behind a paywall: perhaps not the whole article" in text


def test_words_on_their_way_have_no_markers() -> None:
    """Not even half of one: they are the chat model's, and the answer's will be others."""
    for words in ("It was lit [3]. It cost", "It was lit. It cost [", "It was lit. It cost [12"):
        assert (
            Reader(working_html(words, step="write", language="en")).text
            == "It was lit. It costThe chat model writes; not checked yet …"
        )


@pytest.mark.parametrize(
    ("precision", "english", "german", "attribute"),
    [
        ("year", "2023", "2023", "2023"),
        ("month", "February 2023", "Februar 2023", "2023-02"),
        ("day", "16 February 2023", "16. Februar 2023", "2023-02-16"),
        (None, "16 February 2023", "16. Februar 2023", "2023-02-16"),
        ("minute", "16 February 2023, 14:05 UTC", "16. Februar 2023, 14:05 UTC", "2023-02-16T14:05Z"),
    ],
)
def test_dates_are_no_finer_than_they_are_known(precision: str | None, english: str, german: str, attribute: str) -> None:
    """A year is shown as a year."""
    moment = datetime(2023, 2, 16, 14, 5, 9, tzinfo=UTC)
    assert date_text(moment, precision=precision, language="en") == english
    assert date_text(moment, precision=precision, language="de") == german
    assert date_attribute(moment, precision=precision) == attribute


def test_undated_and_unknown_are_said() -> None:
    """No date and no language are words, not gaps, and the quote's language is marked as unknown."""
    article = make_article(published_at=None, language="und", title="", source="")
    html = answer_html(answer_with(cite(article, QUOTE)), anchor="q", language="en")
    assert "undated" in html
    assert "language unknown" in html
    assert "Untitled article" in html
    assert '<blockquote lang=""' in html


def test_a_malformed_language_is_no_attribute() -> None:
    """Only a well-formed tag gets into ``lang``."""
    html = answer_html(answer_with(cite(make_article(language='de" onclick="x'), QUOTE)), anchor="q", language="en")
    assert "onclick" not in Reader(html).attributes
    assert language_name("zz-!", language="en") == ""
    assert language_name("pt-BR", language="de") == "Portugiesisch (Brasilien)"


def test_the_senses_of_a_headword_stand_together() -> None:
    """Whatever their order, under their headword; the word itself is one where there are others, and needs no second heading where it is alone."""
    mixed = FakeWord(0, 5, ("Rand: edge", "beetroot", "Rand: rim"))
    html = entry_html(mixed, "Rande", spoken="de", language="en")
    assert re.findall(r'class="entry"[^>]*>(\w+)|<li>(\w+)', html) == [
        ("Rand", ""),
        ("", "edge"),
        ("", "rim"),
        ("Rande", ""),
        ("", "beetroot"),
    ]
    alone = entry_html(FakeWord(0, 4, ("goal", "aim")), "Ziel", spoken="de", language="en")
    assert 'class="entry"' not in alone
    assert alone.count("<li>") == 2


def test_a_library_without_articles_leads_out() -> None:
    """What is asked of it is refused with the way to add some, its commands set as such, and no search is made out of it."""
    refused = answer_with(text="There are no articles yet. `fundstelle add FILE` adds some.", hits=[])
    html = answer_html(
        refused, anchor="q", language="en", scope=Scope(articles=0, languages={}, outlets={}, first=None, last=None, undated=0)
    )
    assert "<code>fundstelle add FILE</code>" in html
    assert 'data-view="library"' in html
    assert "<aside" not in html
    assert 'class="to-evidence' not in html


def test_welcome_counts_and_explains() -> None:
    """The masthead counts in the reader's way; an empty library says what to type."""
    assert "1.028 Artikel" in masthead_html(1028, language="de")
    assert "1 article<" in masthead_html(1, language="en")
    assert "fundstelle add FILE" in intro_html(0, examples=[], language="en")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr,de;q=0.7,en;q=0.3", "de"),
        ("en;q=0.2, de;q=0.9", "de"),
        ("de;q=0, en", "en"),
        ("ja", "en"),
        ("de;q=x", "en"),
    ],
)
def test_the_language_follows_the_browser(header: str | None, language: str) -> None:
    """German where it is wanted more than English, else English."""
    assert pick_language(header) == language


def test_both_languages_say_the_same_things() -> None:
    """Same keys, same placeholders."""
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    for key, english in TEXTS["en"].items():
        assert english.count("{") == TEXTS["de"][key].count("{"), key


def test_the_context_is_the_quotes_own_paragraph() -> None:
    """Other paragraphs are left out, unless the quote is nearly all of its own."""
    long = "Ein längerer Satz davor, der zum selben Absatz gehört und ihn verständlich macht."
    article = make_article(text=f"Überschrift\n\n{long} Das Zitat. Danach mehr.\n\nAnderer Absatz.")
    text = Reader(answer_html(answer_with(cite(article, "Das Zitat.")), anchor="q", language="de")).text
    assert long in text
    assert "Danach mehr." in text
    assert "Anderer Absatz" not in text
    lonely = make_article(text="Absatz davor.\n\nDas Zitat.\n\nAbsatz danach.")
    text = Reader(answer_html(answer_with(cite(lonely, "Das Zitat.")), anchor="q", language="de")).text
    assert "Absatz davor." in text
    assert "Absatz danach." in text


def test_what_a_long_question_became_is_shown_without_its_middle() -> None:
    """Its beginning, and its end with the words that were carried over."""
    question = f"Why {'is it so ' * 100}long? (Blinken Astana)"
    searched = Searched(question=question, filters=Filters(), carried=("Blinken", "Astana"))
    shown = Reader(became_html(answer_with(searched=searched), filters=Filters(), language="en")).text
    assert shown.startswith("Searched with words from earlier: Why is it so")
    assert "long? (Blinken Astana)" in shown
    assert len(shown) < 400


def test_quotes_of_one_article_share_a_card() -> None:
    """Where it is from is said once; each quote keeps its number, and the article opens at the first of them."""
    article = make_article()
    answer = answer_with(cite(article, SECOND), cite(article, QUOTE, number=2))
    html = answer_html(answer, anchor="q", language="en", articles={article.id: article})
    assert html.count("<h4") == 1
    assert html.count('class="open-article') == 1
    assert 'id="q-1"' in html
    assert 'id="q-2"' in html
    assert 'data-quote="q-1"' in html


def test_reasons_are_in_the_page_s_language() -> None:
    """Whatever the answer's language is, flags and their numbers are read in the reader's; other words stay as they are."""
    text = "Es kostete 5 Euro. Er kam [1]."
    sentences = (
        Sentence(start=0, end=18, citations=(), support="unsupported", reason="„5“ steht nicht in der Quelle"),
        Sentence(
            start=19,
            end=len(text),
            citations=(1,),
            support="supported",
            reason="das Modell nannte eine andere Quelle; gesagt wird es in [1]",
        ),
    )
    answer = answer_with(cite(make_article(), QUOTE), text=text, sentences=sentences, model="x:y", language="de")
    said = Reader(answer_html(answer, anchor="q", language="en")).text
    assert "(the source does not have “5”)" in said
    assert "(the model named another source; this is said in\N{NO-BREAK SPACE}1)" in said
    assert "1 corrected" in said
    assert "1 not borne out" in said
    assert "steht nicht" in Reader(answer_html(answer, anchor="q", language="de")).text


def test_a_foreign_quote_offers_its_words() -> None:
    """Only one in another language than the page's, and one whose language is known."""
    cases: list[tuple[Language, str, bool]] = [
        ("en", "de", True),
        ("de", "de", False),
        ("en", "und", False),
        ("de", "de-AT", False),
    ]
    for language, tag, offered in cases:
        article = make_article(language=tag)
        html = answer_html(answer_with(cite(article, QUOTE)), anchor="q", language=language, articles={article.id: article})
        assert ("look-up" in html) is offered
        assert (" data-foreign" in html) is offered


def test_the_filters_that_are_set_can_be_removed() -> None:
    """Each is a chip with a button that says what it removes; the form behind the line has what the library has."""
    scope = Scope(
        articles=3, languages={"de": 2, "en": 1}, outlets={HOSTILE: 3}, first=date(2023, 2, 1), last=date(2023, 5, 3), undated=0
    )
    html = filters_html(Filters(language="de", source=HOSTILE, since=date(2023, 2, 20)), scope, language="en")
    assert 'aria-label="Remove filter: German"' in html
    assert "from 20 February 2023 on" in html
    assert '<option value="de" selected>German (2)</option>' in html
    assert HOSTILE in Reader(html).text
    assert "chip" not in filters_html(Filters(), scope, language="en")
    assert "replaces the last question" in filters_html(Filters(), scope, language="en", editing=True)
