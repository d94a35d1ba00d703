"""Hosts of links and portals: what is kept, and what a browser would read as another place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import HOST_LIMIT, check_domain_name, check_host

ACCEPTED = {
    "label": "intranet",
    "test label of the vendor's provider": "tf-acc-test-xyz",
    "domain name": "wiki.example.com",
    "capitals": "Wiki.Example.COM",
    "trailing dot": "wiki.example.com.",
    "underscore": "_dmarc.example.com",
    "digits first": "3com.example.com",
    "digits in a middle label": "10.example.com",
    "hyphens inside": "a--b.example.com",
    "punycode": "xn--bcher-kva.example",
    "longest label": "a" * 63 + ".example.com",
    "umlauts": "bücher.example",
    "sharp s": "straße.example",
    "Japanese": "日本語.jp",
    "Cyrillic": "пример.рф",
    "Arabic digits": "قناة٣.example",
    "Devanagari with marks": "हिन्दी.भारत",
    "Persian with a non-joiner": "نامه\u200c\u0627ی.example",
    "Devanagari with a joiner": "क्\u200dष.example",
    "hexadecimal word that is no number": "0xgg",
    "port": "wiki.example.com:8443",
    "smallest port": "intranet:1",
    "greatest port": "intranet:65535",
    "IPv4": "192.0.2.7",
    "IPv4 with a port": "192.0.2.7:8080",
    "IPv6": "[2001:db8::1]",
    "IPv6 with a port": "[2001:db8::1]:8443",
    "IPv6 of all zeros": "[::]",
    "IPv6 with an IPv4 tail": "[::ffff:192.0.2.7]",
}

REFUSED = {
    "nothing": "",
    "scheme": "https://wiki.example.com",
    "scheme of a script": "javascript://alert",
    "script": "javascript:alert(1)",
    "data": "data:text/html,x",
    "mail": "mailto:a@example.com",
    "path": "wiki.example.com/home",
    "lone slash": "/",
    "two slashes": "//wiki.example.com",
    "backslash": "wiki.example.com\\home",
    "query": "wiki.example.com?x=1",
    "fragment": "wiki.example.com#top",
    "user": "user@wiki.example.com",
    "user and password": "user:pass@wiki.example.com",
    "percent code": "wiki%2eexample.com",
    "space inside": "wiki example.com",
    "space before": " wiki.example.com",
    "space after": "wiki.example.com ",
    "tab": "wiki\t.example.com",
    "line feed": "wiki.example.com\n",
    "carriage return": "wiki.example.com\r\nHost: evil",
    "zero byte": "wiki\0.example.com",
    "delete character": "wiki\x7f.example.com",
    "no-break space": "wiki\u00a0.example.com",
    "zero-width space": "wiki\u200b.example.com",
    "zero-width joiner": "wiki\u200d.example.com",
    "non-joiner after a letter that joins nothing": "\u0627\u200cب.example",
    "keycap": "1\ufe0f\u20e3.example",
    "soft hyphen": "wi\u00adki.example.com",
    "right-to-left override": "wiki\u202emoc.example",
    "byte order mark": "\ufeffwiki.example.com",
    "lone surrogate": "wiki\ud800.example.com",
    "empty label": "wiki..example.com",
    "empty first label": ".example.com",
    "two trailing dots": "wiki.example.com..",
    "lone dot": ".",
    "label over 63": "a" * 64 + ".example.com",
    "hyphen first": "-wiki.example.com",
    "hyphen last": "wiki-.example.com",
    "quote": 'wiki".example.com',
    "angle brackets": "<b>.example.com",
    "star": "*.example.com",
    "comma": "a.example.com,b.example.com",
    "pipe": "a|b",
    "emoji": "☃.example",
    "look-alike slash": "wiki.example.com\u2044home",
    "division slash": "wiki.example.com\u2215home",
    "full-width slash": "wiki.example.com\uff0fhome",
    "full-width full stop": "wiki\uff0eexample.com",
    "ideographic full stop": "wiki\u3002example.com",
    "one dot leader": "wiki\u2024example.com",
    "full-width letters": "\uff57\uff49\uff4b\uff49.example.com",
    "Kelvin sign": "wi\u212ai.example.com",
    "ligature": "\ufb01le.example.com",
    "account-of sign": "\u2100.example.com",
    "circled digit": "\u2460.example.com",
    "full-width digits": "\uff11\uff12\uff17.0.0.1",
    "port zero": "intranet:0",
    "port over 65535": "intranet:65536",
    "port of six digits": "intranet:080808",
    "port with a sign": "intranet:+80",
    "empty port": "intranet:",
    "port that is a word": "intranet:http",
    "port of other digits": "intranet:\u0668\u0660",
    "port alone": ":80",
    "number": "2130706433",
    "hexadecimal number": "0x7f000001",
    "hexadecimal prefix alone": "example.0x",
    "number as last label": "example.1",
    "number before a trailing dot": "example.1.",
    "three numbers": "127.0.1",
    "five numbers": "1.2.3.4.5",
    "octal number": "0177.0.0.1",
    "number over 255": "256.0.0.1",
    "IPv4 with a trailing dot": "192.0.2.7.",
    "IPv6 without brackets": "2001:db8::1",
    "IPv6 without its end": "[2001:db8::1",
    "IPv6 without its start": "2001:db8::1]",
    "IPv6 with a zone": "[fe80::1%eth0]",
    "IPv6 that is none": "[2001:db8::g]",
    "IPv6 of too many parts": "[1:2:3:4:5:6:7:8:9]",
    "text after IPv6": "[2001:db8::1]a",
    "text between IPv6 and port": "[2001:db8::1]a:80",
    "empty brackets": "[]",
    "IPv4 in brackets": "[192.0.2.7]",
    "invisible mark": "wi\ufe0fki.example.com",
    "invisible joiner": "wi\u034fki.example.com",
    "invisible mark at the end of an address": "127.0.0.1\ufe0f",
    "invisible mark at the end of a number": "0x7f000001\u034f",
    "invisible separator of Mongolian": "example\u180b.com",
}


@pytest.mark.parametrize("host", ACCEPTED.values(), ids=ACCEPTED)
def test_host_is_kept_as_it_is(host: str) -> None:
    assert check_host("link", host) == host


@pytest.mark.parametrize("host", REFUSED.values(), ids=REFUSED)
def test_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_host("link", host)

    assert refusal.value.params == ("link",)
    assert refusal.value.why.endswith(".")


def test_host_may_have_the_documented_length() -> None:
    longest = ".".join(["a" * 63] * 4)
    assert len(longest) == HOST_LIMIT

    assert check_host("link", longest) == longest
    with pytest.raises(InvalidField, match="at most 255"):
        check_host("link", longest + ".")


ADDRESSES = ["portal.example.com:443", "192.0.2.7", "192.0.2.7:80", "[2001:db8::1]", "[::1]:80"]


@pytest.mark.parametrize("host", ADDRESSES)
def test_domain_name_is_no_address_and_has_no_port(host: str) -> None:
    assert check_host("link", host) == host

    with pytest.raises(InvalidField, match="without a port, and not an address"):
        check_domain_name("domain", host)


@pytest.mark.parametrize("name", ["intranet", "portal.example.com.", "bücher.example", "3.com"])
def test_domain_name_is_kept_as_it_is(name: str) -> None:
    assert check_domain_name("domain", name) == name


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("https://wiki.example.com", "belongs in protocol"),
        ("wiki.example.com/home", "belongs in linkPath"),
        ("wiki.example.com?x", "belongs in linkPath"),
        ("user@wiki.example.com", "user names and passwords"),
        ("2001:db8::1", "must be in brackets"),
        ("intranet:99999", "a number from 1 to 65535"),
    ],
)
def test_refused_host_says_what_to_do(host: str, hint: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_host("link", host)

    assert hint in refusal.value.why


@given(st.text())
@settings(max_examples=500, deadline=None)
def test_host_is_kept_or_refused_by_name(text: str) -> None:
    kept, field = None, None
    try:
        kept = check_host("link", text)
    except InvalidField as refusal:
        field = refusal.field

    assert (kept, field) in [(text, None), (None, "link")]
    assert kept is None or not set(text) & set(" \t\r\n/\\?#@%<>\"'")
