"""Which sentences are quoted: within limits, not the same words twice, not what is far weaker than the best."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.evidence import MAX_QUOTED_CHARACTERS, MAX_QUOTES, Evidence, choose_quotes, find_evidence
from assistant.page_lines import asks_about_page, is_page_line
from vectorstore.search import hybrid_search
from vectorstore.types import Article, Filters, Hit, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from assistant import Assistant
    from assistant.evidence import Finding

LAMP = "The lamp of Skarven Point was lit again after eleven years in the dark."
PRICE = "The work cost 340,000 crowns, said the harbour master."
STORM = "A storm had broken the lantern in 2012."
BUS = "Der Bücherbus hält in zwölf Dörfern des Ahlentals."
FERRY = "Ferries to the islands leave from another quay now."


def hit(*sentences: str, article_id: str = "a", between: str = " ") -> Hit:
    """A passage of these sentences, which is all of its article."""
    text, spans = "", []
    for sentence in sentences:
        text += between if text else ""
        spans.append(Span(len(text), len(text) + len(sentence)))
        text += sentence
    article = Article(id=article_id, text=text, language="en", fetched_at=datetime(2024, 1, 1, tzinfo=UTC))
    passage = Passage(article_id=article_id, version=article.version, start=0, end=len(text), sentences=tuple(spans))
    return Hit(passage=passage, article=article, score=1.0, cosine=0.9, sentence_scores=(0.9,) * len(spans))


def ranked(*scored: tuple[Hit, int, float]) -> list[Evidence]:
    """Sentences (hit, which of its sentences, score), best first."""
    found = [Evidence(hit=one, span=one.passage.sentences[position], score=score) for one, position, score in scored]
    return sorted(found, key=lambda evidence: -evidence.score)


def quoted(scored: Sequence[Evidence]) -> list[str]:
    """The words that are quoted."""
    return [evidence.text for evidence in choose_quotes(scored)]


def test_the_best_sentence_is_always_quoted() -> None:
    """However long it is; and without a sentence there is no quote."""
    long = hit("lantern " * MAX_QUOTED_CHARACTERS)
    assert quoted(ranked((long, 0, 0.9), (hit(PRICE, article_id="b"), 0, 0.9))) == [long.text]
    assert choose_quotes([]) == []


def test_what_is_far_below_the_best_is_left_out() -> None:
    """A question of fact is answered by one sentence, not by three that are in the neighbourhood."""
    one, other = hit(LAMP), hit(FERRY, article_id="b")
    assert quoted(ranked((one, 0, 0.95), (other, 0, 0.94))) == [LAMP, FERRY]
    assert quoted(ranked((one, 0, 0.95), (other, 0, 0.45))) == [LAMP]


def test_syndicated_copies_are_quoted_once() -> None:
    """The same words from another outlet, give or take a word, are no second source."""
    copies = [hit(LAMP, article_id="a"), hit(LAMP, article_id="b"), hit(LAMP.replace("again ", ""), article_id="c")]
    scored = ranked(*((copy, 0, 0.9 - 0.001 * n) for n, copy in enumerate(copies)), (hit(PRICE, article_id="d"), 0, 0.89))
    assert quoted(scored) == [LAMP, PRICE]


def test_at_most_three_quotes() -> None:
    """More would be a heap, not an answer."""
    hits = [hit(sentence, article_id=sentence) for sentence in (LAMP, PRICE, STORM, BUS, FERRY)]
    assert quoted(ranked(*((one, 0, 0.9 - 0.001 * n) for n, one in enumerate(hits)))) == [LAMP, PRICE, STORM]


def test_a_quote_too_many_makes_way_for_a_shorter_one() -> None:
    """What no longer fits is passed over, and the next that fits is taken."""
    long = " ".join(f"word{n}" for n in range(MAX_QUOTED_CHARACTERS // 7))
    hits = [hit(LAMP, article_id="a"), hit(long, article_id="b"), hit(PRICE, article_id="c")]
    assert quoted(ranked(*((one, 0, 0.9 - 0.001 * n) for n, one in enumerate(hits)))) == [LAMP, PRICE]


def test_a_quote_brings_what_it_leans_on() -> None:
    """The reason is in the sentence before "Therefore", who "she" is in the one before that; no further than two, and not where it does not fit."""
    master = "Ingrid Solheim runs the harbour of Skarven."
    cut = "She had her budget cut in 2011."
    dark = "Therefore the lamp stayed dark."
    assert quoted(ranked((hit(FERRY, master, dark), 2, 0.9))) == [f"{master} {dark}"]
    assert quoted(ranked((hit(FERRY, master, cut, dark), 3, 0.9))) == [f"{master} {cut} {dark}"]
    assert quoted(ranked((hit(master, cut, cut, dark), 3, 0.9))) == [f"{cut} {cut} {dark}"]
    assert quoted(ranked((hit(master, dark, between=" * "), 1, 0.9))) == [dark]
    assert quoted(ranked((hit("lantern " * 90, dark), 1, 0.9))) == [dark]


def test_quotes_that_meet_across_passages_stay_one() -> None:
    """A sentence that ends a passage and the one that begins the next are one quote; what it leans on is sought where it begins."""
    whole = hit("Ingrid Solheim runs the harbour of Skarven.", "She lit the lamp again.", "It had stayed dark for eleven years.")
    first, second = (
        replace(whole, passage=replace(whole.passage, sentences=spans))
        for spans in (whole.passage.sentences[:2], whole.passage.sentences[2:])
    )
    assert quoted(ranked((first, 1, 0.9), (second, 0, 0.89))) == [whole.text]
    assert quoted(ranked((second, 0, 0.9), (first, 1, 0.89))) == ["She lit the lamp again. It had stayed dark for eleven years."]


def test_what_is_quoted_already_is_not_brought_again() -> None:
    """A sentence that leans on a quote goes with it, and one that was brought is not quoted once more."""
    one = hit(LAMP, "It had stayed dark for eleven years.", FERRY)
    assert quoted(ranked((one, 0, 0.9), (one, 1, 0.89))) == [f"{LAMP} It had stayed dark for eleven years."]
    assert quoted(ranked((one, 1, 0.9), (one, 0, 0.89))) == [f"{LAMP} It had stayed dark for eleven years."]


SENTENCES = st.lists(
    st.sampled_from([LAMP, PRICE, STORM, BUS, FERRY, "But she was late.", ("lantern " * 60).strip(), ("harbour " * 90).strip()]),
    min_size=1,
    max_size=6,
)


@given(st.lists(SENTENCES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_quotes_keep_the_limits(passages: list[list[str]], chance: Random) -> None:
    """Few, short in all, best first, each a stretch of one article without overlap, the best sentence among them."""
    hits = [hit(*sentences, article_id=str(n)) for n, sentences in enumerate(passages)]
    scored = ranked(
        *((one, position, chance.uniform(0.8, 1.0)) for one in hits for position in range(len(one.passage.sentences)))
    )
    quotes = choose_quotes(scored)
    assert 1 <= len(quotes) <= MAX_QUOTES
    assert sum(len(quote.span) for quote in quotes) <= max(MAX_QUOTED_CHARACTERS, len(scored[0].span)) + 10
    assert quotes[0].span.start <= scored[0].span.start < scored[0].span.end <= quotes[0].span.end
    for quote in quotes:
        assert quote.text == quote.hit.article.text[quote.span.start : quote.span.end]
        assert quote.text == quote.text.strip()
    for article_id in {quote.hit.article.id for quote in quotes}:
        spans = sorted((quote.span for quote in quotes if quote.hit.article.id == article_id), key=lambda span: span.start)
        assert all(one.end <= other.start for one, other in pairwise(spans))


def evidence_for(question: str, samples: Assistant, *, filters: Filters | None = None) -> Finding:
    """What the sample articles say about a question."""
    result = hybrid_search(
        question,
        library=samples.library,
        indexes=samples.indexes,
        encoder=samples.encoder,
        glossary=samples.glossary,
        filters=filters,
    )
    return find_evidence(question, result, encoder=samples.encoder, glossary=samples.glossary)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many tug captains are there on the lower Weser?", "46 tug masters"),
        ("Wie viele Schlepperkapitäne gibt es auf der Unterweser?", "46 tug masters"),
        ("Who designed the pavilion planned for the returned bronzes?", "designed by the Ghanaian-British"),
        ("Combien de bronzes du Bénin l’Allemagne a-t-elle rendus en décembre 2022 ?", "20 B"),
    ],
)
def test_the_sentence_that_answers_is_among_the_quotes(question: str, words: str, samples: Assistant) -> None:
    """In the question's language or another one."""
    assert any(words in quote.text for quote in evidence_for(question, samples).quotes)


def test_evidence_never_touches_furniture(samples: Assistant) -> None:
    """What is quoted stands outside furniture, whatever is asked, even for the furniture's own words."""
    marks = [mark for article in samples.articles() for mark in article.furniture]
    asked = [article.text[mark.start : mark.end][:200] for article in samples.articles() for mark in article.furniture][:12]
    assert marks
    for question in asked:
        for quote in evidence_for(question, samples).quotes:
            assert not any(mark.start < quote.span.end and quote.span.start < mark.end for mark in quote.hit.article.furniture)


def test_a_name_that_the_article_lacks_is_told(samples: Assistant) -> None:
    """The reader of a refusal learns which name it was; a name in another spelling is not missing."""
    assert "Mongolia" in evidence_for("How much money did Blinken promise Mongolia?", samples).missing
    assert evidence_for("When will Blinken meet Tokayev in Astana?", samples, filters=Filters(language="de")).missing == ()


def test_features_are_plain_numbers(samples: Assistant) -> None:
    """Every feature of every kind of question is a finite number of a known range, so that weights stay readable."""
    for question in ("Who is the mayor of Wehlsdorf?", "Wie wird das Wetter?", "2012", "Почему?", "…", "神舟"):
        features = evidence_for(question, samples).features
        assert features is not None
        for name in set(features.__slots__) - {"meeting"}:
            value = float(getattr(features, name))
            assert -1.0 <= value <= 50.0, (question, name, value)


def test_no_hits_no_evidence(samples: Assistant) -> None:
    """Where no article passes the filters there is nothing to quote and nothing to judge."""
    finding = evidence_for("Who is the mayor of Wehlsdorf?", samples, filters=Filters(language="eo"))
    assert (finding.quotes, finding.features, finding.missing) == ((), None, ())


def test_sentences_without_vectors_are_embedded_with_the_question(samples: Assistant) -> None:
    """Right after adding, hits have no sentence scores yet; the same sentence is found."""
    question = "How many tug captains are there on the lower Weser?"
    result = hybrid_search(
        question, library=samples.library, indexes=samples.indexes, encoder=samples.encoder, glossary=samples.glossary
    )
    bare = [
        Hit(passage=one.passage, article=one.article, score=one.score, cosine=one.cosine, sentence_scores=(), ranks=one.ranks)
        for one in result.hits
    ]
    without = type(result)(hits=tuple(bare), terms=result.terms, vector=result.vector)
    finding = find_evidence(question, without, encoder=samples.encoder, glossary=samples.glossary)
    assert any(re.search("46 tug masters", quote.text) for quote in finding.quotes)


def article_of(language: str, *, author: str = "", text: str = "") -> Article:
    """An article of 28 February 2023 to which a line may belong."""
    day = datetime(2023, 2, 28, 17, tzinfo=UTC)
    return Article(id="a", text=text, language=language, author=author, source="Hafenbote", published_at=day, fetched_at=day)


PAGE_LINES = [
    ("de", "Stand: 28.02.2023, 17:15 Uhr"),
    ("de", "Veröffentlicht am Dienstag, den 28. Februar 2023 um 17.15 Uhr"),
    ("de", "Zuletzt aktualisiert: 1. März 2023 – Lesezeit: 3 Min."),
    ("de", "Von Wiebke Tönnies und Arne von der Lühe, Hafenredaktion"),
    ("de", "Von Wiebke Tönnies · 28. Februar 2023, 06:05 Uhr"),
    ("de", "Von unserer Korrespondentin in Taschkent"),
    ("de", "Text: Wiebke Tönnies"),
    ("de", "Hafenbote | 28. Februar 2023 | Von Wiebke Tönnies"),
    ("de", "Neu-Delhi."),
    ("en", "By Odile Farrant, Diplomatic Correspondent"),
    ("en", "By Odile Farrant in Warsaw"),
    ("en", "By Odile Farrant and T. R. Quill, Astana"),
    ("en", "Reporting by Odile Farrant"),
    ("en", "Published Tuesday, Feb. 28, 2023 at 5:15 p.m. GMT"),
    ("en", "Last updated on 1 March 2023 | 4 min read"),
    ("en", "28 February 2023, 17:15"),
    ("en", "NEW DELHI."),
    ("fr", "Publié le 22 août 2023 à 6 h 30 – Temps de lecture : 2 min Par Odilon Ferrasse"),
    ("fr", "Par Odilon Ferrasse, le 28 février 2023 à 6 h 50"),
    ("fr", "De notre correspondante à Tachkent, Maëlle Quérec"),
    ("fr", "Mis à jour le 1er mars 2023 à 18h30"),
    ("es", "Por Íñigo Larrondo, enviado especial en Astaná"),
    ("es", "Barcelona, 28 de febrero de 2023."),
    ("es", "Publicado el 28 de febrero de 2023 a las 17:15 h"),
    ("ru", "28 февраля 2023, 09:20"),
    ("ru", "Автор: Глафира Онежина"),
    ("ru", "Опубликовано 28 февраля 2023 года в 17:15 мск"),
]
STATEMENTS = [
    ("de", "Stand: Der Pegel liegt bei sieben Metern."),
    ("de", "Stand: 300 Verletzte."),
    ("de", "Am Montag erschienen 300."),
    ("de", "Von Montag an fährt der Zug täglich."),
    ("de", "Von Wiebke Tönnies kam Kritik."),
    ("de", "Von Experten."),
    ("de", "12. Januar 2012 – Deichbruch"),
    ("de", "Berlin brennt."),
    ("de", "Nein."),
    ("de", "Hochwasser."),
    ("de", "Um 17.15 Uhr heulten am 28. Februar 2023 die Sirenen."),
    ("de", "VON ASTANA KOMMT HILFE"),
    ("en", "By Monday 300 people had fled."),
    ("en", "By Monday Hundreds Had Fled"),
    ("en", "By Dawn Rebels Held Kabul"),
    ("en", "BY DAWN REBELS HELD KABUL"),
    ("en", "By Luck I Won"),
    ("en", "By Odile Farrant in Warsaw Riots Spread"),
    ("en", "By Odile Farrant’s count, nine voted."),
    ("en", "Odile Farrant resigned on 28 February 2023."),
    ("en", "Published figures fell on Tuesday."),
    ("en", "Spain 1–0 England."),
    ("en", "Astana hosts."),
    ("en", "2012."),
    ("fr", "Par Odilon Ferrasse, blessé le 28 février 2023."),
    ("fr", "Publié le 22 août 2023, le rapport accable le port."),
    ("fr", "De notre correspondante à Tachkent, rien n’arrive."),
    ("fr", "Le 22 août 2023 à 6 h 30, le pont cède."),
    ("es", "Llueve."),
    ("es", "Por Barcelona pasan 300 trenes."),
    ("es", "Barcelona, 28 de febrero de 2023, amanece sin agua."),
    ("es", "Publicado el informe, dimitió."),
    ("ru", "Победили."),
    ("ru", "28 февраля 2023 года приехал Блинкен."),
    ("ru", "Автор: виноват порт."),
]


@pytest.mark.parametrize(("language", "line"), PAGE_LINES)
def test_a_line_about_the_article_is_known(language: str, line: str) -> None:
    """Byline, time stamp, dateline: they say nothing that a question about the news asks for."""
    assert is_page_line(line, article=article_of(language))


@pytest.mark.parametrize(("language", "line"), STATEMENTS)
def test_a_statement_that_looks_alike_is_kept(language: str, line: str) -> None:
    """Whatever states something stays, though it begins with a by-word, a stamp's word, a place or a date."""
    assert not is_page_line(line, article=article_of(language))


VERBS = {"de": "sank", "en": "fell", "fr": "recule", "es": "cae", "ru": "упал"}


@given(st.sampled_from(PAGE_LINES), st.integers(min_value=0, max_value=40))
def test_one_verb_makes_any_such_line_a_statement(sample: tuple[str, str], position: int) -> None:
    """Wherever it stands."""
    language, line = sample
    parts = line.split()
    parts.insert(position % (len(parts) + 1), VERBS[language])
    assert not is_page_line(" ".join(parts), article=article_of(language))


def test_the_article_tells_its_own_names() -> None:
    """Its author's name alone is a byline; a small place is one if the article names it again; what is no name makes no byline."""
    assert is_page_line("Odile Farrant ·", article=article_of("en", author="Odile Farrant"))
    assert not is_page_line("Odile Farrant", article=article_of("en"))
    assert is_page_line("WEHLSDORF.", article=article_of("de", text="WEHLSDORF. Um drei heulten in Wehlsdorf die Sirenen."))
    assert not is_page_line("WEHLSDORF.", article=article_of("de", text="WEHLSDORF."))
    assert not is_page_line("Llueve.", article=article_of("es", text="Llueve. Por fin llueve en Sagunto."))
    author = "Monday hundreds of people had fled"
    assert not is_page_line(f"By {author}", article=article_of("en", author=author))


def test_a_chronicle_keeps_its_dates() -> None:
    """A line of a date that is not the article's own says when what follows happened."""
    assert not is_page_line("12. Januar 2012, 17:15 Uhr", article=article_of("de"))


@pytest.mark.parametrize(
    ("language", "question", "about"),
    [
        ("en", "Who wrote the report from Astana?", True),
        ("en", "When was the article published?", True),
        ("en", "Why did Blinken go to Tashkent?", False),
        ("de", "Wer hat den Artikel über den Streik geschrieben?", True),
        ("de", "Wann erschien die Meldung?", True),
        ("de", "Wann brach der Deich?", False),
        ("fr", "Qui est l’auteur de l’article ?", True),
        ("fr", "Pourquoi ?", False),
        ("es", "¿Cuándo se publicó la noticia?", True),
        ("es", "¿Quién marcó el gol?", False),
        ("ru", "Кто автор статьи?", True),
        ("ru", "Когда Блинкен приехал в Астану?", False),
        ("und", "Warum?", False),
    ],
)
def test_who_asks_about_the_article_gets_its_lines(language: str, question: str, about: bool) -> None:
    """Author and date of an article may be asked for too."""
    assert asks_about_page(question, language=language) == about


@pytest.mark.parametrize(
    "question", ["Warum?", "Pourquoi ?", "Why?", "Why did Blinken go to Tashkent?", "Wann begann der Warnstreik?"]
)
def test_no_byline_is_quoted(question: str, samples: Assistant) -> None:
    """Of the sample articles, several of which have one in their text."""
    for quote in evidence_for(question, samples).quotes:
        for span in quote.hit.passage.sentences:
            if quote.span.start <= span.start and span.end <= quote.span.end:
                assert not is_page_line(span.slice(quote.hit.article.text), article=quote.hit.article)


def test_a_byline_is_quoted_to_who_asks_for_it(samples: Assistant) -> None:
    """Its words answer that question, and no other sentence does."""
    finding = evidence_for("Who wrote the article from Warsaw on the Polish election?", samples)
    assert any("Agnes Wolny" in quote.text for quote in finding.quotes)
