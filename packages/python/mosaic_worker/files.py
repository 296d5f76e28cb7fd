"""Files of a run appear whole: they are written beside their place and moved there."""
from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import socket
import tempfile
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional

from .errors import MachineTrouble

#: What torch.save says where it cannot write; it knows no number of the system's.
_TORCH_WRITER = ("PytorchStreamWriter failed", "inline_container.cc", "cannot be opened.")
_TROUBLES = {
    errno.EDQUOT: "the quota of the disk is used up; make room",
    errno.EFBIG: "a file has reached the size that is allowed; raise the limit (ulimit -f)",
    errno.EIO: "the disk fails to read or write; check it",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine; end other programs",
    errno.ENODEV: "the disk is gone; connect it again",
    errno.ENOMEM: "the memory is used up; end other programs",
    errno.ENOSPC: "the disk is full; make room",
    errno.ENXIO: "the disk is gone; connect it again",
    errno.EROFS: "the file system can only be read; mount it for writing",
    errno.ESTALE: "the file system has lost a file that was open; mount it anew",
}


def trouble_of(error: Optional[BaseException]) -> Optional[str]:
    """What of the machine has failed and what to do, where that is why; None where the run itself is at fault."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MachineTrouble):
            return str(error)
        if isinstance(error, OSError) and error.errno in _TROUBLES:
            return _TROUBLES[error.errno]
        error = error.__cause__ or error.__context__
    return None


def torch_trouble(text: str, folder: Optional[str]) -> Optional[str]:
    """As trouble_of, where a text says that torch could not write into the folder."""
    said = next((line for line in text.splitlines() if any(each in line for each in _TORCH_WRITER)), None)
    if said is None or folder is None:
        return None
    return f"the run files in {folder} cannot be written: {_why_unwritable(folder) or said.strip()}"


def _why_unwritable(folder: str) -> Optional[str]:
    """What the system says to a file that is larger than all that torch may have wanted to write at once."""
    if not os.path.exists(folder):
        return "the folder is gone"
    piece = bytes(1 << 20)
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            for _ in range(64):
                if file.write(piece) < len(piece):
                    file.write(piece)
    except OSError as error:
        return trouble_of(error) or str(error)
    return None


@contextmanager
def files_trouble(folder: str) -> Iterator[None]:
    """Turns what the system refuses in the folder of the run files into an error that is not the run's."""
    try:
        yield
    except OSError as error:
        place = error.filename
        if place is not None and not os.path.abspath(os.fsdecode(place)).startswith(folder):
            raise
        why = (trouble_of(error) or str(error)) if os.path.exists(folder) else "the folder is gone"
        raise MachineTrouble(f"the run files in {folder} cannot be written: {why}") from error
    except RuntimeError as error:
        trouble = torch_trouble(str(error), folder)
        if trouble is None:
            raise
        raise MachineTrouble(trouble) from error


class RunFiles:
    """Files that are being written for a run. Use it in a `with`: what was not published goes."""

    def __init__(self, folder: str, order: Optional[Dict[str, Any]] = None) -> None:
        self._folder = folder
        self._order = order or {}
        # A name by which Mosaic knows whose it is, and removes it when this process is gone.
        name = f".staging.{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}.tmp"
        self._staging = os.path.join(folder, name)
        #: By name, in the order in which they were written.
        self._kinds: Dict[str, str] = {}
        with files_trouble(folder):
            os.mkdir(self._staging)

    def __enter__(self) -> "RunFiles":
        return self

    def __exit__(self, *_: Any) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)

    def write(self, kind: str, write: Callable[[str], Any]) -> List[str]:
        """Calls `write` with a temporary folder: what it writes there, beside what is there already, is of this kind."""
        with files_trouble(self._folder):
            write(self._staging)
            new = [name for name in sorted(os.listdir(self._staging)) if name not in self._kinds]
        self._kinds.update({name: kind for name in new})
        return new

    def is_folder(self, name: str) -> bool:
        return os.path.isdir(os.path.join(self._staging, name))

    def drop(self, name: str) -> None:
        """What was begun, and is no file after all."""
        path = os.path.join(self._staging, name)
        if os.path.exists(path):
            os.remove(path)

    def publish(self) -> List[Dict[str, Any]]:
        """Moves all to their places, in the order in which they were written: no half-written file is ever seen there."""
        with files_trouble(self._folder):
            artifacts = [each for name, kind in self._kinds.items() for each in _artifacts(self._staging, name, kind)]
            _check_fence(self._folder, self._order)
            for name in self._kinds:
                target = os.path.join(self._folder, name)
                if os.path.isdir(target) and not os.path.islink(target):
                    shutil.rmtree(target)
                os.replace(os.path.join(self._staging, name), target)
            return artifacts


def _check_fence(folder: str, order: Dict[str, Any]) -> None:
    """Refuses to publish unless this is the last order that is noted: else this worker was frozen or cut off, and the run is another's."""
    fence = order.get("fence")
    if fence is None:
        return
    run = str(order["runId"])
    last = _noted(folder, run)
    if last > fence or _noted(folder, "ended") >= fence:
        raise RuntimeError(f"run {run} was given to another worker meanwhile: its files are left as they are")
    if last != fence:
        note = os.path.join(".orders", run)
        raise MachineTrouble(f"the run files in {folder} cannot be written: its {note} does not say {fence}, which is the order for run {run}")


def _noted(folder: str, name: str) -> int:
    """0 where nothing is noted."""
    try:
        with open(os.path.join(folder, ".orders", name), encoding="utf-8") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def _artifacts(folder: str, name: str, kind: str) -> Iterator[Dict[str, Any]]:
    """A module may also save a folder."""
    path = os.path.join(folder, name)
    if os.path.isdir(path):
        for inner in sorted(os.listdir(path)):
            yield from _artifacts(folder, os.path.join(name, inner), kind)
    else:
        yield {"kind": kind, "path": name, "sizeBytes": os.path.getsize(path), "sha256": digest_of(path)}


def digest_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
