"""How gently a site is crawled, and under which name: its Scrapy settings, at spider priority."""

import difflib
from collections.abc import Mapping
from typing import Any

from scrapy.settings import BaseSettings, default_settings

from tdcrawl import __version__
from tdcrawl import settings as project_settings
from tdcrawl.errors import SiteError
from tdcrawl.sites.profile import SiteProfile

SPIDER_PRIORITY = "spider"
# Site files are passed around: none may open a door, say where files are written, or spend money.
_NOT_FOR_SITES = frozenset({
    "FEED_TEMPDIR", "FILES_STORE", "HTTPCACHE_DIR", "IMAGES_STORE", "JOBDIR", "LOG_FILE", "REMOTE_CONTROL_ENABLED",
    "TDCRAWL_ALLOWED_PORTS", "TDCRAWL_ALLOW_LOOPBACK", "TDCRAWL_DATABASE_URL", "TDCRAWL_DATA_DIR",
    "TDCRAWL_LABEL_BUDGET_USD", "TDCRAWL_METRICS_PORT", "TDCRAWL_PERSON_KEY", "TELNETCONSOLE_ENABLED", "TEMPLATES_DIR",
})  # fmt: skip
_KINDS = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}


def apply_site_settings(settings: BaseSettings, profile: SiteProfile) -> None:
    """Let a site's [polite] table win over settings.py, and `-s` over it; raises SiteError for what it may not set."""
    told = ((name, _problem(name, value)) for name, value in profile.polite.settings.items())
    if problems := [f"{profile.name}.toml: [polite] {name}: {problem}" for name, problem in told if problem]:
        raise SiteError("\n".join(problems))
    settings.setdict(profile.polite.settings, priority=SPIDER_PRIORITY)


def identify(settings: BaseSettings) -> None:
    """Make the user agent say who crawls and how to reach them, unless somebody set another."""
    if not settings.getpriority("USER_AGENT"):  # Scrapy's own default: nobody has
        contact = settings["TDCRAWL_CONTACT"]
        agent = f"tdcrawl/{__version__} (+{contact})" if contact else f"tdcrawl/{__version__}"
        settings.set("USER_AGENT", agent, priority="project")


def _problem(name: str, value: object) -> str | None:
    known = _tunable()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"no setting that a site may tune{hint}"
    default = known[name]
    if isinstance(value, dict):
        return f"needs a plain value, not {value!r}"
    # Ours are read where they are used, from an environment's text as from a site file's number.
    if default is None or name.startswith("TDCRAWL_") or _same_kind(default, value):
        return None
    return f"needs {_KINDS.get(type(default), 'another kind of value')}, not {value!r}"


def _same_kind(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, (bool, int)) and isinstance(value, bool)
    if isinstance(default, (int, float)):
        return isinstance(value, (int, float))
    return isinstance(value, type(default))


def _tunable() -> Mapping[str, Any]:
    """List the settings that a site may tune: never a component dictionary or the import path of a class."""
    known = {name: getattr(default_settings, name) for name in default_settings.__all__}
    known |= {name: value for name, value in vars(project_settings).items() if name.startswith("TDCRAWL_")}
    return {name: value for name, value in known.items() if name not in _NOT_FOR_SITES and not _names_code(name, value)}


def _names_code(name: str, value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and value.startswith("scrapy.")) or "MODULE" in name
