"""What stands in for `python -m scrapy …` in most tests finds nothing loaded that it would have loaded otherwise."""

import subprocess
import sys

from tests.conftest import PROJECT
from tests.processes import EACH_TIME

_READERS = """
import os, sys
readers = set()
def watched(method):
    def read(self, *arguments):
        frame = sys._getframe(1)
        while frame.f_globals["__name__"] in ("os", "collections.abc"):
            frame = frame.f_back
        readers.add(frame.f_globals["__name__"])
        return method(self, *arguments)
    return read
for name in ("__getitem__", "__iter__"):
    setattr(os._Environ, name, watched(getattr(os._Environ, name)))
import tests.preloaded
print(*sorted(name for name in readers if name.startswith("tdcrawl")))
"""


def test_modules_that_read_the_environment_when_loaded_are_loaded_anew_in_each_process() -> None:
    loaded = subprocess.run([sys.executable, "-c", _READERS], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == EACH_TIME
