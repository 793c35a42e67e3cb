"""Run one crawl in this process, and say how it ended."""

import asyncio
import ctypes
import gc
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler, CrawlerProcessBase

from tdcrawl import reporting
from tdcrawl.errors import CutOffError
from tdcrawl.store.verify import LedgerCheck

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
# A fifth of what Python does, and a crawl is a tenth faster.
_SECONDS_BETWEEN_THREADS = 0.001
# M_MMAP_THRESHOLD of glibc's malloc.h, and from how many bytes on a block is the system's again once it is free.
_MMAP_THRESHOLD, _LARGE_BLOCK = -3, 256 * 1024
# MADV_DONTNEED of Linux's mman.h.
_DONT_NEED = 4


@dataclass(frozen=True, slots=True)
class Ended:
    """Hold a run's figures, the check of the ledger, the files it wrote, and the exit status."""

    figures: dict[str, Any]
    check: LedgerCheck | None
    feeds: list[Path]
    exit_status: int


def run_crawl(process: CrawlerProcessBase, crawler: Crawler, **arguments: Any) -> Ended:
    """Crawl until it has ended; raises CutOffError where it was ended by force, or what kept it from its end."""
    task: Any = process.crawl(crawler, **arguments)
    # What was imported until here stays, and a page makes thousands of objects that go by themselves: looking for
    # garbage as often as Python does took a third of a crawl's time, a tenth as often still a tenth of it.
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # The ledger's thread asks for little and waits for the database: the crawl need not go on for long before it may.
    sys.setswitchinterval(_SECONDS_BETWEEN_THREADS)
    # Scrapy makes a line for each item and page, and only then looks whether it is to be written.
    logging.getLogger("scrapy").setLevel(crawler.settings["LOG_LEVEL"])
    _give_back_pages()
    _give_back_compiler()
    process.start()
    assert isinstance(task, asyncio.Task)
    if task.cancelled() or not task.done():
        # A second signal stops the event loop at once, whatever is under way.
        raise CutOffError("the run was cut off; the same command takes up what it left")
    if error := task.exception():
        raise error
    return _ended(crawler)


def _give_back_pages() -> None:
    """Have the memory of a large page go back to the system with the page.

    glibc, if left alone, learns from the first one to keep it for more of them, and small blocks settle there.
    """
    # Arrow's own takes more ahead of time than the one export of a crawl needs.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK)


def _give_back_compiler() -> None:
    """Let go of what was read of LLVM's code, a sixth of all memory: the loops it compiles are loaded by now.

    Were it needed again, it would be read again.
    """
    libc, maps = ctypes.CDLL(None), Path("/proc/self/maps")
    for line in maps.read_text().splitlines() if maps.exists() else []:
        addresses, rights, *_, name = line.split()
        if rights == "r-xp" and "llvmlite" in name:
            start, end = (int(address, 16) for address in addresses.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONT_NEED)


def _ended(crawler: Crawler) -> Ended:
    # A crawl has them by now. Scrapy imports the commands for every command, and none should wait for compiled loops.
    from tdcrawl.crawling import SiteSpider  # noqa: PLC0415
    from tdcrawl.extensions.run_report import RunReport  # noqa: PLC0415

    report, spider = crawler.get_extension(RunReport), crawler.spider
    assert report is not None
    assert report.verdict is not None
    assert isinstance(spider, SiteSpider)
    stages = [stage.name for stage in crawler.engine.scraper.itemproc.middlewares]
    figures = reporting.run_figures(spider.session.run, crawler.stats.get_stats(), stages, report.check, report.verdict)
    figures |= {"failed_pages": report.failed_pages, "reasons": report.reasons, "alarms": report.alarms}
    return Ended(figures, report.check, report.feeds, report.verdict.exit_status)
