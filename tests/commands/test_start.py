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


def test_commands_when_scrapy_loads_all_of_them_to_run_one() -> None:
    loaded = subprocess.run([sys.executable, "-c", _LOADED], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
