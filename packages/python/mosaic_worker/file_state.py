"""What variables of the user's files and of their classes hold: no snapshot keeps it."""
from __future__ import annotations

from types import ModuleType
from typing import Any, Dict, Iterable, List

#: A longer collection is data, which is not looked into.
_MOST_ENTRIES = 1000


class FileState:
    """Of files as they are when it is made."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._modules = list(modules)
        self._before = self._texts()

    def changed(self) -> List[str]:
        """Names of the variables that have other values now: numbers, texts, collections of them."""
        return [name for name, text in self._texts().items() if self._before.get(name) != text]

    def _texts(self) -> Dict[str, str]:
        owners = [(module.__name__, module) for module in self._modules]
        for module in self._modules:
            classes = [value for value in vars(module).values() if isinstance(value, type)]
            owners += [(f"{module.__name__}.{each.__name__}", each) for each in classes if each.__module__ == module.__name__]
        return {
            f"{owner}.{name}": repr(value)
            for owner, holder in owners
            for name, value in list(vars(holder).items())
            if not name.startswith("__") and _is_plain(value)
        }


def _is_plain(value: Any) -> bool:
    if value is None or type(value) in (bool, int, float, complex, str, bytes):
        return True
    if type(value) in (list, tuple, set, frozenset):
        return len(value) <= _MOST_ENTRIES and all(map(_is_plain, value))
    return type(value) is dict and len(value) <= _MOST_ENTRIES and all(_is_plain(each) for pair in value.items() for each in pair)
