"""Places: what their names may be, and what is said where one cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest

from tdcrawl.errors import StoreError
from tdcrawl.store.place import Folder
from tdcrawl.store.places import Bucket, find
from tdcrawl.store.s3_errors import explained
from tests.buckets import Bucket as Seen
from tests.conftest import PROJECT


@pytest.mark.parametrize("name", ["s3://sets", "s3://sets/", "s3://my.sets-1/a/b_c=d.e+f", "s3://sets/..a"])
def test_address_in_s3_is_a_place(name: str) -> None:
    assert find(name) == Bucket(name.rstrip("/"))
    assert str(find(name) / "v1") == f"{name.rstrip('/')}/v1"


def test_path_is_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find("to") == find(Path("to")) == find(tmp_path / "to") == Folder(tmp_path / "to")
    assert find("a/../to").is_same(find("to"))
    assert not find("to").is_same(find("s3://to1"))
    assert not find("s3://to1").is_same(find("s3://to2"))
    assert find((tmp_path / "a b").as_uri()) == Folder(tmp_path / "a b")


def test_files_when_there_is_no_folder(tmp_path: Path) -> None:
    assert find(tmp_path / "none").files() == set()
    with pytest.raises(StoreError, match=r"cannot read .*none/a: No such file"), find(tmp_path / "none").open("a"):
        pass


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            "When initiating ...: AWS Error ACCESS_DENIED during CreateMultipartUpload operation: Access\nDenied",
            "access is",
        ),
        ("AWS Error UNKNOWN (HTTP status 301) during HeadBucket operation: No response body.", "set AWS_REGION"),
        ("Bucket 'sets' not found", "there is no such bucket"),
        ("AWS Error SIGNATURE_DOES_NOT_MATCH during ListObjectsV2 operation: The request", "the credentials are"),
        ("AWS Error UNKNOWN during PutObject:\n  Unable to parse ExceptionName: ExpiredToken", "the credentials are"),
        (
            "AWS Error SLOW_DOWN during PutObject\noperation: Please",
            "AWS Error SLOW_DOWN during PutObject operation: Please",
        ),
    ],
)
def test_errors_of_the_sdk_are_told_in_a_line(told: str, said: str) -> None:
    with pytest.raises(StoreError) as raised, explained("write s3://sets", "run it again"):
        raise OSError(told)
    line = str(raised.value)
    assert line.startswith(f"cannot write s3://sets: {said}") or said in line
    assert line.endswith("; run it again")
    assert "\n" not in line


# How much of what it read it held at once, of a file of 40 MiB.
UPLOADED = """
import sys
import pyarrow
from tdcrawl.store.places import find
from tdcrawl.store.telling import silent
with find(sys.argv[1]).new("last", silent) as draft:
    (draft / "large").write_bytes(bytes(40 * 2**20))
    (draft / "last").touch()
print(pyarrow.default_memory_pool().max_memory())
"""


def test_upload_holds_no_more_of_a_file_than_the_network_takes(bucket: Seen) -> None:
    command = [sys.executable, "-c", UPLOADED, bucket.uri + "/v1"]
    held = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert 0 < int(held) < 24 * 2**20
    assert bucket.content("v1") == {"large": bytes(40 * 2**20), "last": b""}
