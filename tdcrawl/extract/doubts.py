"""Why one scraped string cannot be believed."""

from tdcrawl.outcomes import ValidateReason


class Doubt(Exception):
    """Carry the reason and a message for people; values.py adds the field's name and collects them."""

    def __init__(self, reason: ValidateReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
