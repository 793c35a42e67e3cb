"""A version described for people: a README.md that the Hugging Face hub reads as a dataset card."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdcrawl.datasets.card_origins import filters, opt_outs, personal_data, sources
from tdcrawl.datasets.loading import snippets
from tdcrawl.datasets.split import SPLITS
from tdcrawl.labeling.quality import noise

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
    yield from _choices(description["parameters"])
    yield from _count_table(description["counts"])
    yield from _empty_splits(files)
    yield f"\n## Labels\n\nGiven by: {_listed(provenance['label_sources'])} (records before balancing).\n"
    yield from _noise(provenance["audits"])
    yield from filters(provenance)
    yield from personal_data(provenance)
    yield from opt_outs(provenance)
    yield "\n## Known limits\n"
    yield from (f"- {limit}" for limit in _LIMITS)
    yield from _checksums(files)


def _title(description: Mapping[str, Any]) -> str:
    return f"{description['record_type']} {description['version']}"


def _choices(parameters: Mapping[str, Any]) -> Iterator[str]:
    percentages = "/".join(map(str, parameters["split"]))
    yield f"Balance: {balance_in_words(parameters)}. Split: {percentages} by a hash of what a record is about,"
    yield "so that all records about one thing (a product, a posting) are in one split, and so are near-duplicates"
    yield "of different meaning.\n"


def balance_in_words(parameters: Mapping[str, Any]) -> str:
    """Say what the balancing did, and that it did nothing to the other two splits."""
    if parameters["balance"] == "none":
        return "none, every split is as it was found"
    bound = f"no label above {parameters['max_share']:.0%} of the training split"
    return f"{parameters['balance']}, {bound}; validation and test are as they were found"


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


def _noise(audits: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if estimated := noise(audits):
        yield f"Label noise of those by votes: {estimated['noise']:.1%} (95 %: {estimated['low']:.1%} to"
        yield f"{estimated['high']:.1%}), as people said of {estimated['audited']} that were drawn at random."
    else:
        yield "Nobody has measured how wrong they are."


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in counts.items())
