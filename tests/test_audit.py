"""`make audit` finds what is known of what is pinned: asked of a server on loopback that speaks as OSV does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.conftest import PROJECT

PINS = dict(re.findall(r"^([\w.-]+)==(\S+) \\$", (PROJECT / "requirements-dev.txt").read_text(), re.MULTILINE))
"""What every system installs, by name."""
Known = Mapping[tuple[str, str], list[dict[str, Any]]]


@contextmanager
def advisories(known: Known, asked: set[str]) -> Iterator[str]:
    """Answer what is known of a package and version, as OSV does, and note which packages were asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = query["package"]["name"], query["version"]
            asked.add(name)
            found = known.get((name, version), [])
            answer = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def audit(known: Known) -> tuple["subprocess.CompletedProcess[str]", set[str]]:
    """Run `make audit` as it stands, in the environment that runs the tests; what it said, and asked for."""
    asked: set[str] = set()
    with advisories(known, asked) as url:
        command = [
            "make",
            "--no-print-directory",
            "--old-file=.venv/installed-dev",
            "audit",
            f"RUN={sys.executable} -m",
            f"OSV={url}",
        ]
        finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return finished, asked


def test_audit_asks_for_all_that_is_pinned_and_passes_where_nothing_is_known() -> None:
    finished, asked = audit({})
    assert (finished.returncode, finished.stdout) == (0, ""), finished.stderr
    assert "No known vulnerabilities found" in finished.stderr
    assert len(PINS) > 150
    assert asked >= PINS.keys()


def test_audit_fails_and_names_the_hole_where_one_is_known() -> None:
    events = [{"introduced": "0"}, {"fixed": "99.0"}]
    invented = {
        "id": "PYSEC-2026-99999",
        "summary": "An invented hole.",
        "affected": [
            {"package": {"name": "scrapy", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        ],
    }
    finished, _ = audit({("scrapy", PINS["scrapy"]): [invented]})
    assert finished.returncode != 0
    assert "Found 1 known vulnerability in 1 package" in finished.stderr
    (row,) = [line.split() for line in finished.stdout.splitlines() if "PYSEC" in line]
    assert row[:4] == ["scrapy", PINS["scrapy"], "PYSEC-2026-99999", "99.0"]
