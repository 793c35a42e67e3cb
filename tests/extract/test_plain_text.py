"""HTML inside of strings becomes text; what only looks like it stays."""

import pytest

from tdcrawl.extract.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("It&apos;s &quot;fine&quot; &#38; dandy", 'It\'s "fine" & dandy'),
        ("one&amp;nbsp;two", "one\N{NO-BREAK SPACE}two"),
        ("one<br>two<BR />three", "one\ntwo\nthree"),
        ("<p class='x'>one</p><p>two</p>", "\none\n\ntwo\n"),
        ("&lt;b&gt;bold&lt;/b&gt;", "bold"),
        ('<a href="/x">link</a>', "link"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_entities_and_tags_become_text_when_they_are_html(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "text", ["I <3 it", "a < b and c > d", "R&D&notes &copy", "/?a=1&copy=2", "1 <brilliant> idea", "&#9999999999;"]
)
def test_a_text_stays_as_it_is_when_it_only_looks_like_html(text: str) -> None:
    assert plain_text(text) == text
