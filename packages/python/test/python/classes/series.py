"""An MLP, a convolutional network with batch norm and dropout, and an LSTM, with data that suit them."""
import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Drawn:
    """Samples of any shape, by torch and by numpy; the last batch is smaller."""

    def __init__(self, batch_size: int, shape: str):
        self.batch_size = batch_size
        self.shape = [int(text) for text in shape.split("x")]

    def prepare(self, data, run_info, module_info):
        inputs = torch.randn(70, *self.shape)
        noise = torch.from_numpy(numpy.random.normal(size=70).astype("float32"))
        targets = (inputs.reshape(70, -1).mean(1) + 0.05 * noise > 0).long()
        train = TensorDataset(inputs[:50], targets[:50])
        test = TensorDataset(inputs[50:], targets[50:])
        return DataLoader(train, batch_size=self.batch_size, shuffle=True), DataLoader(test, batch_size=self.batch_size)

    def info(self):
        return {"batch_size": self.batch_size, "shape": self.shape}


class Saved(nn.Module):
    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))


class Mlp(Saved):
    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, data, run_info, module_info):
        return self.layers(data)


class Cnn(Saved):
    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.3),
            nn.Flatten(),
            nn.Linear(width * 16, 2),
        )

    def forward(self, data, run_info, module_info):
        return self.layers(data)


class Lstm(Saved):
    def __init__(self, width: int):
        super().__init__()
        self.lstm = nn.LSTM(3, width, num_layers=2, dropout=0.2, batch_first=True)
        self.end = nn.Linear(width, 2)

    def forward(self, data, run_info, module_info):
        return self.end(self.lstm(data)[0][:, -1])
