"""What the nets are built of. Names and order of the parts inside are those of the weights: `ml/weights` depends on them."""

import torch
from torch import Tensor, nn


def convolution(inside: int, outside: int, size: int = 3, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution that keeps the picture's size but for its stride, and the batch norm that `fold` makes part of it."""
    return [nn.Conv2d(inside, outside, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outside)]


class Block(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*convolution(width, width), nn.ReLU(inplace=True), *convolution(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) -> the same shape."""
        return torch.relu(x + self.body(x))


def doubled(x: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, 2 h, 2 w), each value four times."""
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
