"""A drafted site file is accepted, and says what was found and what was not."""

from tdcrawl.probing.draft import draft
from tdcrawl.sites.loading import parse_profile
from tdcrawl.sites.profile import SiteProfile
from tests.probing.pages import WORDS, a_page, css_page

CARDS = "".join(f'<a class="product" href="/product/{number}">Mug</a>' for number in range(3))
LIST = a_page(f'{CARDS}<a rel="next" href="?page=2">on</a>', "https://www.shop.example/list")


def profile_of(content: str) -> SiteProfile:
    return parse_profile("my_shop", content.encode(), "my_shop.toml")


def test_draft_begins_at_the_list_and_follows_it_when_one_is_given() -> None:
    profile = profile_of(draft("my_shop", [css_page("4/5", "3/5"), LIST]))
    assert profile.allowed_domains == ["shop.example"]
    assert profile.start.urls == ["https://www.shop.example/list"]
    assert (profile.follow.products, profile.follow.next) == ("a.product::attr(href)", "a[rel~=next]::attr(href)")
    assert (profile.read.reader, profile.read.record) == (["css"], ".review-item")


def test_draft_is_of_postings_when_the_pages_hold_them() -> None:
    posting = (
        '{"@type": "JobPosting", "title": "Potter", "identifier": "J-1", "description": "%s", "baseSalary": "lots"}'
    )
    profile = profile_of(draft("my_shop", [a_page(f'<script type="application/ld+json">{posting % WORDS}</script>')]))
    assert (profile.record_type, profile.read.reader) == ("job_posting", ["schema_org"])
    assert profile.read.values.rating_scale is None


def test_draft_says_what_is_missing_when_nothing_is_found() -> None:
    url = 'https://shop.example/"a"\\\x7f'
    content = draft("my_shop", [a_page("<p>Hours</p>", url)])
    profile = profile_of(content)
    assert profile.start.urls == [url]
    assert (profile.read.reader, profile.follow.next) == (["schema_org"], None)
    assert "No reader found a record" in content
    assert '# text = ".class-of-its-text"\n# rating = ".class-of-its-rating"\n' in content


def test_draft_gives_the_scale_when_ratings_are_on_none() -> None:
    assert profile_of(draft("my_shop", [css_page("8", "3")])).read.values.rating_scale == 10
    hostile = (
        '<script type="application/ld+json">{"@type": "AggregateRating", "reviewCount": 2, "bestRating": "%s"}</script>'
    )
    for said, scale in (("20", 20), ("10\\n[polite]\\nROBOTSTXT_OBEY = false", 10)):
        page = a_page(hostile % said + css_page("8", "3").selector.get())
        assert profile_of(draft("my_shop", [page])).read.values.rating_scale == scale
    assert profile_of(draft("my_shop", [css_page("4", "3")])).read.values.rating_scale is None
