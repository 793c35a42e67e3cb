"""How frequent labels are in a version from which rows were taken, as its manifest tells it."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from tdcrawl.balance import smote
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.beside import is_complete
from tdcrawl.datasets.export import columns_in
from tdcrawl.datasets.plan import LABEL
from tdcrawl.datasets.selection import plain
from tdcrawl.datasets.split import TRAIN
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import features_of, typed
from tdcrawl.store import versions
from tdcrawl.store.engine import Connection


def recounted(connection: Connection, version: str, description: Mapping[str, Any]) -> dict[str, Any]:
    """Give `counts` and `balanced` of a description as the rows are now; what was before the balancing stays."""
    by, columns = description["parameters"]["balance_by"], columns_in(description)
    features = features_of(RECORD_TYPES[description["record_type"]])
    labels, values = defaultdict[tuple[str, str], float](float), defaultdict[str, float](float)
    complete = Counter[str]()
    for line in versions.frozen_lines(connection, version):
        row = typed(json.loads(line.data), columns)
        labels[line.split, row[LABEL]] += row["sample_weight"]
        if line.split == TRAIN:
            values[str(row[by])] += row["sample_weight"]
            complete[row[LABEL]] += is_complete({name: row[name] for name in features})
    if description["parameters"]["balance"] == Balance.SMOTE:
        wanted = {label: count["after"] for label, count in description["balanced"].items()}
        values.update(smote.reachable(complete, wanted))
    counts = {
        split: {name: {**count, "after": plain(labels[split, name])} for name, count in told.items()}
        for split, told in description["counts"].items()
    }
    told = {name: {**count, "after": plain(values[name])} for name, count in description["balanced"].items()}
    return {"counts": counts, "balanced": told}
