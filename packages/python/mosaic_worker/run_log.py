"""A run's log: what it prints, in one file. Progress bars redraw their line by carriage returns; the last state is kept."""
from __future__ import annotations

import os
import re
from typing import Optional

from .files import files_trouble

#: A module that prints without end must not fill the disk.
MOST_BYTES = 64 * 1024 * 1024
_MOST_WAITING = 64 * 1024
_MOST_LAST_WORDS = 2000
_MOST_BEFORE_DEATH = 500
#: Of faulthandler, and of C++ where nothing catches an error.
_FATAL = re.compile(rb"^(Fatal Python error: |terminate called )", re.MULTILINE)


class Folding:
    """Takes output as it comes; gives back whole lines, of each what stands behind its last carriage return."""

    def __init__(self) -> None:
        self._waiting = b""

    def take(self, data: bytes) -> bytes:
        lines = (self._waiting + data).split(b"\n")
        self._waiting = _redrawn(lines.pop(), keeps_last_return=True)
        folded = b"".join(_redrawn(line) + b"\n" for line in lines)
        if len(self._waiting) > _MOST_WAITING:
            folded, self._waiting = folded + self._waiting, b""
        return folded

    def rest(self) -> bytes:
        rest, self._waiting = _redrawn(self._waiting), b""
        return rest + b"\n" if rest else b""


def _redrawn(line: bytes, keeps_last_return: bool = False) -> bytes:
    if b"\r" not in line:
        return line
    ends = line.endswith(b"\r")
    # Behind it may come the rest of the line's end, or of the line.
    return line.rstrip(b"\r").rpartition(b"\r")[2] + (b"\r" if ends and keeps_last_return else b"")


class RunLog:
    """Raises MachineTrouble where the file cannot be written. A full one is kept beside it as `<name>.1`."""

    def __init__(self, folder: Optional[str], run_id: int, goes_on: bool) -> None:
        self.name = f"output_{run_id}.log"
        self._folder = folder
        self._folding = Folding()
        self._last = b""
        self._file = None
        self.size = 0
        if folder is not None:
            with files_trouble(folder):
                self._open("ab" if goes_on else "wb")

    def _open(self, mode: str) -> None:
        self._file = open(os.path.join(self._folder, self.name), mode, buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size

    @property
    def is_kept(self) -> bool:
        return self._folder is not None

    @property
    def last_words(self) -> bytes:
        """What it printed last; of what is said of its death, how that begins, and what was printed before."""
        fatal = _FATAL.search(self._last)
        if fatal is None:
            return self._last[-_MOST_LAST_WORDS:]
        return self._last[max(0, fatal.start() - _MOST_BEFORE_DEATH) :][:_MOST_LAST_WORDS]

    def write(self, data: bytes) -> None:
        self._last = (self._last + data)[-_MOST_WAITING:]
        self._put(self._folding.take(data))

    def _put(self, text: bytes) -> None:
        if self._file is None or not text:
            return
        with files_trouble(self._folder):
            if self.size > 0 and self.size + len(text) > MOST_BYTES:
                path = os.path.join(self._folder, self.name)
                os.replace(path, f"{path}.1")
                self._file.close()
                self._open("wb")
            for start in range(0, len(text), MOST_BYTES):
                self._file.write(text[start : start + MOST_BYTES])
            self.size += len(text)

    def close(self) -> None:
        try:
            self._put(self._folding.rest())
        finally:
            if self._file is not None:
                self._file.close()
