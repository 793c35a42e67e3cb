"""Literals in scripts that cannot be read: each says so, and costs nothing in the long run."""

import gc
import tracemalloc

import pytest

from tdcrawl.extract.scripts import read_json


def test_literal_that_is_cut_off_stays_in_no_memory() -> None:
    script = '{a: "' + "x" * 1_000_000
    tracemalloc.start()
    try:
        for _ in range(3):
            with pytest.raises(ValueError, match="Error parsing input near character 1000005"):
                read_json(script)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000


def test_literal_that_is_nested_too_deep_says_so_and_chompjs_never_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # It frees nothing of what it notes for each bracket.
    monkeypatch.delattr("chompjs.parse_js_objects")
    with pytest.raises(ValueError, match=r"^nested too deep$"):
        read_json("[" * 100_000)
