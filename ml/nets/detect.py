"""The outline net: fully convolutional, from a photo to the middle, corners and upright direction of every card in it.

Each cell of the answer speaks for the card whose visible part has its middle there. Which end of a card is its top is a
question of its own (`upright`), because corners learnt in a fixed order average out to nothing where the top is in doubt.
"""

import torch
from torch import Tensor, nn

from ml.nets.blocks import Block, convolution, doubled
from ml.nets.folding import fold

STRIDE = 8
"""Pixels per cell of the answer, each way."""
REACH = 64.0
"""Pixels per unit of the corners' offsets."""
CHANNELS = {"middle": 1, "corners": 8, "upright": 1, "back": 1, "corner": 1, "corner_at": 2}
"""What the answer's channels hold, in this order: logits of a card's middle; (x, y) of four corners from the cell's middle;
logit that the corners begin at the card's own top left, against two corners further; logit of a back; logit of any card's
visible corner in the cell, and where in it, in cells from its middle."""


class OutlineNet(nn.Module):
    """(n, 3, h, w) RGB in -1..1, h and w multiples of 32 -> (n, 14, h / 8, w / 8), see `CHANNELS`."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 96, 128), blocks: tuple[int, ...] = (2, 3, 3)) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.stem = nn.Sequential(
            *convolution(3, a, stride=2),
            nn.ReLU(inplace=True),
            *convolution(a, b, stride=2),
            nn.ReLU(inplace=True),
            *convolution(b, b),
            nn.ReLU(inplace=True),
        )
        self.eighth = self._stage(b, c, blocks[0])
        self.sixteenth = self._stage(c, d, blocks[1])
        self.thirtysecond = self._stage(d, e, blocks[2])
        self.from_thirtysecond = nn.Sequential(*convolution(e, d, size=1))
        self.at_sixteenth = nn.Sequential(*convolution(d, d), nn.ReLU(inplace=True))
        self.from_sixteenth = nn.Sequential(*convolution(d, c, size=1))
        self.at_eighth = nn.Sequential(
            *convolution(c, c), nn.ReLU(inplace=True), *convolution(c, c), nn.ReLU(inplace=True)
        )
        self.head = nn.Conv2d(c, sum(CHANNELS.values()), 1)
        with torch.no_grad():
            self.head.bias.zero_()  # type: ignore[union-attr]
            self.head.bias[0] = self.head.bias[11] = -4.0  # type: ignore[index]

    @staticmethod
    def _stage(inside: int, outside: int, blocks: int) -> nn.Sequential:
        return nn.Sequential(
            *convolution(inside, outside, stride=2), nn.ReLU(inplace=True), *(Block(outside) for _ in range(blocks))
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        eighth = self.eighth(self.stem(x))
        sixteenth = self.sixteenth(eighth)
        thirtysecond = self.thirtysecond(sixteenth)
        sixteenth = self.at_sixteenth(torch.relu(sixteenth + doubled(self.from_thirtysecond(thirtysecond))))
        eighth = self.at_eighth(torch.relu(eighth + doubled(self.from_sixteenth(sixteenth))))
        answer: Tensor = self.head(eighth)
        return answer


def build(*, folded: bool = True) -> nn.Module:
    """The net that `ml/weights/detect-*.onnx` holds. folded: for serving; unfolded, with batch norms, for training."""
    net = OutlineNet()
    return fold(net) if folded else net
