"""What is kept of fuzzing, and pieces of it put together anew: read or refused, and nothing else is ever raised."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzzing import CORPUS, TARGETS

KEPT = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


def seeds(target: str) -> list[bytes]:
    return [path.read_bytes() for path in KEPT if path.parent.name == target]


def pieces(target: str) -> st.SearchStrategy[bytes]:
    """Draw pieces of what is kept, with a few bytes of anything between them."""
    kept = st.sampled_from(seeds(target)).flatmap(
        lambda seed: st.tuples(st.integers(0, len(seed)), st.integers(0, len(seed))).map(
            lambda ends: seed[min(ends) : max(ends)]
        )
    )
    return st.lists(kept | st.binary(max_size=6), max_size=6).map(b"".join)


@pytest.mark.attack("an input that fuzzing found, or that it begins with, for every reader", "read, or refused")
@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_kept_input_is_read_or_refused(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_pieces_put_together_are_read_or_refused(target: str) -> None:
    @settings(max_examples=60)
    @given(pieces(target))
    def feed(content: bytes) -> None:
        TARGETS[target](content)

    feed()


def test_every_target_has_inputs() -> None:
    assert {path.parent.name for path in KEPT} == TARGETS.keys()
