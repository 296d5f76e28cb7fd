"""Data sets of the tests."""
import numpy
import torch
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset


class Points:
	"""Tabs, and int(...) around every option, as users of the original have them."""

	def __init__(self, batch_size, data_size, train_prop="0.8", workers="0"):
		self.batch_size = int(batch_size)
		self.data_size = int(data_size)
		self.train_prop = float(train_prop)
		self.workers = int(workers)

	def prepare(self, data, run_info, module_info):
		assert module_info["batch_size"] == str(self.batch_size)
		inputs = torch.rand(self.data_size, 2)
		targets = (inputs.sum(1) > 1).float()
		split = int(self.data_size * self.train_prop)
		train, test = Noisy(inputs[:split], targets[:split]), TensorDataset(inputs[split:], targets[split:])
		return (
			DataLoader(train, batch_size=self.batch_size, shuffle=True, num_workers=self.workers),
			DataLoader(test, batch_size=self.batch_size),
		)

	def info(self):
		return {"batch_size": str(self.batch_size), "input_size": 2, "output_size": 1}


class Noisy(TensorDataset):
	"""Draws a random number for each sample."""

	def __getitem__(self, index):
		inputs, target = super().__getitem__(index)
		rng = getattr(self, "rng", None)
		return inputs + 0.01 * torch.randn(2) + (0 if rng is None else float(rng.normal())), target


class OwnGenerator(Points):
	"""Its loader shuffles by a generator of its own, which no seed reaches."""

	def prepare(self, data, run_info, module_info):
		train, test = super().prepare(data, run_info, module_info)
		generator = torch.Generator().manual_seed(5)
		return DataLoader(train.dataset, batch_size=self.batch_size, shuffle=True, generator=generator), test


class DrawsInside(Points):
	"""The data set draws by a generator of its own, and a subset of it is what the loader has."""

	def prepare(self, data, run_info, module_info):
		train, test = super().prepare(data, run_info, module_info)
		train.dataset.rng = numpy.random.default_rng(5)
		return DataLoader(Subset(train.dataset, range(30)), batch_size=self.batch_size, shuffle=True), test


class Stream(Points):
	"""Its loader cannot be set to a place within an epoch."""

	def prepare(self, data, run_info, module_info):
		train, test = super().prepare(data, run_info, module_info)
		return DataLoader(Iterated(train.dataset), batch_size=self.batch_size), test


class Iterated(IterableDataset):
	def __init__(self, samples):
		self.samples = samples

	def __iter__(self):
		return (self.samples[index] for index in torch.randperm(len(self.samples)).tolist())


class Scaled:
	"""A second data module: it gets what the first has prepared."""

	def __init__(self, factor: float, input_size: int):
		self.factor = factor
		self.input_size = input_size

	def prepare(self, data, run_info, module_info):
		assert "output_size" in run_info and "train_loader" not in run_info
		for loader in data:
			inputs, targets = loader.dataset.tensors
			loader.dataset.tensors = (inputs * self.factor, targets)
		return data

	def info(self):
		return {}


class Classes(Points):
	"""Three classes by index, and a last batch that is smaller."""

	def prepare(self, data, run_info, module_info):
		inputs = torch.randn(self.data_size, 2)
		targets = (inputs[:, 0] > 0).long() + (inputs[:, 1] > 0).long()
		split = int(self.data_size * self.train_prop)
		make = lambda part, shuffle: DataLoader(
			TensorDataset(inputs[part], targets[part]), batch_size=self.batch_size, shuffle=shuffle
		)
		return make(slice(split), True), make(slice(split, None), False)

	def info(self):
		return {"batch_size": self.batch_size, "input_size": 2, "output_size": 3}


class OneLoader(Points):
	def prepare(self, data, run_info, module_info):
		return super().prepare(data, run_info, module_info)[0]


class NoBatchSize(Points):
	def info(self):
		return {"input_size": 2, "output_size": 1}


class BadInfo(Points):
	def info(self):
		return 5


class Doubles(Points):
	def prepare(self, data, run_info, module_info):
		train, test = super().prepare(data, run_info, module_info)
		train.dataset.tensors = tuple(each.double() if each.dim() == 1 else each for each in train.dataset.tensors)
		return train, test
