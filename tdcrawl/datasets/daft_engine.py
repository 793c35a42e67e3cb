"""Compare with Daft: a corpus sorted out on this machine without holding it in memory, or on a Ray cluster.

Workers sign the texts, pair those that share a band, and verify the pairs. Only pairs that are alike come here, where
the same judgement as everywhere decides. What is signed lies in a scratch folder, so memory holds one band at a time.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from typing import Any

import daft
from daft import DataFrame, DataType, Expression, col, lit

from tdcrawl.datasets.corpus import COMPARED, Findings, Job, check_ids
from tdcrawl.datasets.daft_door import batch, read, start
from tdcrawl.datasets.edges import decide
from tdcrawl.datasets.signing import KEY_DIGITS, WORDING_DIGITS, pairs_within, signed, verified
from tdcrawl.dedup import near
from tdcrawl.store import parquet

_TEXTS = ("record_id", "wording", "keys", "entry", "normalised", "label", "rank")
_SIGNED = DataType.struct({**dict.fromkeys(_TEXTS, DataType.string()), "settled": DataType.bool()})
_VERIFIED = DataType.struct({"likeness": DataType.string(), "score": DataType.float64()})


class DaftEngine:
    """Compare files on Daft; `ray_address` is that of a Ray cluster, empty for this machine without Ray."""

    def __init__(self, ray_address: str) -> None:
        start(ray_address)

    def find(self, job: Job, scratch: Path) -> Findings:
        """Sort out a corpus, with a folder for what is signed; raises DatasetError for ids missing or not unique."""
        _sign(job, scratch)
        texts = read(scratch.glob("*.parquet"))
        check_ids(*_bad_ids(texts))
        edges = _edges(texts, job.threshold)
        return decide(edges.iter_rows(), _members(texts, edges).iter_rows(), Findings(job.strict))

    def kept(self, job: Job, findings: Findings) -> Iterable[parquet.Table]:
        """Read all columns of what is kept, by id."""
        frame = reduce(DataFrame.concat, (_whole(*group, job.corpus.schema) for group in job.corpus.groups))
        if findings.gone:
            gone = daft.from_pydict({"record_id": sorted(findings.gone)})
            frame = frame.join(gone, on="record_id", how="anti")
        return frame.sort("record_id").to_arrow_iter()


def _sign(job: Job, scratch: Path) -> None:
    """Write what is compared of each text; the other corpus is settled."""
    for corpus, settled in ((job.corpus, False), (job.other, True)):
        for schema, files in corpus.groups if corpus else ():
            names = [name for name in schema.names if name in COMPARED]
            frame = read(files).select(_signing(names, settled=settled)(*map(col, names)))
            frame.write_parquet(str(scratch), compression="zstd")


def _bad_ids(texts: DataFrame) -> tuple[int, str | None]:
    """Count the rows without id, and give the least id of our corpus that comes twice."""
    ours = (
        texts.where("NOT settled AND record_id <> ''").groupby("record_id").agg(col("settled").count().alias("copies"))
    )
    repeated = ours.where("copies > 1").agg(col("record_id").min()).to_pydict()["record_id"]
    return texts.where("record_id = ''").count_rows(), repeated[0]


def _edges(texts: DataFrame, threshold: float) -> DataFrame:
    """Find the pairs of wordings that are alike: `wording`, `other_wording`, `likeness`, `score`."""
    most_apart = near.most_bits_apart(threshold)
    pairs = reduce(DataFrame.concat, (_candidates(texts, band, most_apart) for band in range(near.BANDS))).distinct()
    ends = {"wording": _slice("pair", 0), "other_wording": _slice("pair", WORDING_DIGITS)}
    ones = texts.select("wording", "normalised", "label").distinct("wording")
    others = ones.select(*(col(name).alias(f"other_{name}") for name in ones.column_names))
    both = pairs.select(*(end.alias(name) for name, end in ends.items()))
    both = both.join(ones, on="wording").join(others, on="other_wording")
    found = _verifying(threshold)(*map(col, ("normalised", "label", "other_normalised", "other_label")))
    return both.select("wording", "other_wording", found).where("likeness IS NOT NULL").collect()


def _candidates(texts: DataFrame, band: int, most_apart: int) -> DataFrame:
    """Find the pairs of wordings that share the key of a band and have sketches near enough."""
    keyed = texts.select(_slice("keys", KEY_DIGITS * band, KEY_DIGITS).alias("key"), "entry")
    # A wording that a thousand rows have is one entry.
    groups = keyed.distinct("key", "entry").groupby("key").agg(col("entry").list_agg().alias("entries"))
    shared = groups.where(groups["entries"].list_count() > lit(1))
    found = shared.select(_pairing(most_apart)(col("entries")).alias("pair")).explode("pair")
    return found.where("pair IS NOT NULL").collect()


def _members(texts: DataFrame, edges: DataFrame) -> DataFrame:
    """Find the rows whose wording has an edge or another row; all others are kept unasked."""
    rows = texts.select("record_id", "wording", "rank", "settled")
    several = rows.groupby("wording").agg(col("settled").count().alias("copies")).where("copies > 1")
    ends = [edges.select(col(name).alias("wording")) for name in ("wording", "other_wording")]
    asked = reduce(DataFrame.concat, ends, several.select("wording")).distinct()
    return rows.join(asked, on="wording", how="semi")


def _signing(names: list[str], *, settled: bool) -> Callable[..., Expression]:
    def sign(*columns: Any) -> list[dict[str, Any]]:
        rows = zip(*(column.to_arrow().to_pylist() for column in columns), strict=True)
        return [signed(dict(zip(names, row, strict=True)), settled=settled) for row in rows]

    return batch(sign, _SIGNED, unnest=True)


def _pairing(most_apart: int) -> Callable[..., Expression]:
    def pair(groups: Any) -> list[list[str]]:
        return pairs_within(groups.to_pylist(), most_apart)

    return batch(pair, DataType.list(DataType.string()))


def _verifying(threshold: float) -> Callable[..., Expression]:
    def verify(*columns: Any) -> list[dict[str, Any] | None]:
        return verified(zip(*(column.to_pylist() for column in columns), strict=True), threshold)

    return batch(verify, _VERIFIED, unnest=True)


def _whole(schema: parquet.Schema, files: list[Path], wanted: parquet.Schema) -> DataFrame:
    """Read files with the columns of the whole corpus; those that they lack are null."""
    columns = {field.name: col(field.name) if field.name in schema.names else lit(None) for field in wanted}
    types = {field.name: DataType.from_arrow_type(field.type) for field in wanted}
    return read(files).select(*(column.cast(types[name]).alias(name) for name, column in columns.items()))


def _slice(name: str, start: int, length: int = WORDING_DIGITS) -> Expression:
    return col(name).substr(start, length)
