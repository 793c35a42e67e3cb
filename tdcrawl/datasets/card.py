"""A version described for people: a README.md that the Hugging Face hub reads as a dataset card."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdcrawl.datasets.card_origins import filters, opt_outs, personal_data, sources
from tdcrawl.datasets.loading import snippets
from tdcrawl.datasets.split import SPLITS
from tdcrawl.labeling.quality import noise
from tdcrawl.store.errata import ERRATA

_BALANCED = {
    "undersample": "rows are left out",
    "oversample": "rows count more than once (`sample_weight`, and as often in `index/train.parquet`)",
    "weights": "rows count for more or less (`sample_weight`)",
    "smote": "rows of numbers are made up between records of a rare label, in `smote/train.parquet` and nowhere else",
}
_AUTHORS = {
    "together": "so is all that one author of a site wrote.",
    "split": "an author may have written for several splits.",
}
PICTURE = "balance.svg"
"""What the card shows of the balancing."""
_LIMITS = (
    "The texts belong to their authors and to the sites that published them: `license: other` is no licence.",
    "Personal data were masked by patterns, names replaced by keyed hashes; a pattern misses what it does not know.",
    "Records come from the sites listed above and speak for nobody else.",
    "Only the training split is balanced; validation and test keep the labels as frequent as they were found.",
)


def card(description: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the card from what the manifest knows."""
    return "\n".join([*_front_matter(description, files), *_body(description, files)]) + "\n"


def _front_matter(description: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "---"
    yield f"pretty_name: {_title(description)}"
    yield "license: other"
    yield "task_categories:\n- text-classification"
    yield "configs:\n- config_name: default\n  data_files:"
    # The hub's library loads all that are named here, and fails at one without rows.
    for split in _splits(files, empty=False):
        yield f"  - split: {split}\n    path: {split}/*.parquet"
    yield "---\n"


def _body(description: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    provenance = description["provenance"]
    yield f"# {_title(description)}\n"
    yield f"Frozen by tdcrawl {description['code_version']}: it never changes. `manifest.json` digests each file.\n"
    yield snippets(description["version"])
    yield from sources(provenance)
    yield "\n## Rows\n"
    yield from _choices(description["parameters"], description["authors"])
    yield from _count_table(description["counts"])
    by = description["parameters"]["balance_by"]
    yield f"\n![Training rows by {by}, before and after balancing]({PICTURE})"
    yield from _empty_splits(files)
    yield f"\n## Labels\n\nGiven by: {_listed(provenance['label_sources'])} (records before balancing).\n"
    yield from _noise(provenance["audits"])
    yield from filters(provenance, description["parameters"]["near_duplicate_threshold"])
    yield from personal_data(provenance)
    yield from opt_outs(provenance, description.get("left_out", {}))
    yield from _errata(description.get(ERRATA, []))
    yield "\n## Known limits\n"
    yield from (f"- {limit}" for limit in _LIMITS)
    yield from (f"- Accepted when it was frozen: {what}." for what in description["accepted"].values())
    yield from _checksums(files)


def _title(description: Mapping[str, Any]) -> str:
    return f"{description['record_type']} {description['version']}"


def _choices(parameters: Mapping[str, Any], authors: str) -> Iterator[str]:
    percentages = "/".join(map(str, parameters["split"]))
    yield f"Balance: {balance_in_words(parameters)}. Split: {percentages}, each with its share of every label. All"
    yield "records about one thing (a product, a posting) are in one split, and near-duplicates of different meaning;"
    yield f"{_AUTHORS[authors]} The test split of the version before is in that of this one.\n"


def balance_in_words(parameters: Mapping[str, Any]) -> str:
    """Say what the balancing did, and that it did nothing to the other two splits."""
    if parameters["balance"] == "none":
        return "none, every split is as it was found"
    whole = "its rows" if parameters["balance"] == "smote" else "the training split"
    bound = f"no {parameters['balance_by']} above {parameters['max_share']:.0%} of {whole}"
    return f"{_BALANCED[parameters['balance']]}, {bound}; validation and test are as they were found"


def _count_table(counts: Mapping[str, Any]) -> Iterator[str]:
    yield "| split | label | before | after |\n|---|---|---|---|"
    for split, labels in counts.items():
        for label, count in labels.items():
            yield f"| {split} | {label} | {count['before']} | {count['after']} |"


def _empty_splits(files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for split in _splits(files, empty=True):
        yield f"\nThe {split} split is empty: too few of these were collected to fill it."


def _splits(files: Mapping[str, Mapping[str, Any]], *, empty: bool) -> list[str]:
    return [split for split in SPLITS if (not files[f"{split}/part-00000.parquet"]["rows"]) == empty]


def _checksums(files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "\n## Checksums\n\n| file | rows | bytes | SHA-256 |\n|---|---|---|---|"
    for name, facts in files.items():
        yield f"| {name} | {facts['rows']} | {facts['bytes']} | {facts['sha256']} |"
    yield "\n`manifest.json` has those of this page and croissant.json too, and in `rows_sha256` one of all rows."


def _errata(errata: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if errata:
        yield "\n## Errata\n\nRows were erased since it was frozen. Of what it was, the digest of its manifest"
        yield "is left; copies made earlier must be replaced.\n"
        yield "| erratum | rows taken out | manifest before |\n|---|---|---|"
        for one in errata:
            yield f"| {one['number']} | {one['removed_rows']} | `{one['manifest_sha256_before']}` |"


def _noise(audits: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if estimated := noise(audits):
        yield f"Label noise of those by votes: {estimated['noise']:.1%} (95 %: {estimated['low']:.1%} to"
        yield f"{estimated['high']:.1%}), as people said of {estimated['audited']} that were drawn at random."
    else:
        yield "Nobody has measured how wrong they are."


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in counts.items())
