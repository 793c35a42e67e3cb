"""How somebody who has never seen a version loads it."""

from tdcrawl.datasets.split import TRAIN
from tdcrawl.store.place import Place

# Part by part: pandas and pyarrow read a whole folder only while nothing but Parquet is in it.
_SNIPPETS = """\
## Load it

From the folder that {version} is in, with pandas:

```python
import pathlib
import pandas as pd
train = pd.concat(pd.read_parquet(part) for part in sorted(pathlib.Path("{version}/train").glob("part-*.parquet")))
```

with pyarrow:

```python
import glob
import pyarrow.parquet as pq
train = pq.read_table(sorted(glob.glob("{version}/train/part-*.parquet")))
```

with polars:

```python
import polars as pl
train = pl.read_parquet("{version}/train/part-*.parquet")
```

with datasets, the library of the Hugging Face hub:

```python
import datasets
train = datasets.load_dataset("./{version}", split="train")
```

and as batches for PyTorch, each a list of rows:

```python
import glob
import pyarrow.parquet as pq
from torch.utils.data import DataLoader
train = pq.read_table(sorted(glob.glob("{version}/train/part-*.parquet"))).to_pylist()
batches = DataLoader(train, batch_size=32, shuffle=True, collate_fn=list)
```
"""


def snippets(version: str) -> str:
    """Show how the training split is loaded by several libraries, from the folder that a version is in."""
    return _SNIPPETS.format(version=version)


def loading_lines(place: Place) -> str:
    """Write three lines of Python that load the training split of the version at a place; raises StoreError."""
    # By their names: in S3 nothing expands a pattern, and in their folder CSV may lie beside them.
    parts = sum(name.startswith(f"{TRAIN}/") and name.endswith(".parquet") for name in place.files())
    return (
        "import pandas as pd\n"
        f"parts = [{f'{place / TRAIN}/part-'!r} + f'{{number:05}}.parquet' for number in range({parts})]\n"
        "train = pd.concat(map(pd.read_parquet, parts))"
    )
