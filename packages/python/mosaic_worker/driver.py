"""Plays the supervisor against a worker, where there is no Node: `python -m mosaic_worker.driver order.json`.

The file holds one order, or a list of them; `complete` says what an order may leave out. Prints each message as a
line of JSON, and ends with 0 where all runs are done.
"""
from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, Iterator, List, Optional

from .wire import FrameReader, encode

LAST_KINDS = ("withdrawn", "done", "paused", "failed")


class Died(Exception):
    """The worker has ended; `how` as the supervisor would tell it."""

    def __init__(self, how: str, last_words: str) -> None:
        super().__init__(f"{how}: {last_words}")
        self.how = how
        self.last_words = last_words


class Driver:
    """A worker and its three other descriptors. Use it in a `with`."""

    def __init__(self, python: str = sys.executable, cwd: Optional[str] = None, **environment: str) -> None:
        self.channel, theirs = socket.socketpair()
        self._pulse, their_pulse = os.pipe()
        os.set_blocking(self._pulse, False)
        self._begun = tempfile.TemporaryFile()
        self._output = tempfile.TemporaryFile("a+b")
        self._reader = FrameReader()
        self._waiting: List[Dict[str, Any]] = []
        source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        numbers = (theirs.fileno(), their_pulse, self._begun.fileno())
        # Moved out of the way first: one of them may lie where another has to be.
        code = (
            "import fcntl, os, sys\n"
            f"held = [fcntl.fcntl(number, fcntl.F_DUPFD, 10) for number in {numbers!r}]\n"
            "for place, number in enumerate(held, 3): os.dup2(number, place); os.close(number)\n"
            "for number in range(6, 64):\n"
            "    try: os.close(number)\n"
            "    except OSError: pass\n"
            "os.execv(sys.executable, [sys.executable, '-m', 'mosaic_worker'])\n"
        )
        self.process = subprocess.Popen(
            [python, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            pass_fds=numbers,
            cwd=cwd,
            start_new_session=True,
            env={**os.environ, **environment, "PYTHONPATH": source, "MOSAIC_WORKER": f"driver {os.getpid()} {id(self)}"},
        )
        theirs.close()
        os.close(their_pulse)

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: Any) -> None:
        self.channel.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        os.close(self._pulse)
        self._begun.close()
        self._output.close()

    def send(self, message: Dict[str, Any]) -> None:
        self.channel.sendall(encode(message))

    def order(self, token: int, order: Dict[str, Any], **more: Any) -> None:
        self.send({"kind": "run", "token": token, "order": order, "tellsPrepared": True, **more})

    def messages(self, seconds: float = 120) -> Iterator[Dict[str, Any]]:
        """Raises Died where the worker ends, TimeoutError where nothing comes."""
        deadline = time.monotonic() + seconds
        while True:
            while self._waiting:
                yield self._waiting.pop(0)
            self.channel.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.channel.recv(1 << 16)
            except ConnectionError:
                data = b""
            if not data:
                raise Died(self._how_it_ended(), self.last_words)
            self._waiting += self._reader.take(data)

    def until(self, *kinds: str, seconds: float = 120) -> Dict[str, Any]:
        """The next message of one of these kinds."""
        for message in self.messages(seconds):
            if message["kind"] in kinds:
                return message
        raise AssertionError

    def _how_it_ended(self) -> str:
        code = self.process.wait(10)
        return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    @property
    def last_words(self) -> str:
        self._output.seek(0)
        return self._output.read().decode("utf-8", "replace")[-2000:]

    @property
    def begun(self) -> Optional[int]:
        text = os.pread(self._begun.fileno(), 100, 0).strip()
        return int(text) if text else None

    def pulse(self) -> str:
        """All that has beaten since the last look."""
        try:
            return os.read(self._pulse, 1 << 16).decode()
        except BlockingIOError:
            return ""


def complete(order: Dict[str, Any], folder: str) -> Dict[str, Any]:
    """An order with what it has left out: what `[PROCESS]` has by default, paths from the file's folder."""
    training = {
        "epochs": 1,
        "lr": 0.01,
        "optimizer": {"class": "Adam", "options": {}},
        "scheduler": None,
        "loss": {"class": "MSELoss", "options": {}},
        "metrics": [],
        "threads": 1,
        **order.get("training", {}),
    }
    modules = [{"options": {}, **each, "path": os.path.join(folder, each["path"])} for each in order["modules"]]
    flat = [
        {
            "type": each.get("type", f"stage{index}"),
            "className": each["class"],
            "path": each["path"],
            "key": each.get("key", ""),
            "options": each["options"],
        }
        for index, each in enumerate(modules)
    ]
    own = {"folder": folder, "training": training, "modules": modules}
    defaults = {
        "runId": 1,
        "pipeline": {"modules": flat, "training": {}},
        "process": {"data_scheme": flat[0]["type"]},
        "repetition": 0,
        "seed": 0,
        "device": "cpu",
        "acceptsCode": False,
    }
    return {**defaults, **order, **own}


def main(arguments: List[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m mosaic_worker.driver order.json\n")
        return 2
    path = os.path.abspath(arguments[0])
    with open(path, encoding="utf-8") as file:
        orders = json.load(file)
    failed = False
    with Driver() as driver:
        for token, order in enumerate(orders if isinstance(orders, list) else [orders], 1):
            driver.order(token, complete(order, os.path.dirname(path)))
            for message in driver.messages(seconds=10**8):
                print(json.dumps(message), flush=True)
                if message["kind"] in LAST_KINDS:
                    failed = failed or message["kind"] != "done"
                    break
            if message["kind"] == "failed":
                break
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
