"""Ends a worker with all that its runs have started: its process group, and what has left that but has its mark."""
from __future__ import annotations

import os
import signal

#: The variable of the environment that holds the mark.
MARK = "MOSAIC_WORKER"
#: Read when the worker begins: the user's code may change the environment.
_mark = os.environ.get(MARK, "")


def end_group() -> None:
    """Does not come back."""
    if _mark:
        _end_marked(os.fsencode(_mark))
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def _end_marked(mark: bytes) -> None:
    # What is found may start others before it ends.
    for _ in range(10):
        found = False
        try:
            names = os.listdir("/proc")
        except OSError:
            return  # Not Linux.
        for name in names:
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if mark not in file.read():
                        continue
                os.kill(int(name), signal.SIGKILL)
                found = True
            except OSError:
                continue  # It has ended meanwhile, or is another user's.
        if not found:
            return
