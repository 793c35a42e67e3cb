"""What a forked `scrapy …` finds loaded (tests/processes.py): the project, and the libraries that it loads late."""

import gc
import sys
from importlib import import_module
from pkgutil import walk_packages

import tdcrawl

# The engines of several machines start threads, which no fork survives; migrations are loaded by their path.
_LEFT_OUT = ("tdcrawl.datasets.daft_", "tdcrawl.demo.__main__", "tdcrawl.store.migrations")
# Loaded late: by Scrapy, by what settings name, or where something is first asked for.
_LATE = [
    "alembic.command", "anthropic", "dateparser", "extruct", "itemadapter", "matplotlib.backends.backend_svg", "mf2py",
    "pandas", "prometheus_client", "psycopg", "pyarrow.parquet", "requests", "rich.console", "scrapy.cmdline",
    "scrapy.core.downloader.handlers.http11", "scrapy.crawler", "scrapy.extensions.corestats", "scrapy.shell",
    "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite", "warcio",
]  # fmt: skip


def _load() -> None:
    for name in [module.name for module in walk_packages(tdcrawl.__path__, "tdcrawl.")] + _LATE:
        if not name.startswith(_LEFT_OUT):
            import_module(name)
    # Which one a crawl uses is for its settings to say.
    assert "twisted.internet.reactor" not in sys.modules
    # What looks for garbage in a fork would have it copy all that.
    gc.freeze()


_load()
