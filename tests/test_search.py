"""Hybrid search: fusion as a pure function, filters that act before the cut, and what must never be found."""

from __future__ import annotations

import random
import time
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vectorstore import search
from vectorstore.embedding import Reranker
from vectorstore.hubness import usual_cosines
from vectorstore.indexes import Indexes
from vectorstore.library import Library, Storable
from vectorstore.search import SearchResult, Weights, fuse, hybrid_search
from vectorstore.terms import QuestionTerms, question_terms
from vectorstore.types import Filters, Furniture, Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder
    from vectorstore.types import Article, Passage

    Make = Callable[..., Article]
    Split = Callable[[Article], list[Passage]]
    Ranking = list[tuple[str, float]]

SUBJECTS = {
    "en": [
        "The bridge over the river",
        "The mayor of Brenn",
        "A ferry to the island",
        "The old museum",
        "Minister Tokayev",
        "The harbour",
    ],
    "de": [
        "Die Brücke über den Fluss",
        "Die Stadt Brenn",
        "Eine Fähre zur Insel",
        "Das alte Museum",
        "Minister Tokajew",
        "Der Hafen",
    ],
    "fr": ["Le pont sur le fleuve", "La maire de Brenn", "Un bac vers l'île", "Le vieux musée", "Le ministre Tokaïev", "Le port"],
}
ENDINGS = {
    "en": ["was rebuilt in {}.", "cost {} crowns.", "closed after {} days.", "was shown to {} visitors."],
    "de": ["wurde {} neu gebaut.", "kostete {} Kronen.", "schloss nach {} Tagen.", "zog {} Besucher an."],
    "fr": ["a été reconstruit en {}.", "a coûté {} couronnes.", "a fermé après {} jours.", "a reçu {} visiteurs."],
}
QUESTIONS = [
    "When was the bridge over the river rebuilt?",
    "Wie viele Kronen kostete die Fähre?",
    "Quand le port a-t-il fermé ?",
    "What did Tokayev open in 2013?",
    "Что построил Токаев?",
    "2017",
    "Ein Wort",
]
OUTLETS = ("Post", "Echo", "")


@dataclass
class Shelf:
    """A library with its indexes."""

    library: Library
    indexes: Indexes
    encoder: Encoder
    glossary: Glossary
    split: Split

    def put(self, *articles: Article, searchable: bool = True) -> None:
        """Store articles; make them searchable unless they are to stay pending."""
        self.library.put_all(Storable(article, self.split(article), article.text.encode(), article.id) for article in articles)
        if searchable:
            self.indexes.catch_up(sentences=True)

    def search(self, question: str, **given: Any) -> SearchResult:
        """Search with the parts of this shelf."""
        return hybrid_search(
            question, library=self.library, indexes=self.indexes, encoder=self.encoder, glossary=self.glossary, **given
        )

    def hits(self, question: str, **given: Any) -> list[Hit]:
        """The hits of a search."""
        return list(self.search(question, **given).hits)


def open_shelf(folder: Path, *, encoder: Encoder, glossary: Glossary, split: Split) -> Iterator[Shelf]:
    """An empty library in ``folder``."""
    library = Library(folder)
    indexes = Indexes.open(library, encoder=encoder, glossary=glossary)
    yield Shelf(library, indexes, encoder, glossary, split)
    indexes.close()
    library.close()


@pytest.fixture
def shelf(tmp_path: Path, tiny_encoder: Encoder, tiny_glossary: Glossary, split: Split) -> Iterator[Shelf]:
    """An empty library."""
    yield from open_shelf(tmp_path / "library", encoder=tiny_encoder, glossary=tiny_glossary, split=split)


@pytest.fixture(scope="module")
def news(
    tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Encoder, tiny_glossary: Glossary, split: Split, make_article: Make
) -> Iterator[Shelf]:
    """Sixty articles of random languages, outlets and days, half of them with several passages. Only to be read."""
    folder = tmp_path_factory.mktemp("news")
    for shelf in open_shelf(folder, encoder=tiny_encoder, glossary=tiny_glossary, split=split):
        dice = random.Random(4)
        articles = []
        for number in range(60):
            language = dice.choice(list(SUBJECTS))
            lines = [
                f"{dice.choice(SUBJECTS[language])} {dice.choice(ENDINGS[language]).format(2000 + number * 7 + line)}"
                for line in range(dice.choice((1, 1, 2, 3)))
            ]
            day = datetime(2023, 2, 1, 12, tzinfo=UTC) + timedelta(days=dice.randrange(28))
            published = day if dice.random() < 0.8 else None
            articles.append(
                make_article(
                    str(number), "\n".join(lines), language=language, source=dice.choice(OUTLETS), published_at=published
                )
            )
        shelf.put(*articles)
        yield shelf


# --- fusion


def analysed(**languages: float) -> QuestionTerms:
    """The terms of a question that is so likely in these languages."""
    return QuestionTerms(languages, {}, {}, (), ())


SIDES: dict[str, Ranking] = {"own": [], "gloss": [], "names": []}
SCORES = st.floats(-1, 1, width=32)
COSINES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.tuples(SCORES, st.lists(SCORES, max_size=3)), min_size=1, max_size=12
)


def fused(cosines: Mapping[str, tuple[float, Sequence[float]]], *, en: float = 1.0, **lexical: Ranking) -> Ranking:
    """Passages in English, fused with the usual weights."""
    sides = {**SIDES, **lexical}
    languages = dict.fromkeys(cosines, "en")
    return fuse(cosines, sides, languages=languages, usual={"en": 0.0}, terms=analysed(en=en, de=1 - en), weights=Weights())


@given(
    cosines=COSINES, lexical=st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 30, width=32), max_size=6), dice=st.randoms()
)
def test_fusion_is_pure(cosines: dict[str, tuple[float, list[float]]], lexical: dict[str, float], dice: random.Random) -> None:
    """It ranks exactly the candidates, best first and ties by id, whatever the order in which they come, and changes nothing."""
    ranking = sorted(((id_, score) for id_, score in lexical.items() if id_ in cosines), key=lambda pair: (-pair[1], pair[0]))
    before = deepcopy((cosines, ranking))
    found = fused(cosines, own=ranking, names=ranking)
    assert (cosines, ranking) == before
    assert {id_ for id_, _ in found} == set(cosines)
    assert np.isfinite([score for _, score in found]).all()
    assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))
    shuffled = list(cosines.items())
    dice.shuffle(shuffled)
    again = dict(fused(dict(shuffled), own=ranking, names=ranking))
    assert again == pytest.approx(dict(found), abs=1e-6)


def test_the_better_passage_comes_first() -> None:
    """By the cosines alone the order is theirs; the best sentence counts beside the passage, and stands in for it by its own."""
    assert [id_ for id_, _ in fused({"a": (0.7, []), "b": (0.8, []), "c": (0.75, [])})] == ["b", "c", "a"]
    assert [id_ for id_, _ in fused({"a": (0.8, [0.7, 0.95]), "b": (0.8, [0.8, 0.81]), "c": (0.8, [])})] == ["a", "b", "c"]


def test_terms_decide_between_equals() -> None:
    """Among passages of equal cosine the one that the terms found better is first, one they did not find last."""
    even: dict[str, tuple[float, list[float]]] = {id_: (0.8, []) for id_ in "abcd"}
    for side in ("own", "names"):
        ranking = fused(even, en=1.0, **{side: [("c", 9.0), ("b", 4.0), ("d", 1.0)]})
        assert [id_ for id_, _ in ranking] == ["c", "b", "d", "a"]
    assert [id_ for id_, _ in fused(even)] == ["a", "b", "c", "d"]


def test_no_language_is_preferred() -> None:
    """What the passages of a language have in common with any question is taken off before they are compared with those of another."""
    cosines: dict[str, tuple[float, list[float]]] = {"chinese": (0.78, [0.8]), "spanish": (0.8, [0.8]), "other": (0.75, [0.78])}
    languages = {"chinese": "zh", "spanish": "es", "other": "es"}
    for usual, best in (({"zh": 0.75, "es": 0.8}, "chinese"), ({"zh": 0.8, "es": 0.8}, "spanish")):
        ranking = fuse(cosines, SIDES, languages=languages, usual=usual, terms=analysed(en=1), weights=Weights())
        assert ranking[0][0] == best


def test_stems_count_in_one_language_and_the_gloss_across() -> None:
    """How likely question and passage share a language decides which of the two is listened to."""
    even: dict[str, tuple[float, list[float]]] = {"a": (0.8, []), "b": (0.8, [])}
    assert fused(even, en=1.0, own=[("a", 9.0)], gloss=[("b", 9.0)])[0][0] == "a"
    assert fused(even, en=0.0, own=[("a", 9.0)], gloss=[("b", 9.0)])[0][0] == "b"


@pytest.mark.parametrize("count", [1, 2])
def test_fusing_a_tiny_library(count: int) -> None:
    """One or two candidates have no spread to standardise by, and are ranked all the same."""
    cosines = {id_: (0.8 + place / 100, [0.9]) for place, id_ in enumerate("ab"[:count])}
    found = fused(cosines, own=[("a", 3.0)])
    assert len(found) == count
    assert np.isfinite([score for _, score in found]).all()


# --- what is found


def test_the_passage_that_says_it_is_found(shelf: Shelf, make_article: Make) -> None:
    """The words of the question lead to their passage, which comes with its article, sentence scores and ranks."""
    shelf.put(
        make_article("a", "The museum bought a painting.\nThe ferry was sold. Nobody knows to whom."),
        make_article("b", "The council rebuilt the town hall."),
    )
    result = shelf.search("When was the ferry sold?")
    best = result.hits[0]
    assert best.text == "The ferry was sold. Nobody knows to whom."
    assert best.article.id == "a"
    assert len(best.sentence_scores) == 2
    assert set(best.ranks) == {"dense", "lexical"}
    assert best.ranks["lexical"].rank == 1
    assert len(result.hits) == 3
    assert result.vector.shape == (32,)


def test_hits_say_where_each_retriever_put_them(news: Shelf) -> None:
    """Dense ranks number the passages by cosine; hits are in the order of their scores; a cosine is that of the stored vector."""
    articles = news.library.articles()
    texts = {passage.id: article.text[passage.start : passage.end] for article in articles for passage in news.split(article)}
    vectors = dict(zip(texts, news.encoder.encode_passages(list(texts.values())), strict=True))
    for question in QUESTIONS:
        result = news.search(question, limit=100)
        hits = result.hits
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        by_rank = sorted((hit for hit in hits if "dense" in hit.ranks), key=lambda hit: hit.ranks["dense"].rank)
        cosines = [hit.ranks["dense"].score for hit in by_rank]
        assert cosines == sorted(cosines, reverse=True)
        assert all(hit.ranks for hit in hits)
        assert all(rank.rank >= 1 for hit in hits for rank in hit.ranks.values())
        for hit in hits:
            assert hit.cosine == pytest.approx(float(vectors[hit.passage.id] @ result.vector), abs=3e-3)


def test_searching_again_gives_the_same(news: Shelf) -> None:
    """The same question has the same hits in the same order."""
    for question in QUESTIONS:
        assert news.search(question).hits == news.search(question).hits


def test_timings_are_the_seconds_of_each_step(news: Shelf) -> None:
    """None is negative, and together they are no more than the search took."""
    start = time.perf_counter()
    timings = news.search(QUESTIONS[0], reranker=Reversed()).timings
    assert sum(timings.values()) <= time.perf_counter() - start
    assert min(timings.values()) >= 0
    assert {"analyse", "embed", "dense", "lexical", "fuse", "load", "rerank"} <= set(timings)


def test_copies_of_one_report_are_one_hit(shelf: Shelf, make_article: Make) -> None:
    """Agency text that several outlets print counts once, by its best copy, and makes room for others; asked for, all are shown."""
    copies = [
        "The old ferry to the island of Brenn was sold on Monday for two million crowns.",
        "The old ferry to the island of Brenn was sold Monday for two million crowns.",
    ]
    other = "The museum of Brenn bought a painting of the harbour from a collector."
    shelf.put(*(make_article(name, text) for name, text in zip("abc", [*copies, other], strict=True)))
    every = shelf.hits("Which ferry was sold?", collapse=False)
    hits = shelf.hits("Which ferry was sold?", limit=2)
    assert {hit.article.id for hit in every} == {"a", "b", "c"}
    assert [hit.article.id for hit in hits] == [every[0].article.id, "c"]
    assert every[0].article.id in {"a", "b"}


SALE = "The old ferry to the island of Brenn was sold on Monday for two million crowns to a buyer from the mainland."
LEAD = "Our readers on the island have asked for weeks. "
MUSEUM = "The museum of Brenn bought a painting of the harbour from a collector."


def put_copies(shelf: Shelf, make_article: Make) -> None:
    """One report in three outlets, edited in the second and with a paragraph of its own in the third, and another report."""
    shelf.put(
        make_article("first", SALE, source="Post"),
        make_article("edited", LEAD + SALE, source="Echo", duplicate_of="first"),
        make_article("longer", f"{SALE}\nThe museum hopes for the ferry's bell.", source="Star", duplicate_of="first"),
        make_article("other", MUSEUM, source="Echo"),
    )


def test_a_linked_story_is_told_once(shelf: Shelf, make_article: Make) -> None:
    """The first article that matches the filters speaks for its copies, at the place of the best, and names their outlets."""
    put_copies(shelf, make_article)
    question = "Which ferry do readers on the island ask for?"
    every = shelf.hits(question, collapse=False)
    hits = shelf.hits(question)
    assert {hit.article.id for hit in every} == {"first", "edited", "longer", "other"}
    told = [hit for hit in hits if "old ferry" in hit.text]
    assert [(hit.article.id, hit.also_in) for hit in told] == [("first", ("Echo", "Star"))]
    assert told[0].score == max(hit.score for hit in every if "old ferry" in hit.text)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert next(hit for hit in hits if hit.article.id == "other").also_in == ()


def test_what_only_a_copy_says_is_found(shelf: Shelf, make_article: Make) -> None:
    """A paragraph that the first article lacks is a hit of the copy that has it."""
    put_copies(shelf, make_article)
    best = shelf.hits("Who hopes for the bell?")[0]
    assert (best.article.id, best.also_in) == ("longer", ("Post", "Echo"))


def test_a_filter_lets_a_copy_speak(shelf: Shelf, make_article: Make) -> None:
    """Where the first article does not match the filters, the copy that does is the hit."""
    put_copies(shelf, make_article)
    hits = shelf.hits("Which ferry was sold?", filters=Filters(source="Echo"))
    assert {hit.article.id for hit in hits} == {"edited", "other"}
    assert next(hit for hit in hits if hit.article.id == "edited").also_in == ("Post", "Star")


def test_when_the_first_goes_the_next_is_found_at_once(shelf: Shelf, make_article: Make) -> None:
    """Removing the article that speaks for a story leaves no moment without a hit."""
    put_copies(shelf, make_article)
    for removed, next_one, outlets in (("first", "edited", ("Star",)), ("edited", "longer", ())):
        shelf.library.remove([removed])
        told = [hit for hit in shelf.hits("Which ferry was sold?") if "old ferry" in hit.text]
        assert [(hit.article.id, hit.also_in) for hit in told] == [(next_one, outlets)]


def test_an_article_made_anew_is_found_all_the_time(shelf: Shelf, make_article: Make) -> None:
    """Between learning that a paragraph is furniture and the new passages, the old ones answer; then only the new ones do."""
    box = "Readers of the Post get the harbour calendar for free."
    article = make_article("a", f"{SALE}\n{box}", source="Post")
    shelf.put(article)
    marked = replace(article, furniture=(Furniture(len(SALE) + 1, len(article.text), "repeated"),))
    shelf.library.mark_furniture([(marked, shelf.split(article)[:1])])
    assert {hit.text for hit in shelf.hits("harbour calendar ferry")} == {SALE, box}
    shelf.indexes.catch_up(sentences=True)
    assert {hit.text for hit in shelf.hits("harbour calendar ferry")} == {SALE}
    assert shelf.library.article("a") == marked
    assert (shelf.indexes.dense.count(), shelf.indexes.lexical.count(), shelf.indexes.vectors.count()) == (1, 1, 1)
    assert shelf.library.count_articles("complete") == 1


def test_a_limit_only_cuts(news: Shelf) -> None:
    """Fewer hits are the first of more."""
    many = news.hits(QUESTIONS[0], limit=50)
    assert news.hits(QUESTIONS[0], limit=7) == many[:7]
    assert news.hits(QUESTIONS[0], limit=0) == []


def test_a_passage_is_found_once(news: Shelf) -> None:
    """However many retrievers saw it."""
    for question in QUESTIONS:
        found = Counter(hit.passage.id for hit in news.hits(question, limit=200, collapse=False))
        assert set(found.values()) == {1}


def test_a_dictionary_leads_across_languages(shelf: Shelf, make_article: Make) -> None:
    """An English question meets the German passage that has the translations of its words."""
    shelf.put(
        make_article("a", "Das Museum kaufte ein Gemälde.", language="de"),
        make_article("b", "Die Fähre quert den Fluss.", language="de"),
        make_article("c", "Der Hafen wird ausgebaut.", language="de"),
    )
    (hit,) = [hit for hit in shelf.hits("Which ferry crosses the river?") if "lexical" in hit.ranks]
    assert hit.article.id == "b"


def test_names_lead_across_languages(shelf: Shelf, make_article: Make) -> None:
    """A name is found in another spelling and script."""
    shelf.put(
        make_article("a", "Tokajew sprach in Peking.", language="de"), make_article("b", "Macron sprach in Paris.", language="de")
    )
    for question in ("Что Токаев сказал в Пекине?", "Qu'a dit Tokaïev à Pékin ?"):
        (hit,) = [hit for hit in shelf.hits(question) if "lexical" in hit.ranks]
        assert hit.article.id == "a"


def test_without_sentence_vectors(shelf: Shelf, make_article: Make) -> None:
    """Where sentences have no vectors yet, passages are found all the same and say so by having no scores."""
    shelf.library.put(article := make_article("a", "The ferry was sold."), shelf.split(article), original=b"", name="a")
    shelf.indexes.catch_up(sentences=False)
    (hit,) = shelf.hits("ferry")
    assert hit.sentence_scores == ()
    shelf.indexes.catch_up(sentences=True)
    assert len(shelf.hits("ferry")[0].sentence_scores) == 1


# --- what is not found


def test_an_empty_library(shelf: Shelf) -> None:
    """There are no hits, whatever is asked."""
    for question in (*QUESTIONS, "", "?"):
        assert shelf.hits(question) == []
        assert shelf.hits(question, filters=Filters(language="de")) == []


def test_a_library_of_one(shelf: Shelf, make_article: Make) -> None:
    """The only passage is the best one for any question."""
    shelf.put(make_article("a", "The ferry was sold."))
    for question in (*QUESTIONS, "", "?"):
        (hit,) = shelf.hits(question)
        assert hit.article.id == "a"
        assert np.isfinite(hit.score)


def test_pending_articles_are_not_found(shelf: Shelf, make_article: Make) -> None:
    """Neither before they are indexed nor when their passages are in the indexes already; the old version answers meanwhile."""
    old, new = make_article("a", "The ferry was sold."), make_article("a", "The ferry was not sold after all.")
    shelf.put(old)
    shelf.put(new, make_article("b", "Another ferry was sold."), searchable=False)
    entries = shelf.library.pending(limit=10)
    assert {hit.text for hit in shelf.hits("ferry sold")} == {old.text}
    shelf.indexes.index((entry.article, entry.passages) for entry in entries)
    assert {hit.text for hit in shelf.hits("ferry sold")} == {old.text}
    shelf.library.make_searchable([entry.row for entry in entries])
    assert {hit.text for hit in shelf.hits("ferry sold")} == {new.text, "Another ferry was sold."}


def test_removed_articles_are_not_found(shelf: Shelf, make_article: Make) -> None:
    """From the moment of removal, though the indexes drop the passages later; the others move up."""
    shelf.put(make_article("a", "The ferry was sold."), make_article("b", "The museum was sold."))
    assert [hit.article.id for hit in shelf.hits("Which ferry was sold?", limit=1)] == ["a"]
    shelf.library.remove(["a"])
    assert [hit.article.id for hit in shelf.hits("Which ferry was sold?", limit=1)] == ["b"]
    shelf.indexes.purge()
    assert [hit.article.id for hit in shelf.hits("Which ferry was sold?")] == ["b"]


def test_many_removed_passages_do_not_crowd_out_the_rest(
    shelf: Shelf, make_article: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If more passages than are looked at may not be shown, more are looked at."""
    monkeypatch.setattr(search, "CANDIDATES", 3)
    shelf.put(*(make_article(f"gone{number}", f"The ferry was sold {number} times.") for number in range(40)))
    shelf.put(make_article("stays", "The old museum closed."))
    shelf.library.remove(f"gone{number}" for number in range(40))
    assert [hit.article.id for hit in shelf.hits("Which ferry was sold?")] == ["stays"]


# --- filters


def brute_force(shelf: Shelf, question: str, *, filters: Filters, limit: int, scanned: bool) -> Ranking:
    """What the search must find: everything is scored, filtered, and only then cut to the candidates and to ``limit``.

    Passages are cut by the numbers of the part that is asked, the stored vectors (``scanned``) or the dense index: the two round differently, and at
    the cut two passages may be nearer than that.
    """
    allowed = set(shelf.library.matching_ids(filters))
    terms = question_terms(question, library=shelf.library.languages(), glossary=shelf.glossary)
    vector = shelf.encoder.encode_query(question)
    vectors = shelf.indexes.vectors.get(sorted(allowed))
    cosines = {
        id_: (
            float(found.passage @ vector),
            [float(score) for score in found.sentences @ vector] if found.sentences is not None else [],
        )
        for id_, found in vectors.items()
    }

    def cut(ranking: Ranking) -> Ranking:
        return sorted((pair for pair in ranking if pair[0] in allowed), key=lambda pair: -pair[1])[: search.CANDIDATES]

    def terms_found(field: str, weighted: Mapping[str, float], languages: Sequence[str] = ()) -> Ranking:
        return shelf.indexes.lexical.search(field, weighted, limit=10_000, languages=languages)

    lexical = {
        "own": cut([pair for language, stems in terms.own.items() for pair in terms_found("own", stems, [language])]),
        "gloss": cut(terms_found("gloss", terms.gloss)),
        "names": cut(terms_found("names", {key: 1.0 for name in terms.names for key in name.keys})),
    }
    dense = cut(
        [(id_, passage) for id_, (passage, _) in cosines.items()] if scanned else shelf.indexes.dense.search(vector, limit=10_000)
    )
    candidates = {id_ for ranking in (dense, *lexical.values()) for id_, _ in ranking}
    languages = {id_: found.language for id_, found in shelf.library.candidates(candidates, filters=Filters()).items()}
    chosen = {id_: cosines[id_] for id_ in candidates}
    passages = [(languages[id_], vectors[id_].passage) for id_ in sorted(candidates)]
    usual = usual_cosines(passages, asked_in=terms.language, encoder=shelf.encoder)
    return fuse(chosen, lexical, languages=languages, usual=usual, terms=terms, weights=Weights())[:limit]


DAY = st.none() | st.integers(0, 30).map(lambda days: date(2023, 1, 30) + timedelta(days=days))
FILTERS = st.builds(
    Filters,
    language=st.sampled_from([None, None, "en", "de", "fr", "ru"]),
    source=st.sampled_from([None, None, "Post", "Echo", "Nobody"]),
    since=DAY,
    until=DAY,
    undated=st.booleans(),
)


def check_filtered(news: Shelf, question: str, *, filters: Filters, limit: int, exact_scan: int, candidates: int) -> None:
    """The hits are those of filtering everything first; those whose scores are equal but for rounding may stand in for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "CANDIDATES", candidates)
        patch.setattr(search, "EXACT_SCAN", exact_scan)
        hits = news.hits(question, filters=filters, limit=limit, collapse=False)
        wanted = brute_force(news, question, filters=filters, limit=limit, scanned=filters.any and exact_scan > 0)
    allowed = set(news.library.matching_ids(filters))
    assert all(hit.passage.id in allowed for hit in hits)
    assert len(hits) == len(wanted)
    if [hit.passage.id for hit in hits] != [id_ for id_, _ in wanted]:
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in wanted], abs=0.02)


@pytest.mark.parametrize("exact_scan", [0, search.EXACT_SCAN])
@settings(max_examples=15, deadline=None)
@given(question=st.sampled_from(QUESTIONS), filters=FILTERS, limit=st.integers(1, 60))
def test_filtering_comes_before_the_cut(news: Shelf, exact_scan: int, question: str, filters: Filters, limit: int) -> None:
    """Whatever the filter, the hits are the best of the articles that match it, scanned exactly or by widening the search."""
    check_filtered(news, question, filters=filters, limit=limit, exact_scan=exact_scan, candidates=search.CANDIDATES)


@pytest.mark.parametrize("exact_scan", [0, search.EXACT_SCAN])
@settings(max_examples=15, deadline=None)
@example(question=QUESTIONS[0], filters=Filters(until=date(2023, 2, 3)), limit=5, candidates=2)
@example(question=QUESTIONS[2], filters=Filters(source="Echo"), limit=5, candidates=5)
@given(question=st.sampled_from(QUESTIONS), filters=FILTERS, limit=st.integers(1, 30), candidates=st.sampled_from([2, 5, 12]))
def test_filtering_comes_before_the_candidates(
    news: Shelf, exact_scan: int, question: str, filters: Filters, limit: int, candidates: int
) -> None:
    """With fewer candidates than passages, each retriever's are the best of those that match the filter."""
    check_filtered(news, question, filters=filters, limit=limit, exact_scan=exact_scan, candidates=candidates)


def test_a_filter_that_nothing_matches(news: Shelf) -> None:
    """No hits, and no error."""
    assert news.hits(QUESTIONS[0], filters=Filters(source="Nobody")) == []
    assert news.hits(QUESTIONS[0], filters=Filters(since=date(2030, 1, 1))) == []


def test_the_undated_are_left_out_of_a_period(news: Shelf) -> None:
    """Unless they are asked for."""
    since, until = date(2023, 1, 1), date(2023, 12, 31)
    dated = {
        hit.article.published_at is None for hit in news.hits(QUESTIONS[0], filters=Filters(since=since, until=until), limit=200)
    }
    either = {
        hit.article.published_at is None
        for hit in news.hits(QUESTIONS[0], filters=Filters(since=since, until=until, undated=True), limit=200)
    }
    assert dated == {False}
    assert either == {False, True}


# --- reranking


class Reversed(Reranker):
    """Scores texts by their length, shortest best."""

    def __init__(self) -> None:
        """Nothing is loaded."""
        super().__init__("by length")

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Minus the length of each text."""
        return [-float(len(text)) for text in texts]


def test_a_reranker_has_the_last_word(news: Shelf) -> None:
    """Its scores order the best hits, also those that would not have made the limit, and its ranks are told with the others."""
    plain = news.hits(QUESTIONS[0], limit=search.RERANKED, collapse=False)
    hits = news.hits(QUESTIONS[0], limit=5, reranker=Reversed(), collapse=False)
    assert [len(hit.text) for hit in hits] == sorted(len(hit.text) for hit in plain)[:5]
    assert [hit.ranks["reranker"].rank for hit in hits] == [1, 2, 3, 4, 5]
    assert all(hit.score == hit.ranks["reranker"].score == -len(hit.text) for hit in hits)
    assert {"dense"} <= set(hits[0].ranks)


def test_any_cross_encoder_can_rerank(news: Shelf, tiny_reranker: Path) -> None:
    """A real cross-encoder's scores order the hits."""
    reranker = Reranker(str(tiny_reranker))
    hits = news.hits(QUESTIONS[0], limit=5, reranker=reranker)
    scores = reranker.scores(QUESTIONS[0], [hit.text for hit in hits])
    assert [hit.score for hit in hits] == pytest.approx(scores, abs=1e-5)
    assert scores == sorted(scores, reverse=True)


def test_reranking_nothing(shelf: Shelf) -> None:
    """Without hits there is nothing to reorder."""
    assert shelf.hits("ferry", reranker=Reversed()) == []
