"""The documents say what the code does: what can be compared is compared here."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tdcrawl import settings
from tdcrawl.outcomes import (
    AnyStageReason,
    DedupReason,
    EraseReason,
    LabelReason,
    PageReason,
    QuotaReason,
    ValidateReason,
)
from tdcrawl.records import RECORD_TYPES
from tdcrawl.sites.loading import parse_profile
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store import overview
from tests.attacks import PAGE, attacks_of, table_in

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", PROJECT / "benchmarks" / "README.md", *DOCS.rglob("*.md")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SCRAPYS_OWN = {"crawl", "list"}
# What a placeholder of an f-string is called in docs/stats.md.
PLACEHOLDERS = {"stage.name": "stage", "reader": "reader"}


def doc(name: str) -> str:
    """Read one document."""
    return (DOCS / name).read_text(encoding="utf-8")


def spelled(page: Path) -> str:
    """Name a document by its path in the project."""
    return str(page.relative_to(PROJECT))


def first_cells(markdown: str) -> list[str]:
    """List the names, in backquotes, that rows of tables begin with; a row may begin with several."""
    rows = re.findall(r"^\| (`[^|]+) \|", markdown, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def section(markdown: str, heading: str) -> str:
    """Cut out what stands below a heading, up to the next heading of its level or above."""
    level = heading.split(maxsplit=1)[0]
    _, _, rest = markdown.partition(f"\n{heading}\n")
    assert rest, f"no heading {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def stages() -> list[tuple[int, str]]:
    """List the stages that settings.py names: place and name, in order."""
    ordered = sorted(settings.ITEM_PIPELINES.items(), key=lambda pair: pair[1])
    return [(place, dotted.split(".")[2]) for dotted, place in ordered]


def site_keys(model: type[BaseModel] = SiteProfile, prefix: str = "") -> Iterator[str]:
    """List the keys that a site file may have, with their tables."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from site_keys(field.annotation, f"{prefix}{name}.")
        elif (prefix, name) != ("", "name"):
            yield prefix + name


def counted_stats() -> Iterator[str]:
    """List the names under which the code counts: the first argument of `count`, and what stages are counted by."""
    for path in (PROJECT / "tdcrawl").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            arguments = [_spelled(argument) for argument in call.args]
            method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if method == "count" and arguments[0:1] and arguments[0].startswith("tdcrawl/"):
                yield arguments[0]
            elif path.name == "processor.py" and method in {"_count", "stat"} and arguments[-1]:
                yield f"tdcrawl/<stage>/{arguments[-1]}"


def _spelled(node: ast.expr) -> str:
    """Write a string, or an f-string with its placeholders as docs/stats.md does."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(_part(part) for part in node.values) if isinstance(node, ast.JoinedStr) else ""


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        expression = ast.unparse(part.value)
        return f"<{PLACEHOLDERS.get(expression, expression.rpartition('.')[2])}>"
    return _spelled(part)


def site_files() -> Iterator[tuple[str, str]]:
    """List the complete site files that documents show."""
    for page in PAGES:
        for language, code in FENCE.findall(page.read_text(encoding="utf-8")):
            if language == "toml":
                yield page.name, code


def test_every_setting_is_documented_when_compared() -> None:
    source = (PROJECT / "tdcrawl" / "settings.py").read_text()
    read = set(re.findall(r'_setting\("(TDCRAWL_\w+)"', source))
    told = {name for name in first_cells(doc("settings.md")) if name.startswith("TDCRAWL_")}
    assert told == read


def test_defaults_of_settings_are_told_when_compared() -> None:
    rows = re.findall(r"^\| `(TDCRAWL_\w+)` \| `([^`]+)` \|", doc("settings.md"), re.MULTILINE)
    source = (PROJECT / "tdcrawl" / "settings.py").read_text()
    defaults = dict(re.findall(r'_setting\("(TDCRAWL_\w+)", "([^"]*)"\)', source))
    assert {name: told for name, told in rows if name in defaults} == {k: v for k, v in defaults.items() if v}


def test_every_changed_scrapy_setting_is_documented_when_compared() -> None:
    changed = {name for name in vars(settings) if name.isupper() and not name.startswith(("TDCRAWL_", "_"))}
    told = set(first_cells(section(doc("settings.md"), "## Scrapy's, changed")))
    assert changed - told == {"BOT_NAME", "SPIDER_MODULES", "COMMANDS_MODULE"}
    assert told - changed == {"USER_AGENT"}, "politeness.py sets the user agent, settings.py everything else"


def test_every_stage_is_documented_in_order_when_compared() -> None:
    told = re.findall(r"^## (\d+) (\w+)$", doc("pipelines.md"), re.MULTILINE)
    assert [(int(place), name) for place, name in told] == stages()
    table = re.findall(r"^\| (\d+) \| `(\w+)` \|", doc("architecture.md"), re.MULTILINE)
    assert [(int(place), name) for place, name in table] == stages()


@pytest.mark.parametrize(("place", "name"), stages())
def test_stage_names_its_switch_when_read(place: int, name: str) -> None:
    about = section(doc("pipelines.md"), f"## {place} {name}")
    assert f"TDCRAWL_{name.upper()}_ENABLED" in about
    assert all(f"- **{point}**" in about for point in ("Why here", "Reasons", "Switch"))


def test_every_item_reason_is_in_the_table_when_compared() -> None:
    told = first_cells(section(doc("reasons.md"), "## Items"))
    reasons = (ValidateReason, DedupReason, LabelReason, QuotaReason, AnyStageReason, EraseReason)
    assert sorted(told) == sorted(reason for kind in reasons for reason in kind)


def test_every_page_reason_is_in_the_table_when_compared() -> None:
    assert sorted(first_cells(section(doc("reasons.md"), "## Pages"))) == sorted(PageReason)


def test_every_key_of_a_site_file_is_documented_when_compared() -> None:
    assert sorted(first_cells(section(doc("sites.md"), "## Every key"))) == sorted(site_keys())


@pytest.mark.parametrize("record_type", list(RECORD_TYPES.values()), ids=lambda record_type: record_type.name)
def test_every_field_of_a_record_type_is_documented_when_compared(record_type: Any) -> None:
    told = first_cells(section(doc("record-types.md"), f"## Fields of a {record_type.name}"))
    assert set(told) == set(record_type.fields)
    assert all(f"`{name}`" in doc("sites.md") for name in record_type.fields)


def test_every_stat_is_documented_when_compared() -> None:
    assert sorted(first_cells(section(doc("stats.md"), "## What it counted"))) == sorted(set(counted_stats()))


def test_what_a_run_was_found_to_be_is_documented_when_compared() -> None:
    kept = {overview.FAILURES, overview.WARNINGS, overview.EXPECTED, overview.ALARMS, overview.SHARES}
    assert set(first_cells(section(doc("stats.md"), "## What was found at its end"))) == kept


def test_every_command_is_mentioned_when_searched() -> None:
    commands = {path.stem for path in (PROJECT / "tdcrawl" / "commands").glob("[!_]*.py")}
    mentioned = {name for page in PAGES for name in re.findall(r"scrapy ([a-z]+)", page.read_text(encoding="utf-8"))}
    assert commands - mentioned == set()


@pytest.mark.parametrize("page", PAGES, ids=spelled)
def test_commands_in_code_exist_when_searched(page: Path) -> None:
    commands = {path.stem for path in (PROJECT / "tdcrawl" / "commands").glob("[!_]*.py")} | SCRAPYS_OWN
    text = page.read_text(encoding="utf-8")
    code = "\n".join([*(block for _, block in FENCE.findall(text)), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])
    assert set(re.findall(r"\bscrapy ([a-z]+)", code)) - commands == set()


@pytest.mark.parametrize("page", PAGES, ids=spelled)
def test_make_targets_exist_when_searched(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) - targets == set()


@pytest.mark.parametrize(("page", "code"), list(site_files()))
def test_site_file_in_document_is_accepted_when_parsed(page: str, code: str) -> None:
    profile = parse_profile("my_shop", code.encode(), page)
    assert profile.record_type == "review"


@pytest.mark.parametrize("page", PAGES, ids=spelled)
def test_links_lead_somewhere_when_followed(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", FENCE.sub("", page.read_text(encoding="utf-8")))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=spelled)
def test_named_files_exist_when_searched(page: Path) -> None:
    named = re.findall(r"`((?:tdcrawl|tests|docs|benchmarks)/[\w./-]*(?:\.\w+|/))`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_functions_on_the_journey_exist_when_searched() -> None:
    named = re.findall(r"`(\w+(?:\.\w+)?)`(?:\s+and\s+`(\w+)`)?\s+in\s+`(tdcrawl/[\w/]+\.py)`", doc("journey.md"))
    assert len(named) >= 30
    missing = [
        f"{function} in {path}"
        for *functions, path in named
        for function in filter(None, functions)
        if not re.search(rf"(?:def|class) {function.rpartition('.')[2]}\b", (PROJECT / path).read_text())
    ]
    assert missing == []


def test_import_ladder_is_that_of_the_contract_when_compared() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (ladder,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    (shown,) = (code for _, code in FENCE.findall(section(doc("architecture.md"), "## The import ladder")))
    assert shown.splitlines() == ladder


def test_exit_statuses_are_those_of_the_code_when_compared() -> None:
    told = re.findall(r"^\| (\d+) \|", section(doc("exports.md"), "## Exit status"), re.MULTILINE)
    assert told == ["0", "1", "2", "130"]


@pytest.mark.parametrize("page", PAGES, ids=spelled)
def test_document_is_short_when_measured(page: Path) -> None:
    limit = 150 if page == PROJECT / "README.md" else 500
    assert len(page.read_text(encoding="utf-8").splitlines()) <= limit


def test_table_of_attacks_tells_what_the_tests_try_when_compared(request: pytest.FixtureRequest) -> None:
    tried, told = attacks_of(request.session.items), table_in(PAGE.read_text(encoding="utf-8"))
    assert tried <= told
    if {item.path for item in request.session.items} == set((PROJECT / "tests").rglob("test_*.py")):
        assert tried == told
        assert told.total() >= 300
