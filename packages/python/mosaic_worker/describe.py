"""Looks at classes before anything runs: `python -m mosaic_worker.describe` reads one JSON document on standard input,
`{"folder", "start", "classes": [{"path", "class"}]}` where `class` may be null for all that a file defines, and writes one to
descriptor 3, or to standard output where there is none; what the users' files print goes to standard error.
"""
from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from typing import Any, Dict, List, Optional, Tuple

from .errors import MosaicError
from .imports import UserFiles, class_in, classes_in
from .probe import forget_start_folder, restore_python_path
from .signatures import constructor_of, default_text

#: The supervisor waits a little longer for each file.
IMPORT_SECONDS = 30

#: Of the contract with the users' classes; what else a class has is its own.
METHODS = ("prepare", "info", "forward", "save_model", "load_model", "parameters", "close")


#: Each name that was asked, the class that it stands for, and what that is; None asks for all classes of a file.
Described = List[Tuple[Optional[str], Optional[str], Dict[str, Any]]]


def main() -> int:
    forget_start_folder()
    restore_python_path()
    output = _own_output()
    request = json.load(sys.stdin)
    answer = describe(request)
    with os.fdopen(output, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    return 0


def _own_output() -> int:
    try:
        os.fstat(3)
        output = 3
    except OSError:
        output = os.dup(1)
    os.dup2(2, 1)
    os.set_inheritable(output, False)
    return output


def describe(request: Dict[str, Any]) -> Dict[str, Any]:
    versions = {"python": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable}
    try:
        import torch
    except Exception as error:
        return {**versions, "torch": None, "error": {"kind": "no-torch", "message": _short(error)}, "classes": []}
    names: Dict[str, List[Optional[str]]] = {}
    for wanted in request["classes"]:
        of_file = names.setdefault(wanted["path"], [])
        if wanted["class"] not in of_file:
            of_file.append(wanted["class"])
    # Each file in a process of its own: two may have one stem, and one may end the process that imports it.
    of_files = {path: _in_child(request["folder"], path, classes) for path, classes in names.items()}
    classes = [
        {**wanted, "class": name, **described}
        for wanted in request["classes"]
        for asked, name, described in of_files[wanted["path"]]
        if wanted["class"] == asked
    ]
    return {**versions, "torch": str(torch.__version__), "classes": classes}


def _in_child(folder: str, path: str, names: List[Optional[str]]) -> Described:
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(read)
        text = json.dumps(_describe_file(folder, path, names)).encode("utf-8")
        with os.fdopen(write, "wb") as file:
            file.write(text)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    os.close(write)
    overdue = threading.Event()
    timer = threading.Timer(IMPORT_SECONDS, lambda: (overdue.set(), os.kill(child, signal.SIGKILL)))
    timer.start()
    with os.fdopen(read, "rb") as file:
        text = file.read()
    # Before the process is waited for: afterwards its number may be another one's.
    timer.cancel()
    status = os.waitpid(child, 0)[1]
    try:
        return json.loads(text)
    except ValueError:
        if overdue.is_set():
            message = f"importing it took longer than {IMPORT_SECONDS} s; what it computes belongs under if __name__ == \"__main__\":"
            error = {"kind": "import", "message": message, "file": path, "line": None}
            return [(name, name, {"error": error}) for name in names]
        end = f"exit code {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else signal.Signals(os.WTERMSIG(status)).name
        error = {"kind": "import", "message": f"importing it ended the process ({end})", "file": path, "line": None}
        return [(name, name, {"error": error}) for name in names]


def _describe_file(folder: str, path: str, names: List[Optional[str]]) -> Described:
    files = UserFiles(folder)
    try:
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no file {path}")
        module = files.load(path)
    except BaseException as error:  # Such as SystemExit.
        described = _error_of(error, path, files.folder)
        return [(name, name, {"error": described}) for name in names]
    digests = [{"path": each, "sha256": digest} for each, digest in files.digests().items()]
    asked = [(name, each) for name in names for each in (classes_in(module) if name is None else [name])]
    return [(name, each, _describe_class(module, each, path, digests)) for name, each in asked]


def _describe_class(module: Any, name: str, path: str, digests: List[Dict[str, str]]) -> Dict[str, Any]:
    import torch

    try:
        user_class = class_in(module, name, path)
    except MosaicError as error:
        return {
            "error": {"kind": "missing-class", "message": str(error), "file": path, "line": None},
            "names": classes_in(module),
        }
    constructor = constructor_of(user_class)
    return {
        "isModule": issubclass(user_class, torch.nn.Module),
        "methods": [method for method in METHODS if has_method(user_class, method)],
        "parameters": [
            {
                "name": each.name,
                "annotation": each.annotation_text,
                "default": default_text(each),
                "required": each.required,
            }
            for each in constructor.parameters
        ],
        "takesAny": constructor.takes_any,
        "files": digests,
    }


def has_method(owner: Any, name: str) -> bool:
    """torch.nn.Module has a `forward` that says only that it is missing."""
    found = getattr(owner, name, None)
    return callable(found) and getattr(found, "__name__", "") != "_forward_unimplemented"


def _error_of(error: BaseException, path: str, folder: str) -> Dict[str, Any]:
    if isinstance(error, FileNotFoundError) and not os.path.exists(path):
        return {"kind": "missing-file", "message": str(error), "file": path, "line": None}
    if isinstance(error, SyntaxError) and error.filename:
        return {"kind": "syntax", "message": _short(error), "file": error.filename, "line": error.lineno}
    file, line = place_in(error, (folder, os.path.dirname(path)))
    message = str(error) if isinstance(error, MosaicError) else _short(error)
    if isinstance(error, SystemExit):
        message = f"it calls sys.exit({'' if error.code is None else repr(error.code)}) when it is imported"
    return {"kind": "import", "message": message, "file": file or path, "line": line}


def place_in(error: BaseException, folders: tuple) -> tuple:
    """File and line of the user's where an error was raised."""
    place: tuple = (None, None)
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = os.path.realpath(frame.f_code.co_filename)
        if any(file.startswith(os.path.realpath(folder) + os.sep) for folder in folders):
            place = (file, line)
    return place


def _short(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
