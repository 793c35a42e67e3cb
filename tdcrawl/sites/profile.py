"""WHERE records live: what a site file may say, and what makes no sense in one."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tdcrawl.records import RECORD_TYPES
from tdcrawl.sites.patterns import check_alias_pattern, check_css
from tdcrawl.urls import UrlRules

NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
ReaderName = Literal["schema_org", "css", "embedded_json", "microformats"]
Selectors = str | list[str]


class _Table(BaseModel):
    """Refuse unknown keys: a misspelt one must not pass for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Start(_Table):
    """Say where to begin: pages, and sitemaps whose pages are all visited."""

    urls: list[str] = []
    sitemaps: list[str] = []

    @field_validator("urls", "sitemaps")
    @classmethod
    def _are_web_addresses(cls, urls: list[str]) -> list[str]:
        for url in urls:
            if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
                raise ValueError(f"{url!r} is no http(s) address")
        return urls

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.urls and not self.sitemaps:
            raise ValueError("give at least one address in urls or sitemaps")
        return self


class Follow(_Table):
    """Say which links to follow (CSS): to products, and to the next page of whatever page this is.

    `more` is a button that adds to a rendered page. `max_pages` bounds how often one list is turned and the button is
    pressed, so that a list without end has one.
    """

    products: str | None = None
    next: str | None = None
    more: str | None = None
    max_pages: int = Field(default=200, ge=1)

    @field_validator("products", "next", "more")
    @classmethod
    def _is_css(cls, selector: str | None) -> str | None:
        if selector is not None:
            check_css(selector)
        return selector


class ReadValues(_Table):
    """Say how the site writes numbers and dates, where its pages do not."""

    rating_scale: float | None = Field(default=None, gt=1)
    locale: str = "en"

    @field_validator("locale")
    @classmethod
    def _is_known(cls, locale: str) -> str:
        try:
            Locale.parse(locale, sep="-" if "-" in locale else "_")
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"{locale!r} is no locale, e.g. en, de, pt-BR") from error
        return locale


class Read(_Table):
    """Say how a record is read: by which reader (or readers, tried in turn), and with which fields."""

    reader: list[ReaderName] = Field(min_length=1)
    record: str | None = None
    fields: dict[str, Selectors] = {}
    page_fields: dict[str, Selectors] = {}
    values: ReadValues = ReadValues()

    @field_validator("reader", mode="before")
    @classmethod
    def _one_is_a_list(cls, reader: object) -> object:
        return [reader] if isinstance(reader, str) else reader

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if "css" in self.reader:
            if self.record is None or "text" not in self.fields:
                raise ValueError("the css reader needs record (one node per record) and a text field in [read.fields]")
            for selector in (self.record, *_each(self.fields), *_each(self.page_fields)):
                check_css(selector)
        if "embedded_json" in self.reader and self.record is None:
            raise ValueError("the embedded_json reader needs record: the key path to the list of records")
        return self


class Canonical(_Table):
    """Say which addresses are one page."""

    drop_params: list[str] = []
    keep_params: list[str] = []
    same_page: str | None = None

    @field_validator("same_page")
    @classmethod
    def _is_re2(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            check_alias_pattern(pattern)
        return pattern

    @cached_property
    def rules(self) -> UrlRules:
        """Give what decides, as addresses are made canonical."""
        return UrlRules(frozenset(self.drop_params), frozenset(self.keep_params), self.same_page)


class Polite(BaseModel):
    """Say how gently: `render` (through a browser), and any Scrapy setting, which crawling checks by name."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, Any]

    render: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """Give the Scrapy settings."""
        return dict(self.__pydantic_extra__)


class Expect(_Table):
    """Say what a healthy crawl of this site gives.

    Fewer than `min_records` believable records: the run fails. A share of failed records above `max_failed_share`
    warns, above twice that the run fails. The same goes for `max_failed_page_share` of the pages.
    """

    min_records: int = Field(default=1, ge=0)
    max_failed_share: float = Field(default=0.08, ge=0, le=1)
    max_failed_page_share: float = Field(default=0.25, ge=0, le=1)


class SiteProfile(_Table):
    """Answer what a crawl asks of a site: what it holds, where to start, how to turn pages and read, how gently."""

    name: str = Field(pattern=NAME.pattern)
    record_type: str
    allowed_domains: list[str] = Field(min_length=1)
    start: Start
    follow: Follow = Follow()
    read: Read
    canonical: Canonical = Canonical()
    polite: Polite = Polite()
    expect: Expect = Expect()

    @field_validator("record_type")
    @classmethod
    def _is_registered(cls, name: str) -> str:
        if name not in RECORD_TYPES:
            raise ValueError(f"{name!r} is no record type; known: {', '.join(sorted(RECORD_TYPES))}")
        return name

    @model_validator(mode="after")
    def _starts_at_home(self) -> Self:
        for url in (*self.start.urls, *self.start.sitemaps):
            if not self.covers(url):
                raise ValueError(f"{url} lies outside allowed_domains ({', '.join(self.allowed_domains)})")
        return self

    @model_validator(mode="after")
    def _has_who_presses(self) -> Self:
        if self.follow.more and not self.polite.render:
            raise ValueError("[follow] more is a button, which only a browser presses: set [polite] render = true")
        return self

    def covers(self, url: str) -> bool:
        """Say whether a URL lies on the site: on one of its domains or below it, on any port."""
        host = urlsplit(url).hostname or ""
        return any(host == domain or host.endswith("." + domain) for domain in self.allowed_domains)


def _each(fields: Mapping[str, Selectors]) -> Iterator[str]:
    for selectors in fields.values():
        yield from [selectors] if isinstance(selectors, str) else selectors
