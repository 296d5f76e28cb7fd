"""Makes the user's modules: each value of a constructor from the module's own section, else from what earlier modules have told."""
from __future__ import annotations

import difflib
from typing import Any, Callable, Collection, Dict, List, Mapping, NamedTuple, Optional, Tuple

from .errors import MosaicError
from .signatures import NOTHING, Constructor, WrongValue, constructor_of, number_or_text, value_of


class Stage(NamedTuple):
    """One of the user's classes with the texts that its section gives it."""

    type: str
    class_name: str
    #: Absolute.
    path: str
    #: As the configuration has it.
    written_path: str
    key: str
    section: Optional[str]
    options: Mapping[str, str]
    #: Names of those that were written in quotes: they are texts.
    quoted: Collection[str] = ()

    @property
    def name(self) -> str:
        return f"{self.class_name} ({self.written_path})"

    @property
    def place(self) -> str:
        return f"[{self.section}]" if self.section else f"the section of {self.class_name}"


class EarlierInfo(NamedTuple):
    """What an earlier module's `info()` has returned."""

    name: str
    values: Mapping[str, Any]


class ModuleInfo(dict):
    """The texts of a module's section. It knows which of them nobody has read."""

    def __init__(self, stage: Stage) -> None:
        own = {"type": stage.type, "class": stage.class_name, "path_to_class": stage.written_path, "key": stage.key}
        super().__init__({**own, **stage.options})
        self.unread = set(stage.options)

    def __getitem__(self, name: str) -> Any:
        self.unread.discard(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.unread.discard(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        self.unread.discard(name)
        return super().pop(name, *default)

    def __contains__(self, name: object) -> bool:
        self.unread.discard(name)  # type: ignore[arg-type]
        return super().__contains__(name)

    def __iter__(self) -> Any:
        self.unread.clear()
        return super().__iter__()

    def keys(self) -> Any:
        self.unread.clear()
        return super().keys()

    def values(self) -> Any:
        self.unread.clear()
        return super().values()

    def items(self) -> Any:
        self.unread.clear()
        return super().items()

    def copy(self) -> Dict[str, str]:
        self.unread.clear()
        return dict(super().items())

    def __reduce__(self) -> Tuple[Any, ...]:
        # It is saved as what it looks like: elsewhere there is no Mosaic.
        return (dict, (dict(super().items()),))


class Made(NamedTuple):
    instance: Any
    module_info: ModuleInfo
    #: Says which options nothing has taken, misspelt ones likely.
    unread_problems: Callable[[], List[str]]


def make(stage: Stage, user_class: type, earlier: List[EarlierInfo]) -> Made:
    """`earlier`: the latest module first. Raises MosaicError that lists every missing or wrong value."""
    constructor = constructor_of(user_class)
    by_position, by_name, problems = [], {}, []
    for each in constructor.parameters:
        try:
            value = _value_for(each, stage, earlier)
        except WrongValue as error:
            problems.append(f"{each.name}: {error}, got {stage.options.get(each.name)!r}")
            continue
        if value is not NOTHING:
            if each.by_position:
                by_position.append(value)
            else:
                by_name[each.name] = value
        elif each.required:
            places = " nor in ".join([stage.place] + [one.name for one in earlier])
            problems.append(f"{each.name} is missing: it is neither in {places}")
    if problems:
        # The first one in the first line, which is all that lists of runs show.
        raise MosaicError(f"{stage.name}: " + "\n  ".join(problems))
    taken = {each.name for each in constructor.parameters}
    if constructor.takes_any:
        others = [(name, text) for name, text in stage.options.items() if name not in taken]
        by_name.update({name: text if name in stage.quoted else number_or_text(text) for name, text in others})
        taken |= set(stage.options)
    module_info = ModuleInfo(stage)
    instance = user_class(*by_position, **by_name)
    return Made(instance, module_info, lambda: _unread(stage, module_info, constructor, taken))


def _value_for(parameter: Any, stage: Stage, earlier: List[EarlierInfo]) -> Any:
    if parameter.name in stage.quoted and parameter.annotation is NOTHING:
        return stage.options[parameter.name]
    if parameter.name in stage.options:
        return value_of(stage.options[parameter.name], parameter)
    for each in earlier:
        if parameter.name in each.values:
            value = each.values[parameter.name]
            is_typed_text = isinstance(value, str) and parameter.annotation is not NOTHING
            return value_of(value, parameter) if is_typed_text else value
    return NOTHING


def _unread(stage: Stage, module_info: ModuleInfo, constructor: Constructor, taken: set) -> List[str]:
    # Which options a key is made of is no longer known: one that shows in it may be.
    names = sorted(name for name in module_info.unread - taken if stage.options[name] not in stage.key)
    known = [each.name for each in constructor.parameters]
    return [f"{stage.name}: {name}: {_unread_message(name, stage.class_name, known)}" for name in names]


def _unread_message(name: str, class_name: str, known: List[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    remedy = f"Did you mean {near[0]}?" if near else f"It takes {', '.join(known)}." if known else "Remove it."
    return f"The constructor of {class_name} does not take it, and nothing asks module_info or key for it. {remedy}"
