"""The progress line: the figures of a run, and a bar for each quota."""

from tdcrawl.extensions.progress import progress_line


def test_progress_line_when_nothing_has_happened() -> None:
    assert progress_line({}, {}) == "pages 0/0 · accepted 0 · duplicate 0 · failed 0 · over_quota 0"


def test_progress_line_shows_pages_items_and_quotas() -> None:
    stats = {
        "tdcrawl/pages/scheduled": 40, "tdcrawl/pages/done": 10, "tdcrawl/pages/failed": 2, "tdcrawl/pages/skipped": 1,
        "tdcrawl/items/record": 150, "tdcrawl/items/duplicate": 12, "tdcrawl/items/failed": 4,
        "tdcrawl/items/over_quota": 7, "tdcrawl/strata/positive": 100, "tdcrawl/strata/negative": 50,
    }  # fmt: skip
    assert progress_line(stats, {"positive": 100, "negative": 200, "neutral": 0}) == (
        "pages 13/40 · accepted 150 · duplicate 12 · failed 4 · over_quota 7"
        " · positive ██████████ 100/100 · negative ██░░░░░░░░ 50/200 · neutral ██████████ 0/0"
    )
