import torch
from torch import nn


class mlp(nn.Module):
	"""Fully connected layers of the given sizes, each followed by a sigmoid."""

	def __init__(self, sizes):
		super().__init__()
		layers = []
		for size, next_size in zip(sizes, sizes[1:]):
			layers += [nn.Linear(size, next_size), nn.Sigmoid()]
		self.layers = nn.Sequential(*layers)

	def forward(self, data, run_info, module_info):
		return self.layers(data)

	def info(self):
		return {}

	def save_model(self, path):
		torch.save(self.state_dict(), path + ".pt")

	def load_model(self, path):
		self.load_state_dict(torch.load(path + ".pt"))


# length and width come from the configuration file, input_size and output_size from info() of the data set.
class mlp_brick(mlp):
	"""Every hidden layer has the same width."""

	def __init__(self, input_size, output_size, length, width):
		super().__init__([input_size] + [width] * length + [output_size])


class mlp_funnel(mlp):
	"""As many neurons as the brick, but each layer is narrower than the one before."""

	def __init__(self, input_size, output_size, length, width):
		super().__init__([input_size] + funnel_sizes(length, width) + [output_size])


def funnel_sizes(length, width):
	"""Starts with equal layers, moves the larger half of each to the next, and turns the result round: 4-2-1-1."""
	sizes = [width] * length
	for index in range(length - 1):
		moved = (sizes[index] + 1) // 2
		sizes[index] -= moved
		sizes[index + 1] += moved
	return sizes[::-1]
