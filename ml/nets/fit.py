"""The fitting net: looks at one outline closely and says where the card's corners really are, which end is up, and whether
it is a card at all. It sees the outline straightened with some of its surroundings, so a card is always of one size.

Each corner is a chance for every place of the close-up, and where it is is their mean (integral regression: Sun, Xiao, Wei,
Liang and Wei, 2018), which is finer than a pixel; numbers straight out of a linear layer were off by two.
"""

import torch
from torch import Tensor, nn

from ml.nets.blocks import Block, convolution, doubled
from ml.nets.folding import fold

WIDTH, HEIGHT = 112, 144
"""Pixels of the net's input."""
MARGIN = 0.2
"""How much of the outline's width and height is seen on each side of it."""
STRIDE = 4
"""Pixels per place of the corners' chances, each way."""
OUTPUTS = 8 + 4 + 1 + 1
"""Offsets (x, y) of the four corners in shares of the outline's width and height; logits of the four turns (the corner,
counted clockwise, at which the card begins); logit that it is a card; logit that it lies on its face."""


class FittingNet(nn.Module):
    """(n, 3, 144, 112) RGB in -1..1 -> (n, 14), see `OUTPUTS`."""

    grid: Tensor
    own: Tensor

    def __init__(self, widths: tuple[int, int, int, int] = (24, 40, 72, 112)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.features = nn.Sequential(
            *convolution(3, a, stride=2), nn.ReLU(inplace=True),
            *convolution(a, b, stride=2), nn.ReLU(inplace=True), Block(b),
            *convolution(b, c, stride=2), nn.ReLU(inplace=True), Block(c), Block(c),
            *convolution(c, d, stride=2), nn.ReLU(inplace=True), Block(d),
        )  # fmt: skip
        self.narrow = nn.Conv2d(d, 32, 1)
        self.hidden = nn.Linear(32 * (HEIGHT // 16) * (WIDTH // 16), 192)
        self.judged = nn.Linear(192, OUTPUTS - 8)
        # what the whole close-up says, for corners that lie under another card
        self.spread = nn.Linear(192, 24 * (HEIGHT // 16) * (WIDTH // 16))
        self.to_eighth = nn.Conv2d(d + 24, c, 1)
        self.at_eighth = Block(c)
        self.to_quarter = nn.Conv2d(c, b, 1)
        self.at_quarter = Block(b)
        self.places = nn.Conv2d(b, 4, 1)
        self.register_buffer("grid", _grid(), persistent=False)
        self.register_buffer("own", torch.tensor([0.0, 0, 1, 0, 1, 1, 0, 1]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        places, judged = self.seen(x)
        at = torch.softmax(places, dim=2) @ self.grid
        return torch.cat([at.flatten(1) - self.own, judged], dim=1)

    def seen(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 4, places) logits of where each corner is, row by row; (n, 6) the other logits."""
        quarter = self.features[:7](x)
        eighth = self.features[7:12](quarter)
        sixteenth = self.features[12:](eighth)
        hidden = torch.relu(self.hidden(torch.relu(self.narrow(sixteenth)).flatten(1)))
        spread = torch.relu(self.spread(hidden)).unflatten(1, (24, HEIGHT // 16, WIDTH // 16))
        eighth = self.at_eighth(torch.relu(eighth + doubled(self.to_eighth(torch.cat([sixteenth, spread], dim=1)))))
        quarter = self.at_quarter(torch.relu(quarter + doubled(self.to_quarter(eighth))))
        return self.places(quarter).flatten(2), self.judged(hidden)


def _grid() -> Tensor:
    """(places, 2): the middle of each place in shares of the outline's width and height, row by row."""
    x = (torch.arange(WIDTH // STRIDE) + 0.5) * STRIDE / WIDTH * (1 + 2 * MARGIN) - MARGIN
    y = (torch.arange(HEIGHT // STRIDE) + 0.5) * STRIDE / HEIGHT * (1 + 2 * MARGIN) - MARGIN
    return torch.stack([x.repeat(len(y)), y.repeat_interleave(len(x))], dim=1)


def build(*, folded: bool = True) -> nn.Module:
    """The net that `ml/weights/fit-*.onnx` holds. folded: for serving; unfolded, with batch norms, for training."""
    net = FittingNet()
    return fold(net) if folded else net
