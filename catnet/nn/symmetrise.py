"""Any module made equivariant: by an average over a finite group, or by moving the input to a standard place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from catnet.nn.exact import Exact

Action = Tensor | Sequence[Callable[[Tensor], Tensor]]


class Symmetrise(Exact):
    """The average of `rho'(g)^-1 f(rho(g) x)` over a finite group: equivariant for any f, and f if it was so already.

    `into` is how the elements act on the input, `back` how their inverses act on the output, element by element
    in the same order; None is the invariant output. Either is a float64 tensor [order, d, d] of matrices on the last
    axis, or a sequence of functions of a batch such as `lambda x: x.rot90(1, (-2, -1))`. All elements of the group
    are needed, not only generators. Axis 0 of the input is the batch: f is called once, on a batch that is as many
    times as long, and must treat its samples apart (batch statistics mix them, though the mean over a
    whole orbit keeps the result equivariant).

    Raises ValueError where the two actions do not have the same number of elements.

    >>> swap = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]], dtype=torch.float64)
    >>> even = Symmetrise(nn.Linear(2, 1), swap)
    >>> torch.allclose(even(torch.tensor([[1.0, 2.0]])), even(torch.tensor([[2.0, 1.0]])))
    True
    """

    def __init__(self, module: nn.Module, into: Action, back: Action | None = None) -> None:
        super().__init__()
        if not len(into) or (back is not None and len(back) != len(into)):
            raise ValueError("both actions list the same elements, at least the one")
        self.module, self.order = module, len(into)
        self.into = self._keep("into_matrices", into)
        self.back = None if back is None else self._keep("back_matrices", back)

    def _keep(self, name: str, action: Action) -> Sequence[Callable[[Tensor], Tensor]] | str:
        if not isinstance(action, Tensor):
            return list(action)
        self.constant(name, action)
        return name

    def forward(self, x: Tensor) -> Tensor:
        """[batch, ...] -> what the module makes of it, averaged."""
        y = self.module(torch.cat(self._move(self.into, [x] * self.order))).chunk(self.order)
        moved = list(y) if self.back is None else self._move(self.back, list(y))
        return torch.stack(moved).mean(0)

    def _move(self, action: Sequence[Callable[[Tensor], Tensor]] | str, copies: list[Tensor]) -> list[Tensor]:
        if isinstance(action, str):
            return [x @ g.mT for x, g in zip(copies, getattr(self, action), strict=True)]
        return [g(x) for x, g in zip(copies, action, strict=True)]

    def extra_repr(self) -> str:
        """The order of the group."""
        return f"order={self.order}"


class SortCanonicalise(nn.Module):
    """`f` of a set whose points are first put in lexicographic order: S(n)-equivariant whatever f is.

    Inputs [..., n, features]. With `invariant`, f gives one result for the set; else one for each point, [..., n, out],
    which go back to the places the points came from. Exact for sets of different points. Equal points are its
    stabilisers: they may get different results, and the map is discontinuous where the order changes in a
    feature that ties.

    >>> last = SortCanonicalise(nn.Flatten(-2), invariant=True)
    >>> last(torch.tensor([[3.0, 1.0], [2.0, 5.0], [2.0, 4.0]]))
    tensor([2., 4., 2., 5., 3., 1.])
    """

    def __init__(self, module: nn.Module, invariant: bool = False) -> None:
        super().__init__()
        self.module, self.invariant = module, invariant

    def forward(self, x: Tensor) -> Tensor:
        """Sort, apply, and undo."""
        order = torch.argsort(x[..., -1], dim=-1, stable=True)
        for feature in range(x.shape[-1] - 2, -1, -1):
            key = x[..., feature].gather(-1, order)
            order = order.gather(-1, torch.argsort(key, dim=-1, stable=True))
        y = self.module(x.gather(-2, order.unsqueeze(-1).expand_as(x)))
        if self.invariant:
            return y
        places = torch.argsort(order, dim=-1).unsqueeze(-1)
        return y.gather(-2, places.expand(y.shape))

    def extra_repr(self) -> str:
        """What the output is."""
        return "invariant" if self.invariant else "equivariant"


def principal_frame(x: Tensor, group: Literal["O(3)", "SO(3)"] = "O(3)") -> tuple[Tensor, Tensor]:
    """A cloud [..., n, 3] without its mean, and the axes of its frame [..., 3, 3], as columns: see `FrameCanonicalise`.

    >>> _, axes = principal_frame(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 1.0, 4.0]]))
    >>> torch.allclose(axes.mT @ axes, torch.eye(3), atol=1e-6)
    True
    """
    centred = x - x.mean(-2, keepdim=True)
    axes = torch.linalg.eigh(centred.mT @ centred).eigenvectors
    third = (centred @ axes).pow(3).sum(-2, keepdim=True)
    axes = axes * torch.where(third < 0, -1.0, 1.0).to(axes)
    if group == "SO(3)":
        cross = torch.linalg.cross(axes[..., 0], axes[..., 1], dim=-1)
        axes = torch.stack((axes[..., 0], axes[..., 1], cross), -1)
    return centred, axes


class FrameCanonicalise(nn.Module):
    """`f` of a cloud of points in its own principal axes: equivariant for rotations and translations whatever f is.

    Inputs [..., n, 3]. The frame's origin is the mean, its axes are those of the covariance in ascending order,
    each with the sign that makes the cloud's third moment along it positive. `group` "O(3)" takes all three signs from
    the cloud; "SO(3)" takes the third axis as the cross product of the others, so that mirror images differ.
    `output` says what f gives: "invariant" numbers, or "vector", directions [..., any, 3] in the frame, turned back.

    Exact off the stabilisers, to rounding over the gap of the principal moments. Where two moments agree, a third
    moment vanishes or a mirror maps the cloud to itself, the frame jumps: the map is discontinuous there and its
    derivative has no meaning.

    >>> shape = FrameCanonicalise(nn.Flatten(-2))
    >>> x = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 1.0, 4.0]])
    >>> torch.allclose(shape(x), shape(x[:, [1, 2, 0]] + 7.0), atol=1e-5)
    True
    """

    def __init__(
        self,
        module: nn.Module,
        group: Literal["O(3)", "SO(3)"] = "O(3)",
        output: Literal["invariant", "vector"] = "invariant",
    ) -> None:
        super().__init__()
        if group not in ("O(3)", "SO(3)") or output not in ("invariant", "vector"):
            raise ValueError('the group is "O(3)" or "SO(3)", the output "invariant" or "vector"')
        self.module, self.group, self.output = module, group, output

    def forward(self, x: Tensor) -> Tensor:
        """Move into the frame, apply, and turn back."""
        centred, axes = principal_frame(x, self.group)
        y = self.module(centred @ axes)
        return y if self.output == "invariant" else y @ axes.mT

    def extra_repr(self) -> str:
        """The group and the output."""
        return f"{self.group}, {self.output}"
