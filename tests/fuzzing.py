"""Feed what strangers write to whatever reads it: `make fuzz` looks for inputs that break it, and keeps those it finds.

A target takes bytes and raises where its reader breaks its promise. What is kept in tests/corpus/<target>/ is tried by
tests/test_fuzzing.py in each run of the tests.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from benchmarks.hostile_pages import READERS, read_page
from tdcrawl.errors import SiteError
from tdcrawl.extract.values import ValueRules, read_values
from tdcrawl.optout.gathering import gather
from tdcrawl.optout.reading import File, against
from tdcrawl.outcomes import Rejection
from tdcrawl.privacy import mask
from tdcrawl.records import RECORD_TYPES
from tdcrawl.sites.loading import parse_profile
from tdcrawl.urls import canonical_url

CORPUS = Path(__file__).parent / "corpus"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SITE = "https://shop.example"
SEPARATOR = "\x1f"
_LONGEST = 20_000


def try_pages(content: bytes) -> None:
    """Read a page by every reader, and ask whether it has failed: no page raises."""
    for reader in READERS:
        read_page(content or b" ", reader)  # A crawl makes no more of an empty page.


def try_values(content: bytes) -> None:
    """Read strings, one for each field, as values: they are finite and have a time zone, or the item is rejected."""
    strings = content.decode("utf-8", "surrogateescape").split(SEPARATOR)
    for kind in RECORD_TYPES.values():
        for locale in ("en-US", "de-DE", "ja"):
            try:
                values = read_values(kind, dict(zip(kind.fields, strings, strict=False)), ValueRules(locale, 5.0, NOON))
                kind.model(**values)
            except (Rejection, ValidationError):
                continue
            assert all(isfinite(value) for value in values.values() if isinstance(value, float))
            assert all(value.tzinfo for value in values.values() if isinstance(value, datetime))


def try_opt_outs(content: bytes) -> None:
    """Read robots.txt, tdmrep.json, ai.txt and a licence, and ask about a page: none raises."""
    files = [File(f"{SITE}/{name}", 200, content) for name in ("robots.txt", "tdmrep.json", "ai.txt", "rsl.xml")]
    reading = gather(SITE, NOON, files[0], files[1:], "tdcrawl", ("gptbot",))
    against(reading.statements, f"{SITE}/product/17?a=b")


def try_urls(content: bytes) -> None:
    """Canonicalize an address: it is rejected, or its canonical form is its own."""
    try:
        canonical = canonical_url(content.decode("utf-8", "replace"))
    except ValueError:
        return
    assert canonical_url(canonical) == canonical


def try_masking(content: bytes) -> None:
    """Mask a text: nothing is found in it a second time."""
    masked, _ = mask(content.decode("utf-8", "replace"))
    assert mask(masked) == (masked, {})


def try_sites(content: bytes) -> None:
    """Read a site file: it is one, or refused."""
    try:
        parse_profile("fuzzed", content, "fuzzed.toml")
    except SiteError:
        return


TARGETS: dict[str, Callable[[bytes], None]] = {
    "pages": try_pages,
    "values": try_values,
    "opt_outs": try_opt_outs,
    "urls": try_urls,
    "masking": try_masking,
    "sites": try_sites,
}


def main() -> None:
    """Fuzz one target, or all in turn, for so many seconds each; exits with 1 where one broke."""
    parser = argparse.ArgumentParser(description="Look for inputs that break a reader, and keep them.")
    parser.add_argument("--target", choices=TARGETS, help="one of them only")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    options = parser.parse_args()
    if options.target:
        _fuzz(options.target, options.seconds)
        return
    broken = [name for name in TARGETS if _in_a_process(name, options.seconds)]
    sys.exit(f"broken, with the input in {CORPUS}: {', '.join(broken)}" if broken else 0)


def _in_a_process(target: str, seconds: int) -> int:
    sys.stderr.write(f"== {target}\n")
    command = [sys.executable, "-m", "tests.fuzzing", "--target", target, "--seconds", str(seconds)]
    return subprocess.run(command, check=False).returncode


def _fuzz(target: str, seconds: int) -> None:
    import atheris  # noqa: PLC0415 - there is none for every system

    with TemporaryDirectory() as found:
        options = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", "-timeout=20", "-verbosity=0"]
        kept = f"-artifact_prefix={CORPUS / target}/"
        atheris.Setup([sys.argv[0], found, str(CORPUS / target), *options, kept], TARGETS[target])
        atheris.instrument_all()
        atheris.Fuzz()


if __name__ == "__main__":
    main()
