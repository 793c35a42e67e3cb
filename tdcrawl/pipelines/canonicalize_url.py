"""Stage 100."""

from tdcrawl.outcomes import FieldError, ValidateReason, failed
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem


class CanonicalizeUrl(Stage):
    """Give the item its page's one address; the address that was requested is kept beside it."""

    name = "canonicalize_url"
    fault = "after_canonical"

    def process_item(self, item: TrainingItem) -> TrainingItem:
        """Set the canonical URL; an address that is none fails the item as wrong_type."""
        try:
            item.canonical_url = self.session.canonical_url(item.requested_url)
        except ValueError as error:
            raise failed([FieldError("url", ValidateReason.WRONG_TYPE, str(error), item.requested_url)]) from error
        return item
