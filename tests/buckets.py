"""A bucket of the tests' S3, seen by other ways than the code under test takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pyarrow import fs

KEY, SECRET = "AKIAOFTHETESTS", "a secret of the tests"


@dataclass(frozen=True)
class Bucket:
    """Look into a bucket."""

    name: str
    filesystem: Any

    @classmethod
    def made(cls, url: str, name: str) -> Self:
        """Make a bucket."""
        filesystem = fs.S3FileSystem(
            access_key=KEY, secret_key=SECRET, endpoint_override=url, region="us-east-1", allow_bucket_creation=True
        )
        filesystem.create_dir(name)
        return cls(name, filesystem)

    @property
    def uri(self) -> str:
        """Give its address."""
        return f"s3://{self.name}"

    def content(self, prefix: str) -> dict[str, bytes]:
        """Read all files under a prefix."""
        folder = f"{self.name}/{prefix}"
        found = self.filesystem.get_file_info(fs.FileSelector(folder, recursive=True, allow_not_found=True))
        return {info.path.removeprefix(f"{folder}/"): self._read(info.path) for info in found if info.is_file}

    def put(self, name: str, content: bytes) -> None:
        """Write a file."""
        with self.filesystem.open_output_stream(f"{self.name}/{name}") as file:
            file.write(content)

    def drop(self, name: str) -> None:
        """Delete a file."""
        self.filesystem.delete_file(f"{self.name}/{name}")

    def _read(self, path: str) -> bytes:
        with self.filesystem.open_input_stream(path) as file:
            return bytes(file.read())


def s3_environment(url: str, home: Path) -> dict[str, str]:
    """Say where S3 is and who asks, and ask nothing of this machine: no files of its user, no service of a cloud."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
    }
