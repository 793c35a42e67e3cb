"""Metrics: the stats of a crawl, under the names that Prometheus wants."""

import logging
import re
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from scrapy.settings import Settings

from tdcrawl.extensions.metrics import CrawlCollector, listen
from tests.crawlers import a_spider
from tests.services import FARTHER, answers

STATS = {
    "tdcrawl/items/yielded": 9, "tdcrawl/items/record": 5, "tdcrawl/items/over_quota": 1, "tdcrawl/strata/positive": 5,
    "tdcrawl/pages/scheduled": 4, "tdcrawl/pages/done": 1, "tdcrawl/pages/failed": 2, "tdcrawl/pages/failed/tls": 2,
    "tdcrawl/validate_record/seen": 9, "tdcrawl/validate_record/passed": 6, "tdcrawl/validate_record/rejected": 3,
    "tdcrawl/validate_record/rejected/too_short": 3, "tdcrawl/reader/css": 1, "tdcrawl/reader/css/text/2": 7,
    "downloader/request_count": 7,
}  # fmt: skip
SHOWN = """
tdcrawl_items{bucket="record",site="invented_shop"} 5.0
tdcrawl_items{bucket="over_quota",site="invented_shop"} 1.0
tdcrawl_records{site="invented_shop",stratum="positive"} 5.0
tdcrawl_pages_total{reason="",site="invented_shop",state="done"} 1.0
tdcrawl_pages_total{reason="tls",site="invented_shop",state="failed"} 2.0
tdcrawl_pages_read_total{reader="css",site="invented_shop"} 1.0
tdcrawl_fields_read_total{field="text",place="2",site="invented_shop"} 7.0
tdcrawl_stage_items_total{reason="",result="passed",site="invented_shop",stage="validate_record"} 6.0
tdcrawl_stage_items_total{reason="too_short",result="rejected",site="invented_shop",stage="validate_record"} 3.0
tdcrawl_items_yielded_total{site="invented_shop"} 9.0
tdcrawl_pages_scheduled_total{site="invented_shop"} 4.0
tdcrawl_items_in_flight{site="invented_shop"} 1.0
tdcrawl_pages_in_hand{site="invented_shop"} 0.0
"""


def test_collector_shows_each_stat_once(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    with a_spider(tmp_path) as spider:
        spider.session.in_flight.begin("one")
        registry.register(CrawlCollector(spider, STATS))
        shown = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
        run = spider.session.run
    about = f'run="{run.run_id}",site="invented_shop",spider="retailer_reviews",version="{run.code_version}"'
    assert shown == [f"tdcrawl_run_info{{{about}}} 1.0", *SHOWN.split("\n")[1:-1]]


@pytest.mark.attack("metrics from another address than this machine's own", "nobody listens")
def test_listen_when_any_port_will_do_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    listen(Settings({"TDCRAWL_METRICS_PORT": "0"}))
    ((_, level, message),) = caplog.record_tuples
    assert level == logging.WARNING
    with urlopen(re.findall(r"http://127.0.0.1:\d+/metrics", message)[0]) as answer:  # noqa: S310 - it begins with http
        assert answer.status == 200
    assert not answers(FARTHER, int(re.findall(r":(\d+)/", message)[0]))


REBOUND = pytest.mark.attack("metrics under another name than this machine's own (DNS rebinding)", "refused: 421")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{}", 200),
        ("localhost:{}", 200),
        pytest.param("evil.example", 421, marks=REBOUND),
        pytest.param("127.0.0.1.evil.example:{}", 421, marks=REBOUND),
    ],
)
def test_listen_when_asked_under_another_name_refuses(host: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    listen(Settings({"TDCRAWL_METRICS_PORT": "0"}))
    port = int(re.findall(r":(\d+)/", caplog.messages[-1])[0])
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/metrics", headers={"Host": host.format(port)})
        assert connection.getresponse().status == status
