"""Log lines: an item is named by its id, and nothing of it is quoted."""

import logging

from scrapy import Spider
from scrapy.exceptions import DropItem
from scrapy.logformatter import LogFormatterResult

from tdcrawl.extensions.log_format import QuietLogFormatter
from tests.builders import an_item

SPIDER = Spider("any")


def said(line: LogFormatterResult) -> str:
    return str(line["msg"] % line["args"])


def test_scraped_names_the_item_by_its_id() -> None:
    line = QuietLogFormatter().scraped(an_item(), None, SPIDER)
    assert (line["level"], said(line)) == (logging.DEBUG, f"Accepted {an_item().item_id}")


def test_dropped_names_the_item_and_the_reason() -> None:
    line = QuietLogFormatter().dropped(an_item(), DropItem("too_short"), None, SPIDER)
    assert (line["level"], said(line)) == (logging.DEBUG, f"Not accepted (too_short): {an_item().item_id}")


def test_item_error_names_the_item_by_its_id_alone() -> None:
    line = QuietLogFormatter().item_error(an_item(), ZeroDivisionError(), None, SPIDER)
    assert (line["level"], said(line)) == (logging.ERROR, f"Error processing item {an_item().item_id}")
