"""The process of one run: it carries the run out, says how it goes, and ends."""
from __future__ import annotations

import ctypes
import faulthandler
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional

from .errors import CodeChanged, MosaicError
from .files import trouble_of
from .progress import Progress
from .wire import FrameReader, encode

#: Epochs are reported in batches: tiny models make thousands of them a second.
_REPORT_SECONDS = 0.1
#: How often to look whether something is to be heard: small steps cost less than looking.
_LOOK_SECONDS = 0.01
_WORK_SECONDS = 1.0
_MOST_CHARACTERS = 64_000
_LAST_CHARACTERS = 8000
_PR_SET_PDEATHSIG = 1
_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def begin_child(channel: socket.socket, progress: Progress) -> None:
    """Starts Python anew for a run whose environment is another one; the order comes through the channel."""
    os.set_inheritable(channel.fileno(), True)
    os.set_inheritable(progress.descriptor, True)
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    numbers = f"{channel.fileno()}, {progress.descriptor}"
    code = f"import sys; sys.path[0] = {source!r}; from mosaic_worker.child import main; main({numbers})"
    os.execve(sys.executable, [sys.executable, "-B", "-c", code], os.environ)


def main(channel_descriptor: int, progress_descriptor: int) -> None:
    channel = socket.socket(fileno=channel_descriptor)
    reader = FrameReader()
    while True:
        data = channel.recv(1 << 16)
        if not data:
            os._exit(1)
        for message in reader.take(data):
            run_child(message, channel, Progress(progress_descriptor))


def run_child(message: Dict[str, Any], channel: socket.socket, progress: Progress) -> None:
    """Does not come back."""
    _die_with_parent()
    # Python's own handler would raise in the middle of the user's code.
    signal.signal(signal.SIGINT, lambda *_: None)
    for descriptor in (channel.fileno(), progress.descriptor):
        os.set_inheritable(descriptor, False)
    conversation = Conversation(message, channel, progress)
    threading.excepthook = conversation.thread_failed
    # What kills the process says where it was.
    faulthandler.enable(file=2, all_threads=False)
    from .run import carry_out

    try:
        last = carry_out(message["order"], conversation, is_check=message.get("check") is True)
        last = {**last, "records": conversation.records}
        conversation.refuse_failed_thread()
    except BaseException as error:  # Such as SystemExit, of the user's code.
        last = _failure(error)
        _print_last(last["error"])
    conversation.leave_if_fork()
    _end_own_children()
    _flush()
    try:
        conversation.send({**last, "token": message["token"]})
    except OSError:
        _print_last("a module has closed a descriptor that is not its own: the end of the run cannot be told")
        os._exit(1)
    os._exit(0)


class Conversation:
    """What a run says on its way, and hears."""

    def __init__(self, message: Dict[str, Any], channel: socket.socket, progress: Progress) -> None:
        self._token = message["token"]
        #: How often the run leaves a snapshot on its way; None: never.
        self.snapshot_seconds: Optional[float] = message.get("snapshotSeconds")
        #: When the next one is due, by `time.perf_counter`.
        self.snapshot_at = float("inf")
        self.is_snapshot_due = False
        self._tells_prepared = message.get("tellsPrepared") is True
        self._channel = channel
        self._reader = FrameReader()
        self._progress = progress
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._log = os.dup(1)
        self._reported = time.monotonic()
        self._looked = time.perf_counter()
        self._failed_thread: Optional[BaseException] = None
        self._is_fork = False
        self._pause = False
        self.records: List[Dict[str, Any]] = []
        os.register_at_fork(after_in_child=self._leave_to_parent)

    def _leave_to_parent(self) -> None:
        """In a process that the user's code has forked: the run is not its."""
        self._is_fork = True
        # Its number may be another file's there soon.
        for descriptor in (self._channel.detach(), self._log):
            try:
                os.close(descriptor)
            except OSError:
                pass

    def leave_if_fork(self) -> None:
        """Code of the user's that has forked comes back in its child too: no further."""
        if self._is_fork:
            os._exit(0)

    def send(self, message: Dict[str, Any]) -> None:
        self._channel.sendall(encode(message))

    def say(self, text: str) -> None:
        """A line of the run's log."""
        self.leave_if_fork()
        _flush()
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(self._log, data) :]

    def prepared(self) -> None:
        self.step()
        if self._tells_prepared:
            self.send({"kind": "prepared", "token": self._token})

    def step(self, seconds: float = 0.0) -> None:
        """The run has come forward."""
        self.leave_if_fork()
        self._progress.step(seconds)
        self._looked = time.perf_counter()
        if self._failed_thread is not None:
            self.refuse_failed_thread()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Meanwhile the run comes forward: what is done is not the user's, and may take its time."""
        ended = threading.Event()

        def count() -> None:
            while not ended.wait(_WORK_SECONDS):
                self._progress.step()

        counting = threading.Thread(target=count, daemon=True)
        counting.start()
        try:
            yield
        finally:
            ended.set()
            counting.join()

    def stops_after_step(self) -> bool:
        """Whether the run is asked to pause. However short its epochs are, it looks as often."""
        seconds = time.perf_counter() - self._looked
        if seconds < _LOOK_SECONDS:
            return False
        self.step(seconds)
        self.is_snapshot_due = self._looked >= self.snapshot_at
        return self._is_asked_to_pause()

    def epoch(self, record: Dict[str, Any], epochs: int) -> None:
        self.records.append(record)
        if time.monotonic() - self._reported >= _REPORT_SECONDS:
            self._report(epochs)

    def snapshot(self, epoch: int, artifacts: List[Dict[str, Any]], epochs: int) -> None:
        """It is there: whole epochs in it, and in all."""
        if self.records:
            self._report(epochs)
        self.send({"kind": "snapshot", "token": self._token, "epochs": epoch, "artifacts": artifacts})

    def _report(self, epochs: int) -> None:
        self._reported = time.monotonic()
        self.send({"kind": "epochs", "token": self._token, "records": self.records, "epochs": epochs})
        self.records = []

    def _is_asked_to_pause(self) -> bool:
        if not self._pause and self._poll.poll(0):
            data = self._channel.recv(1 << 16)
            if not data:
                os._exit(1)  # Whatever it would compute, nobody would take.
            self._pause = any(message["kind"] == "pause" for message in self._reader.take(data))
        return self._pause

    def thread_failed(self, failure: Any) -> None:
        sys.__excepthook__(failure.exc_type, failure.exc_value, failure.exc_traceback)
        if failure.exc_type is not SystemExit:
            self._failed_thread = failure.exc_value or failure.exc_type()

    def refuse_failed_thread(self) -> None:
        if self._failed_thread is not None:
            raise self._failed_thread


def _failure(error: BaseException) -> Dict[str, Any]:
    return {
        "kind": "failed",
        "error": error_text(error),
        "trouble": trouble_of(error),
        "codeChanged": isinstance(error, CodeChanged),
    }


def error_text(error: BaseException) -> str:
    """The message, which lists of runs show, then where it happened, and what is behind it; the middle of a long one is left out."""
    text = _whole_text(error, 0)
    if len(text) <= _MOST_CHARACTERS:
        return text
    left = len(text) - _MOST_CHARACTERS
    begin = text[: _MOST_CHARACTERS - _LAST_CHARACTERS]
    return f"{begin}\n… {left} characters left out …\n{text[-_LAST_CHARACTERS:]}"


def _whole_text(error: BaseException, depth: int) -> str:
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        message = f"a module called sys.exit({code}), which would end the worker; raise an error or return instead"
    else:
        try:
            message = str(error)
        except Exception:
            message = "an error that cannot be shown"
    name = "MosaicError" if isinstance(error, MosaicError) else type(error).__qualname__
    text = f"{name}: {message}" if message else name
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_OWN_FOLDER)]
    if frames and not isinstance(error, MosaicError):
        text += "\n" + "".join(traceback.format_list(frames)).rstrip("\n")
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    # An error may be behind itself.
    if cause is None or depth > 8:
        return text
    return f"{text}\ncaused by {_whole_text(cause, depth + 1)}"


def _print_last(text: str) -> None:
    _flush()
    try:
        os.write(1, f"{text}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # The user's code may have closed it, or put anything in its place.
            pass


def _end_own_children() -> None:
    """Workers of loaders, which would look for the end of this process only every few seconds."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is None:
        return
    try:
        for process in multiprocessing.active_children():
            process.kill()
    except Exception:
        pass


def _die_with_parent() -> None:
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        pass  # Then the next look at the channel tells it.
