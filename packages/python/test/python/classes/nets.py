"""Models of the tests."""
import collections
import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Literal

import numpy
import torch
from torch import nn


class Mlp(nn.Module):
	def __init__(self, input_size, output_size, width: int = 4, dropout: float = 0.0, end: Literal["none", "sigmoid"] = "sigmoid"):
		super().__init__()
		layers = [nn.Linear(input_size, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, output_size)]
		self.net = nn.Sequential(*layers, *([nn.Sigmoid()] if end == "sigmoid" else []))

	def forward(self, data, run_info, module_info):
		return self.net(data)

	def info(self):
		return {}

	def save_model(self, path):
		torch.save(self.state_dict(), path + ".pt")

	def load_model(self, path):
		self.load_state_dict(torch.load(path + ".pt"))


class Whole(Mlp):
	"""Saves itself, as a pickle that loads by the name of its file."""

	def save_model(self, path):
		torch.save(self, path + ".pt")

	def load_model(self, path):
		self.net = torch.load(path + ".pt", weights_only=False).net


class Plain:
	"""No torch.nn.Module, and no parameters()."""

	def __init__(self, input_size: int, output_size: int):
		self.net = nn.Linear(input_size, output_size)
		self.scale = nn.Parameter(torch.ones(1))

	def forward(self, data, run_info, module_info):
		return torch.sigmoid(self.net(data) * self.scale)

	def info(self):
		return {}

	def save_model(self, path):
		torch.save([self.net, self.scale], path + ".pt")

	def load_model(self, path):
		self.net, self.scale = torch.load(path + ".pt", weights_only=False)


class Listed:
	"""No torch.nn.Module: its layers are in a list, and load_model reads the weights alone."""

	def __init__(self, input_size: int, output_size: int):
		self.layers = [nn.Linear(input_size, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, output_size)]

	def forward(self, data, run_info, module_info):
		for layer in self.layers:
			data = layer(data)
		return torch.sigmoid(data)

	def info(self):
		return {}

	def save_model(self, path):
		torch.save([each for layer in self.layers for each in layer.parameters()], path + ".pt")

	def load_model(self, path):
		torch.load(path + ".pt")


class Keeping(Mlp):
	"""Keeps collections, an array of numpy, a generator, and a hidden state that goes from batch to batch."""

	def __init__(self, input_size, output_size):
		super().__init__(input_size, output_size)
		self.rnn = nn.GRU(input_size, input_size, batch_first=True)
		self.hidden = None
		self.means = numpy.zeros(input_size)
		self.last = collections.deque(maxlen=2)
		self.table = {"scale": 1.0}
		self.rng = numpy.random.default_rng(3)

	def forward(self, data, run_info, module_info):
		if self.training:
			self.means = 0.9 * self.means + 0.1 * data.numpy().mean(0)
			self.last.append(float(data.mean()))
			self.table["scale"] *= 1.01
			hidden = None if self.hidden is None else self.hidden[0][:, :1].expand(-1, len(data), -1).contiguous()
			out, hidden = self.rnn(data.unsqueeze(1), hidden)
			self.hidden = (hidden.detach(),)
			data = out.squeeze(1) + float(self.rng.normal()) + sum(self.last)
		return self.net(data * self.table["scale"] - torch.from_numpy(self.means).float())


class Counting(Mlp):
	"""Counts its steps, keeps what it has seen, and makes its first layer when data come."""

	def __init__(self, input_size, output_size, width: int = 4):
		super().__init__(input_size, output_size, width)
		self.net[0] = nn.LazyLinear(width)
		self.steps, self.seen = 0, None
		self.register_buffer("largest", torch.zeros(1), persistent=False)

	def forward(self, data, run_info, module_info):
		if self.training:
			self.steps += 1
			self.seen = data.detach().mean() + (0 if self.seen is None else self.seen)
			self.largest.copy_(torch.maximum(self.largest, data.detach().max()))
			data = data + self.seen / self.steps + 0.1 * self.largest
		return self.net(data)


class Doubling:
	"""Nothing to train."""

	def forward(self, data, run_info, module_info):
		return 2 * data

	def info(self):
		return {"doubled": True}

	def save_model(self, path):
		open(path + ".txt", "w").close()

	def load_model(self, path):
		pass


class Behaves(Mlp):
	"""Does something odd in its third step."""

	def __init__(self, input_size, output_size, how: str, where: str = ""):
		super().__init__(input_size, output_size)
		self.how, self.where, self.steps = how, where, 0

	def forward(self, data, run_info, module_info):
		self.steps += 1
		if self.steps == 3:
			getattr(self, self.how)()
		return self.net(data)

	def save_model(self, path):
		if self.how == "no_file":
			return
		super().save_model(path)

	def on_cuda(self):
		# A bare .cuda() hits the assigned device, where the parameters are.
		assert torch.zeros(1).cuda().device == next(self.parameters()).device

	def no_file(self):
		pass

	def exit_process(self):
		os._exit(7)

	def exit_politely(self):
		sys.exit("enough")

	def kill_itself(self):
		os.kill(os.getpid(), signal.SIGKILL)

	def crash(self):
		print("last words", file=sys.stderr)
		os.kill(os.getpid(), signal.SIGSEGV)

	def no_memory(self):
		raise MemoryError("too much")

	def recurse(self):
		self.recurse()

	def thread(self):
		thread = threading.Thread(target=lambda: 1 / 0)
		thread.start()
		thread.join()

	def fork(self):
		if os.fork() == 0:
			return

	def flood(self):
		for _ in range(2000):
			print("x" * 999)

	def bars(self):
		for part in range(100):
			print(f"\rbar {part} %", end="", file=sys.stderr)
			time.sleep(0.001)
		print("\rbar done\r\nnext", file=sys.stderr)

	def descriptors(self):
		code = "import os\nfor n in (3, 4, 5):\n  try: os.fstat(n); print('open', n)\n  except OSError: print('closed', n)"
		subprocess.run([sys.executable, "-c", code], close_fds=False)
		print("stdin", sys.stdin.read() == "", os.environ.get("PYTHONPATH"), os.environ["MPLBACKEND"], os.getcwd())

	def sleeps(self):
		with open(self.where, "w") as file:
			child = subprocess.Popen(["sleep", "1000"])
			detached = subprocess.Popen(["sleep", "1000"], start_new_session=True)
			file.write(f"{os.getpid()} {child.pid} {detached.pid}")
		time.sleep(1000)

	def leaves(self):
		assert not hasattr(random, "left")
		random.left = True


batches_seen = 0
sizes_seen = []


class CountsInItsFile(Mlp):
	largest = 0

	def forward(self, data, run_info, module_info):
		global batches_seen
		batches_seen += 1
		sizes_seen.append(len(data))
		CountsInItsFile.largest = max(CountsInItsFile.largest, len(data))
		return self.net(data)


class LoadsWeightsAlone(Whole):
	"""What torch.load does by itself since 2.6."""

	def load_model(self, path):
		self.net = torch.load(path + ".pt", weights_only=True).net


class NoEnding(Mlp):
	"""Against the contract: `path` is a name without ending."""

	def save_model(self, path):
		torch.save(self.state_dict(), path)


class OneNameForAll(Mlp):
	def save_model(self, path):
		torch.save(self.state_dict(), os.path.join(os.path.dirname(path), "weights.pt"))


class SavesFolder(Mlp):
	def save_model(self, path):
		os.mkdir(path)
		super().save_model(os.path.join(path, "weights"))


class CannotSave(Mlp):
	def save_model(self, path):
		torch.save(self.state_dictt(), path + ".pt")


class NoSave(nn.Module):
	def __init__(self, input_size):
		super().__init__()
		self.net = nn.Linear(input_size, 1)

	def forward(self, data, run_info, module_info):
		return self.net(data)


class WrongShape(Mlp):
	def forward(self, data, run_info, module_info):
		return self.net(data).repeat(1, 3)


class NoTensor(Mlp):
	def forward(self, data, run_info, module_info):
		return "prediction"


class Adversary(nn.Module):
	"""A loss with a critic that learns by an optimizer of its own, and a balance that moves."""

	def __init__(self):
		super().__init__()
		self.critic = nn.Linear(1, 1)
		self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=0.1)
		self.balance = 1.0

	def forward(self, prediction, target):
		if torch.is_grad_enabled():
			self.optimizer.zero_grad()
			advantage = (self.critic(prediction.detach()) - self.critic(target)).pow(2).mean()
			advantage.backward()
			self.optimizer.step()
			self.balance = 0.9 * self.balance + 0.1 * float(advantage.detach())
		return (prediction - target).pow(2).mean() + self.balance * self.critic(prediction).mean().pow(2)


class Squared(nn.Module):
	def forward(self, prediction, target):
		return (prediction - target).pow(2).mean()
