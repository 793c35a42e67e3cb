"""Politeness: who wins over whom in settings, and under which name we come."""

from typing import Any

import pytest
from scrapy.settings import Settings

from tdcrawl import __version__
from tdcrawl import settings as project
from tdcrawl.errors import SiteError
from tdcrawl.politeness import apply_site_settings, identify
from tdcrawl.sites.loading import load_profile
from tdcrawl.sites.profile import Polite


def settings_of_the_project(**command_line: Any) -> Settings:
    settings = Settings()
    settings.setmodule(project, priority="project")
    settings.setdict(command_line, priority="cmdline")
    return settings


def with_polite(**polite: Any) -> Any:
    return load_profile("demo_store").model_copy(update={"polite": Polite.model_validate(polite)})


def test_a_site_wins_over_the_project_and_the_command_line_over_both() -> None:
    settings = settings_of_the_project(DOWNLOAD_TIMEOUT=7)
    apply_site_settings(settings, with_polite(DOWNLOAD_DELAY=3.5, DOWNLOAD_TIMEOUT=9))
    assert settings.getfloat("DOWNLOAD_DELAY") == 3.5
    assert settings.getint("DOWNLOAD_TIMEOUT") == 7


@pytest.mark.parametrize("name", ["ITEM_PIPELINES", "DOWNLOAD_HANDLERS", "SCHEDULER", "STATS_CLASS", "SPIDER_MODULES"])
def test_a_site_may_not_name_code(name: str) -> None:
    with pytest.raises(SiteError, match=rf"\[polite\] {name}: no setting that a site may tune"):
        apply_site_settings(settings_of_the_project(), with_polite(**{name: "x"}))


def test_every_wrong_setting_is_named_at_once() -> None:
    wrong = {"DOWNLOAD_DELY": 1, "SCHEDULER": "x", "DOWNLOAD_DELAY": "y", "DOWNLOAD_TIMEOUT": {}, "RETRY_ENABLED": 3}
    with pytest.raises(SiteError) as caught:
        apply_site_settings(settings_of_the_project(), with_polite(**wrong))
    assert str(caught.value).splitlines() == [
        "demo_store.toml: [polite] DOWNLOAD_DELY: no setting that a site may tune; did you mean DOWNLOAD_DELAY?",
        "demo_store.toml: [polite] SCHEDULER: no setting that a site may tune; did you mean SCHEDULER_DEBUG?",
        "demo_store.toml: [polite] DOWNLOAD_DELAY: needs a number, not 'y'",
        "demo_store.toml: [polite] DOWNLOAD_TIMEOUT: needs a plain value, not {}",
        "demo_store.toml: [polite] RETRY_ENABLED: needs true or false, not 3",
    ]


@pytest.mark.parametrize(
    ("given", "agent"),
    [
        ({}, f"tdcrawl/{__version__}"),
        ({"TDCRAWL_CONTACT": "me@crawl.example"}, f"tdcrawl/{__version__} (+me@crawl.example)"),
        ({"USER_AGENT": "house/1"}, "house/1"),
    ],
)
def test_we_say_who_we_are(given: dict[str, str], agent: str) -> None:
    settings = settings_of_the_project(**given)
    identify(settings)
    assert settings["USER_AGENT"] == agent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROBOTSTXT_OBEY", True),
        ("ROBOTSTXT_USER_AGENT", "tdcrawl"),
        ("DOWNLOAD_DELAY", 1.0),
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("DOWNLOAD_MAXSIZE", 10 * 1024 * 1024),
        ("TELNETCONSOLE_ENABLED", False),
        ("REMOTE_CONTROL_ENABLED", False),
        ("COOKIES_ENABLED", False),
        ("DOWNLOAD_HANDLERS", {"data": None, "file": None, "ftp": None, "s3": None}),
    ],
)
def test_defaults_are_safe(name: str, value: object) -> None:
    assert getattr(project, name) == value
