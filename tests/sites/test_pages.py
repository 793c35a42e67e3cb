"""Site files read their pages as a person has confirmed: every case of tests/pages/<site>/<case>.

It works in any folder with such pages: `scrapy gensite … --to DIR` needs a copy of this file in DIR/tests/sites.
"""

from pathlib import Path

import pytest

from tdcrawl.probing.cases import check_case, site_of

PAGES = Path(__file__).parents[1] / "pages"
CASES = sorted(path.parent for path in PAGES.glob("*/*/expected.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_page_is_read_as_confirmed_when_its_site_file_reads_it(case: Path) -> None:
    wrong = list(check_case(case, site_of(case.parent)))
    assert not wrong, "\n".join([f"{case.relative_to(PAGES.parents[1])}:", *wrong])
