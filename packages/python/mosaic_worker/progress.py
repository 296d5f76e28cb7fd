"""How far a run has come: a counter and the time of its last step, in memory that worker and run share."""
from __future__ import annotations

import mmap
import os
import struct
import tempfile

_FORM = struct.Struct("<QI")


class Progress:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        self._count, _ = _FORM.unpack_from(self._memory)

    @classmethod
    def new(cls) -> "Progress":
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("progress")
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        # No file of a disk, where there is a choice: what is written into a hole of a full one kills.
        os.ftruncate(descriptor, mmap.PAGESIZE)
        return cls(descriptor)

    def step(self, seconds: float = 0.0) -> None:
        self._count += 1
        _FORM.pack_into(self._memory, 0, self._count, min(int(seconds * 1000), 2**31 - 1))

    def read(self) -> tuple:
        """Counter and milliseconds."""
        return _FORM.unpack_from(self._memory)

    def close(self) -> None:
        self._memory.close()
        os.close(self.descriptor)
