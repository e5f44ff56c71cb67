"""Generated sentences are checked against what they cite: what is borne out, what is marked, and why."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pytest

from assistant.citations import cite
from assistant.claims import Claim, split_claims
from assistant.explanations import REASONS
from assistant.verification import Source, Verdict, Verifier, explain
from assistant.verification_weights import read_weights, weights_for
from ingest.samples import sample_questions
from ingest.split import split_article, split_sentences
from tests.benchmarks.verification import FRESH_CASES, HARD_CASES, Case, check, passes, sample_cases
from vectorstore.types import Article, Furniture, Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from assistant import Assistant
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, SentenceTransformerEncoder

LAMP = """Lighthouse at Skarven Point lit again

The lighthouse at Skarven Point was lit again on Tuesday after eleven years in the dark. Engineers from the harbour authority replaced its lamp over the winter.

Read also: Ten walks along the coast.

The work cost 340,000 crowns, said the harbour master, Ingrid Solheim. “It is a good lamp and it will outlive me,” she said. Nobody was hurt."""
BRIDGE = """Council closes the bridge at Brenn

The council of Brenn closed the old bridge on Monday. Repairs are to cost 2.5 million crowns and take until March 2024."""


@pytest.fixture(scope="module")
def verifier(samples: Assistant) -> Verifier:
    """A verifier with the bundled model and the dictionaries that are installed."""
    return Verifier(encoder=samples.encoder, glossary=samples.glossary)


@pytest.fixture(scope="module")
def sources(make_article: Callable[..., Article], samples: Assistant) -> list[Source]:
    """Source 1 and 2 are an article with furniture in its middle, source 3 is another one."""
    from datetime import UTC, datetime

    advert = LAMP.index("Read also")
    lamp = make_article(
        "lamp",
        LAMP,
        title="Lighthouse at Skarven Point lit again",
        published_at=datetime(2023, 5, 4, tzinfo=UTC),
        published_precision="day",
        furniture=(Furniture(advert, advert + len("Read also: Ten walks along the coast."), "teaser"),),
    )
    bridge = make_article("bridge", BRIDGE, title="Council closes the bridge at Brenn")
    count = samples.encoder.count_tokens
    lit, cost = (passage for end in (advert, len(LAMP)) for passage in [_until(lamp, end)])
    (closed,) = split_article(bridge, count_tokens=count)
    return [
        Source(number=1, article=lamp, passage=lit),
        Source(number=2, article=lamp, passage=cost),
        Source(number=3, article=bridge, passage=closed),
    ]


def _until(article: Article, end: int) -> Passage:
    from vectorstore.types import Span

    start = 0 if end < len(article.text) else article.furniture[0].end
    sentences = [
        sentence
        for line in article.text[start:end].split("\n")
        if line.strip()
        for at in [article.text.index(line, start)]
        for sentence in split_sentences(article.text, within=Span(at, at + len(line)), language="en")
    ]
    return Passage(
        article_id=article.id,
        version=article.version,
        start=sentences[0].start,
        end=sentences[-1].end,
        sentences=tuple(sentences),
    )


def judge(verifier: Verifier, text: str, sources: Sequence[Source], *, language: str = "en") -> Verdict:
    """The verdict on an answer of one sentence."""
    (claim,) = split_claims(text, language=language)
    return verifier.check(claim, sources=sources, language=language)


# --- the written sentences about the sample articles


@pytest.fixture(scope="module")
def checked(samples: Assistant, verifier: Verifier) -> list[tuple[Case, Verdict]]:
    """Every written sentence with its verdict; needs the German dictionary, as the figures in docs/benchmarks.md do."""
    if "de" not in samples.glossary.languages:
        pytest.skip("needs the German-English dictionary (dict-freedict-deu-eng)")
    articles = {PurePath(article.path or "").name: article for article in samples.articles()}
    passages = {name: split_article(article, count_tokens=samples.encoder.count_tokens) for name, article in articles.items()}
    cases = sample_cases(articles, passages=passages)
    verifier.prepare(list({source.passage.id: source for case in cases for source in case.sources}.values()))
    return [(case, check(case, verifier)) for case in cases]


def test_true_sentences_are_supported_and_false_ones_marked(checked: list[tuple[Case, Verdict]]) -> None:
    """Of the sentences about the samples, written before any weight was fitted, 95 % of the true ones pass and 90 % of the false ones do not."""
    true = [passes(verdict) for case, verdict in checked if case.true]
    false = [not passes(verdict) for case, verdict in checked if not case.true]
    assert len(true) >= 70
    assert len(false) >= 90
    assert sum(true) >= 0.95 * len(true)
    assert sum(false) >= 0.90 * len(false)


def test_the_half_that_was_not_fitted_on_comes_near(checked: list[tuple[Case, Verdict]]) -> None:
    """On articles that no weight was fitted on, at most one true sentence in eight is marked and one false one in seven passes."""
    held_out = [(case, verdict) for case, verdict in checked if case.held_out]
    true = [passes(verdict) for case, verdict in held_out if case.true]
    false = [not passes(verdict) for case, verdict in held_out if not case.true]
    assert sum(true) >= 0.875 * len(true)
    assert sum(false) >= 0.85 * len(false)


@pytest.mark.parametrize(
    ("path", "written", "least"), [(HARD_CASES, (40, 40), (34, 25)), (FRESH_CASES, (64, 114), (57, 64))], ids=["hard", "fresh"]
)
def test_sentences_that_nothing_is_fitted_on(
    samples: Assistant, verifier: Verifier, path: Path, written: tuple[int, int], least: tuple[int, int]
) -> None:
    """True ones are supported and lies are marked, of the kinds that pass most often and as a careless or malicious model tells them: floors, not goals."""
    if "de" not in samples.glossary.languages:
        pytest.skip("needs the German-English dictionary (dict-freedict-deu-eng)")
    articles = {PurePath(article.path or "").name: article for article in samples.articles()}
    passages = {name: split_article(article, count_tokens=samples.encoder.count_tokens) for name, article in articles.items()}
    cases = sample_cases(articles, passages=passages, path=path)
    verifier.prepare(list({source.passage.id: source for case in cases for source in case.sources}.values()))
    checked = [(case, check(case, verifier)) for case in cases]
    true = [passes(verdict) for case, verdict in checked if case.true]
    false = [not passes(verdict) for case, verdict in checked if not case.true]
    assert (len(true), len(false)) == written
    assert sum(true) >= least[0]
    assert sum(false) >= least[1]


@pytest.mark.parametrize(
    ("text", "language", "support"),
    [
        ("Nobody was hurt, the harbour master said [2].", "en", "supported"),
        ("Several people were hurt [2].", "en", "unsupported"),
        ("Niemand wurde verletzt [2].", "de", "supported"),
        ("Der Leuchtturm wurde am Dienstag nicht wieder angezündet [1].", "de", "unsupported"),
    ],
)
def test_what_is_denied_on_one_side_only(
    sources: list[Source], verifier: Verifier, text: str, language: str, support: str
) -> None:
    """A sentence that denies what its source says, or says what that denies, is marked; one that denies the same is not."""
    assert judge(verifier, text, sources, language=language).support == support


def test_who_is_meant_by_she_said(make_article: Callable[..., Article], samples: Assistant, verifier: Verifier) -> None:
    """Where a sentence only says "she said", the one who speaks before it is who says it."""
    text = (
        "Harbour of Brenn stays open\n\nErik Dahl, the minister, visited Brenn on Monday. Karin Holm, the mayor, told reporters that the quay was safe. "
        "The harbour would stay open, she said, but ferries would not be let in at night."
    )
    article = make_article("harbour", text, title="Harbour of Brenn stays open")
    (passage,) = split_article(article, count_tokens=samples.encoder.count_tokens)
    told = [Source(number=1, article=article, passage=passage)]
    assert judge(verifier, "Karin Holm said that ferries would not be let in at night [1].", told).support == "supported"
    assert judge(verifier, "Erik Dahl said that ferries would not be let in at night [1].", told).support == "unsupported"


def test_a_number_of_another_phrase(make_article: Callable[..., Article], samples: Assistant, verifier: Verifier) -> None:
    """What is counted in one phrase is not what is counted in the next one, though both numbers stand in the sentence."""
    text = "Ferries at Skarven\n\nNine ferries waited in the fjord at noon, three trawlers were sent on to Brenn."
    article = make_article("ferries", text, title="Ferries at Skarven")
    (passage,) = split_article(article, count_tokens=samples.encoder.count_tokens)
    waiting = [Source(number=1, article=article, passage=passage)]
    assert judge(verifier, "Three trawlers were sent on to Brenn [1].", waiting).support == "supported"
    swapped = judge(verifier, "Nine trawlers were sent on to Brenn [1].", waiting)
    assert (swapped.support, swapped.reason) == ("unsupported", "number unlike")


def test_words_that_lead_away_from_the_source_are_marked(sources: list[Source], verifier: Verifier) -> None:
    """A detail that is nowhere in the source is named; without it, or put in words of its own, the sentence is supported."""
    told = judge(verifier, "Engineers replaced the lamp over the winter, and Chinese tourists applauded [1].", sources)
    assert (told.support, told.evidence) == ("unsupported", ())
    surplus = judge(verifier, "The lighthouse at Skarven Point was lit again on Tuesday by a wealthy shipowner [1].", sources)
    assert (surplus.support, surplus.reason) == ("unsupported", "added")
    assert "wealthy shipowner" in surplus.what
    assert "wealthy shipowner" in explain(surplus, language="en")
    for text in (
        "The lighthouse at Skarven Point was lit again on Tuesday [1].",
        "On Tuesday the light at Skarven Point shone once more after eleven years [1].",
    ):
        assert judge(verifier, text, sources).support == "supported", text


@pytest.mark.parametrize("kind", ["number", "date", "quote", "source"])
def test_what_can_be_compared_is_caught(checked: list[tuple[Case, Verdict]], kind: str) -> None:
    """Swapped numbers, dates and sources and altered quotations pass in at most one of twelve cases."""
    caught = [not passes(verdict) for case, verdict in checked if case.kind == kind]
    assert len(caught) >= 7
    assert sum(caught) >= 11 / 12 * len(caught)


def test_the_evidence_of_supported_sentences_can_be_cited(checked: list[tuple[Case, Verdict]]) -> None:
    """Every supporting span is within the cited passage, outside furniture, and verbatim."""
    numbers = Counter[int]()
    for case, verdict in checked:
        by_number = {source.number: source for source in case.sources}
        for number, span in verdict.evidence:
            source = by_number[number]
            assert source.passage.start <= span.start < span.end <= source.passage.end
            assert cite(source.article, span, number=number).verbatim
            numbers[number] += 1
        if verdict.support == "supported":
            assert verdict.evidence
    assert numbers[1] > 100


def test_answers_that_quote_are_quoted(samples: Assistant, verifier: Verifier) -> None:
    """The words that answer a sample question, in quotation marks with their marker, are quoted from exactly where they stand."""
    articles = {PurePath(article.path or "").name: article for article in samples.articles()}
    count = samples.encoder.count_tokens
    quoted = 0
    for question in sample_questions():
        if not question.article or not question.quote or any(mark in question.quote for mark in "„“”«»\n"):
            continue
        article = articles[question.article]
        passage = next(
            (
                passage
                for passage in split_article(article, count_tokens=count)
                if question.quote in article.text[passage.start : passage.end]
            ),
            None,
        )
        if passage is None:
            continue
        source = Source(number=1, article=article, passage=passage)
        text = f"„{question.quote}“ [1]"
        claims = split_claims(text, language=article.language)
        for claim in claims:
            verdict = verifier.check(claim, sources=[source], language=article.language)
            assert verdict.support in {"quoted", "supported"}, (question.id, verdict)
            assert all(span.slice(article.text) in question.quote for _, span in verdict.evidence)
        quoted += verifier.check(claims[0], sources=[source], language=article.language).support == "quoted"
    assert quoted >= 50


# --- rules


@pytest.mark.parametrize(
    ("text", "support", "reason", "what"),
    [
        ("The lighthouse was lit again on Tuesday after eleven years [1].", "supported", "", ""),
        ("The work cost 340,000 crowns [2].", "supported", "", ""),
        ("The work cost 430,000 crowns [2].", "unsupported", "number differs", "430,000 crowns"),
        ("The lighthouse was lit again on Friday [1].", "unsupported", "date differs", "Friday"),
        ("The lighthouse at Gullvik Point was lit again on Tuesday [1].", "unsupported", "name differs", "Gullvik"),
        ("The lighthouse was not lit again on Tuesday [1].", "unsupported", "denied", ""),
        ("The harbour authority sold the lighthouse to a hotel [1].", "unsupported", "not said", ""),
        ("“It is a good lamp and it will outlive me” [2].", "quoted", "", ""),
        (
            "Solheim said that “it is a fine lamp and will outlive us” [2].",
            "unsupported",
            "quotation differs",
            "it is a fine lamp and will outlive us",
        ),
        ("“It is a good lamp and it will outlive me”, said Ingrid Solheim [2].", "supported", "", ""),
        ("“It is a good lamp and it will outlive me”, said Torben Harksen [2].", "unsupported", "name differs", "Torben Harksen"),
        ("The work cost 340,000 crowns [7].", "supported", "marker corrected", "2"),
        ("The work cost 340,000 crowns [3].", "supported", "marker corrected", "2"),
        ("The ferry sank in a storm [7].", "unsupported", "no such source", "7"),
        ("The work cost 340,000 crowns.", "uncited", "no marker, but said", ""),
        ("The ferry sank in a storm.", "uncited", "no marker", ""),
        ("According to the articles:", "uncited", "nothing to check", ""),
    ],
)
def test_each_sentence_gets_its_verdict(
    verifier: Verifier, sources: list[Source], text: str, support: str, reason: str, what: str
) -> None:
    """What is borne out is said to be so; what is not is marked with a reason and the words that it is about."""
    verdict = judge(verifier, text, sources)
    assert (verdict.support, verdict.reason, verdict.what) == (support, reason, what)
    assert verdict.corrected == (reason == "marker corrected")


def test_a_wrong_marker_is_corrected_only_to_what_clearly_says_so(verifier: Verifier, sources: list[Source]) -> None:
    """The evidence is from the right source, named in the reason; without a source that says so the sentence stays marked."""
    corrected = judge(verifier, "Repairs are to cost 2.5 million crowns [1].", sources)
    assert [number for number, _ in corrected.evidence] == [3]
    assert corrected.evidence[0][1].slice(BRIDGE).startswith("Repairs are to cost")
    assert "3" in explain(corrected, language="en")
    stays = judge(verifier, "Repairs are to cost 3.5 million crowns [1].", sources)
    assert (stays.support, stays.evidence, stays.corrected) == ("unsupported", (), False)


def test_an_uncited_sentence_is_never_promoted(verifier: Verifier, sources: list[Source]) -> None:
    """Whatever the sources say, it stays uncited; what would support it is given."""
    verdict = judge(verifier, "Repairs of the bridge are to take until March 2024.", sources)
    assert verdict.support == "uncited"
    assert [number for number, _ in verdict.evidence] == [3]


def test_two_sources_may_support_a_sentence_together(verifier: Verifier, sources: list[Source]) -> None:
    """What one cited passage lacks another may have; both are evidence then."""
    text = "The lighthouse was lit again on Tuesday, and the work cost 340,000 crowns [1][2]."
    verdict = judge(verifier, text, sources)
    assert verdict.support == "supported"
    assert {number for number, _ in verdict.evidence} == {1, 2}
    assert judge(verifier, text.replace("[2]", ""), sources[:1]).support == "unsupported"


def test_across_languages_the_same_is_the_same(verifier: Verifier, sources: list[Source]) -> None:
    """A German sentence about an English passage is compared by its numbers, dates and names too."""
    good = judge(verifier, "Die Arbeiten kosteten laut Hafenmeisterin Ingrid Solheim 340.000 Kronen [2].", sources, language="de")
    bad = judge(
        verifier, "Die Arbeiten kosteten laut Hafenmeisterin Ingrid Solheim 340 Millionen Kronen [2].", sources, language="de"
    )
    assert (good.support, bad.support, bad.reason) == ("supported", "unsupported", "number differs")


def test_a_foreign_quotation_needs_no_translation_to_be_verified(verifier: Verifier, sources: list[Source]) -> None:
    """Words quoted in another language than the sentence's are compared as they stand, their denials included."""
    text = "Laut Hafenmeisterin Ingrid Solheim gilt: “It is a good lamp and it will outlive me” [2]."
    assert judge(verifier, text, sources, language="de").support == "supported"
    assert judge(verifier, text.replace("will", "will not"), sources, language="de").reason == "quotation differs"


def test_reasons_are_told_in_german_and_english(verifier: Verifier, sources: list[Source]) -> None:
    """Every key has a text in each language; other languages get the English one."""
    assert REASONS["de"].keys() == REASONS["en"].keys()
    verdict = judge(verifier, "The work cost 430,000 crowns [2].", sources)
    assert explain(verdict, language="en") == "the source does not have “430,000 crowns”"
    assert explain(verdict, language="de") == "„430,000 crowns“ steht nicht in der Quelle"
    assert explain(verdict, language="fi") == explain(verdict, language="en")
    assert explain(replace(verdict, reason="", what=""), language="de") == ""


class _Counting:
    """An encoder that counts how often passages are embedded."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.batches = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors, counted."""
        self.batches += 1
        return self._encoder.encode_passages(texts)


def test_prepared_sources_are_not_embedded_again(samples: Assistant, sources: list[Source]) -> None:
    """After ``prepare``, one batch for all sources, checks embed nothing but the sentence; given vectors are used as they are."""
    counting = _Counting(samples.encoder)
    verifier = Verifier(encoder=counting, glossary=samples.glossary)  # type: ignore[arg-type]  # what it lacks is passed on
    verifier.prepare(sources)
    assert counting.batches == 1
    judge(verifier, "The work cost 340,000 crowns [2].", sources)
    assert counting.batches == 1
    texts = [span.slice(LAMP) for span in sources[1].passage.sentences]
    given = [replace(sources[1], vectors=samples.encoder.encode_passages(texts))]
    fresh = Verifier(encoder=counting, glossary=samples.glossary)  # type: ignore[arg-type]  # as above
    assert judge(fresh, "The work cost 340,000 crowns [2].", given).support == "supported"
    assert counting.batches == 1


def test_a_check_is_quick_enough_to_run_while_an_answer_streams(verifier: Verifier, sources: list[Source]) -> None:
    """With prepared sources a check takes milliseconds; the bound is loose because test machines are busy."""
    verifier.prepare(sources)
    (claim,) = split_claims("The work on the lighthouse cost 340,000 crowns [2].", language="en")
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        verifier.check(claim, sources=sources, language="en")
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.15


def test_an_encoder_without_weights_is_judged_plainly(
    tiny_encoder: SentenceTransformerEncoder, no_glossary: Glossary, sources: list[Source]
) -> None:
    """Numbers, names, dates and quotations decide as ever, else most of the words must be there; no probability, no correction of markers."""
    assert weights_for(tiny_encoder.signature) is None
    plain = Verifier(encoder=tiny_encoder, glossary=no_glossary)
    good = judge(plain, "The work cost 340,000 crowns, said the harbour master [2].", sources)
    assert (good.support, good.score) == ("supported", None)
    assert judge(plain, "The work cost 430,000 crowns [2].", sources).reason == "number differs"
    assert judge(plain, "The ferry sank in a storm [2].", sources).support == "unsupported"
    assert not judge(plain, "The work cost 340,000 crowns, said the harbour master [3].", sources).corrected
    assert judge(plain, "Die Arbeiten waren teuer [2].", sources, language="de").support == "unsupported"


def test_a_source_without_sentences_supports_nothing(verifier: Verifier, sources: list[Source]) -> None:
    """An empty passage is no error."""
    empty = replace(sources[0], passage=replace(sources[0].passage, sentences=()))
    assert judge(verifier, "The lighthouse was lit again [1].", [empty]).support == "unsupported"
    assert (
        verifier.check(Claim(start=0, end=1, text="x", markers=(), quotations=()), sources=[], language="und").support
        == "uncited"
    )


def test_the_weights_are_those_of_the_bundled_model(bundled_encoder: Encoder) -> None:
    """What speaks against a sentence never speaks for it, in any of the three sets."""
    weights = weights_for(bundled_encoder.signature)
    assert weights is not None
    assert weights in read_weights()
    for listed in (weights.same, weights.glossed, weights.other):
        for_it = {"cosine", "centred", "nearby_share"}
        assert all(listed[name] >= 0 for name in for_it)
        assert all(value <= 0 for name, value in listed.items() if name not in for_it)
