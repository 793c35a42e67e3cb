"""The tables of labels: who said what, what waits for an answer, and what was spent; in the schema of tables.py."""

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint, text

from tdcrawl.store.tables import metadata, record_columns
from tdcrawl.store.utc_time import UtcTime

_VOTES = text("kind = 'vote'")
_ANSWERS = text("task_id IS NOT NULL")

labels = Table(
    "labels",
    metadata,
    # Append only. A `vote` is what one model call or one person said, a `decision` is what the record is called for it.
    Column("label_id", Integer, primary_key=True, autoincrement=True),
    Column("record_id", String(32), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("label", String(63)),  # none where a vote failed, or an earlier decision was taken back
    Column("source", String(16), nullable=False),
    Column("version", String(63), nullable=False),
    Column("confidence", Float),
    Column("reviewer", String(63)),
    Column("text_hash", String(64)),
    Column("vote", Integer),  # which of the wordings of the question was asked, from 1
    Column("reason", Text),
    Column("error", Text),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("nanodollars", BigInteger),
    Column("milliseconds", Integer),
    Column("answer", Text),
    Column("account", String(32), index=True),  # what paid for it: a run, or one call of `scrapy label`
    Column("batch_id", String(63)),
    Column("task_id", Integer),  # which question to people it answers; an answer without a label takes one back
    Column("at", UtcTime, nullable=False),
    Index("ix_labels_votes", "text_hash", "version", "vote", sqlite_where=_VOTES, postgresql_where=_VOTES),
    Index("ix_labels_answers", "task_id", "label_id", sqlite_where=_ANSWERS, postgresql_where=_ANSWERS),
    Index("ix_labels_reviewer", "reviewer", "task_id", sqlite_where=_ANSWERS, postgresql_where=_ANSWERS),
)
unlabelled = Table(
    "unlabelled",
    metadata,
    # What waits for a label: the outcome says whether for a model (pending) or for people (needs_review), and why.
    Column("item_id", String(32), primary_key=True),
    *record_columns(),
)
review_tasks = Table(
    "review_tasks",
    metadata,
    Column("task_id", Integer, primary_key=True, autoincrement=True),
    Column("item_id", String(32), nullable=False),
    Column("record_type", String(63), nullable=False),
    # Why people are asked: the reason of the outcome; or of a record `audit`, `minority_class`, `label_error`.
    Column("kind", String(32), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),  # how many people are to answer
    Column("state", String(16), nullable=False),  # open, or decided
    Column("created_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    UniqueConstraint("item_id", "kind", name="uq_review_tasks_item"),
)
Index("ix_review_tasks_open", review_tasks.c.state, review_tasks.c.priority.desc(), review_tasks.c.task_id)
review_leases = Table(
    "review_leases",
    metadata,
    # Who has a task before them, and until when; one that is over says that they let it go, and comes last for them.
    Column("task_id", Integer, primary_key=True),
    Column("reviewer", String(63), primary_key=True),
    Column("until", UtcTime, nullable=False, index=True),
)
label_accounts = Table(
    "label_accounts",
    metadata,
    # Spent, and promised to calls that are under way: what a call may cost at most is taken before it is made.
    Column("account", String(32), primary_key=True),
    Column("nanodollars", BigInteger, nullable=False),
)
label_asked = Table(
    "label_asked",
    metadata,
    # A vote that is being bought: whoever else wants it waits for it, while the process that buys it is alive.
    Column("text_hash", String(64), primary_key=True),
    Column("version", String(63), primary_key=True),
    Column("vote", Integer, primary_key=True, autoincrement=False),
    Column("record_id", String(32), nullable=False, index=True),
    Column("holder", String(32), nullable=False),
)
label_batches = Table(
    "label_batches",
    metadata,
    # Written before the batch is submitted: a crash between the two leaves it `submitting`, and it is looked for.
    Column("submission_id", String(16), primary_key=True),
    Column("batch_id", String(63)),
    Column("record_type", String(63), nullable=False),
    Column("version", String(63), nullable=False),
    Column("account", String(32), nullable=False),
    Column("nanodollars", BigInteger, nullable=False),
    Column("requests", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
)
