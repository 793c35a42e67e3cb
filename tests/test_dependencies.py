"""docs/dependencies.md lists what is installed, and nothing of it is under a licence that would bind our users."""

import re

import pytest

from tests.dependencies import PAGE, dependencies, in_page, licence_of, stated_licences, table

BINDING = re.compile(r"(?<!L)GPL|GNU General|Affero|SSPL|BUSL|Commons Clause|Proprietary", re.IGNORECASE)


def test_page_lists_what_is_pinned_and_installed() -> None:
    assert in_page(PAGE.read_text(encoding="utf-8")) == table(dependencies())


def test_no_package_of_the_default_install_binds_its_users() -> None:
    bound = [one for one in dependencies() if one.licence is not None and BINDING.search(one.licence)]
    assert bound == []
    unknown = [one.name for one in dependencies() if one.licence == ""]
    assert unknown == []


def test_every_package_says_why_it_is_here() -> None:
    assert [one.name for one in dependencies() if not one.why.removeprefix("for ")] == []


def test_stated_licences_are_those_of_the_packages() -> None:
    stated = {name: licence for name, licence in stated_licences().items() if "-like" not in licence}
    # An older package says BSD, and not which.
    differ = {
        name: (licence, told)
        for name, licence in stated.items()
        if (told := licence_of(name)) and set(re.split(" AND | OR ", told)) - {"BSD"} - set(licence.split(" "))
    }
    assert differ == {}


@pytest.mark.parametrize(("licence", "binds"), [("LGPL-3.0-only", False), ("GPL-3.0-only", True), ("AGPL-3.0", True)])
def test_a_binding_licence_is_known_when_met(licence: str, binds: bool) -> None:
    assert bool(BINDING.search(licence)) is binds
