"""A site file in TOML, read strictly: what is refused is refused by name and place, all of it at once."""

import difflib
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tdcrawl.errors import SiteError
from tdcrawl.sites.profile import NAME, SiteProfile


def bundled_sites() -> list[str]:
    """List the names of the site files that come with the project."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_profile(name_or_file: str) -> SiteProfile:
    """Load a bundled site by name, or a site file by its path where the argument ends in .toml.

    Raises SiteError: unknown name (with the known ones), unreadable file, or what is wrong in it, key by key.
    """
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        try:
            return parse_profile(path.stem, path.read_bytes(), str(path))
        except OSError as error:
            raise SiteError(f"cannot read the site file {path}: {error.strerror}") from error
    known = bundled_sites()
    if name_or_file not in known:
        raise SiteError(
            f"unknown site {name_or_file!r}{_nearest(name_or_file, known)}\n"
            f"bundled sites: {', '.join(known)}; for a site file of your own give its path, ending in .toml"
        )
    content = resources.files(__package__).joinpath(f"{name_or_file}.toml").read_bytes()
    return parse_profile(name_or_file, content, f"{name_or_file}.toml")


def parse_profile(name: str, content: bytes, origin: str) -> SiteProfile:
    """Build a profile from the bytes of a site file; `origin` is how messages call it. Raises SiteError."""
    if not NAME.match(name):
        raise SiteError(f"{origin}: a site is named by its file: lower-case letters, digits and _ only, not {name!r}")
    try:
        return SiteProfile.model_validate({"name": name, **tomllib.loads(content.decode())})
    except UnicodeDecodeError as error:
        raise SiteError(f"{origin}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{origin}: not TOML: {error}") from error
    except ValidationError as error:
        raise SiteError("\n".join(_explain(origin, error))) from error


def _explain(origin: str, error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        *table, key = [str(part) for part in problem["loc"]] or [""]
        place = f"{origin}: [{'.'.join(table)}] {key}" if table else f"{origin}: {key or 'the file'}"
        if problem["type"] == "extra_forbidden":
            yield f"{place}: unknown key{_did_you_mean(key, _keys_of(table))}"
        else:
            yield f"{place}: {problem['msg'].removeprefix('Value error, ')}"


def _keys_of(table: list[str]) -> list[str]:
    model: Any = SiteProfile
    for name in table:
        model = model.model_fields[name].annotation
    return [name for name in model.model_fields if (table, name) != ([], "name")]


def _did_you_mean(wrong: str, known: list[str]) -> str:
    return _nearest(wrong, known) or f"; known: {', '.join(known)}"


def _nearest(wrong: str, known: list[str]) -> str:
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
