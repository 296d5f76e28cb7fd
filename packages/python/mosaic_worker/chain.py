"""The modules of one pipeline, constructed and connected."""
from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter
from torch.utils.data import DataLoader, Dataset

from .construct import EarlierInfo, Made, ModuleInfo, Stage, make
from .describe import has_method
from .errors import MosaicError
from .imports import UserFiles, class_in
from .kept_state import KeptState, entries_of
from .seeds import seed_all

_PIPELINE_METHODS = ("forward", "info", "save_model", "load_model")


class Link(NamedTuple):
    """One constructed stage of `pipeline_scheme`."""

    stage: Stage
    module: Any
    #: What the stages before it have told.
    run_info: Dict[str, Any]
    module_info: ModuleInfo

    @property
    def parts(self) -> List[nn.Module]:
        """The modules of torch in it: it may be one, or keep some."""
        return KeptState(self.module).parts

    def parameters(self) -> List[torch.Tensor]:
        if isinstance(self.module, nn.Module) or has_method(self.module, "parameters"):
            found = self.module.parameters()
            parameters = list(found) if hasattr(found, "__iter__") and not isinstance(found, torch.Tensor) else [found]
            if not all(isinstance(each, torch.Tensor) for each in parameters):
                raise breach(self.stage, f"parameters() returned {described(found)}; it must return tensors")
            return parameters
        own = [value for value in entries_of(self.module) if isinstance(value, nn.Parameter)]
        return own + [parameter for part in self.parts for parameter in part.parameters()]

    def state(self) -> Dict[str, Any]:
        """All that training changes in it, as far as it can be seen."""
        parameters = [] if isinstance(self.module, nn.Module) else [each.detach() for each in self.parameters()]
        return {**KeptState(self.module).state(), "parameters": parameters}

    def load_state(self, state: Mapping[str, Any], with_attributes: bool) -> None:
        kept = KeptState(self.module)
        kept.load_parts(state)
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), state["parameters"]):
                parameter.copy_(value)
        if with_attributes:
            kept.load_attributes(state)

    @property
    def call(self) -> Any:
        """A module of torch is called, so that its hooks are too."""
        return self.module if isinstance(self.module, nn.Module) else self.module.forward


class Chain:
    """Data goes through the links in order, and all their parameters are trained."""

    def __init__(self, loaders: Tuple[Any, Any], links: List[Link], made: List[Made], files: UserFiles) -> None:
        self.train_loader, self.test_loader = loaders
        self.links = links
        self.files = files
        self._made = made
        self._calls = [(link.call, link.run_info, link.module_info) for link in links]

    def forward(self, data: Any) -> torch.Tensor:
        for call, run_info, module_info in self._calls:
            data = call(data, run_info, module_info)
        if not isinstance(data, torch.Tensor):
            raise breach(self.links[-1].stage, f"forward returned {described(data)}; it must return a tensor")
        return data

    def finish_lazy(self, features: Callable[[], Any]) -> None:
        """Lets lazy modules of torch see one batch, from which they know their sizes."""
        if any(isinstance(each, UninitializedParameter) for link in self.links for each in link.parameters()):
            self.train(False)
            with torch.no_grad():
                self.forward(features())

    def train(self, mode: bool) -> None:
        for link in self.links:
            for part in link.parts:
                part.train(mode)

    def to(self, device: torch.device) -> None:
        for link in self.links:
            for part in link.parts:
                part.to(device)
            for parameter in link.parameters():
                if parameter.device != device:
                    parameter.data = parameter.data.to(device)

    def parameters(self) -> List[torch.Tensor]:
        unique = {id(each): each for link in self.links for each in link.parameters()}
        if not any(each.requires_grad for each in unique.values()):
            classes = " or ".join(link.stage.class_name for link in self.links)
            raise MosaicError(f"there is nothing to train: parameters() of {classes} gives no tensor that requires a gradient")
        return list(unique.values())

    def refuse_unread(self) -> None:
        """To be called when the chain has been computed once. Raises MosaicError that names what nothing has read."""
        problems = [problem for made in self._made for problem in made.unread_problems()]
        if problems:
            raise MosaicError("\n".join(problems))


def build_chain(data: List[Stage], pipeline: List[Stage], files: UserFiles, facts: Dict[str, Any]) -> Chain:
    """Constructs the modules in order; data modules are prepared on the way."""
    # Before anything else: what is imported is the same, whatever the modules do to each other.
    classes = [class_in(files.load(stage.path), stage.class_name, stage.path) for stage in data + pipeline]
    waiting = iter(classes)
    earlier: List[EarlierInfo] = []
    run_info = dict(facts)
    made: List[Made] = []

    def construct(stage: Stage) -> Made:
        one = make(stage, next(waiting), earlier)
        made.append(one)
        return one

    def learn(stage: Stage, module: Any) -> None:
        values = module.info()
        if not isinstance(values, Mapping):
            raise breach(stage, f"info() returned {described(values)}; it must return a dictionary")
        earlier.insert(0, EarlierInfo(f"info() of {stage.class_name}", values))
        run_info.update({**values, **facts})

    seed_all(facts["seed"], "data")
    loaders: Any = None
    for stage in data:
        instance, module_info, _ = construct(stage)
        _refuse_missing(stage, instance, ("prepare", "info"))
        loaders = instance.prepare(loaders, dict(run_info), module_info)
        learn(stage, instance)
    train_loader, test_loader = _checked_loaders(data[-1], loaders)
    if not any("batch_size" in each.values for each in earlier):
        names = " or ".join(stage.class_name for stage in data)
        raise MosaicError(f"no info() gives batch_size: return it from info() of {names}")
    facts = {**facts, "train_loader": train_loader, "test_loader": test_loader}
    run_info.update(facts)

    seed_all(facts["seed"], "model")
    links = []
    for stage in pipeline:
        instance, module_info, _ = construct(stage)
        _refuse_missing(stage, instance, _PIPELINE_METHODS)
        links.append(Link(stage, instance, dict(run_info), module_info))
        learn(stage, instance)
    return Chain((train_loader, test_loader), links, made, files)


def _checked_loaders(stage: Stage, data: Any) -> Tuple[Any, Any]:
    if isinstance(data, (tuple, list)) and len(data) == 2 and all(map(_is_loader, data)):
        return data[0], data[1]
    raise breach(stage, f"prepare of the last data module must return two DataLoaders, (train, test); it returned {described(data)}")


def _is_loader(value: Any) -> bool:
    """Something to iterate over anew in each epoch; a Dataset gives samples, not batches."""
    if isinstance(value, DataLoader):
        return True
    is_once = hasattr(value, "__next__") or isinstance(value, (torch.Tensor, str, Mapping, Dataset))
    return hasattr(value, "__iter__") and not is_once


def _refuse_missing(stage: Stage, instance: Any, methods: Tuple[str, ...]) -> None:
    missing = [name for name in methods if not has_method(instance, name)]
    if missing:
        raise breach(stage, f"it has no method {', '.join(missing)}")


def breach(stage: Stage, what: str) -> MosaicError:
    return MosaicError(f"{stage.name}: {what}")


def described(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}: {', '.join(described(each) for each in value[:3])}"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {list(value.shape)}"
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    return f"the text {value[:40]!r}" if isinstance(value, str) else f"an object of {type(value).__name__}"


def to_device(value: Any, device: torch.device) -> Any:
    if isinstance(value, (torch.Tensor, nn.Module)):
        return value.to(device)
    if isinstance(value, Mapping):
        return {name: to_device(each, device) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        moved = [to_device(each, device) for each in value]
        # The fields of a named tuple are arguments, one each.
        return type(value)(*moved) if hasattr(value, "_fields") else type(value)(moved)
    return value

