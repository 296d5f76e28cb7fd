import torch
from torch.utils.data import DataLoader, TensorDataset, random_split


class dataset_OR:
	"""Pairs of random bits and their logical OR."""

	def __init__(self, batch_size, data_size, train_prop):
		self.batch_size = int(batch_size)
		self.data_size = int(data_size)
		self.train_prop = float(train_prop)

	def prepare(self, data, run_info, module_info):
		bits = torch.randint(0, 2, (self.data_size, 2)).float()
		dataset = TensorDataset(bits, bits.max(dim=1).values)
		train_size = round(self.data_size * self.train_prop)
		train, test = random_split(dataset, [train_size, self.data_size - train_size])
		return DataLoader(train, batch_size=self.batch_size, shuffle=True), DataLoader(test, batch_size=self.batch_size)

	def info(self):
		return {"batch_size": self.batch_size, "input_size": 2, "output_size": 1}
