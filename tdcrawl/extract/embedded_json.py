"""Read records from the data that a page's own scripts work with."""

import re
from collections.abc import Iterator

from tdcrawl.extract.keys import first_string, values_at
from tdcrawl.extract.page import Found, Json, Page
from tdcrawl.extract.scripts import read_json
from tdcrawl.sites.profile import Read


def read(page: Page, rules: Read) -> Found:
    """Read the list of records at the key path `record`, whose first part names a script's id or a variable."""
    name, *keys = (rules.record or "").split(".")
    found, listed = Found(), 0
    for script in _scripts(page, name):
        try:
            records = [record for record in values_at(read_json(script), keys) if isinstance(record, dict)]
        except ValueError as error:
            found.problems.append(f"embedded_json: {name}: {error}")
            continue
        listed += len(records)
        found.raws.extend(raw for record in records if (raw := _fields(record, rules)))
    if listed and not found.raws:
        found.problems.append(f"embedded_json: {listed} records at {rules.record}, and none of [read.fields] is in any")
    return found


def _scripts(page: Page, name: str) -> Iterator[str]:
    """Yield each script with this id, then what follows each assignment of a literal to this variable."""
    yield from page.selector.xpath("//script[@id=$name]/text()", name=name).getall()
    assignment = re.compile(rf"""(?<![\w$]){re.escape(name)}["']?\]?\s*=\s*(?=[{{\[])""")
    for script in page.selector.xpath("//script/text()").getall():
        for match in assignment.finditer(script):
            yield script[match.end() :]


def _fields(record: Json, rules: Read) -> dict[str, str]:
    found = {
        name: first_string(record, [keys] if isinstance(keys, str) else keys) for name, keys in rules.fields.items()
    }
    return {name: string for name, string in found.items() if string is not None}
