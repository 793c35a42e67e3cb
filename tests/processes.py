"""`scrapy …` in a process of its own, forked from one that has loaded what it would load: most of a short run is that.

This module is what such a process imports first, so it imports nothing but the standard library.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from importlib import reload
from multiprocessing import forkserver, get_context
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).parents[1]
# What reads the environment when it is loaded, and so is loaded anew in each process.
EACH_TIME = ["tdcrawl.faults", "tdcrawl.settings"]
_FORKED = get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.preloaded"])


def run_scrapy(arguments: Sequence[str], env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `python -m scrapy …` in the project, in this environment and no other; as subprocess.run would tell it."""
    with chdir(PROJECT):
        # The server finds what it loads where it was started.
        forkserver.ensure_running()
    with TemporaryDirectory() as outputs:
        paths = [os.path.join(outputs, name) for name in ("stdout", "stderr")]  # noqa: PTH118 - pickled
        process = _FORKED.Process(target=_scrapy, args=(list(arguments), dict(env), paths))
        process.start()
        process.join()
        status = process.exitcode
        process.close()
        stdout, stderr = (Path(path).read_text(encoding="utf-8") for path in paths)
    assert status is not None
    return subprocess.CompletedProcess(["scrapy", *arguments], status, stdout, stderr)


def _scrapy(arguments: list[str], env: dict[str, str], outputs: list[str]) -> None:
    for stream, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(PROJECT)
    sys.path[:0] = [str(PROJECT), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["scrapy", *arguments]
    # A server that cannot load it goes on without.
    assert "tests.preloaded" in sys.modules
    for name in EACH_TIME:
        reload(sys.modules[name])
    runpy.run_module("scrapy", run_name="__main__", alter_sys=True)
