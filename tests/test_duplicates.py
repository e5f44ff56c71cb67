"""Which articles say the same: agency copy with another headline is linked, other numbers and other reports are not."""

from __future__ import annotations

import csv
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ingest.duplicates import MIN_WORDS, SIGNATURE, Duplicates, fingerprint, other_numbers, resemblance, same
from ingest.pipeline import ingest
from ingest.run import Run
from tests.test_kill import HashingEncoder
from vectorstore.library import Library, Storable
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vectorstore.types import Article, Passage

    Split = Callable[[Article], list[Passage]]
    Make = Callable[..., Article]

HARBOUR = """Pilots of Westerkoog stop work over night shifts

WESTERKOOG – The harbour pilots of Westerkoog laid down their work on Monday evening and left 11 freighters waiting off \
the coast. Their union wants night shifts to be limited to three in a row and a second pilot on ships of more than 300 \
metres.

The port authority called the strike out of proportion. Its director, Maren Oldehus, said that two pilots on every large \
ship would cost 4.2 million euros a year, which the port could not raise without higher fees. Shipping companies had \
already threatened to move to other harbours on the coast.

The pilots answered that three accidents since January had happened in the fifth night in a row. In the last of them, a \
container ship rammed the quay wall and two dockers were injured. An inquiry into the accident has not been finished.

Both sides will meet again on Thursday in the town hall. Until then, only ships with medicines or food for the islands \
will be guided through the narrows, a spokesman of the union said. The ferry to the islands, which needs no pilot, is \
not affected by the strike.
"""
EDITED = """Eleven ships stuck: pilots' strike paralyses harbour

Nothing moves in the harbour of Westerkoog, and readers on the islands ask us how long their parcels will take. By our \
news desk.

The harbour pilots of Westerkoog laid down their work on Monday evening and left 11 freighters waiting off the coast. \
Their union wants night shifts to be limited to three in a row and a second pilot on ships of more than 300 metres.

The port authority called the strike out of proportion. Its director, Maren Oldehus, said that two pilots on every large \
ship would cost 4.2 million euros a year, which the port could not raise without higher fees.

Both sides will meet again on Thursday in the town hall. Until then, only ships with medicines or food for the islands \
will be guided through the narrows, a spokesman of the union said. The ferry to the islands, which needs no pilot, is \
not affected by the strike.

Updated on 4 May 2023, 10:11
"""
OWN_REPORT = """Westerkoog's pilots go on strike

At seven in the evening the last pilot boat came in, and since then the roads off Westerkoog have looked like a car \
park. 11 freighters lie at anchor because the harbour pilots will not board them. They demand at most three night shifts \
in a row, and a second colleague on ships longer than 300 metres.

"We are tired, and tired people make mistakes," said Jelle Brand, who has been a pilot for 22 years. He points to the \
accidents of this year, three of them, all in the fifth night. The port authority counts differently: a second pilot \
would cost 4.2 million euros a year, its director Maren Oldehus said.

Talks are to go on on Thursday. Medicines and food for the islands are exempt, and the ferry sails as usual.
"""
MATCH_1 = """Brenn gewinnt gegen Ahlen

Der SV Brenn hat am 12. Spieltag der Landesliga gegen den TSV Ahlen mit 3:1 (1:0) gewonnen. Vor 420 Zuschauern brachte \
Jonas Terhorst die Gastgeber in der 23. Minute in Führung. Nach der Pause erhöhte Malte Quist in der 51. Minute auf 2:0, \
ehe Ahlen durch Nils Oberbeck in der 70. Minute verkürzte.

Den Schlusspunkt setzte erneut Terhorst in der 88. Minute. Durch den Sieg klettert Brenn auf Platz vier der Tabelle, \
Ahlen bleibt auf Platz neun. Am kommenden Samstag tritt Brenn beim FC Lohne an, Ahlen empfängt den VfB Stade.
"""
MATCH_2 = """Lohne gewinnt gegen Stade

Der FC Lohne hat am 12. Spieltag der Landesliga gegen den VfB Stade mit 2:1 (0:0) gewonnen. Vor 610 Zuschauern brachte \
Timo Harms die Gastgeber in der 58. Minute in Führung. Nach einem Eckball erhöhte Sven Boll in der 66. Minute auf 2:0, \
ehe Stade durch Arne Witt in der 81. Minute verkürzte.

Durch den Sieg klettert Lohne auf Platz zwei der Tabelle, Stade bleibt auf Platz zwölf. Am kommenden Samstag empfängt \
Lohne den SV Brenn, Stade tritt beim TSV Ahlen an.
"""
WEATHER_1 = """Das Wetter im Ahlental

Am Morgen liegt in den Tälern noch Nebel, der sich bis zum Mittag auflöst. Danach scheint für 6 Stunden die Sonne, nur \
im Norden ziehen einzelne Wolken durch. Die Temperaturen steigen auf 14 Grad in den Bergen und 19 Grad an der Ahle. Der \
Wind weht schwach aus Südwest.

In der Nacht kühlt es auf 7 Grad ab. Der Wetterdienst rät Wanderern, wegen der nassen Wege feste Schuhe zu tragen.
"""
WEATHER_2 = (
    WEATHER_1.replace("6 Stunden", "4 Stunden")
    .replace("14 Grad", "11 Grad")
    .replace("19 Grad", "16 Grad")
    .replace("7 Grad", "3 Grad")
)
STOCK_1 = """Shares at noon

The Brenn index rose by 0.4 percent to 4,312 points on Tuesday noon. Traders spoke of a quiet day with little news from \
companies. Shares of the cement maker Kalkberg gained 2.1 percent, those of the brewery Ahle lost 1.3 percent. The euro \
was at 1.08 dollars. A barrel of oil cost 78 dollars, little changed from the day before.
"""
STOCK_2 = (
    STOCK_1.replace("0.4 percent to 4,312", "0.2 percent to 4,321")
    .replace("Tuesday", "Wednesday")
    .replace("2.1", "0.7")
    .replace("1.08", "1.09")
)
RISEN = HARBOUR.replace("11 freighters", "14 freighters")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    opened = Library(tmp_path / "library")
    yield opened
    opened.close()


@pytest.fixture
def add(library: Library, split: Split) -> Callable[..., list[str | None]]:
    """Links and stores articles, one after the other or all linked before the first is stored; returns what each repeats."""

    def link_and_store(*articles: Article, at_once: bool = False) -> list[str | None]:
        duplicates = Duplicates(library)
        linked = []
        for article in articles:
            found, bands, _ = duplicates.link(article)
            storable = Storable(found, split(found), b"", found.id, bands)
            linked.append(storable)
            if not at_once:
                library.put_all([storable])
        if at_once:
            library.put_all(linked)
        return [storable.article.duplicate_of for storable in linked]

    return link_and_store


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        pytest.param(HARBOUR, HARBOUR.upper().replace(",", " –"), True, id="other case and punctuation"),
        pytest.param(HARBOUR, EDITED, True, id="headline, lead-in, a paragraph cut"),
        pytest.param(HARBOUR, HARBOUR.replace("\n\n", "\n\nUpdated on 5 May 2023, 18:40\n\n", 1), True, id="another date line"),
        pytest.param(HARBOUR, OWN_REPORT, False, id="another outlet's own report"),
        pytest.param(HARBOUR, RISEN, False, id="a number has risen"),
        pytest.param(MATCH_1, MATCH_2, False, id="two matches"),
        pytest.param(WEATHER_1, WEATHER_2, False, id="two days' weather"),
        pytest.param(STOCK_1, STOCK_2, False, id="two days' shares"),
        pytest.param("The bridge is closed.", "The bridge is closed today.", False, id="a handful of words"),
    ],
)
def test_what_says_the_same(make_article: Make, one: str, other: str, wanted: bool) -> None:
    """Edited agency copy is the same; reports from one template, other numbers and short texts are not."""
    first, second = fingerprint(make_article("a", one)), fingerprint(make_article("b", other))
    assert same(first, second) is same(second, first) is wanted
    assert resemblance(first, second) == resemblance(second, first)


def test_furniture_is_not_compared(make_article: Make) -> None:
    """Two pages with the same box and different articles differ; one article within different boxes is the same."""
    box = " ".join(f"Link number {number} to another story of ours." for number in range(40))
    pages = []
    for text in (OWN_REPORT, HARBOUR):
        whole = f"{text}\n{box}"
        pages.append(make_article("x", whole, furniture=(Furniture(len(text) + 1, len(whole), "navigation"),)))
    assert resemblance(*map(fingerprint, pages)) < 0.1
    assert resemblance(fingerprint(pages[1]), fingerprint(make_article("y", HARBOUR))) == 1.0


def test_copies_name_the_first(library: Library, make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """Every copy names the article that was there first, never another copy, with a reason for people."""
    first = make_article("first", HARBOUR, title="Pilots of Westerkoog stop work", source="Coast Herald")
    copies = [make_article("copy", HARBOUR, source="Post"), make_article("edited", EDITED, source="Times")]
    assert add(first, *copies, make_article("own", OWN_REPORT)) == [None, "first", "first", None]
    duplicates = Duplicates(library)
    assert (
        duplicates.link(make_article("again", HARBOUR))[2] == "the same text as ‹Pilots of Westerkoog stop work› (Coast Herald)"
    )
    assert (
        duplicates.link(make_article("more", EDITED))[2]
        == "nearly the same text as ‹Pilots of Westerkoog stop work› (Coast Herald)"
    )
    assert duplicates.link(make_article("own-2", OWN_REPORT))[2] == "the same text as ‹own›"


def test_copies_in_one_batch(make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """Articles that are not stored yet are seen too."""
    assert add(*(make_article(name, HARBOUR) for name in "abc"), at_once=True) == [None, "a", "a"]


def test_an_article_is_no_copy_of_itself(library: Library, make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """Linking what is stored with the same words changes nothing, neither for the first nor for its copies."""
    articles = [make_article(name, HARBOUR) for name in "abc"]
    assert add(*articles) == add(*articles) == add(*articles, at_once=True) == [None, "a", "a"]


def test_a_changed_copy_is_linked_anew(library: Library, make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """Other words, another link: a copy that becomes a report of its own repeats nothing."""
    add(make_article("a", HARBOUR), make_article("b", HARBOUR))
    assert add(make_article("b", OWN_REPORT)) == [None]
    assert add(make_article("c", OWN_REPORT)) == ["b"]


def test_a_changed_first_leaves_its_copies_to_the_next(
    library: Library, make_article: Make, add: Callable[..., list[str | None]]
) -> None:
    """When the first says something else, its first copy stands for the others; if it still says the same, it becomes a copy."""
    add(*(make_article(name, HARBOUR) for name in "abc"))
    assert add(make_article("a", OWN_REPORT)) == [None]
    assert [library.newest(name).duplicate_of for name in "abc"] == [None, None, "b"]  # type: ignore[union-attr]
    assert add(make_article("b", EDITED)) == ["c"]
    assert [library.newest(name).duplicate_of for name in "abc"] == [None, "c", None]  # type: ignore[union-attr]


def test_short_texts(make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """Short texts are copies only if headline and words are equal; texts without words never are."""
    text = "The bridge at Brenn is closed until further notice."
    assert len(fingerprint(make_article("a", text)).words) < MIN_WORDS
    assert add(
        make_article("a", text, title="Bridge closed"),
        make_article("b", text, title="Bridge closed"),
        make_article("c", text, title="Tunnel closed"),
        make_article("d", "– – –"),
        make_article("e", "– – –"),
    ) == [None, "a", None, None, None]


def test_the_same_paywall_is_not_the_same_article(make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """What could be read of two articles is the same notice: they are two articles."""
    notice = "This article is for subscribers. " + " ".join(
        f"Reason {number} to subscribe is our newsroom." for number in range(8)
    )
    given = {"notes": ("paywall",)}
    assert add(make_article("a", notice, title="Harbour", **given), make_article("b", notice, title="Bridge", **given)) == [
        None,
        None,
    ]


def test_scripts_without_spaces(make_article: Make, add: Callable[..., list[str | None]]) -> None:
    """A lightly edited Chinese text is found too."""
    text = "周一晚上，西港的引航员停止工作，十一艘货船停在海岸外等候。工会要求夜班最多连续三次，大船上要有两名引航员。港务局认为罢工过分。"
    assert add(make_article("a", text), make_article("b", "本报讯：" + text), make_article("c", text[::-1])) == [None, "a", None]


def test_a_library_without_links_is_linked(library: Library, make_article: Make, split: Split) -> None:
    """What was stored before articles were linked is linked when the next run begins, once."""
    for name, text in {"a": HARBOUR, "b": OWN_REPORT, "c": HARBOUR}.items():
        library.put_all([Storable(make_article(name, text), [], b"", name)])
    Duplicates(library)
    assert [library.article(name).duplicate_of for name in "abc"] == [None, None, "a"]
    assert library.fact("bands") == SIGNATURE
    library.set_facts(bands="another way")
    duplicates = Duplicates(library)
    assert [library.article(name).duplicate_of for name in "abc"] == [None, None, "a"]
    assert duplicates.link(make_article("d", EDITED))[0].duplicate_of == "a"


def test_what_was_linked_and_never_stored_leaves_no_link(library: Library, make_article: Make) -> None:
    """If the first could not be stored, its copy is stored as an article of its own."""
    duplicates = Duplicates(library)
    duplicates.link(make_article("a", HARBOUR))
    copy, bands, _ = duplicates.link(make_article("b", HARBOUR))
    assert copy.duplicate_of == "a"
    library.put_all([Storable(copy, [], b"", "b", bands)])
    assert library.article("b").duplicate_of is None


def test_two_runs_that_bring_the_same_copy_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another run stored between comparing and storing is seen in the transaction that stores: one stands for the other, and it is reported."""
    for name, text in (("one", HARBOUR), ("other", EDITED), ("copy", HARBOUR)):
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    link = Duplicates.link
    count_tokens = HashingEncoder().count_tokens
    reports: list[Any] = []

    def link_while_another_stores(self: Duplicates, article: Article) -> tuple[Article, tuple[int, ...], str]:
        linked = link(self, article)
        if not reports:
            reports.append(None)
            with closing(Library(tmp_path / "library")) as beside:
                reports[0] = ingest([tmp_path / "one.txt"], Run(library=beside, count_tokens=count_tokens))
        return linked

    monkeypatch.setattr(Duplicates, "link", link_while_another_stores)
    with closing(Library(tmp_path / "library")) as library:
        late = ingest([tmp_path / "other.txt", tmp_path / "copy.txt"], Run(library=library, count_tokens=count_tokens))
        first = next(article for article in library.articles() if article.path == str(tmp_path / "one.txt"))
        assert [item.status for item in reports[0].items] == ["added"]
        assert [item.status for item in late.items] == ["duplicate", "duplicate"]
        assert all("the same text as" in item.reason for item in late.items)
        assert {article.duplicate_of for article in library.articles()} == {None, first.id}


def test_many_runs_at_once_leave_one_first_for_each_story(tmp_path: Path) -> None:
    """Four threads with a library object each bring the same stories in different orders."""
    folders = []
    for n in range(4):
        folder = tmp_path / str(n)
        folder.mkdir()
        folders.append(folder)
        for story in range(12):
            words = " ".join(f"Berth {story} saw ship {story * 31 + k} unload crate {k * k + story}." for k in range(12))
            (folder / f"{(story * (n + 5)) % 13:02}.txt").write_text(f"Berth {story}\n\n{words}\n", "utf-8")

    def run(folder: Path) -> None:
        with closing(Library(tmp_path / "library")) as library:
            assert ingest([folder], Run(library=library, count_tokens=HashingEncoder().count_tokens)).count("failed") == 0

    Library(tmp_path / "library").close()
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(run, folders))
    with closing(Library(tmp_path / "library")) as library:
        articles = library.articles()
        firsts = {article.id for article in articles if article.duplicate_of is None}
        assert (len(articles), len(firsts)) == (48, 12)
        assert {article.duplicate_of for article in articles} - {None} <= firsts


def test_the_memory_of_a_run_is_bounded(library: Library, make_article: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last articles of a run are remembered; what is stored is found in the library all the same."""
    monkeypatch.setattr("ingest.duplicates._REMEMBERED", 10)
    duplicates = Duplicates(library)
    first, bands, _ = duplicates.link(make_article("first", HARBOUR))
    library.put_all([Storable(first, [], b"", "first", bands)])
    for number in range(30):
        duplicates.link(make_article(f"n{number}", " ".join(f"w{number}x{word}" for word in range(40))))
    assert len(duplicates._recent) == 10
    assert len(duplicates._recent_bands) <= 10 * 33
    assert duplicates.link(make_article("copy", HARBOUR))[0].duplicate_of == "first"


def test_a_long_series_costs_little(library: Library, make_article: Make, split: Split) -> None:
    """Linking stays quick though hundreds of notices of one series resemble each other, and takes none of them for another."""
    chance = random.Random(5)
    duplicates = Duplicates(library)
    storable = []
    for number in range(300):
        text = WEATHER_1
        for old in ("6 Stunden", "14 Grad", "19 Grad", "7 Grad"):
            text = text.replace(old, f"{chance.randrange(100, 1000)} {old.split()[1]}")
        article, bands, _ = duplicates.link(make_article(f"day-{number}", text))
        storable.append(Storable(article, [], b"", article.id, bands))
    library.put_all(storable)
    assert not any(item.article.duplicate_of for item in storable)
    duplicates = Duplicates(library)
    begun = time.process_time()
    for number in range(20):
        copy = replace(storable[number].article, id=f"copy-{number}")
        assert duplicates.link(copy)[0].duplicate_of == f"day-{number}"
    assert (time.process_time() - begun) / 20 < 0.1


def test_other_numbers_stand_in_the_same_place(make_article: Make) -> None:
    """A number that only one of two texts has is no contradiction; another number between the same words is."""

    def numbers_differ(one: str, other: str) -> bool:
        return other_numbers(fingerprint(make_article("a", one)), fingerprint(make_article("b", other)))

    assert numbers_differ("the flood killed 12 people in Brenn", "the flood killed 13 people in Brenn")
    assert not numbers_differ(
        "the flood killed 12 people in Brenn", "the flood killed 12 people in Brenn, of whom 3 were children"
    )
    assert not numbers_differ("it cost 4,2 million euros a year", "it cost 4.2 million euros a year")


def test_real_articles_are_seldom_copies(library: Library, make_article: Make, shared_folder: Path) -> None:
    """Of a thousand different articles of one newspaper none is linked to another."""
    table = (shared_folder / "data/gnad10k/test.csv").read_text("utf-8").splitlines()
    rows = csv.reader(table, delimiter=";", quotechar="'")
    duplicates = Duplicates(library)
    linked = [duplicates.link(make_article(str(number), row[1]))[0] for number, row in enumerate(rows)]
    assert len(linked) == 1028
    assert [article.id for article in linked if article.duplicate_of] == []
