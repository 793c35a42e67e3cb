"""The house keeps its own rules; what ruff and mypy can say about that, `make check` says."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from statistics import median, quantiles

import pytest

from tdcrawl.records import RECORD_TYPES
from tdcrawl.settings import ITEM_PIPELINES

PROJECT = Path(__file__).parents[1]
SOURCES = sorted((PROJECT / "tdcrawl").rglob("*.py"))
STAGES = {PROJECT / (dotted.rpartition(".")[0].replace(".", "/") + ".py") for dotted in ITEM_PIPELINES}
MACHINE_PATH = re.compile(r"(?<![\w.:/*])/(?:home|mnt|opt|root|tmp|Users|work)/[\w.]+")
NEVER_IMPORTED = {
    "psycopg": "SQLAlchemy loads it for a postgresql:// URL",
    "python-dateutil": "dateparser counts with it",
    "python-multipart": "FastAPI reads forms with it",
}

# Imported late, and named by the command that needs it: an extra.
OPTIONAL = {"cleanlab", "daft", "imbalanced-learn", "scikit-learn"}


def name(path: Path) -> str:
    """Name a file by its path in the project."""
    return str(path.relative_to(PROJECT))


def tracked_files() -> list[str]:
    """List what is, or is about to be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path and (PROJECT / path).is_file()]


def functions() -> Iterator[int]:
    """Measure every function of the package, in lines."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1


def fields_named(path: Path) -> set[str]:
    """Find which fields of a record type a file names: as a text, or as something's attribute."""
    own = {name for kind in RECORD_TYPES.values() for name in (*kind.fields, *kind.model_fields)}
    nodes = list(ast.walk(ast.parse(path.read_text())))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    # Every item has a label, and what is compared of it is its text, whatever field that is.
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)} - {"label", "text"}
    return own & (texts | attributes)


def imported_distributions(*folders: str) -> set[str]:
    """Name the distributions that the code in these folders imports, lower-cased and with dashes."""
    modules: set[str] = set()
    for path in (path for folder in folders for path in (PROJECT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add((node.module or "").partition(".")[0])
    owners = packages_distributions()
    third_party = modules - set(sys.stdlib_module_names) - {"tdcrawl", "tests", "benchmarks", ""}
    return {canonical(owner) for module in third_party for owner in owners[module]}


def direct_requirements(file: str) -> set[str]:
    """Read the names in a .in file."""
    lines = (PROJECT / file).read_text().splitlines()
    return {canonical(re.split(r"[\[<>=;]", line)[0]) for line in lines if re.match(r"\w", line)}


def canonical(distribution: str) -> str:
    """Spell a distribution's name the one way that comparisons need."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_import_ladder_holds_when_every_import_is_followed() -> None:
    # In a process of its own: what other tests loaded and patched is none of its business.
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--no-cache", "--no-logo"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_functions_are_small_when_measured() -> None:
    lengths = sorted(functions())
    assert median(lengths) <= 10
    assert quantiles(lengths, n=10)[-1] <= 30


def test_files_are_short_when_measured() -> None:
    # A migration records what a schema was; nobody may shorten it later.
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES if path.parent.name != "versions"}
    too_long = {name(path): n for path, n in lengths.items() if n > (60 if path in STAGES else 200)}
    assert too_long == {}


def test_tracked_files_name_no_machine_when_searched() -> None:
    texts = {path: (PROJECT / path).read_text(errors="replace") for path in tracked_files()}
    assert {path: found for path, text in texts.items() if (found := MACHINE_PATH.findall(text))} == {}


@pytest.mark.parametrize("stem", ["requirements", "requirements-dev"])
def test_every_requirement_is_pinned_with_hashes_when_read(stem: str) -> None:
    pinned = re.split(r"\n(?=\w)", (PROJECT / f"{stem}.txt").read_text())[1:]
    loose = [entry for entry in pinned if not re.match(r"[\w.-]+==\S+[^\n]*\n +--hash=sha256:[0-9a-f]{64}", entry)]
    assert loose == []
    names = {canonical(entry.partition("==")[0]) for entry in pinned}
    assert direct_requirements(f"{stem}.in") <= names


def test_requirements_are_what_is_imported_when_compared() -> None:
    needed = direct_requirements("requirements.in") - NEVER_IMPORTED.keys()
    assert imported_distributions("tdcrawl") - OPTIONAL == needed


def test_what_an_extra_brings_is_there_for_the_tests_when_compared() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {canonical(re.split(r"[\[<>=]", line)[0]) for extra in extras.values() for line in extra}
    assert OPTIONAL <= names <= direct_requirements("requirements-dev.in")


def test_development_requirements_cover_what_tests_import_when_compared() -> None:
    direct = direct_requirements("requirements.in") | direct_requirements("requirements-dev.in")
    assert imported_distributions("tests", "benchmarks") - direct == set()


def test_reason_for_a_requirement_is_stale_when_it_is_imported() -> None:
    assert NEVER_IMPORTED.keys() & imported_distributions("tdcrawl") == set()
    assert NEVER_IMPORTED.keys() <= direct_requirements("requirements.in")


def test_egg_holds_data_and_no_tests_when_built(tmp_path: Path) -> None:
    build = f"setup.py -q egg_info -e {tmp_path} build -b {tmp_path}/build bdist_egg -d {tmp_path}".split()
    subprocess.run([sys.executable, *build], cwd=PROJECT, check=True, capture_output=True)
    (egg,) = tmp_path.glob("*.egg")
    names = set(zipfile.ZipFile(egg).namelist())
    tracked = {path for path in tracked_files() if path.startswith("tdcrawl/")}
    assert tracked <= names
    assert {path.partition("/")[0] for path in names} == {"tdcrawl", "EGG-INFO"}


@pytest.mark.parametrize("path", sorted(STAGES), ids=name)
def test_no_stage_names_a_field_of_a_record_type(path: Path) -> None:
    assert fields_named(path) == set()
