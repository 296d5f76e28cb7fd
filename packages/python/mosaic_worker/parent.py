"""The worker itself: it imports torch once, and forks a process for each run, whose messages it passes on. It runs none of
the user's code and never touches a graphics device, so that nothing leaks from run to run.
"""
from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any, Dict, List, Optional

from .child import begin_child, run_child
from .errors import BadMessage, MachineTrouble, MosaicError
from .files import torch_trouble, trouble_of
from .group import end_group
from .progress import Progress
from .run_log import RunLog
from .wire import FrameReader, encode

CHANNEL, PULSE, BEGUN = 3, 4, 5
_BEAT_SECONDS = 1.0
#: Digits of the largest token: the file has always as many.
_BEGUN_DIGITS = 16
_PIECE = 64 * 1024
#: More than a pipe holds: what a run has printed before its last message, and no flood of what it has left behind.
_MOST_DRAINED = 1024 * 1024
_LAST_KINDS = ("done", "paused", "failed")
#: What the libraries below torch and numpy read when they are loaded.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Run:
    """The run at hand."""

    def __init__(self, message: Dict[str, Any], log: RunLog) -> None:
        self.token = message["token"]
        self.files_folder = message["order"].get("filesFolder")
        self.log = log
        self.progress = Progress.new()
        self.channel, self.childs_channel = socket.socketpair()
        self.output, self.childs_output = os.pipe()
        self.reader = FrameReader()
        self.process = 0
        os.set_blocking(self.output, False)

    def keep_parents_ends(self) -> None:
        self.childs_channel.close()
        os.close(self.childs_output)

    def close(self) -> None:
        self.channel.close()
        os.close(self.output)
        self.progress.close()


class Parent:
    def __init__(self) -> None:
        self._channel = socket.socket(fileno=CHANNEL)
        for descriptor in (CHANNEL, PULSE, BEGUN):
            os.set_inheritable(descriptor, False)
        os.set_blocking(PULSE, False)
        self._reader = FrameReader()
        self._run: Optional[Run] = None
        self._waiting: List[Dict[str, Any]] = []
        self._threads: Optional[int] = None
        self._count = 0
        self._milliseconds = 0
        self._supervisor = os.getppid()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._channel, selectors.EVENT_READ, self._hear)
        # Ctrl-C reaches the whole group; only the supervisor decides what it means.
        signal.signal(signal.SIGINT, lambda *_: None)
        # Who ends a job signals all of its processes: `mosaic worker` says what that means for its runs.
        if os.environ.get("MOSAIC_PILOT"):
            for number in (signal.SIGTERM, signal.SIGUSR2):
                signal.signal(number, lambda *_: None)
        self._woken, self._wakes = socket.socketpair()
        for end in (self._woken, self._wakes):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._woken, selectors.EVENT_READ, self._wake)

    def work(self) -> int:
        beat = time.monotonic()
        while True:
            for key, _ in self._selector.select(max(0.0, beat - time.monotonic())):
                # What one has found may have ended the other, whose number may be another's by now.
                if self._selector.get_map().get(key.fd) == key:
                    key.data()
            if time.monotonic() >= beat:
                self._beat()
                beat = time.monotonic() + _BEAT_SECONDS

    # What the supervisor says.

    def _hear(self) -> None:
        try:
            data = self._channel.recv(_PIECE)
        except ConnectionError:
            data = b""
        if not data:
            end_group()
        try:
            for message in self._reader.take(data):
                self._take(message)
        except (BadMessage, KeyError, TypeError) as error:
            self._refuse(f"the supervisor has sent what is no message: {error!r}")

    def _refuse(self, why: str) -> None:
        sys.stderr.write(f"{why}\n")
        sys.stderr.flush()
        if self._run is not None:
            os.kill(self._run.process, signal.SIGKILL)
        os._exit(1)

    def _take(self, message: Dict[str, Any]) -> None:
        kind, token = message["kind"], message["token"]
        if kind == "run":
            self._waiting.append(message)
            self._begin_next()
        elif kind == "withdraw":
            others = [order for order in self._waiting if order["token"] != token]
            if len(others) < len(self._waiting):
                self._waiting = others
                self._tell({"kind": "withdrawn", "token": token})
        elif kind == "pause":
            if self._run is not None and self._run.token == token:
                try:
                    self._run.channel.sendall(encode({"kind": "pause"}))
                except OSError:
                    pass  # It has just ended, which its end will tell.
        else:
            self._refuse(f"the supervisor has sent a message of the unknown kind {kind!r}")

    def _tell(self, message: Dict[str, Any]) -> None:
        try:
            self._channel.sendall(encode(message))
        except OSError:
            end_group()

    # A run.

    def _begin_next(self) -> None:
        if not self._waiting or self._run is not None:
            return
        message = self._waiting.pop(0)
        order = message["order"]
        threads = (order.get("training") or {}).get("threads") or 1
        self._load(threads, order["device"])
        os.pwrite(BEGUN, str(message["token"]).rjust(_BEGUN_DIGITS).encode(), 0)
        try:
            self._begin(message, threads)
        except Exception as error:
            if self._run is not None:
                self._run = None
            self._fail_before(message["token"], error)

    def _fail_before(self, token: int, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self._tell({"kind": "failed", "token": token, "error": text, "trouble": trouble_of(error), "codeChanged": False})

    def _load(self, threads: int, device: str) -> None:
        """Loads what all runs need, once. The number of threads has to be known before."""
        if self._threads is not None:
            return
        self._threads = threads
        _set_threads(threads)
        import torch  # noqa: F401
        import torch.onnx  # noqa: F401
        import torch.utils.data  # noqa: F401

        from . import run  # noqa: F401
        from .onnx_file import warm_up

        # Nothing may look for a graphics device here, after which a forked process could not use it.
        if device.startswith("cpu"):
            warm_up()
        # What is there now is not looked through by the collectors of the runs, which would copy its memory for each.
        gc.collect()
        gc.freeze()

    def _begin(self, message: Dict[str, Any], threads: int) -> None:
        order = message["order"]
        is_check = message.get("check") is True
        folder = None if is_check else order.get("filesFolder")
        log = RunLog(folder, order["runId"], order.get("earlierEpochs") is not None)
        run = Run(message, log)
        # On macOS the libraries of the system do not outlive a fork.
        is_fresh = threads != self._threads or sys.platform == "darwin"
        try:
            run.process = os.fork()
        except OSError as error:
            raise MachineTrouble(f"no process can be started for it ({error.strerror}); end other programs, or raise the limits (ulimit -u, ulimit -v)") from error
        if run.process == 0:
            self._become_child(run, message, threads if is_fresh else None)
        run.keep_parents_ends()
        self._run = run
        self._selector.register(run.channel, selectors.EVENT_READ, self._relay)
        self._selector.register(run.output, selectors.EVENT_READ, self._log_output)
        if is_fresh:
            run.channel.sendall(encode(message))

    def _become_child(self, run: Run, message: Dict[str, Any], fresh_threads: Optional[int]) -> None:
        """Does not come back."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (CHANNEL, PULSE, BEGUN, self._woken.fileno(), self._wakes.fileno(), run.output):
                os.close(descriptor)
            run.channel.close()
            self._selector.close()
            for descriptor in (1, 2):
                os.dup2(run.childs_output, descriptor)
            os.close(run.childs_output)
            if fresh_threads is None:
                run_child(message, run.childs_channel, run.progress)
            else:
                _set_threads(fresh_threads)
                begin_child(run.childs_channel, run.progress)
        finally:
            os._exit(70)

    def _relay(self) -> None:
        run = self._run
        try:
            data = run.channel.recv(_PIECE)
        except ConnectionError:
            data = b""
        if not data:
            # It is gone, or its user's code has closed it: the end of its process tells.
            self._selector.unregister(run.channel)
            return
        self._pass_all_on(run, data)

    def _pass_all_on(self, run: Run, data: bytes) -> None:
        try:
            for message in run.reader.take(data):
                self._pass_on(message)
                if message["kind"] in _LAST_KINDS:
                    return
        except (BadMessage, KeyError, TypeError) as error:
            self._end_with(run, MosaicError(f"a module has written to a descriptor that is not its own ({error})"))

    def _end_with(self, run: Run, error: Exception) -> None:
        """It has failed, and cannot say so itself."""
        self._finish_log()
        self._end_run()
        self._fail_before(run.token, error)
        self._begin_next()

    def _pass_on(self, message: Dict[str, Any]) -> None:
        run = self._run
        self._count += 1
        if message["kind"] not in _LAST_KINDS:
            self._tell(message)
            return
        failure = self._finish_log()
        self._end_run()
        if failure is not None:
            self._fail_before(run.token, failure)
        else:
            if message["kind"] != "failed" and run.log.is_kept:
                message["artifacts"].append({"kind": "log", "path": run.log.name, "sizeBytes": run.log.size})
            self._tell(message)
        self._begin_next()

    def _log_output(self) -> None:
        try:
            data = os.read(self._run.output, _PIECE)
            if not data:
                self._selector.unregister(self._run.output)
                return
            self._count += 1
            self._run.log.write(data)
        except BlockingIOError:
            return
        except Exception as error:
            self._end_with(self._run, error)

    def _finish_log(self) -> Optional[Exception]:
        run = self._run
        try:
            for _ in range(_MOST_DRAINED // _PIECE):
                try:
                    data = os.read(run.output, _PIECE)
                except BlockingIOError:
                    break
                if not data:
                    break
                run.log.write(data)
            run.log.close()
            return None
        except Exception as error:
            return error

    def _end_run(self) -> None:
        """All is said about it: nothing of its process is waited for."""
        run = self._run
        self._run = None
        for file in (run.channel, run.output):
            if file in self._selector.get_map():
                self._selector.unregister(file)
        if run.process != 0:
            os.kill(run.process, signal.SIGKILL)
            os.waitpid(run.process, 0)
        # Its counter ends with it; what has been counted so far has to go on growing.
        self._count += run.progress.read()[0]
        run.close()

    # Death.

    def _wake(self) -> None:
        try:
            self._woken.recv(_PIECE)
        except BlockingIOError:
            return
        self._settle()

    def _settle(self) -> None:
        """Where the run's process has ended without a last word, the worker ends in the same way."""
        run = self._run
        if run is None:
            return
        ended, status = os.waitpid(run.process, os.WNOHANG)
        if ended == 0:
            return
        run.process = 0
        # Its last messages may still wait.
        run.channel.setblocking(False)
        while self._run is run:
            try:
                data = run.channel.recv(_PIECE)
            except OSError:
                break
            if not data:
                break
            self._pass_all_on(run, data)
        if self._run is run:
            self._finish_log()
            last_words = run.log.last_words
            # The writer of torch.save may end the process where the disk is full.
            trouble = torch_trouble(last_words.decode("utf-8", "replace"), run.files_folder)
            if trouble is not None and os.WIFSIGNALED(status):
                self._end_with(run, MachineTrouble(trouble))
                return
            sys.stderr.buffer.write(last_words)
            sys.stderr.flush()
            _end_like(status)

    def _beat(self) -> None:
        count, milliseconds = (0, self._milliseconds) if self._run is None else self._run.progress.read()
        self._milliseconds = milliseconds
        try:
            os.write(PULSE, f"{(self._count + count) % 2**32} {milliseconds}\n".encode())
        except (BlockingIOError, BrokenPipeError):
            pass  # The supervisor is stopped, or gone: a later beat says the same and more.
        # An orphan is given to another parent.
        if os.getppid() != self._supervisor:
            end_group()


def _set_threads(threads: int) -> None:
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(threads)


def _end_like(status: int) -> None:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            pass  # SIGKILL has no handler.
        os.kill(os.getpid(), number)
        time.sleep(1)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
