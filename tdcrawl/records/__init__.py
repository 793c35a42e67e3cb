"""WHAT a good record is: one file per record type, and the list of them."""

from tdcrawl.records.base import RecordType
from tdcrawl.records.job_posting import JOB_POSTING
from tdcrawl.records.review import REVIEW

RECORD_TYPES: dict[str, RecordType] = {record_type.name: record_type for record_type in (REVIEW, JOB_POSTING)}
