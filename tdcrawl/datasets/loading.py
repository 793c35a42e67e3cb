"""How somebody who has never seen a version loads it."""

from tdcrawl.datasets.split import SPLITS
from tdcrawl.store.places import Place

TRAIN = SPLITS[0]


def loading_lines(place: Place) -> str:
    """Write three lines of Python that load the training split of the version at a place; raises StoreError."""
    # By their names: in S3 nothing expands a pattern, and in their folder CSV may lie beside them.
    parts = sum(name.startswith(f"{TRAIN}/") and name.endswith(".parquet") for name in place.files())
    return (
        "import pandas as pd\n"
        f"parts = [{f'{place / TRAIN}/part-'!r} + f'{{number:05}}.parquet' for number in range({parts})]\n"
        "train = pd.concat(map(pd.read_parquet, parts))"
    )
