"""The fitting net: looks at one outline closely and says where the card's corners really are, which end is up, and whether
it is a card at all. It sees the outline straightened with some of its surroundings, so a card is always of one size.
"""

import torch
from torch import Tensor, nn

from ml.nets.folding import fold

WIDTH, HEIGHT = 112, 144
"""Pixels of the net's input."""
MARGIN = 0.2
"""How much of the outline's width and height is seen on each side of it."""
OUTPUTS = 8 + 4 + 1 + 1
"""Offsets (x, y) of the four corners in shares of the outline's width and height; logits of the four turns (the corner,
counted clockwise, at which the card begins); logit that it is a card; logit that it lies on its face."""


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


class FittingNet(nn.Module):
    """(n, 3, 144, 112) RGB in -1..1 -> (n, 14), see `OUTPUTS`."""

    def __init__(self, widths: tuple[int, int, int, int] = (24, 40, 72, 112)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.features = nn.Sequential(
            *_convolution(3, a, 2), nn.ReLU(inplace=True),
            *_convolution(a, b, 2), nn.ReLU(inplace=True), Block(b),
            *_convolution(b, c, 2), nn.ReLU(inplace=True), Block(c), Block(c),
            *_convolution(c, d, 2), nn.ReLU(inplace=True), Block(d),
        )  # fmt: skip
        self.narrow = nn.Conv2d(d, 32, 1)
        self.hidden = nn.Linear(32 * (HEIGHT // 16) * (WIDTH // 16), 192)
        self.answer = nn.Linear(192, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        seen = torch.relu(self.narrow(self.features(x))).flatten(1)
        answer: Tensor = self.answer(torch.relu(self.hidden(seen)))
        return answer


def build(*, folded: bool = True) -> nn.Module:
    """The net that `ml/weights/fit-*.onnx` holds. folded: for serving; unfolded, with batch norms, for training."""
    net = FittingNet()
    return fold(net) if folded else net
