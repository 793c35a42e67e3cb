"""Who may review: a file with a line for each person, their name and the token they log in with."""

import os
import re
import secrets
from hmac import compare_digest
from pathlib import Path

from tdcrawl.errors import StoreError

TOKENS_FILE = "reviewers.tokens"
_FIRST = "reviewer"
_TOKEN_BYTES = 32
_LINE = re.compile(r"(?P<name>[a-z][a-z0-9_]{0,62}) +(?P<token>[!-~]{32,})")


def load_tokens(data_dir: Path) -> dict[str, str]:
    """Read the tokens by the names of their persons; raises StoreError where the file cannot be trusted."""
    path = data_dir / TOKENS_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise StoreError(f"others may read who may review; close it with: chmod 600 {path}")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot use the token file {path}: {error}") from error
    read = [_LINE.fullmatch(line.strip()) for line in lines if line.strip()]
    tokens = {line["name"]: line["token"] for line in read if line}
    if not tokens or len(tokens) != len(read) or len({*tokens.values()}) != len(read):
        wanted = "on each line a name of a-z, 0-9 and _, a space, and a token of its own of 32 characters or more"
        raise StoreError(f"{path}: needs {wanted}")
    return tokens


def create_tokens(data_dir: Path) -> bool:
    """Write the file with a first person, unless it is there; says whether it was. Raises StoreError."""
    path = data_dir / TOKENS_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return True
    except OSError as error:
        raise StoreError(f"cannot write the token file {path}: {error.strerror}") from error
    with os.fdopen(handle, "w") as file:
        file.write(f"{_FIRST} {secrets.token_urlsafe(_TOKEN_BYTES)}\n")
    return False


def reviewer_of(tokens: dict[str, str], token: str) -> str | None:
    """Find whose token this is, in a time that does not tell how much of it was right."""
    given = token.strip().encode()
    found = [name for name, known in tokens.items() if compare_digest(known.encode(), given)]
    return found[0] if found else None
