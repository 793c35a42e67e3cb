"""Commands start without what they do not need."""

import subprocess
import sys

from tests.conftest import PROJECT

_LOADED = """
import sys
from scrapy.utils.misc import walk_modules
walk_modules("tdcrawl.commands")
slow = {"cleanlab", "daft", "datasketch", "extruct", "fastapi", "matplotlib", "numba", "playwright", "pyarrow"}
slow |= {"scipy", "sklearn", "uvicorn", "warcio"}
print(*sorted(slow & sys.modules.keys()))
"""


_LOADED_BY_A_CRAWL = """
import sys
import tdcrawl.spiders.retailer_reviews
print("numba" in sys.modules, "scipy.linalg" in sys.modules)
from scipy.linalg import cython_blas
"""


def loaded(script: str) -> list[str]:
    started = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    return started.stdout.split()


def test_commands_when_scrapy_loads_all_of_them_to_run_one() -> None:
    assert loaded(_LOADED) == []


def test_crawl_when_numba_would_load_scipy_to_ask_for_linear_algebra() -> None:
    assert loaded(_LOADED_BY_A_CRAWL) == ["True", "False"]
