"""The list of what an install brings, in docs/dependencies.md: `make dependencies` writes it.

Packages are those of requirements.txt. Why we need one stands in requirements.in; of the others uv notes there who
brings them. Licences are what the installed packages say of themselves.
"""

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "dependencies.md"
_BEGIN, _END = "<!-- made by make dependencies -->\n", "<!-- end -->\n"
_HEAD = "| package | why it is here | licence |\n|---|---|---|\n"
_ASKED_FOR = re.compile(r"^# (.+)\n([\w.-]+)", re.MULTILINE)
_OURS = {"-r requirements.in"}
# In the words of older packages, which name no SPDX identifier.
_PLAIN = (
    ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.1-or-later"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("Apache Software License", "Apache-2.0"),
    ("Python Software Foundation License", "PSF-2.0"),
)


class Dependency(NamedTuple):
    """Name a package, why it is here, and its licence: none of one that only other systems install."""

    name: str
    why: str
    licence: str | None
    is_ours: bool


def dependencies() -> list[Dependency]:
    """List all packages of the default install, by name."""
    reasons = _asked_for()
    found: dict[str, Dependency] = {}
    for entry in re.split(r"\n(?=\w)", (PROJECT / "requirements.txt").read_text())[1:]:
        name = entry.partition("==")[0]
        brought_by = _brought_by(entry)
        why = reasons[name][0] if name in reasons else f"for {', '.join(sorted(brought_by))}"
        found[name] = Dependency(name, why, licence_of(name), name in reasons)
    return list(found.values())


def stated_licences() -> dict[str, str]:
    """Give the licences that requirements.in states, by package."""
    return {name: re.split(r", used|\.(?= |$)", licence)[0] for name, (_, licence) in _asked_for().items()}


def licence_of(name: str) -> str | None:
    """Give the licence that an installed package states; None of one that is not installed here."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classes = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    stated = {field: (told.get_all(field) or [""])[0] for field in ("License-Expression", "License")}
    licence = stated["License-Expression"] or " AND ".join(classes) or stated["License"].partition("\n")[0]
    for words, plain in _PLAIN:
        licence = licence.replace(words, plain)
    return re.sub(r"\b(MIT|BSD|W3C) License\b", r"\1", licence)


def table(found: list[Dependency]) -> str:
    """Write the two tables of the page."""
    asked_for = [f"| {one.name} | {one.why} | {one.licence} |\n" for one in found if one.is_ours]
    brought = [f"| {one.name} | {one.why} | {one.licence} |\n" for one in found if not one.is_ours and one.licence]
    elsewhere = ", ".join(f"{one.name} ({one.why})" for one in found if not one.licence)
    return (
        f"## Asked for: {len(asked_for)}\n\n{_HEAD}{''.join(asked_for)}\n"
        f"## Brought along: {len(brought)}\n\n{_HEAD}{''.join(brought)}\n"
        f"Pinned too, for other systems or Pythons: {elsewhere}.\n"
    )


def in_page(text: str) -> str:
    """Read what stands in the page."""
    return text.partition(_BEGIN)[2].partition(_END)[0]


def _asked_for() -> dict[str, tuple[str, str]]:
    """Read why each package is asked for, and what is said of its licence."""
    told = _ASKED_FOR.findall((PROJECT / "requirements.in").read_text())
    parts = ((name.lower(), reason.partition("; ")) for reason, name in told)
    return {name: (why, licence) for name, (why, _, licence) in parts}


def _brought_by(entry: str) -> Iterator[str]:
    via = entry.partition("# via")[2]
    return (name for name in re.findall(r"[\w.-]+(?: [\w.-]+)?", via.replace("#", "")) if name not in _OURS)


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(in_page(page), table(dependencies())), encoding="utf-8")
