"""A version described for machines, in Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html)."""

from collections.abc import Mapping
from typing import Any

from tdcrawl.datasets.split import SPLITS

# fmt: off
_CROISSANT_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format",
    "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
    "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
)
# fmt: on
# Readers compare this with the one in the specification, so terms that we do not use are here too.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
}
_DATA_TYPES = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "time": "sc:DateTime",
}


_FORMATS = {"parquet": "application/x-parquet", "csv": "text/csv"}


def croissant(description: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Build the metadata: one file set and one record set for each split, and the digest of every file of rows."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": f"{description['record_type']}-{description['version']}",
        "description": f"Frozen version {description['version']} of the {description['record_type']} records.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": "other",
        "url": "./",
        "version": f"{description['version'].removeprefix('v')}.0.0",
        "distribution": [_file_object(name, facts) for name, facts in files.items()]
        + [_file_set(split) for split in SPLITS],
        "recordSet": [_record_set(split, description["columns"]) for split in SPLITS],
    }


def _file_object(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{facts['bytes']} B",
        "encodingFormat": _FORMATS[name.rpartition(".")[2]],
        "sha256": facts["sha256"],
    }


def _file_set(split: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{split}-files",
        "name": f"{split}-files",
        "encodingFormat": "application/x-parquet",
        "includes": f"{split}/*.parquet",
    }


def _record_set(split: str, columns: Mapping[str, str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{split}/{name}",
                "name": name,
                "dataType": _DATA_TYPES[column_type],
                "source": {"fileSet": {"@id": f"{split}-files"}, "extract": {"column": name}},
            }
            for name, column_type in columns.items()
        ],
    }
