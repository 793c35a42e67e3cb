"""Read records from the data that a page's own scripts work with."""

import re
from collections.abc import Iterator

from tdcrawl.extract.keys import first_string, values_at
from tdcrawl.extract.page import MOST_RECORDS, Excess, Found, Json, Page, left_out
from tdcrawl.extract.scripts import read_json
from tdcrawl.sites.profile import Read

# What follows an assignment is read to its end, which may be that of the page: ten million take a tenth of a second.
_MOST_CHARACTERS = 80_000_000


def read(page: Page, rules: Read) -> Found:
    """Read the list of records at the key path `record`, whose first part names a script's id or a variable."""
    name, *keys = (rules.record or "").split(".")
    problems, records, tried = list[str](), list[Json](), 0
    for script in _scripts(page, name):
        tried += len(script)
        if tried > _MOST_CHARACTERS:
            problems.append(Excess(f"embedded_json: {name} is assigned more often than can be read"))
            break
        try:
            records += [record for record in values_at(read_json(script), keys) if isinstance(record, dict)]
        except ValueError as error:
            problems.append(f"embedded_json: {name}: {error}")
    if len(records) > MOST_RECORDS:
        problems.append(left_out("embedded_json", MOST_RECORDS, len(records)))
    raws = [raw for record in records[:MOST_RECORDS] if (raw := _fields(record, rules))]
    if records and not raws:
        problems.append(f"embedded_json: {len(records)} records at {rules.record}, and none of [read.fields] is in any")
    return Found(raws, problems)


def _scripts(page: Page, name: str) -> Iterator[str]:
    """Yield each script with this id, then what follows each assignment of a literal to this variable."""
    scripts = list(page.selector.root.iter("script"))
    yield from (script.text or "" for script in scripts if script.get("id") == name)
    assignment = re.compile(rf"""(?<![\w$]){re.escape(name)}["']?\]?\s*=\s*(?=[{{\[])""")
    for text in filter(None, (script.text for script in scripts)):
        for match in assignment.finditer(text):
            yield text[match.end() :]


def _fields(record: Json, rules: Read) -> dict[str, str]:
    found = {
        name: first_string(record, [keys] if isinstance(keys, str) else keys) for name, keys in rules.fields.items()
    }
    return {name: string for name, string in found.items() if string is not None}
