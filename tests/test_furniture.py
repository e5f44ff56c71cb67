"""Learned furniture: what an outlet repeats on its pages is taken out of its articles, earlier ones too; what it writes about is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.furniture import AT_LEAST, REASON, is_furniture, learn
from ingest.split import split_article
from vectorstore.library import Library, Storable
from vectorstore.paragraphs import Repetition
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vectorstore.types import Article, Passage

    Make = Callable[..., Article]

BOX = "Readers of the Vale Post who order before the weekend get the calendar and the recipe book for free."
FOOT = "Vale Post – printed in Lower Quarry since 1912"
SUBJECTS = (
    (
        "mill",
        "The mill by the weir will be repaired after the flood broke its wheel, the council of Harrow said.",
        "The wheel of the mill",
    ),
    (
        "school",
        "A school in the hills gets a second teacher because forty children from the valley go there now.",
        "The teacher of the school",
    ),
    (
        "ferry",
        "Nobody bought the ferry at the auction on Friday, so that the island has to wait for another year.",
        "The ferry to the island",
    ),
    (
        "bakery",
        "The bakery at the station has closed because its owner, who is seventy, found no one to follow him.",
        "The owner of the bakery",
    ),
    (
        "choir",
        "The choir of the miners sang in the new hall for the first time and filled it to the last chair.",
        "The choir in its hall",
    ),
    (
        "bees",
        "Keepers of bees lost every third hive over the winter, more than in any year since they count them.",
        "The hives of the keepers",
    ),
)


def words(texts: Sequence[str]) -> list[int]:
    """The length of texts in words, as a tokenizer would count it."""
    return [len(text.split()) for text in texts]


def split(article: Article) -> list[Passage]:
    """The passages of an article outside its furniture."""
    return split_article(article, count_tokens=words)


def page(make_article: Make, number: int, *extra: str, outlet: str = "Vale Post", **given: Any) -> Article:
    """An article of three paragraphs about subject ``number``, followed by what else its page has."""
    subject, lead, topic = SUBJECTS[number % len(SUBJECTS)]
    title = f"News of the {subject}" + (f", part {number}" if number >= len(SUBJECTS) else "")
    body = f"{topic} was what most people in the valley spoke about on the market this week, our reporter heard."
    lines = [title, lead, body, *extra]
    return make_article(f"{outlet}-{number}", "\n\n".join(lines), **{"title": title, "source": outlet, **given})


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    opened = Library(tmp_path / "library")
    yield opened
    opened.close()


def put(library: Library, *articles: Article) -> None:
    """Store articles and make them searchable, as the indexes would."""
    library.put_all(Storable(article, split(article), article.text.encode(), article.id) for article in articles)
    finish(library)


def finish(library: Library) -> None:
    """Make everything searchable and complete."""
    library.make_searchable([entry.row for entry in library.pending(limit=1000)])
    library.make_complete([entry.row for entry in library.incomplete(limit=1000)])


def shown(library: Library, article_id: str) -> str:
    """The words of an article that may be quoted."""
    article = library.article(article_id)
    return "\n".join(article.text[passage.start : passage.end] for passage in library.passages(article))


def test_what_an_outlet_repeats_is_learned(library: Library, make_article: Make) -> None:
    """From the third story on, a box within and a line below the articles are furniture in all of them; text, version and offsets stay."""
    articles = [page(make_article, number, BOX, FOOT) for number in range(AT_LEAST)]
    put(library, *articles[:-1])
    assert learn(library, split=split) == []
    assert all(BOX in shown(library, article.id) for article in articles[:-1])

    put(library, articles[-1])
    assert learn(library, split=split) == [article.id for article in articles]
    assert all(
        BOX in shown(library, article.id) for article in articles
    )  # they answer as before until the indexes have caught up
    finish(library)
    for article in articles:
        now = library.article(article.id)
        assert (now.text, now.version) == (article.text, article.version)
        assert [(now.text[mark.start : mark.end], mark.reason) for mark in now.furniture] == [(BOX, REASON), (FOOT, REASON)]
        assert BOX not in shown(library, article.id)
        assert FOOT not in shown(library, article.id)
        assert shown(library, article.id)
    assert learn(library, split=split) == []


def test_another_outlet_keeps_its_words(library: Library, make_article: Make) -> None:
    """The same words on another outlet's pages count apart; articles without an outlet are left alone."""
    put(library, *(page(make_article, number, BOX) for number in range(2)))
    put(library, *(page(make_article, number, BOX, outlet="Hill Echo") for number in range(2)))
    put(library, *(page(make_article, number, BOX, outlet="") for number in range(6)))
    assert learn(library, split=split) == []
    put(library, page(make_article, 3, BOX))
    assert learn(library, split=split) == ["Vale Post-0", "Vale Post-1", "Vale Post-3"]


def test_a_site_without_a_name_is_known_by_its_host(library: Library, make_article: Make) -> None:
    """Where the outlet is not named, the host of the address stands for it."""
    put(library, *(page(make_article, n, BOX, outlet="", url=f"https://vale.example/{n}") for n in range(1)))
    others = [replace(page(make_article, n, BOX, outlet="", url=f"https://vale.example/{n}"), id=f"u{n}") for n in range(1, 4)]
    put(library, *others)
    assert len(learn(library, split=split)) == 4


def test_copies_and_series_count_once(library: Library, make_article: Make) -> None:
    """One story in several copies, and one headline day after day, are one story: what they have in common is not learned."""
    first = page(make_article, 0, BOX)
    put(library, first, *(replace(first, id=f"copy-{n}", title=f"Copy {n}", duplicate_of=first.id) for n in range(5)))
    put(library, *(replace(page(make_article, 1, BOX), id=f"day-{n}") for n in range(5)))
    assert learn(library, split=split) == []
    put(library, page(make_article, 2, BOX))
    changed = learn(library, split=split)
    assert len(changed) == 12  # in all of them, once it is known


def test_what_the_articles_are_about_stays(library: Library, make_article: Make) -> None:
    """Background that an outlet repeats in every report on a story, its headline over a series, datelines and refrains are article."""
    background = (
        "The mill by the weir broke its wheel in the flood of March, and the council of Harrow has argued about it since."
    )
    refrain = "And the wheel turned on."
    for number in range(6):
        lead = f"The council of Harrow met about the mill and its wheel again on day {number}, and again put off the repair of the weir."
        body = f"Speaker number {number} said that the wheel of the mill was worth more than the weir, and others in the council nodded."
        lines = [
            "The mill of Harrow",
            "HARROW, 4 May 2023",
            f"Day {number} of the debate",
            lead,
            refrain,
            body,
            background,
            refrain,
        ]
        put(library, make_article(f"m{number}", "\n\n".join(lines), title=f"Day {number} of the debate", source="Vale Post"))
    assert learn(library, split=split) == []


def test_a_column_keeps_its_refrain(library: Library, make_article: Make) -> None:
    """What few of an outlet's many stories end with is their own; what a fifth of them have, or ten, is not."""
    ending = "So much from under the old lime tree, until the kettle sings again."
    put(library, *(page(make_article, number, *([ending] if number < 4 else []), FOOT) for number in range(30)))
    changed = learn(library, split=split)
    finish(library)
    assert len(changed) == 30
    assert ending in shown(library, "Vale Post-2")
    assert all(FOOT not in shown(library, f"Vale Post-{number}") for number in range(30))
    assert is_furniture(Repetition(4, 0.0), of=20)
    assert not is_furniture(Repetition(4, 0.0), of=30)
    assert is_furniture(Repetition(10, 0.0), of=10_000)
    assert not is_furniture(Repetition(10, 0.5), of=10)
    assert not is_furniture(Repetition(2, 0.0), of=2)


def test_removal_lowers_the_counts(library: Library, make_article: Make) -> None:
    """Articles that were removed count no longer, nor do versions that were replaced."""
    put(library, *(page(make_article, number, BOX) for number in range(2)))
    learn(library, split=split)
    library.remove(["Vale Post-0"])
    put(library, page(make_article, 2, BOX))
    assert learn(library, split=split) == []
    changed = page(make_article, 1)
    put(library, replace(changed, text=changed.text + "\n\nNothing else is new."))
    put(library, page(make_article, 3, BOX))
    assert learn(library, split=split) == []
    put(library, page(make_article, 4, BOX))
    assert learn(library, split=split) == ["Vale Post-2", "Vale Post-3", "Vale Post-4"]


def test_an_interrupted_lesson_is_finished(library: Library, make_article: Make) -> None:
    """If marking ends half way, the next time does the rest, also if nothing is new."""
    articles = [page(make_article, number, BOX) for number in range(4)]
    put(library, *articles)

    def stops(article: Article) -> list[Passage]:
        if article.id == articles[2].id:
            raise KeyboardInterrupt
        return split(article)

    with pytest.raises(KeyboardInterrupt):
        learn(library, split=stops)
    assert set(learn(library, split=split)) == {article.id for article in articles}
    finish(library)
    assert not any(BOX in shown(library, article.id) for article in articles)


def test_what_is_settled_is_not_made_again(library: Library, make_article: Make) -> None:
    """A later lesson splits only the articles that it changes."""
    put(library, *(page(make_article, number, BOX) for number in range(5)))
    learn(library, split=split)
    finish(library)
    made: list[str] = []

    def noted(article: Article) -> list[Passage]:
        made.append(article.id)
        return split(article)

    put(library, page(make_article, 5, BOX))
    assert learn(library, split=noted) == made == ["Vale Post-5"]


def test_an_article_never_becomes_empty(library: Library, make_article: Make) -> None:
    """A page that is little more than what its outlet repeats keeps its words."""
    short = make_article("short", f"Notice\n\n{BOX}", title="Notice", source="Vale Post")
    put(library, *(page(make_article, number, BOX) for number in range(3)), short)
    assert learn(library, split=split) == [f"Vale Post-{number}" for number in range(3)]
    assert library.article("short") == short
    assert library.count_passages(Filters()) > 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.lists(st.sampled_from([BOX, FOOT, "Two words", "🌊", *(lead for _, lead, _ in SUBJECTS)]), max_size=6), max_size=6
    )
)
def test_learning_changes_furniture_only(
    tmp_path_factory: pytest.TempPathFactory, make_article: Make, texts: list[list[str]]
) -> None:
    """Whatever the articles are: words and versions stay, spans are sorted, whole and apart, and a second lesson changes nothing."""
    opened = Library(tmp_path_factory.mktemp("learning"))
    articles = [make_article(f"a{n}", "\n".join(lines), title=f"T{n}", source="Post") for n, lines in enumerate(texts)]
    put(opened, *articles)
    changed = learn(opened, split=split)
    finish(opened)
    assert learn(opened, split=split) == []
    for article in articles:
        now = opened.article(article.id)
        assert replace(now, furniture=()) == article
        assert bool(now.furniture) == (article.id in changed)
        assert all(now.text[mark.start : mark.end].strip() == now.text[mark.start : mark.end] != "" for mark in now.furniture)
        assert [mark.start for mark in now.furniture] == sorted(mark.start for mark in now.furniture)
        assert opened.passages(now) == split(now)
    opened.close()
