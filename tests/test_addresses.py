"""Which addresses are refused, and what one article's addresses become."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.addresses import canonical_address, is_public, refusal

# --- refused or not


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.178.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.254",
        "192.0.0.8",
        "192.0.2.7",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.3",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2002:a9fe:a9fe::",
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Private, loopback, link-local, shared, reserved, multicast and unknown ones are not public, nor are wrappings of them."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "192.0.1.1",
        "2606:4700::6810:84e5",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ],
)
def test_addresses_that_are_public(address: str) -> None:
    """Ordinary addresses are public, also those just outside a private range or wrapped in an IPv6 address."""
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://news.example/a", "only http"),
        ("file:///etc/passwd", "only http"),
        ("javascript:alert(1)", "only http"),
        ("news.example/a", "only http"),
        ("http://anna:secret@news.example/", "user name"),  # pragma: allowlist secret
        ("http://news.example@10.0.0.1/", "user name"),
        ("http://news.example\\@10.0.0.1/", "user name"),
        ("https:///nowhere", "no host"),
        ("http://news.example:99999/", "no web address"),
        ("http://[::1/", "no web address"),
        ("http://%5b/", "no web address"),
        ("http://news .example/", "no web address"),
        ("http://[fe80::1%25eth0]/", "no web address"),
    ],
)
def test_refusals_say_why(url: str, why: str) -> None:
    """What is refused whatever its host is: other schemes, user names, no host, no address; never with the password in the reason."""
    reason = refusal(url)
    assert reason is not None
    assert why in reason
    assert "secret" not in reason


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example",
        "HTTPS://news.example:8443/a?b=c@d#e",
        "http://2130706433/",
        "http://[::1]/",
        "http://bücher_1.example/",
    ],
)
def test_other_addresses_are_left_to_the_check_of_the_host(url: str) -> None:
    """Nothing is wrong with the address itself; odd spellings of IP addresses are looked up and checked like every host."""
    assert refusal(url) is None


# --- one spelling


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("HTTP://News.Example:80", "http://news.example/"),
        ("  https://news.example:443/a \n", "https://news.example/a"),
        ("https://news.example.:8443/a#comments", "https://news.example:8443/a"),
        ("https://news.example/#!/article/7", "https://news.example/#!/article/7"),
        ("https://anna:secret@news.example/a", "https://news.example/a"),  # pragma: allowlist secret
        ("https://müller.example/über uns", "https://xn--mller-kva.example/%C3%BCber%20uns"),
        ("https://news.example/%7ea/%c3%bc/%41%2f", "https://news.example/~a/%C3%BC/A%2F"),
        ("https://news.example/100%", "https://news.example/100%25"),
        ("https://news.example/x/./y/../a", "https://news.example/x/a"),
        ("https://news.example/../..", "https://news.example/"),
        ("https://news.example//a", "https://news.example//a"),
        ("http://[2A00:0:0::1]:80/a", "http://[2a00::1]/a"),
        # parameters
        ("https://news.example/a?b=2&a=1&&a=0", "https://news.example/a?a=1&a=0&b=2"),
        ("https://news.example/a?q=r%20s&t=u v", "https://news.example/a?q=r+s&t=u+v"),
        ("https://news.example/a?utm_source=x&UTM_Medium=y&fbclid=z&id=7", "https://news.example/a?id=7"),
        ("https://news.example/a?gclid=1&wt_mc=sm&wt_zmc=2&mc_cid=3&at_medium=RSS&xtor=4&CMP=tw", "https://news.example/a"),
        ("https://news.example/a?ref=rss", "https://news.example/a"),
        ("https://news.example/a;jsessionid=0A1B?x=1", "https://news.example/a?x=1"),
        # AMP and print
        ("https://news.example/2023/fire-in-brenn/amp", "https://news.example/2023/fire-in-brenn"),
        ("https://news.example/2023/fire-in-brenn/amp/", "https://news.example/2023/fire-in-brenn/"),
        ("https://news.example/fire-101.amp.html", "https://news.example/fire-101.html"),
        ("https://news.example/fire-101~amp.html", "https://news.example/fire-101.html"),
        ("https://news.example/fire.html?amp=1", "https://news.example/fire.html"),
        ("https://news.example/fire?outputType=amp&p=3", "https://news.example/fire?p=3"),
        ("https://amp.news.example/fire", "https://www.news.example/fire"),
        ("https://www.google.com/amp/s/news.example/fire/?usqp=1", "https://news.example/fire/"),
        ("https://news-example.cdn.ampproject.org/c/s/news.example/fire", "https://news.example/fire"),
        ("https://news.example/fire?print=1", "https://news.example/fire"),
        ("https://news.example/fire?service=printPreview", "https://news.example/fire"),
        ("https://news.example/artikel-123456/drucken", "https://news.example/artikel-123456"),
        ("https://news.example/fire-in-brenn/print/", "https://news.example/fire-in-brenn/"),
    ],
)
def test_addresses_of_one_article_become_one(url: str, plain: str) -> None:
    """Spelling, tracking, AMP and print views make no other article."""
    assert canonical_address(url) == plain


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/index.php?article=7&id=3&p=2&page=all&story=x",
        "https://news.example/a?cid=4&from=2020&ref=2023-118&sid=5&source=reuters&uid=6",
        "https://news.example/thema/amp",
        "https://news.example/amp",
        "https://news.example/2023/print",
        "https://news.example/guitars/marshall-amp.html",
        "https://news.example/Case/Matters",
        "https://amp.example/a",
        "https://news.example/a?print=no",
        "http://news.example/a",
    ],
)
def test_what_may_choose_the_article_stays(url: str) -> None:
    """Parameters and paths that may lead to another article are kept, the scheme and the path's case too."""
    assert canonical_address(url) == url


@pytest.mark.parametrize(
    "text",
    ["", "no address", "mailto:a@b.example", "http://", "http://[::1", "http://a:99999/", "https://.../", "/a?utm_source=x"],
)
def test_what_is_no_web_address_stays(text: str) -> None:
    """It comes back as it is, without an error."""
    assert canonical_address(text) == text


_PIECES = st.sampled_from(
    "/ /amp /print .amp ~amp .html a-b 2023-12345 . .. %2e %41 %zz % ? & = amp=1 print utm_source=x id=7 ref=rss ; ;sid=1 # #! + amp. www."
    " news.example google.com/amp/s/ cdn.ampproject.org/c/ : :80 @ [ ] ü 。 ß \ud800 \t \u200d".split(" ")
)


@given(
    st.one_of(
        st.builds("".join, st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=12)).map("https://h.example".__add__),
        st.builds("".join, st.lists(_PIECES, max_size=12)).map("http://".__add__),
        st.text(),
    )
)
@example("https://h.example/a.amp.html.amp")
@example("https://h.example/a-b/amp.amp/amp")
@example("https://www.google.com/amp/s/www.google.com/amp/www.google.com/amp/s/amp.h.example")
def test_twice_changes_nothing_more(url: str) -> None:
    """For any text: the canonical address of a canonical address is itself, and nothing raises."""
    once = canonical_address(url)
    assert canonical_address(once) == once


@given(st.text(), st.text(), st.text())
def test_a_web_address_becomes_one_that_can_be_sent(path: str, query: str, fragment: str) -> None:
    """Whatever stands in it, the result is ASCII without spaces, of the same host."""
    address = canonical_address(f"https://news.example/{path}?{query}#{fragment}")
    assert address.isascii()
    assert address.isprintable()
    assert " " not in address
    assert urlsplit(address).hostname == "news.example"
