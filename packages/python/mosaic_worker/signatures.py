"""What a class's constructor takes, and the values that texts become by its annotations."""
from __future__ import annotations

import inspect
import os
import re
import typing
from typing import Any, List, NamedTuple, Optional, Union

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_FLAGS = {"True": True, "true": True, "False": False, "false": False}
NOTHING = inspect.Parameter.empty


class Parameter(NamedTuple):
    name: str
    #: NOTHING where it has none.
    annotation: Any
    default: Any
    by_position: bool

    @property
    def required(self) -> bool:
        return self.default is NOTHING

    @property
    def annotation_text(self) -> Optional[str]:
        if self.annotation is NOTHING:
            return None
        if isinstance(self.annotation, type) and not hasattr(self.annotation, "__args__"):
            return self.annotation.__name__
        return str(self.annotation).replace("typing.", "")


class Constructor(NamedTuple):
    parameters: List[Parameter]
    #: Whether it has `**options`, for any name.
    takes_any: bool


class WrongValue(ValueError):
    """A text is no value of an annotation; the message says what was expected."""


def constructor_of(user_class: type) -> Constructor:
    if not _has_own_constructor(user_class):
        return Constructor([], False)
    try:
        signature = inspect.signature(user_class)
    except (TypeError, ValueError):
        return Constructor([], False)
    hints = _hints_of(user_class)
    parameters = []
    for name, each in signature.parameters.items():
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            continue
        annotation = hints.get(name, each.annotation)
        parameters.append(Parameter(name, annotation, each.default, each.kind == each.POSITIONAL_ONLY))
    takes_any = any(each.kind == each.VAR_KEYWORD for each in signature.parameters.values())
    return Constructor(parameters, takes_any)


def _has_own_constructor(user_class: type) -> bool:
    """torch.nn.Module takes anything by its signature, and nothing in truth."""
    if user_class.__new__ is not object.__new__ and "__new__" in vars(user_class):
        return True
    for each in user_class.__mro__:
        if "__init__" in vars(each):
            return not (each.__module__ or "").startswith("torch.nn.") and each is not object
    return False


def _hints_of(user_class: type) -> dict:
    try:
        return typing.get_type_hints(user_class.__init__)
    except Exception:  # A name in an annotation that is known to type checkers alone.
        return {}


def value_of(text: str, parameter: Parameter) -> Any:
    """The value of an option's text. Raises WrongValue."""
    if parameter.annotation is NOTHING:
        if isinstance(parameter.default, bool) and text in _FLAGS:
            return _FLAGS[text]
        return number_or_text(text)
    return _read(text, parameter.annotation)


def default_text(parameter: Parameter) -> Optional[str]:
    """The text that says what holds without it; None where it has no default, or one that no text says."""
    default = parameter.default
    if not isinstance(default, (bool, int, float, str, type(None))):
        return None
    try:
        value = value_of(str(default), parameter)
    except WrongValue:
        return None
    # True is 1 too.
    is_same = value == default and isinstance(value, bool) == isinstance(default, bool)
    return str(default) if is_same else None


def number_or_text(text: str) -> Any:
    if not _NUMBER.match(text):
        return text
    return int(text) if re.match(r"[+-]?\d+\Z", text) else float(text)


def _read(text: str, annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    if _is_union(annotation, origin):
        return _read_union(text, typing.get_args(annotation))
    if origin is typing.Literal:
        return _read_literal(text, typing.get_args(annotation))
    if annotation is bool:
        if text not in _FLAGS:
            raise WrongValue("expected True or False")
        return _FLAGS[text]
    if annotation in (int, float):
        return _read_number(text, annotation)
    if annotation is str:
        return text
    if annotation is type(None):
        return _read_none(text)
    if annotation in (list, tuple) or origin in (list, tuple):
        return _read_list(text, origin or annotation, typing.get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, os.PathLike):
        return annotation(text)
    return number_or_text(text)


def _is_union(annotation: Any, origin: Any) -> bool:
    # `int | None`, from Python 3.10 on, is of a type of its own.
    return origin is Union or type(annotation).__name__ == "UnionType"


def _read_union(text: str, members: tuple) -> Any:
    faults = []
    # `None` stands for nothing before it is a text; a text takes everything, so it comes last.
    for member in sorted(members, key=lambda each: (each is not type(None), each is str)):
        try:
            return _read(text, member)
        except WrongValue as error:
            if member is not type(None):
                faults.append(str(error))
    raise WrongValue(" or ".join(faults))


def _read_literal(text: str, choices: tuple) -> Any:
    for choice in choices:
        if (choice == text if isinstance(choice, str) else repr(choice) == text or choice == number_or_text(text)):
            return choice
    raise WrongValue(f"expected one of {', '.join(map(repr, choices))}")


def _read_number(text: str, kind: type) -> Any:
    try:
        value = kind(text)
    except ValueError:
        try:
            # `1e3` and `4.0` are whole numbers too.
            value = float(text)
            if kind is int and value == int(value):
                return int(value)
        except (ValueError, OverflowError):
            pass
        raise WrongValue(f"expected {'a whole number' if kind is int else 'a number'}") from None
    return value


def _read_none(text: str) -> None:
    if text.strip() in ("None", "none", "null", ""):
        return None
    raise WrongValue("expected None")


def _read_list(text: str, kind: type, members: tuple) -> Any:
    inner = text.strip()
    if inner[:1] in ("[", "(") and inner[-1:] in ("]", ")"):
        inner = inner[1:-1]
    texts = [part.strip().strip("'\"") for part in inner.split(",") if part.strip() != ""]
    kinds = [each for each in members if each is not Ellipsis]
    if kind is tuple and len(kinds) > 1:
        if len(texts) != len(kinds):
            raise WrongValue(f"expected {len(kinds)} values")
        return tuple(_read(each, wanted) for each, wanted in zip(texts, kinds))
    return kind(_read(each, kinds[0]) if kinds else number_or_text(each) for each in texts)
