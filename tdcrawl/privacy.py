"""Personal data: masked in texts, and persons replaced by a keyed hash that only this installation can make."""

import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from babel import Locale
from babel.core import get_global

from tdcrawl.errors import SettingError, StoreError
from tdcrawl.personal import FINDERS, worth_a_look
from tdcrawl.redaction import redact
from tdcrawl.text import clean, normalise

KEY_FILE = "installation.key"
_KEY_BYTES = 32
_DEFAULT_REGIONS = ("US", "GB")


def mask(text: str, region: str | None = None) -> tuple[str, dict[str, int]]:
    """Replace e-mail addresses, accounts, order, card and phone numbers by the name of their kind in square brackets.

    Gives the masked text and how many of each were found. `region` is the country (ISO 3166, e.g. "DE") whose national
    phone numbers are known beside the international ones; without it those of the US and the UK are. Masking twice
    changes nothing.
    """
    found: dict[str, int] = {}
    regions = (region,) if region else _DEFAULT_REGIONS
    # Once a neighbour is masked, a number may stand free that did not before: so until nothing more is found.
    while worth_a_look(text):
        masked = _mask_once(text, regions, found)
        if masked == text:
            break
        text = masked
    return text, found


@cache
def region_of(locale: str) -> str | None:
    """Give the country (ISO 3166) where people write as in a locale; None for plain `en`, which is of everywhere."""
    parsed = Locale.parse(locale, sep="-" if "-" in locale else "_")
    likely = "" if str(parsed) == "en" else get_global("likely_subtags").get(str(parsed), "")
    region = parsed.territory or likely.rpartition("_")[2]
    # "001" is the world.
    return region if region.isalpha() else None


def mask_error(quoted: str, region: str | None = None) -> str:
    """Make an error storable: it may quote a person on the page (of a `region`), and a secret of this process."""
    return redact(mask(clean(quoted), region)[0])


def mask_fields(
    raw: Mapping[str, str], persons: Iterable[str], key: bytes, region: str | None = None
) -> dict[str, str]:
    """Mask scraped strings for the failed feed: the `persons` fields become `person:<hash>`, all others are masked."""
    people = frozenset(persons)
    return {
        field: f"person:{person_hash(key, value)}" if field in people else mask(value, region)[0]
        for field, value in raw.items()
    }


def person_hash(key: bytes, name: str) -> str:
    """Hash a person's name, however it is spelt, with the installation's key: HMAC-SHA256, 32 hexadecimal digits."""
    # A copy of what the key alone makes is a third cheaper, and this is done for every record.
    hashed = _keyed(key).copy()
    hashed.update(normalise(clean(name)).encode())
    return hashed.hexdigest()[:32]


@cache
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def load_key(data_dir: Path, configured: str | None = None) -> bytes:
    """Give the installation's key (32 bytes): the configured one, else the file's, which is made on first use.

    Raises SettingError where the configured key is not 64 hexadecimal digits, and StoreError where the file cannot be
    used or others may read it.
    """
    if configured:
        return _parse_key(
            configured, SettingError("TDCRAWL_PERSON_KEY must be 64 hexadecimal digits: openssl rand -hex 32")
        )
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            _create_key(path)
        if path.stat().st_mode & 0o077:
            raise StoreError(f"others may read the key that hides names; close it with: chmod 600 {path}")
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot use the key file {path}: {error.strerror}") from error
    return _parse_key(content.decode("ascii", "replace"), StoreError(f"{path} does not hold 64 hexadecimal digits"))


def _parse_key(digits: str, refusal: SettingError | StoreError) -> bytes:
    digits = digits.strip()
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise refusal
    return bytes.fromhex(digits)


def _create_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link appears whole or not at all, and fails where another process was first: then its key is everybody's.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()


def _mask_once(text: str, regions: Iterable[str | None], found: dict[str, int]) -> str:
    for kind, maybe, find in FINDERS:
        if not maybe(text):
            continue
        pieces, end = [], 0
        # The longest of those that begin together: what is left of a number is no number, and would stay.
        for start, stop in sorted(find(text, regions), key=lambda span: (span[0], -span[1])):
            if start >= end:
                pieces += [text[end:start], f"[{kind}]"]
                end = stop
                found[kind] = found.get(kind, 0) + 1
        text = "".join(pieces) + text[end:]
    return text
