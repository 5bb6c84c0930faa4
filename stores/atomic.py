"""Writing a file so that a reader sees all of it or nothing, also after a power cut."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` through a synced temporary file beside it, replacing what stood there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        temporary = Path(file.name)
        try:
            with synced(file):
                file.write(data)
            place_file(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def synced(file: IO[bytes]) -> Iterator[None]:
    """After the block, what was written lies on the disk."""
    yield
    file.flush()
    os.fsync(file.fileno())


def place_file(temporary: Path, path: Path) -> None:
    """Put a synced temporary file in the place of `path`, readable as any file, and make the rename last."""
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
