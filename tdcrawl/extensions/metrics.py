"""The figures of a running crawl for Prometheus: its stats, under Prometheus' names, read when somebody asks."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, make_wsgi_app, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.settings import BaseSettings

from tdcrawl.crawling import SiteSpider
from tdcrawl.errors import SettingError
from tdcrawl.outcomes import Bucket
from tdcrawl.setting_values import read_number

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

_ADDRESS = "127.0.0.1"
_NAMES = {_ADDRESS, "localhost"}
# A process has one port, and so one of these.
_REGISTRY = CollectorRegistry()


@dataclass(frozen=True, slots=True)
class _Family:
    """Say which stats a metric is made of: the groups of the pattern are its labels."""

    kind: type[CounterMetricFamily | GaugeMetricFamily]
    name: str
    meaning: str
    stats: re.Pattern[str]

    @property
    def labels(self) -> list[str]:
        return list(self.stats.groupindex)


def _family(kind: type[CounterMetricFamily | GaugeMetricFamily], name: str, meaning: str, stats: str) -> _Family:
    return _Family(kind, f"tdcrawl_{name}", meaning, re.compile(f"tdcrawl/{stats}"))


def _plain(group: str, *names: str) -> Iterator[_Family]:
    for name in names:
        yield _family(CounterMetricFamily, f"{group}_{name}", f"tdcrawl/{group}/{name}", f"{group}/{name}")


_FAMILIES = (
    # No counters: a better copy that comes late makes a record its duplicate.
    _family(GaugeMetricFamily, "items", "Items by where they are", f"items/(?P<bucket>{'|'.join(Bucket)})"),
    _family(GaugeMetricFamily, "records", "Records of the run by stratum", r"strata/(?P<stratum>\w+)"),
    _family(
        CounterMetricFamily, "pages", "Pages by how they ended",
        r"pages/(?P<state>done|failed(?=/)|skipped(?=/))(?:/(?P<reason>\w+))?",
    ),
    _family(CounterMetricFamily, "pages_read", "Pages on which a reader found records", r"reader/(?P<reader>\w+)"),
    _family(
        CounterMetricFamily, "fields_read", "Records in which the selector at that place of its list found a field",
        r"reader/css/(?P<field>\w+)/(?P<place>\d+)",
    ),
    _family(
        CounterMetricFamily, "stage_items", "Items by what a stage said",
        r"(?P<stage>\w+)/(?P<result>passed|rejected(?=/))(?:/(?P<reason>\w+))?",
    ),
    *_plain("items", "yielded", "seen_again", "reopened", "failed_again", "lost_field", "moved"),
    *_plain("pages", "archived", "scheduled", "over_max_pages", "put_back"),
    *_plain("pages", "links_left_out", "off_site_links", "unfollowable_links"),
)  # fmt: skip


def listen(settings: BaseSettings) -> None:
    """Answer Prometheus on the port of TDCRAWL_METRICS_PORT, if there is one; raises SettingError where it is taken."""
    if settings["TDCRAWL_METRICS_PORT"] == "":
        return
    port = int(read_number(settings, "TDCRAWL_METRICS_PORT", 0, 65_535))
    try:
        server, _ = start_http_server(port, _ADDRESS, _REGISTRY)
    except OSError as error:
        raise SettingError(f"TDCRAWL_METRICS_PORT: cannot listen on {_ADDRESS}:{port}: {error.strerror}") from error
    server.set_app(_under_own_name(make_wsgi_app(_REGISTRY)))
    # A port that was not named cannot be known otherwise.
    level = logging.INFO if port else logging.WARNING
    logger.log(level, "Metrics are on http://%s:%d/metrics", _ADDRESS, server.server_port)


def _under_own_name(metrics: "WSGIApplication") -> "WSGIApplication":
    """Refuse what was sent to another name: a page on the web can give this address a name of its own, and read it."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if urlsplit(f"//{environ.get('HTTP_HOST', '')}").hostname in _NAMES:
            return metrics(environ, start_response)
        start_response("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"ask http://{_ADDRESS}\n".encode()]

    return answer


class Metrics:
    """Show the crawl to whoever asks for metrics, for as long as the spider is open."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Wait for the spider, where metrics are on."""
        if crawler.settings["TDCRAWL_METRICS_PORT"] == "":
            raise NotConfigured
        self = cls(crawler)
        crawler.signals.connect(self.on_opened, signals.spider_opened)
        return self

    def on_opened(self, spider: SiteSpider) -> None:
        """Begin; it has its end with the process, so that the last figures can be fetched too."""
        _REGISTRY.register(CrawlCollector(spider, self._crawler.stats.get_stats()))


class CrawlCollector(Collector):
    """Give the stats of a crawl as metrics; asked on a thread of the server's."""

    def __init__(self, spider: SiteSpider, stats: dict[str, Any]) -> None:
        self._stats = stats
        self._run = spider.session.run
        self._feeder, self._in_flight = spider.feeder, spider.session.in_flight

    def collect(self) -> Iterable[Metric]:
        """Read the stats as they stand."""
        run, site = self._run, self._run.site
        about = {"site": site, "run": run.run_id, "spider": run.spider, "version": run.code_version}
        yield InfoMetricFamily("tdcrawl_run", "The run that the figures are of", value=about)
        # A copy is made in one step, whatever the crawl's thread does.
        yield from _measured(self._stats.copy(), site)
        for name, meaning, value in (
            ("tdcrawl_items_in_flight", "Items that were yielded and have no outcome yet", len(self._in_flight)),
            ("tdcrawl_pages_in_hand", "Pages taken from the frontier and not read yet", len(self._feeder)),
        ):
            gauge = GaugeMetricFamily(name, meaning, labels=["site"])
            gauge.add_metric([site], value)
            yield gauge


def _measured(stats: Mapping[str, Any], site: str) -> Iterator[Metric]:
    for family in _FAMILIES:
        metric = family.kind(family.name, family.meaning, labels=["site", *family.labels])
        for name, number in stats.items():
            if found := family.stats.fullmatch(name):
                metric.add_metric([site, *(found[label] or "" for label in family.labels)], number)
        yield metric
