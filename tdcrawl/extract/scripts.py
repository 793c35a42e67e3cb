"""Read the JSON that pages keep in their scripts, as forgivingly as is safe."""

import json

import chompjs

from tdcrawl.extract.page import Json

_SNIPPET = 60
_STRICT_ENOUGH = json.JSONDecoder(strict=False)


def read_json(script: str) -> Json:
    """Read the JSON or JavaScript literal with which a script begins; raises ValueError, quoting the place.

    Comments, a BOM, trailing commas, raw newlines, unquoted keys and single quotes are forgiven; a document that is cut
    off, or whose quotes cannot be told apart, is not: half a record would look like a whole one.
    """
    script = script.replace("\0", "").lstrip()
    try:
        return _STRICT_ENOUGH.raw_decode(script)[0]
    except ValueError:
        return _forgive(script)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _forgive(script: str) -> Json:
    try:
        # As text: chompjs's own way to a value never frees the memory of one that is cut off.
        literal = next(iter(chompjs.parse_js_objects(script, loader=str)), "")
        return json.loads(literal, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except json.JSONDecodeError as error:
        # chompjs closes what it has read to its end, and marks with NUL, of which the script has none, where it ended.
        if "\0" in error.doc or error.pos >= len(error.doc) or error.msg.startswith("Unterminated"):
            message = f"Error parsing input near character {len(script)}: {snippet(script)!r}"
            raise ValueError(message) from error
        raise ValueError(f"{error.msg}: {snippet(error.doc[error.pos :])!r}") from error
    except ValueError as error:
        raise ValueError(f"{error}: {snippet(script)!r}") from error


def snippet(script: str) -> str:
    """Quote the beginning of a script on one line."""
    return " ".join(script[: 2 * _SNIPPET].split())[:_SNIPPET]
