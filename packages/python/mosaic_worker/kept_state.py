"""What an object of the user's keeps for itself and training changes: modules, counters, collections, optimizers, generators."""
from __future__ import annotations

import collections
import random
import sys
from types import ModuleType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Set

import torch
from torch import nn

_ORDERED = (list, tuple, collections.deque)
_MAPPINGS = (dict, collections.OrderedDict)
#: Of every module of torch: it keeps them itself.
_OWN_OF_TORCH = frozenset(vars(nn.Module())) - {"training"}
#: A longer collection is data, which is not looked into.
_MOST_ENTRIES = 1000
_MOST_OBJECTS = 1000


class KeptState:
    """Of one owner, which may be a module of torch, or keep some."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    @property
    def parts(self) -> List[nn.Module]:
        if isinstance(self._owner, nn.Module):
            return [self._owner]
        return unique(entry for entry in entries_of(self._owner) if isinstance(entry, nn.Module))

    @property
    def _objects(self) -> List[Any]:
        """The owner and the modules inside, which may count and keep things for themselves."""
        return unique([self._owner, *(each for part in self.parts for each in part.modules())])

    def state(self) -> Dict[str, Any]:
        objects = self._objects
        return {
            "parts": [part.state_dict() for part in self.parts],
            "attributes": [_plain_attributes(each) for each in objects],
            "inner": [_inner_states(each) for each in objects],
        }

    def load_parts(self, state: Mapping[str, Any]) -> None:
        for part, values in zip(self.parts, state["parts"]):
            part.load_state_dict(values)

    def load_attributes(self, state: Mapping[str, Any]) -> None:
        objects = self._objects
        for each, attributes in zip(objects, state["attributes"]):
            for name, value in attributes.items():
                now = getattr(each, name, None)
                moved = value.to(now.device) if isinstance(now, torch.Tensor) and isinstance(value, torch.Tensor) else value
                setattr(each, name, moved)
        for each, states in zip(objects, state.get("inner", [])):
            for name, value in states.items():
                now = getattr(each, name, None)
                if _has_state_of_torch(now):
                    now.load_state_dict(value)
                elif is_generator(now):
                    set_generator_state(now, value)


def entries_of(owner: Any) -> List[Any]:
    """What its attributes are, and what stands in those that are collections."""
    return [entry for value in list(getattr(owner, "__dict__", {}).values()) for entry in _entries(value)]


def unique(values: Iterable[Any]) -> List[Any]:
    return list({id(value): value for value in values}.values())


def _entries(value: Any) -> Iterator[Any]:
    """The value, or those in a collection, which may hold others."""
    if type(value) in _ORDERED + _MAPPINGS and len(value) <= _MOST_ENTRIES:
        for entry in list(value.values() if isinstance(value, dict) else value):
            yield from _entries(entry)
    else:
        yield value


def _plain_attributes(owner: Any) -> Dict[str, Any]:
    """Counters, collections, and tensors that are neither parameters nor kept by the state_dict."""
    left_out = _OWN_OF_TORCH if isinstance(owner, nn.Module) else ()
    attributes = getattr(owner, "__dict__", {})
    own = {name: value for name, value in attributes.items() if name not in left_out and _is_plain(value)}
    kept = getattr(owner, "_non_persistent_buffers_set", ())
    return {**own, **{name: getattr(owner, name) for name in kept}}


def _is_plain(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return not isinstance(value, nn.Parameter) and not value.requires_grad
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return True
    if type(value) in (*_ORDERED, set, frozenset):
        return all(map(_is_plain, value))
    if type(value) in _MAPPINGS:
        return all(_is_plain(name) and _is_plain(each) for name, each in value.items())
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)) and not value.dtype.hasobject


def _has_state_of_torch(value: Any) -> bool:
    """Optimizers, schedulers, scalers of gradients: their classes have moved from version to version, what they can has not."""
    if isinstance(value, nn.Module) or not (hasattr(value, "state_dict") and hasattr(value, "load_state_dict")):
        return False
    return any(base.__module__.startswith("torch.") for base in type(value).__mro__)


def _inner_states(owner: Any) -> Dict[str, Any]:
    states: Dict[str, Any] = {}
    for name, value in list(getattr(owner, "__dict__", {}).items()):
        if _has_state_of_torch(value):
            states[name] = value.state_dict()
        elif is_generator(value):
            states[name] = generator_state(value)
    return states


# Generators of random numbers, which seeding does not reach.


def is_generator(value: Any) -> bool:
    if isinstance(value, (torch.Generator, random.Random)):
        return True
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.random.Generator, numpy.random.RandomState))


def generators_in(owners: Sequence[Any]) -> List[Any]:
    """Those that the owners keep, or what they keep: a subset keeps the data set that draws, a data set its transformations."""
    found: Dict[int, Any] = {}
    seen: Set[int] = set()
    waiting = list(owners)
    while waiting and len(seen) < _MOST_OBJECTS:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        if is_generator(each):
            found[id(each)] = each
        elif not isinstance(each, (torch.Tensor, type, ModuleType)):
            waiting += [entry for entry in entries_of(each) if is_generator(entry) or hasattr(entry, "__dict__")]
    return list(found.values())


def generator_state(generator: Any) -> Any:
    if isinstance(generator, torch.Generator):
        return generator.get_state()
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state()


def set_generator_state(generator: Any, state: Any) -> None:
    if isinstance(generator, torch.Generator):
        generator.set_state(state)
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    elif hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)
