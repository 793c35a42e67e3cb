"""What went wrong in S3, in a line: the SDK's errors name requests, and hide the cause among them."""

import re
from collections.abc import Generator
from contextlib import contextmanager

from tdcrawl.errors import StoreError
from tdcrawl.redaction import redact

NO_BUCKET = "there is no such bucket; make it first"
_WHY = {
    "NETWORK_CONNECTION": "nobody answers there; AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL says where S3 is, else it is "
    "Amazon's",
    "NO_SUCH_BUCKET|Bucket '.*' not found": NO_BUCKET,
    "INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID|SIGNATURE_DOES_NOT_MATCH|MISSING_AUTHENTICATION_TOKEN|ExpiredToken|"
    "InvalidToken": "the credentials are missing, wrong or out of date; set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "ACCESS_DENIED": "access is denied; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to those of "
    "somebody who may list, read and write there",
    "HTTP status 301|AuthorizationHeaderMalformed|PermanentRedirect": "the bucket is in another region; set AWS_REGION",
}


@contextmanager
def explained(what: str, then: str = "") -> Generator[None]:
    """Say what is wrong in a line, as a StoreError: cannot do what, why, and what to do."""
    try:
        yield
    except (OSError, ValueError) as error:
        told = str(error)
        why = next((why for found, why in _WHY.items() if re.search(found, told)), redact(" ".join(told.split())))
        raise StoreError(f"cannot {what}: {why}{then and f'; {then}'}") from error
