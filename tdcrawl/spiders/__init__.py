"""The spiders: one for each record type. A type needs a file here only where its spider does more than others."""

from importlib import import_module
from pkgutil import iter_modules

from scrapy.utils.spider import iter_spider_classes

from tdcrawl.crawling import SiteSpider
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import RecordType


def spider_of(record_type: RecordType) -> type[SiteSpider]:
    """Make the spider of a record type: `scrapy crawl NAME -a site=NAME_OR_FILE.toml`."""
    about = {"__doc__": f"Collect the {record_type.name} records of one site.", "__module__": __name__}
    named = {"name": record_type.spider, "record_type": record_type.name}
    return type(record_type.spider.title().replace("_", ""), (SiteSpider,), about | named)


_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
_own = {spider.name for module in _modules for spider in iter_spider_classes(module)}
# Where Scrapy looks for spiders: among what a module holds.
globals().update({kind.name: spider_of(kind) for kind in RECORD_TYPES.values() if kind.spider not in _own})
