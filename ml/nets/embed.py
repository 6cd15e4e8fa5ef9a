"""The embedding net: an upright card picture to 256 numbers of unit length; alike cards lie near each other.

Two ways are added up. The plain one is a linear map of the shrunk, evenly lit picture: it starts as a random projection,
which keeps correlations (Johnson and Lindenstrauss, 1984), and aligned art is matched well by correlation alone. The
convolutions learn what that misses: crooked outlines, glare, blur, covers. Both keep where things are: a card's layout counts.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.nets.folding import fold

WIDTH, HEIGHT = 96, 128
SIZE = 256


def _convolution(inside: int, outside: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside)]


class Block(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_convolution(width, width), nn.ReLU(inplace=True), *_convolution(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) -> the same shape."""
        return torch.relu(x + self.body(x))


class EmbeddingNet(nn.Module):
    """(n, 3, 128, 96) RGB in -1..1 -> (n, 256) of unit length."""

    def __init__(self, widths: tuple[int, int, int, int] = (24, 48, 96, 160)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.features = nn.Sequential(
            *_convolution(3, a, 2), nn.ReLU(inplace=True),
            *_convolution(a, b, 2), nn.ReLU(inplace=True), Block(b),
            *_convolution(b, c, 2), nn.ReLU(inplace=True), Block(c), Block(c),
            *_convolution(c, d, 2), nn.ReLU(inplace=True), Block(d), Block(d),
        )  # fmt: skip
        self.narrow = nn.Conv2d(d, 48, 1)
        self.learned = nn.Linear(48 * (HEIGHT // 16) * (WIDTH // 16), SIZE)
        self.plain = nn.Linear((HEIGHT // 4) * (WIDTH // 4) + 3 * (HEIGHT // 8) * (WIDTH // 8), SIZE, bias=False)
        nn.init.normal_(self.plain.weight, std=self.plain.in_features**-0.5)
        nn.init.normal_(self.learned.weight, std=0.3 * self.learned.in_features**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        grey = _even(functional.avg_pool2d(x.mean(dim=1, keepdim=True), 4))
        colour = _even(functional.avg_pool2d(x, 8))
        plain: Tensor = self.plain(torch.cat([grey, colour], dim=1))
        learned: Tensor = self.learned(torch.relu(self.narrow(self.features(x))).flatten(1))
        return functional.normalize(plain + learned, dim=1)


def _even(x: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c * h * w), each channel without its mean and at unit spread: exposure and casts fall away."""
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    spread = centred.square().mean(dim=(2, 3), keepdim=True).add(1e-3).sqrt()
    return (centred / spread).flatten(1)


def build(*, folded: bool = True) -> nn.Module:
    """The net that `ml/weights/embed-*.onnx` holds. folded: for serving; unfolded, with batch norms, for training."""
    net = EmbeddingNet()
    return fold(net) if folded else net
