"""The patterns in a site file, tried out before a crawl would stumble over them."""

import re2
from cssselect import SelectorError
from parsel.csstranslator import HTMLTranslator


def check_css(selector: str) -> None:
    """Raise ValueError where a text is no CSS selector, `::text` and `::attr()` included."""
    try:
        HTMLTranslator().css_to_xpath(selector)
    except SelectorError as error:
        raise ValueError(f"{selector!r} is no CSS selector: {error}") from error


def check_alias_pattern(pattern: str) -> None:
    """Raise ValueError where a text is no RE2 pattern with a group named id."""
    quiet = re2.Options()
    quiet.log_errors = False
    try:
        compiled = re2.compile(pattern, quiet)
    except re2.error as error:
        raise ValueError(f"{pattern!r} is no RE2 pattern: {error.args[0].decode()}") from error
    if "id" not in compiled.groupindex:
        raise ValueError(f"{pattern!r} needs a group named id, e.g. /product/(?P<id>\\d+)")
