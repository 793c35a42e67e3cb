"""The doctor: each part that is off or broken comes with the line that changes it."""

from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from tdcrawl.checkup import Finding, examine
from tdcrawl.dedup import near


def findings(folder: Path, **changes: Any) -> dict[str, Finding]:
    settings = Settings()
    settings.setmodule("tdcrawl.settings", priority="project")
    ours = {"TDCRAWL_DATA_DIR": str(folder), "TDCRAWL_DATABASE_URL": f"sqlite:///{folder}/doctor.db"}
    settings.setdict(ours | changes, priority="cmdline")
    return {finding.part: finding for finding in examine(settings)}


def test_examine_when_all_is_as_delivered(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert {part for part, finding in found.items() if finding.state == "off"} == {"contact", "labels", "quota"}
    assert not [finding for finding in found.values() if finding.state == "broken"]
    assert sum(part.startswith("stage ") for part in found) == 8


def test_examine_when_the_loops_of_this_machine_sign_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(tmp_path)["signatures"].state == "ok"
    monkeypatch.setattr(near, "_INCREMENTS", near._INCREMENTS + 1)
    found = findings(tmp_path)["signatures"]
    assert (found.state, found.detail) == ("broken", "those of near-duplicates are not what datasketch defines")
    assert "reinstall numba" in found.remedy


@pytest.mark.parametrize(
    ("part", "changes", "state", "remedy"),
    [
        ("contact", {"TDCRAWL_CONTACT": "me@crawl.example"}, "ok", ""),
        ("robots.txt", {"ROBOTSTXT_OBEY": False}, "off", "remove ROBOTSTXT_OBEY = False"),
        ("quota", {"TDCRAWL_QUOTA": '{"positive": 5}'}, "ok", ""),
        ("quota", {"TDCRAWL_QUOTA": '{"good": 5}'}, "broken", """TDCRAWL_QUOTA='{"positive": 500}'"""),
        ("labels", {"TDCRAWL_LABEL_BUDGET_USD": "0"}, "ok", ""),
        ("labels", {"TDCRAWL_LABEL_BUDGET_USD": "much"}, "broken", "TDCRAWL_LABEL_BUDGET_USD=2.50"),
        ("labels", {"TDCRAWL_LABEL_BUDGET_USD": "1", "TDCRAWL_LABEL_PRICE": "?"}, "broken", "TDCRAWL_LABEL_PRICE=1,5"),
        ("labels", {"TDCRAWL_LABEL_BUDGET_USD": "1"}, "broken", "ANTHROPIC_API_KEY=…"),
        ("stage label_record", {"TDCRAWL_LABEL_RECORD_ENABLED": "0"}, "off", "TDCRAWL_LABEL_RECORD_ENABLED=true"),
        ("stage label_record", {"TDCRAWL_LABEL_RECORD_ENABLED": "?"}, "broken", "TDCRAWL_LABEL_RECORD_ENABLED=true"),
        ("data folder", {"TDCRAWL_DATA_DIR": f"{__file__}/data"}, "broken", "TDCRAWL_DATA_DIR=a folder of yours"),
        (
            "database", {"TDCRAWL_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "broken",
            "TDCRAWL_DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME",
        ),
    ],
)  # fmt: skip
def test_examine_when_something_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, changes: dict[str, Any], state: str, remedy: str
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    finding = findings(tmp_path, **changes)[part]
    assert (finding.state, finding.remedy) == (state, remedy)
    assert "secret" not in finding.detail
