"""The user's own files: imported under their own stem, with their folder on sys.path, so that what they pickle loads elsewhere."""
from __future__ import annotations

import hashlib
import importlib
import importlib.util
import itertools
import os
import re
import sys
from types import ModuleType
from typing import Dict, List, Mapping, Optional, Set

from .errors import CodeChanged, MosaicError

_RELATIVE_IMPORT = re.compile(r"^\s*from\s+\.", re.MULTILINE)
_INSTALLED = {"site-packages", "dist-packages", "node_modules"}
_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))


class UserFiles:
    """Imports the files of one run."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self._roots: Set[str] = {self.folder}
        self._named: Dict[str, str] = {}
        #: The last part of what Python and torch are made of; nothing of it is the project's.
        self._newest = next(reversed(sys.modules))

    def load(self, path: str) -> ModuleType:
        """The module of a file. Raises whatever the file raises when it is imported."""
        path = os.path.realpath(path)
        name, place = self._name_of(path)
        self._roots.add(place)
        if place not in sys.path:
            sys.path.insert(0, place)
        self._named[name] = path
        there = sys.modules.get(name)
        if there is not None:
            return there
        if "." in name:
            return importlib.import_module(name)
        return _import_file(name, path)

    def _name_of(self, path: str) -> tuple:
        """The name to import it by, and the folder that has to be on sys.path for that."""
        folder, file = os.path.split(path)
        stem = os.path.splitext(file)[0]
        other = self._named.get(stem) or _file_of(sys.modules.get(stem))
        is_free = other == path or (other is None and stem not in sys.modules)
        top, parts = folder, [stem]
        while os.path.exists(os.path.join(top, "__init__.py")):
            top, package = os.path.split(top)
            parts.insert(0, package)
        if top != folder and (not is_free or _is_relative(path)):
            return ".".join(parts), top
        if is_free:
            return stem, folder
        raise MosaicError(
            f"{path} cannot be imported under the name {stem}, which {other or 'a part of Python'} has already: "
            "rename one of them, or make its folder a package by an __init__.py"
        )

    def digests(self) -> Dict[str, str]:
        """SHA-256 of the texts that have been imported from the project, by path: nothing that is installed."""
        own = sorted(self._imported())
        return {path: digest for path in own for digest in [_digest_of(path)] if digest is not None}

    def modules(self) -> List[ModuleType]:
        """Of these."""
        return list(self._imported().values())

    def _imported(self) -> Dict[str, ModuleType]:
        # From the last one on: to touch all would copy their memory for each run.
        new = list(itertools.takewhile(lambda name: name != self._newest, reversed(sys.modules)))
        found = {_file_of(module): module for module in map(sys.modules.get, reversed(new))}
        return {path: module for path, module in found.items() if path is not None and self._is_own(path)}

    def _is_own(self, path: str) -> bool:
        if path.startswith(_OWN_FOLDER + os.sep):
            return False
        return any(_is_below(root, path) and not _is_installed(root, path) for root in self._roots)

    def refuse_changes(self, expected: Optional[Mapping[str, str]]) -> None:
        """Raises CodeChanged where a file has another text than the run's identity stands for."""
        if expected is None:
            return
        known = {os.path.realpath(path): digest for path, digest in expected.items()}
        for path, digest in self.digests().items():
            if known.get(path, digest) != digest:
                raise CodeChanged(f"{path} has another text than when this run was planned")


def _import_file(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise MosaicError(f"{path} is no Python file: its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    # A file may put another object in its place, as Python lets it.
    return sys.modules.get(name, module)


def _is_relative(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return _RELATIVE_IMPORT.search(file.read()) is not None
    except OSError:
        return False


def _file_of(module: object) -> Optional[str]:
    # A module of the user's may answer in any way.
    try:
        file = getattr(module, "__file__", None)
    except Exception:
        return None
    if not isinstance(file, str) or not file.endswith((".py", ".pyw")):
        return None
    # Before links are followed, which takes its time.
    if any(f"{os.sep}{name}{os.sep}" in file for name in _INSTALLED):
        return None
    return os.path.realpath(file)


def _digest_of(path: str) -> Optional[str]:
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None


def _is_below(root: str, path: str) -> bool:
    return path.startswith(root.rstrip(os.sep) + os.sep)


def _is_installed(root: str, path: str) -> bool:
    """Whether it belongs to an environment, which may lie inside the project's folder."""
    folder = os.path.dirname(path)
    while _is_below(root, folder + os.sep) or folder == root:
        if os.path.basename(folder) in _INSTALLED:
            return True
        if os.path.exists(os.path.join(folder, "pyvenv.cfg")) or os.path.isdir(os.path.join(folder, "conda-meta")):
            return True
        if folder == root or folder == os.path.dirname(folder):
            return False
        folder = os.path.dirname(folder)
    return False


def class_in(module: ModuleType, name: str, path: str) -> type:
    """Raises MosaicError with the names that there are."""
    found = getattr(module, name, None)
    if isinstance(found, type):
        return found
    there = ", ".join(classes_in(module)) or "none"
    what = "is no class" if found is not None else "is missing"
    raise MosaicError(f"the class {name} {what} in {path}; the classes there: {there}")


def classes_in(module: ModuleType) -> list:
    own = getattr(module, "__name__", None)
    return [name for name, value in vars(module).items() if isinstance(value, type) and value.__module__ == own]
