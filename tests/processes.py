"""`scrapy …` in a process of its own, forked from one that has loaded the libraries: most of a short run is imports.

The project itself is not loaded before: its settings read the environment when they are. This module is what such a
process imports first, so it imports nothing but the standard library.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

# No reactor may be among them: which one a crawl uses is for its settings to say.
_LIBRARIES = [
    "alembic.command", "babel", "dateparser", "extruct", "matplotlib.figure", "mf2py", "numba",
    "prometheus_client", "pyarrow.parquet", "pydantic", "rich.console", "scrapy.cmdline",
    "scrapy.crawler",
    "sqlalchemy",
    "warcio",
]  # fmt: skip
_FORKED = get_context("forkserver")
_FORKED.set_forkserver_preload(_LIBRARIES)


def run_scrapy(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `python -m scrapy …` in a folder, in this environment and no other; as subprocess.run would tell it."""
    with TemporaryDirectory() as outputs:
        paths = [os.path.join(outputs, name) for name in ("stdout", "stderr")]  # noqa: PTH118 - pickled
        process = _FORKED.Process(target=_scrapy, args=(list(arguments), str(folder), dict(env), paths))
        process.start()
        process.join()
        status = process.exitcode
        process.close()
        stdout, stderr = (Path(path).read_text(encoding="utf-8") for path in paths)
    assert status is not None
    return subprocess.CompletedProcess(["scrapy", *arguments], status, stdout, stderr)


def _scrapy(arguments: list[str], folder: str, env: dict[str, str], outputs: list[str]) -> None:
    for stream, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.path[:0] = [folder, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["scrapy", *arguments]
    runpy.run_module("scrapy", run_name="__main__", alter_sys=True)
