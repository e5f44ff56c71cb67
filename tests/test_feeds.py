"""Feeds and sitemaps: what is read of them, broken and hostile ones too, and the feeds that a page names."""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import json_feed, sitemaps
from ingest import rss as rss_feeds
from ingest.feed_entries import Entry, Feed
from ingest.feeds import FeedLink, feed_links, parse_feed, sniff
from vectorstore.errors import SourceEmpty, SourceError, SourceUnreadable

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
URL = "https://echo.example/news/feed.xml"
EXAMPLES = Path(__file__).parents[2] / "shared" / "data" / "feeds"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
  <title>The Ahlen Echo</title><link>https://echo.example/</link><language>en-GB</language><ttl>30</ttl>
  <atom:link rel="self" href="https://echo.example/news/feed.xml"/>
  <image><title>Logo</title><url>https://echo.example/logo.png</url><link>https://echo.example/about</link></image>
  <item>
    <title>Bridge &amp;amp; ferry closed</title>
    <link>/news/bridge</link>
    <guid isPermaLink="false">n-17</guid>
    <description>The bridge is shut for a week &amp;hellip;</description>
    <content:encoded><![CDATA[<p>The bridge over the Ahl is shut for a week.</p><script>track()</script>
      <p>Buses run <b>hourly</b>, the town says.</p>]]></content:encoded>
    <dc:creator>Mara Lind</dc:creator>
    <pubDate>Fri, 31 May 2024 18:30:00 +0200</pubDate>
    <media:content url="https://echo.example/bridge.jpg"><media:title>A picture</media:title></media:content>
  </item>
  <item><title>Market moves</title><link>https://echo.example/news/market</link>
    <description>The market moves to the north square.</description><pubDate>Thu, 30 May 2024</pubDate></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://bote.example/a/">
  <title type="html">Der &lt;b&gt;Bote&lt;/b&gt;</title><link rel="self" href="feed.atom"/><updated>2024-05-31T10:00:00Z</updated>
  <entry>
    <title>Fähre fährt wieder</title><id>tag:bote.example,2024:1</id>
    <link rel="enclosure" href="ton.mp3" type="audio/mpeg"/><link href="faehre.html"/>
    <author><name>Jo Brandt</name><email>jo@bote.example</email></author>
    <published>2024-05-30T08:15Z</published><updated>2024-05-31T10:00:00+02:00</updated>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Die Fähre fährt wieder.</p><ul><li>Morgens</li><li>Abends</li></ul></div></content>
  </entry>
</feed>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Lamp Post",
    "home_page_url": "https://lamp.example/",
    "feed_url": "https://lamp.example/feed.json",
    "language": "en-US",
    "items": [
        {
            "id": 7,
            "url": "https://lamp.example/7",
            "title": "Lamp lit",
            "content_html": "<p>The lamp is lit.</p><p>It shines.</p>",
            "date_published": "2024-05-31T20:00:00+02:00",
            "date_modified": "2024-06-01T08:00:00Z",
            "authors": [{"name": "Ida Sol"}, {"name": "Bo Ek"}],
        },
        {"id": "8", "external_url": "https://other.example/8", "summary": "Only a summary.", "date_published": "2031-01-01"},
    ],
}
NEWS = """<?xml version="1.0"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
  xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://echo.example/a?x=1&amp;y=2</loc><lastmod>2024-05-31</lastmod>
    <image:image><image:loc>https://echo.example/a.jpg</image:loc><image:title>Picture</image:title></image:image>
    <news:news><news:publication><news:name>The Echo</news:name><news:language>en</news:language></news:publication>
      <news:publication_date>2024-05-30T07:00:00Z</news:publication_date><news:title>Ferry &amp; bridge</news:title></news:news></url>
  <url><loc>/b</loc></url>
</urlset>"""


def read(text: str | bytes, *, url: str = URL, media_type: str | None = None) -> Feed:
    """What the feed says at ``NOW``."""
    return parse_feed(text.encode() if isinstance(text, str) else text, url=url, media_type=media_type, now=NOW)


def rss(*items: str) -> str:
    """An RSS feed of the insides of its items."""
    return f"<rss version='2.0'><channel><title>T</title>{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"


# What is read


def test_rss_gives_plain_text_and_metadata() -> None:
    """The whole article comes from content:encoded, without markup and scripts; other modules' titles do not replace its own."""
    feed = read(RSS)
    assert (feed.kind, feed.title, feed.url, feed.language, feed.ttl_minutes) == ("rss", "The Ahlen Echo", URL, "en", 30)
    bridge, market = feed.entries
    assert (bridge.url, bridge.title, bridge.id) == ("https://echo.example/news/bridge", "Bridge & ferry closed", "n-17")
    assert bridge.text == "The bridge over the Ahl is shut for a week.\n\nBuses run hourly, the town says."
    assert (bridge.is_full, bridge.author, bridge.language) == (True, "Mara Lind", "en")
    assert bridge.published is not None
    assert (bridge.published.at, bridge.published.precision) == (datetime(2024, 5, 31, 16, 30, tzinfo=UTC), "second")
    assert bridge.published.came_from == "feed"
    assert not market.is_full
    assert market.text == "The market moves to the north square."
    assert market.published is not None
    assert market.published.precision == "day"
    assert feed.notes == ()


def test_atom_gives_plain_text_and_metadata() -> None:
    """xml:base and xml:lang count, XHTML content becomes paragraphs, a change is told from the publication."""
    feed = read(ATOM)
    assert (feed.kind, feed.title, feed.url, feed.language) == ("atom", "Der Bote", "https://bote.example/a/feed.atom", "de")
    (entry,) = feed.entries
    assert (entry.url, entry.id) == ("https://bote.example/a/faehre.html", "tag:bote.example,2024:1")
    assert (entry.text, entry.is_full) == ("Die Fähre fährt wieder.\n\nMorgens\n\nAbends", True)
    assert (entry.author, entry.language) == ("Jo Brandt", "de")
    assert entry.published is not None
    assert entry.modified is not None
    assert (entry.published.at, entry.published.precision) == (datetime(2024, 5, 30, 8, 15, tzinfo=UTC), "minute")
    assert entry.modified.at == datetime(2024, 5, 31, 8, tzinfo=UTC)


def test_an_atom_entry_that_only_says_when_it_changed_has_no_publication_date() -> None:
    """The date of a change is not passed off as that of the publication."""
    (entry,) = read(ATOM.replace("<published>2024-05-30T08:15Z</published>", "")).entries
    assert entry.published is None
    assert entry.modified is not None


def test_json_feed_is_read() -> None:
    """JSON Feed's fields, a number as id, several authors; a date in the future is not believed."""
    feed = read(json.dumps(JSON), url="https://lamp.example/feed.json")
    assert (feed.kind, feed.title, feed.url, feed.language) == ("json feed", "Lamp Post", "https://lamp.example/feed.json", "en")
    lamp, other = feed.entries
    assert (lamp.url, lamp.id, lamp.author) == ("https://lamp.example/7", "7", "Ida Sol, Bo Ek")
    assert (lamp.text, lamp.is_full) == ("The lamp is lit.\n\nIt shines.", True)
    assert lamp.published is not None
    assert lamp.published.at == datetime(2024, 5, 31, 18, tzinfo=UTC)
    assert (other.url, other.text, other.is_full, other.published) == ("https://other.example/8", "Only a summary.", False, None)


def test_news_sitemap_is_read() -> None:
    """Title, language and date come from the news extension, lastmod is a change, pictures are passed over."""
    feed = read(NEWS)
    assert feed.kind == "sitemap"
    news, bare = feed.entries
    assert (news.url, news.title, news.language) == ("https://echo.example/a?x=1&y=2", "Ferry & bridge", "en")
    assert news.published is not None
    assert news.modified is not None
    assert (news.published.at, news.modified.precision) == (datetime(2024, 5, 30, 7, tzinfo=UTC), "day")
    assert bare == Entry(url="https://echo.example/b")


def test_sitemap_index_names_its_sitemaps_and_not_itself() -> None:
    """Each once, in order, without the index itself."""
    places = [
        "https://echo.example/1.xml",
        URL,
        "https://echo.example/2.xml.gz",
        "https://echo.example/1.xml",
        "ftp://x.example/3",
    ]
    index = "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</sitemapindex>"
    feed = read(index.format("".join(f"<sitemap><loc> {place} </loc></sitemap>" for place in places)))
    assert (feed.kind, feed.nested) == ("sitemap index", ("https://echo.example/1.xml", "https://echo.example/2.xml.gz"))
    assert feed.entries == ()


@pytest.mark.parametrize(
    ("opening", "kind"),
    [
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"', "rss"),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/"',
            "rss",
        ),
    ],
)
def test_rss_in_rdf_is_read(opening: str, kind: str) -> None:
    """RSS 0.9 and 1.0 have their items beside the channel; Dublin Core's date is the publication's."""
    text = f"""{opening} xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{URL}"><title>Old</title>
      <link>https://old.example/</link></channel><item rdf:about="https://old.example/1"><title>One</title>
      <link>https://old.example/1</link><description>First of all.</description><dc:date>2024-05</dc:date></item></rdf:RDF>"""
    feed = read(text)
    assert (feed.kind, feed.title) == (kind, "Old")
    (entry,) = feed.entries
    assert (entry.url, entry.title, entry.text) == ("https://old.example/1", "One", "First of all.")
    assert entry.published is not None
    assert entry.published.precision == "month"
    assert sniff(text.encode())


def test_atom_0_3_is_read() -> None:
    """The old namespace and names: issued, modified, content with mode."""
    (entry,) = read("""<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old</title><entry><title>One</title>
      <link rel="alternate" type="text/html" href="/1"/><issued>2024-05-30T08:00:00Z</issued><modified>2024-05-31T08:00:00Z</modified>
      <content type="text/html" mode="escaped">&lt;p&gt;First of all.&lt;/p&gt;</content></entry></feed>""").entries
    assert (entry.url, entry.text, entry.is_full) == ("https://echo.example/1", "First of all.", True)
    assert entry.published is not None
    assert entry.modified is not None


# Addresses, repetition, dates


def test_only_web_addresses_are_kept() -> None:
    """Other schemes go; what has text stays without an address, what has neither goes with a note."""
    feed = read(
        rss(
            "<title>a</title><link>javascript:alert(1)</link><description>Text of a.</description>",
            "<title>b</title><link>file:///etc/passwd</link>",
            "<title>c</title><link>  //other.example/c d \n</link>",
            "<title>d</title><link>http://[broken/</link><description>Text of d.</description>",
        )
    )
    assert [(entry.title, entry.url) for entry in feed.entries] == [
        ("a", None),
        ("c", "https://other.example/c%20d"),
        ("d", None),
    ]
    assert feed.notes == ("1 without address and text left out",)


def test_a_link_in_the_id_counts_and_a_relative_id_does_not() -> None:
    """A permanent guid or an absolute id is an address; an id that merely looks relative is none."""
    permanent, plain = read(
        rss(
            "<title>a</title><guid>https://echo.example/a</guid>",
            "<guid isPermaLink='false'>b</guid><description>B.</description>",
        )
    ).entries
    assert (permanent.url, permanent.id) == ("https://echo.example/a", "https://echo.example/a")
    assert (plain.url, plain.id) == (None, "b")
    (atom,) = read("<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>t3_x</id><summary>S.</summary></entry></feed>").entries
    assert (atom.url, atom.id) == (None, "t3_x")


def test_the_article_behind_a_counting_redirector_is_named() -> None:
    """FeedBurner's original link is the article's address."""
    text = rss("<title>a</title><link>https://count.example/~r/1</link><f:origLink>https://echo.example/a</f:origLink>")
    (entry,) = read(text.replace("<rss", "<rss xmlns:f='http://rssnamespace.org/feedburner/ext/1.0'")).entries
    assert entry.url == "https://echo.example/a"


def test_repetition_and_itself_are_left_out() -> None:
    """The same page twice (fragment, slash, scheme) counts once, and a feed that lists itself does not loop."""
    feed = read(
        rss(
            "<title>a</title><link>https://echo.example/a</link>",
            "<title>a again</title><link>http://echo.example/a/#comments</link>",
            f"<title>feed</title><link>{URL}#top</link><description>This feed.</description>",
        )
    )
    assert [entry.title for entry in feed.entries] == ["a"]
    assert set(feed.notes) == {"1 that repeat another left out", "1 the feed itself left out"}


def test_an_address_that_many_entries_share_is_not_theirs() -> None:
    """Entries that all link to the front page keep their texts, and do not overwrite each other under one address."""
    feed = read(
        rss(*(f"<title>{n}</title><link>https://echo.example/</link><description>Text {n}.</description>" for n in range(4)))
    )
    assert [(entry.url, entry.text) for entry in feed.entries] == [(None, f"Text {n}.") for n in range(4)]


@pytest.mark.parametrize(
    ("written", "at", "precision"),
    [
        ("Fri, 31 May 2024 18:30:05 +0200", "2024-05-31T16:30:05", "second"),
        ("31 May 2024 18:30 GMT", "2024-05-31T18:30:00", "minute"),
        ("Fri, 31 May 2024 18:30:00 EDT", "2024-05-31T22:30:00", "second"),
        ("Fri, 31 May 2024 23:30:00 CEST", "2024-05-31T00:00:00", "day"),  # a zone that is not in the standard
        ("2024-05-31 23:30:00", "2024-05-31T00:00:00", "day"),
        ("2024-05", "2024-05-01T00:00:00", "month"),
        ("2024", "2024-01-01T00:00:00", "year"),
        ("31.05.2024 18:30", "2024-05-31T00:00:00", "day"),
        ("Sex, 31 Mai 2024 19:42:40 -0300", "2024-05-31T00:00:00", "day"),
    ],
)
def test_dates_keep_their_precision(written: str, at: str, precision: str) -> None:
    """A date is as precise as it is written, and a time of day without a known time zone is not believed."""
    (entry,) = read(rss(f"<title>a</title><link>/a</link><pubDate>{written}</pubDate>")).entries
    assert entry.published is not None
    assert (entry.published.at, entry.published.precision) == (datetime.fromisoformat(at).replace(tzinfo=UTC), precision)


@pytest.mark.parametrize(
    "written", ["Sat, 01 Jun 2030 10:00:00 GMT", "yesterday", "31 Foo 2024", "0000-00-00T00:00:00Z", "99999", ""]
)
def test_no_date_is_made_up(written: str) -> None:
    """The future and what is no date give none."""
    (entry,) = read(rss(f"<title>a</title><link>/a</link><pubDate>{written}</pubDate>")).entries
    assert entry.published is None


@pytest.mark.parametrize(
    ("inside", "minutes"),
    [
        ("<ttl>15</ttl>", 15),
        ("<ttl>999999</ttl>", rss_feeds.MAX_TTL),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<s:updatePeriod>hourly</s:updatePeriod><s:updateFrequency>4</s:updateFrequency>", 15),
        ("<s:updatePeriod>daily</s:updatePeriod>", 1440),
    ],
)
def test_how_long_a_feed_asks_to_be_left_alone(inside: str, minutes: int | None) -> None:
    """Minutes from ttl or the syndication module, never more than a week."""
    text = rss("<title>a</title><link>/a</link>").replace("<title>T</title>", inside)
    assert read(text.replace("<rss", "<rss xmlns:s='http://purl.org/rss/1.0/modules/syndication/'")).ttl_minutes == minutes


@pytest.mark.parametrize(
    ("inside", "text", "is_full"),
    [
        (
            "<description>Short.</description><content:encoded>Short. And more of it.</content:encoded>",
            "Short. And more of it.",
            True,
        ),
        ("<description>Long and longer.</description><content:encoded>Short.</content:encoded>", "Long and longer.", False),
        ("<description>Same.</description><content:encoded>Same.</content:encoded>", "Same.", False),
        ("<content:encoded>All there is, but […]</content:encoded>", "All there is, but […]", False),
        ("<description>1 &amp;lt; 2 &lt;br/&gt; 3</description>", "1 < 2\n3", False),
        ("<description><p>Raw <b>markup</b></p><p>here</p></description>", "Raw markup\n\nhere", False),
        ("<description>&amp;lt;p&amp;gt;Too often&amp;lt;/p&amp;gt;</description>", "Too often", False),
        ("<description>&lt;p&gt;Write &amp;lt;/p&amp;gt; at the end.&lt;/p&gt;</description>", "Write </p> at the end.", False),
    ],
)
def test_the_fuller_text_is_taken(inside: str, text: str, is_full: bool) -> None:
    """Content that is more than the summary is the article; a teaser is called one."""
    source = rss(f"<title>a</title><link>/a</link>{inside}").replace(
        "<rss", "<rss xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    )
    (entry,) = read(source).entries
    assert (entry.text, entry.is_full) == (text, is_full)


# Broken feeds


@pytest.mark.parametrize(
    "broken",
    [
        rss("<title>a & b</title><link>/x?a=1&b=2</link>", "<title>next</title><link>/y</link>"),
        rss("<title>a &nbsp;b</title><link>/x?a=1&amp;b=2</link>", "<title>next</title><link>/y</link>"),
        rss(
            "<title>a</title><link>/x?a=1&b=2</link><description><p>One<br>two</description>",
            "<title>next</title><link>/y</link>",
        ),
        rss("<title>a</title><link>/x?a=1&b=2</link><description>never closed", "<title>next</title><link>/y</link>"),
        rss("<title>a</title><link>/x?a=1&b=2</link>", "<title>next</title><link>/y</link>")[:-16],
        rss("<title>a\0\x0b</title><link>/x?a=1&b=2</link>", "<title>next</title><link>/y</link>"),
        rss("<title>a</title><link>/x?a=1&b=2</link><foo:bar x:y='1'>z</foo:bar>", "<title>next</title><link>/y</link>"),
        "Warning: out of memory\n" + rss("<title>a</title><link>/x?a=1&amp;b=2</link>", "<title>next</title><link>/y</link>"),
        "\n <?xml version='1.0'?>" + rss("<title>a</title><link>/x?a=1&amp;b=2</link>", "<title>next</title><link>/y</link>"),
        "<!DOCTYPE rss PUBLIC '-//N//DTD' 'http://dtd.invalid/x.dtd' [<!ENTITY x '>'> ]>"
        + rss("<title>a</title><link>/x?a=1&amp;b=2</link>", "<title>next</title><link>/y</link>"),
    ],
)
def test_broken_xml_is_read_as_far_as_it_goes(broken: str) -> None:
    """Stray ampersands, HTML's named characters, unescaped HTML, controls, missing ends and prefixes cost no entry."""
    feed = read(broken)
    assert [entry.url for entry in feed.entries] == ["https://echo.example/x?a=1&b=2", "https://echo.example/y"]
    assert feed.entries[0].title[0] == "a"
    assert feed.entries[1].title == "next"


def test_a_broken_feed_says_so() -> None:
    """What was mended is noted, what was sound is not."""
    assert read(rss("<title>a & b</title><link>/x</link>")).notes == ("malformed XML, read as far as it goes",)
    assert read(rss("<title>a &amp; b</title><link>/x</link>")).notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252", "koi8-r"])
def test_encodings(encoding: str) -> None:
    """Byte order marks, declarations and headers are followed."""
    title = "Новости дня" if encoding == "koi8-r" else "Fähre über die Ahl"
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(f"<title>{title}</title><link>/a</link>")
    content = text.encode(encoding)
    assert sniff(content)
    assert read(content).entries[0].title == title


def test_a_wrong_declaration_is_not_believed() -> None:
    """UTF-8 that is declared as something else, and something else that is declared as UTF-8."""
    text = '<?xml version="1.0" encoding="{}"?>' + rss("<title>Fähre über die Ahl</title><link>/a</link>")
    assert read(text.format("us-ascii").encode()).entries[0].title == "Fähre über die Ahl"
    assert read(text.format("utf-8").encode("cp1252")).entries[0].title == "Fähre über die Ahl"
    assert read(text.encode(), media_type="text/xml; charset=iso-8859-1").entries[0].title == "Fähre über die Ahl"


def test_gzip_is_unpacked_whole_cut_off_or_damaged() -> None:
    """Packed sitemaps and feeds are read; of a cut-off one what it still gives."""
    places = "".join(f"<url><loc>https://echo.example/{n}</loc></url>" for n in range(5000))
    packed = gzip.compress(f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{places}</urlset>".encode())
    assert sniff(packed)
    assert len(read(packed).entries) == 5000
    cut = read(packed[: len(packed) // 2])
    assert 1000 < len(cut.entries) < 5000
    assert cut.notes == ("malformed XML, read as far as it goes",)
    assert len(read(packed[:-4] + b"\0\0\0\0").entries) > 1000


# What is no feed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\0\xef\xbb\xbf", "is empty"),
        (b"<!DOCTYPE html><html><body><p>Hello</p></body></html>", "is an HTML page"),
        (b"<html><body>&lt;rss&gt; <rss></rss></body></html>", "is an HTML page"),
        (b"%PDF-1.7 <</Type/Page>>", "no XML and no JSON"),
        (b"PK\x03\x04\0\0\0\0", "no XML and no JSON"),
        (b"Just some words.", "no XML and no JSON"),
        (b"<?xml version='1.0'?><note>Hi</note>", "no RSS, Atom or sitemap"),
        (b"<!-- nothing but this -->", "no RSS, Atom or sitemap"),
        (b'{"version": "1.0", "items": []}', "JSON, but not JSON Feed"),
        (b"[1, 2]", "JSON, but not JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
        (b"\x1f\x8b\x08nothing of the kind", "gzip data that cannot be unpacked"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    """The message names the address and says what it is instead."""
    with pytest.raises((SourceEmpty, SourceUnreadable), match=reason) as error:
        read(content)
    assert URL in str(error.value)


def test_a_feed_without_entries_is_a_feed() -> None:
    """It has nothing yet; that is noted, and no error."""
    feed = read("<rss version='2.0'><channel><title>Soon</title></channel></rss>")
    assert (feed.title, feed.entries, feed.notes) == ("Soon", (), ("no entries",))


@pytest.mark.parametrize(
    ("content", "media_type", "is_feed"),
    [
        (RSS, "text/html", True),
        (ATOM, None, True),
        (json.dumps(JSON), "application/json", True),
        (json.dumps({"items": ["x" * 20_000], "version": "https://jsonfeed.org/version/1"}), None, True),
        (NEWS, "application/xml", True),
        ("<html><body>Hello</body></html>", "application/rss+xml", False),
        ("Warning: oops\n" + rss("<title>a</title>"), "application/rss+xml", True),
        ("An article about feeds.\n\nThey begin with <rss version='2.0'>, as a rule.", "text/plain", False),
        ('{"title": "An article", "text": "Words"}', "application/json", False),
        (json.dumps({"text": 'A feed says "version": "https://jsonfeed.org/version/1".'}), "application/json", False),
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><x/></rdf:RDF>', "application/xml", False),
        ("%PDF-1.7", "application/pdf", False),
        ("", None, False),
        ("", "application/rss+xml", True),
    ],
)
def test_sniff_tells_feeds_from_pages(content: str, media_type: str | None, is_feed: bool) -> None:
    """The first element decides over the media type."""
    assert sniff(content.encode(), media_type=media_type) is is_feed


# Hostile feeds


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    """A billion laughs stay a word, and a file that an entity names stays unread."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret", "utf-8")
    levels = "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(20))
    feed = read(
        f"<!DOCTYPE rss [<!ENTITY a0 'ha'>{levels}<!ENTITY s SYSTEM '{secret.as_uri()}'>]>"
        + rss("<title>a &a20; b</title><link>/a</link><description>&s;</description>")
    )
    (entry,) = feed.entries
    assert (entry.title, entry.text) == ("a &a20; b", "&s;")


def test_feedparser_is_never_given_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed whose bytes read like an address or a path is not opened as one."""
    import feedparser

    given: list[object] = []
    real = feedparser.parse

    def watched(source: object, **options: object) -> Any:
        given.append(source)
        return real(source, **options)

    monkeypatch.setattr(feedparser, "parse", watched)
    read(RSS)
    for address in (b"http://127.0.0.1:9/feed.xml", b"/etc/hostname", b"file:///etc/hostname"):
        with pytest.raises(SourceUnreadable):
            read(address)
    assert [type(source) for source in given] == [io.BytesIO]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("categories", rss("<title>a</title><link>/a</link>" + "".join(f"<category>{n}</category>" for n in range(100_000)))),
        ("links", rss("<title>a</title><link>/a</link>" + "".join(f"<link>/{n}</link>" for n in range(100_000)))),
        ("namespaces", rss("<link>/a</link>" + "".join(f"<n{n}:x xmlns:n{n}='http://n{n}.example/'/>" for n in range(50_000)))),
        ("depth", rss("<link>/a</link><description>" + "<div>" * 300_000)),
        ("author", rss("<link>/a</link><author>" + "a" * 2_000_000 + "</author>")),
        ("ampersands", rss("<link>/a</link><description>" + "&" * 2_000_000 + "</description>")),
        ("open titles", rss("<link>/a</link>" + "<title>" * 300_000)),
        ("open CDATA", rss("<link>/a</link>" + "<![CDATA[" * 200_000)),
        ("open comments", rss("<link>/a</link>" + "<!--" * 500_000)),
        ("less-than", rss("<link>/a</link>" + "<" * 2_000_000)),
    ],
)
def test_hostile_feeds_take_no_long_time(name: str, content: str) -> None:
    """What takes feedparser or a careless pattern quadratic time is done in seconds, and the entry is there."""
    started = time.perf_counter()
    feed = read(content)
    assert time.perf_counter() - started < 15
    (entry,) = feed.entries
    assert entry.url is not None


def test_too_much_is_cut_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds on bytes and entries, each with a note or a reason."""
    monkeypatch.setattr(rss_feeds, "MAX_ENTRIES", 3)
    monkeypatch.setattr(sitemaps, "MAX_ADDRESSES", 3)
    many = read(rss(*(f"<title>{n}</title><link>/{n}</link>" for n in range(5))))
    assert (len(many.entries), many.notes) == (3, ("of 5 entries the first 3 were read",))
    sitemap = read("<urlset>" + "".join(f"<url><loc>/{n}</loc></url>" for n in range(5)) + "</urlset>")
    assert (len(sitemap.entries), sitemap.notes) == (3, ("of 5 addresses the first 3 were read",))
    for module in (rss_feeds, json_feed):
        monkeypatch.setattr(module, "MAX_FEED_BYTES", 2**20)
    long = read(rss("<title>a</title><link>/a</link>", f"<title>b</title><description>{'word ' * 400_000}</description>"))
    assert long.entries[0].url == "https://echo.example/a"
    assert long.notes[0] == "longer than 1 MB, of which the first were read"
    with pytest.raises(SourceUnreadable, match="more than 1 MB of JSON"):
        read(json.dumps(JSON | {"title": "x" * 2**21}))


def test_a_decompression_bomb_is_refused() -> None:
    """More than 50 MB, packed or not, is not unpacked further."""
    with pytest.raises(SourceUnreadable, match="unpacks to more than 50 MB"):
        read(gzip.compress(b"<rss>" + bytes(80 * 2**20), compresslevel=1))
    with pytest.raises(SourceUnreadable, match="more than 50 MB"):
        read(b" " * (50 * 2**20 + 1))


_PIECES = st.sampled_from(
    [
        "<rss>", "<rss version='2.0'>", "<channel>", "</channel>", "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "<link href='/x'/>",
        "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>", "<content type='xhtml'>", "</content>", "<description>", "<![CDATA[", "]]>",
        "<!--", "-->", "<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE rss [", "]>", "&amp;", "&", "&#0;", "&#xd800;", "<div>", "</div>", "<a:b c:d='e'>",
        "<pubDate>", "</pubDate>", "Fri, 31 May 2024 18:30:00 +9999", "<urlset>", "<url>", "<loc>", "</loc>", "<sitemapindex>", "<rdf:RDF>", "\0", "\ud800", "ä",
        '{"version":"https://jsonfeed.org/version/1","items":[', '{"url":"/x","content_html":"<p>\\ud800"}', "]}", "<guid>", "http://[", "<author>", "<name>",
        "<ttl>", "1", "xml:base='http://[::'", "<content type='image/png' mode='base64'>", "<!ENTITY a 'b'>", " ", "text",
    ]
)  # fmt: skip


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(_PIECES, max_size=25).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")),
        st.tuples(st.sampled_from([RSS, ATOM, NEWS, json.dumps(JSON)]), st.integers(0, 1500), st.binary(max_size=8)).map(
            lambda parts: parts[0].encode()[: parts[1]] + parts[2] + parts[0].encode()[parts[1] + len(parts[2]) :]
        ),
        st.binary(max_size=200).map(gzip.compress),
    ),
    media_type=st.sampled_from([None, "application/rss+xml", "text/xml; charset=utf-16", "text/html; charset=nonsense"]),
)
@example(content=b"<rss><channel><item><link>http://[</link></item></channel></rss>", media_type=None)
@example(content=b"<feed xml:base='http://[::'><entry><link href='x'/></entry></feed>", media_type=None)
@example(content=b"<feed xmlns='http://]]>www.w3.org/2005/Atom'><entry><summary>S</summary></entry></feed>", media_type=None)
@example(
    content=b"<rss><item><title><a t='<![CDATA['>&x; &#1;\x02</a></title><link t='<![CDATA['>&x;&#1;</link></item></rss>",
    media_type=None,
)
@settings(max_examples=400)
def test_any_bytes_are_a_feed_or_a_reason(content: bytes, media_type: str | None) -> None:
    """Nothing but a source's error is raised, and what is read keeps its promises."""
    sniff(content, media_type=media_type)
    try:
        feed = parse_feed(content, url=URL, media_type=media_type, now=NOW)
    except SourceError:
        return
    for entry in feed.entries:
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
        assert entry.url or entry.text
        for text in (entry.text, entry.title, entry.author):
            text.encode()
            assert "\0" not in text
        for moment in (entry.published, entry.modified):
            assert moment is None or moment.at <= NOW + timedelta(hours=14)
    addresses = [entry.url for entry in feed.entries if entry.url]
    assert len(addresses) == len(set(addresses))


# The feeds of a page


def test_a_page_names_its_feeds() -> None:
    """Links of feeds' types, resolved against the base, each once, those of comments last."""
    page = b"""<html><head><base href="/en/"><title>Echo</title>
      <link rel="alternate" type="application/rss+xml" title="Kommentare" href="comments.xml">
      <link rel="ALTERNATE home" type="application/atom+xml; charset=utf-8" title=" News
        of the day " href="feed.atom">
      <link rel="alternate" type="application/feed+json" href="https://other.example/feed.json">
      <link rel="alternate" type="application/rss+xml" href="feed.atom">
      <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
      <link rel="alternate" type="text/html" hreflang="de" href="/de/">
      <link rel="stylesheet" type="application/rss+xml" href="style.css">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
      <link rel="alternate" type="application/rss+xml"></head><body></body></html>"""
    assert feed_links(page, url="https://echo.example/page") == [
        FeedLink("https://echo.example/en/feed.atom", "News of the day", "application/atom+xml"),
        FeedLink("https://other.example/feed.json", "", "application/feed+json"),
        FeedLink("https://echo.example/en/comments.xml", "Kommentare", "application/rss+xml"),
    ]


def test_a_base_that_is_no_address_is_passed_over() -> None:
    """Links are then resolved against the page."""
    link = "<link rel=alternate type=application/rss+xml href=feed.xml>"
    for base in ("http://[", "javascript:x", ""):
        (found,) = feed_links(f'<base href="{base}">{link}'.encode(), url="https://echo.example/a/page")
        assert found.url == "https://echo.example/a/feed.xml"


@given(
    page=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(
            lambda text: f"<link rel=alternate type=application/rss+xml href='{text}'>".encode("utf-8", "replace")
        ),
    )
)
def test_any_page_has_a_list_of_feeds(page: bytes) -> None:
    """It may be empty; nothing is raised, and every address is one of the web."""
    assert all(link.url.startswith(("http://", "https://")) for link in feed_links(page, url="https://echo.example/"))


# Feeds as others made them


def _examples() -> Iterable[Path]:
    return sorted(path for path in EXAMPLES.rglob("*") if path.is_file()) if EXAMPLES.is_dir() else []


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs the folder shared/data/feeds beside the checkout")
def test_every_example_parses_or_says_why() -> None:
    """Of the examples of three libraries only those that are no feed are refused; run with -s for the outcome of each."""
    refused: dict[str, str] = {}
    for path in _examples():
        url = f"https://feeds.example/{path.name}"
        try:
            feed = parse_feed(path.read_bytes(), url=url, now=NOW)
        except SourceError as error:
            refused[path.name] = str(error)
            outcome = str(error).removeprefix(f"{url} ")
        else:
            assert sniff(path.read_bytes()), path.name
            texts = sum(bool(entry.text) for entry in feed.entries)
            dates = sum(bool(entry.published or entry.modified) for entry in feed.entries)
            outcome = f"{feed.kind}, {len(feed.entries)} entries, {texts} with text, {dates} with dates; {', '.join(feed.notes)}"
        print(f"{path.relative_to(EXAMPLES).as_posix():70} {outcome.rstrip('; ')}")  # noqa: T201 - the table is asked for with -s
    assert sorted(refused) == ["notafeed.html", "rss_empty_document.xml", "unrecognized.rss"]
    assert "HTML page" in refused["notafeed.html"]
