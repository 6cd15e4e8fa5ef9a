"""The embedding net: an upright card picture to 256 numbers of unit length; alike cards lie near each other.

Three ways are added up. Two are linear maps: of the shrunk, evenly lit picture, and of its oriented gradients by cell (Dalal
and Triggs, 2005), which light and casts leave alone. They start as random projections, which keep correlations (Johnson and
Lindenstrauss, 1984), and aligned art is matched well by correlation alone. The convolutions learn what those miss: crooked
outlines, glare, blur, covers. All keep where things are: a card's layout counts.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.nets.blocks import Block, convolution
from ml.nets.folding import fold

WIDTH, HEIGHT = 96, 128
SIZE = 256
DIRECTIONS = 8
CELL = 8
"""Pixels of a cell in which gradients are added up, each way."""


class EmbeddingNet(nn.Module):
    """(n, 3, 128, 96) RGB in -1..1 -> (n, 256) of unit length."""

    derivatives: Tensor

    def __init__(self, widths: tuple[int, int, int, int] = (24, 48, 96, 160)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.features = nn.Sequential(
            *convolution(3, a, stride=2), nn.ReLU(inplace=True),
            *convolution(a, b, stride=2), nn.ReLU(inplace=True), Block(b),
            *convolution(b, c, stride=2), nn.ReLU(inplace=True), Block(c), Block(c),
            *convolution(c, d, stride=2), nn.ReLU(inplace=True), Block(d), Block(d),
        )  # fmt: skip
        self.narrow = nn.Conv2d(d, 48, 1)
        self.learned = nn.Linear(48 * (HEIGHT // 16) * (WIDTH // 16), SIZE)
        self.plain = nn.Linear((HEIGHT // 4) * (WIDTH // 4) + 3 * (HEIGHT // 8) * (WIDTH // 8), SIZE, bias=False)
        self.edges = nn.Linear(DIRECTIONS * (HEIGHT // CELL) * (WIDTH // CELL), SIZE, bias=False)
        self.register_buffer("derivatives", _derivatives(), persistent=False)
        nn.init.normal_(self.edges.weight, std=1.5 * self.edges.in_features**-0.5)
        nn.init.normal_(self.plain.weight, std=self.plain.in_features**-0.5)
        nn.init.normal_(self.learned.weight, std=0.3 * self.learned.in_features**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        grey = _even(functional.avg_pool2d(x.mean(dim=1, keepdim=True), 4))
        colour = _even(functional.avg_pool2d(x, 8))
        plain: Tensor = self.plain(torch.cat([grey, colour], dim=1))
        learned: Tensor = self.learned(torch.relu(self.narrow(self.features(x))).flatten(1))
        edges: Tensor = self.edges(self._gradients(x))
        return functional.normalize(plain + edges + learned, dim=1)

    def _gradients(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, DIRECTIONS * cells): how much each cell brightens each way, against its surroundings."""
        rising = torch.relu(functional.conv2d(x.mean(dim=1, keepdim=True), self.derivatives, padding=1))
        cells = functional.avg_pool2d(rising, CELL)
        around = functional.avg_pool2d(cells.mean(dim=1, keepdim=True), 3, stride=1, padding=1, count_include_pad=False)
        return _even((cells / (around + 0.01)).sqrt())


def _derivatives() -> Tensor:
    """(DIRECTIONS, 1, 3, 3): Sobel's derivative towards each direction."""
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    angles = [2 * math.pi * number / DIRECTIONS for number in range(DIRECTIONS)]
    return torch.stack([math.cos(angle) * across + math.sin(angle) * across.T for angle in angles])[:, None]


def _even(x: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c * h * w), each channel without its mean and at unit spread: exposure and casts fall away."""
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    spread = centred.square().mean(dim=(2, 3), keepdim=True).add(1e-3).sqrt()
    return (centred / spread).flatten(1)


def build(*, folded: bool = True) -> nn.Module:
    """The net that `ml/weights/embed-*.onnx` holds. folded: for serving; unfolded, with batch norms, for training."""
    net = EmbeddingNet()
    return fold(net) if folded else net
