"""The wear net: a small fully convolutional U, from a straightened card to one mask per kind of wear at a quarter of its size."""

import torch
from torch import Tensor, nn

from ml.nets.blocks import convolution, doubled
from ml.nets.folding import fold

KINDS = 5
"""Masks: whitening, bend, scratch, print line, stain, in the order of `ml.grade.grading.KINDS`."""
CHANNELS = 4
"""Red, green, blue in -1..1, and how far from the card's edge (see `ml.grade.wear.net_input`)."""


class Block(nn.Module):
    """Depthwise then pointwise, added to what came in: context at a ninth of a full convolution's cost."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *convolution(width, width, size, groups=width),
            *convolution(width, 2 * width, 1),
            nn.ReLU(inplace=True),
            *convolution(2 * width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) -> the same shape."""
        return torch.relu(x + self.body(x))


class WearNet(nn.Module):
    """(n, 4, h, w), h and w multiples of 16 -> logits (n, 5, h / 4, w / 4)."""

    def __init__(
        self, widths: tuple[int, int, int, int] = (16, 32, 48, 72), blocks: tuple[int, int, int] = (2, 2, 3)
    ) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(*convolution(CHANNELS, a, 3, stride=2), nn.ReLU(inplace=True))
        self.quarter = nn.Sequential(
            *convolution(a, b, 3, stride=2), nn.ReLU(inplace=True), *(Block(b, 3) for _ in range(blocks[0]))
        )
        self.eighth = nn.Sequential(
            *convolution(b, c, 3, stride=2), nn.ReLU(inplace=True), *(Block(c, 5) for _ in range(blocks[1]))
        )
        self.sixteenth = nn.Sequential(
            *convolution(c, d, 3, stride=2), nn.ReLU(inplace=True), *(Block(d, 5) for _ in range(blocks[2]))
        )
        self.to_eighth = nn.Sequential(*convolution(d, c, 1))
        self.to_quarter = nn.Sequential(*convolution(c, b, 1))
        self.at_eighth = Block(c, 3)
        self.at_quarter = Block(b, 3)
        self.head = nn.Conv2d(b, KINDS, 1)
        nn.init.constant_(self.head.bias, -3.5)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        quarter = self.quarter(self.stem(x))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        eighth = self.at_eighth(torch.relu(eighth + doubled(self.to_eighth(sixteenth))))
        quarter = self.at_quarter(torch.relu(quarter + doubled(self.to_quarter(eighth))))
        logits: Tensor = self.head(quarter)
        return logits


def build(*, folded: bool = True) -> nn.Module:
    """The net that `ml/weights/grade-*.onnx` holds. folded: for serving; unfolded, with batch norms, for training."""
    net = WearNet()
    return fold(net) if folded else net
