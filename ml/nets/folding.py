"""Batch norms folded into the convolutions before them: the form that nets are shipped and served in."""

import copy

import torch
from torch import nn


def fold(module: nn.Module) -> nn.Module:
    """A copy for serving: each BatchNorm2d that follows a Conv2d becomes part of it, and nn.Identity takes its place.

    "Follows" means: registered right after it in the same parent, as in Sequential and in torchvision's blocks. The
    convolutions keep their names and gain a bias. A batch norm without such a convolution stays. Inference only: the copy
    is in evaluation mode. Source: w' = w * gamma / sqrt(var + eps), b' = (b - mean) * gamma / sqrt(var + eps) + beta.
    """
    folded = copy.deepcopy(module).eval()
    for parent in list(folded.modules()):
        before: nn.Module | None = None
        for name, child in list(parent.named_children()):
            if (
                isinstance(child, nn.BatchNorm2d)
                and isinstance(before, nn.Conv2d)
                and before.out_channels == child.num_features
            ):
                _absorb(before, child)
                setattr(parent, name, nn.Identity())
            before = child
    return folded.requires_grad_(False)


@torch.no_grad()
def _absorb(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise ValueError("A batch norm that keeps no running statistics cannot be folded.")
    gamma = norm.weight if norm.affine else torch.ones_like(mean)
    beta = norm.bias if norm.affine else torch.zeros_like(mean)
    scale = (gamma.double() / torch.sqrt(variance.double() + norm.eps)).view(-1, 1, 1, 1)
    bias = torch.zeros_like(mean) if convolution.bias is None else convolution.bias
    shifted = (bias.double() - mean.double()) * scale.view(-1) + beta.double()
    convolution.weight = nn.Parameter((convolution.weight.double() * scale).to(convolution.weight.dtype))
    convolution.bias = nn.Parameter(shifted.to(convolution.weight.dtype))
