"""Layers whose weights live in an exact basis: what generated code calls to construct them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from torch import Tensor

from catnet.diagnostics import Source
from catnet.nn.bilinear import BilinearSum, Block
from catnet.nn.intertwiner import IntertwinerSum, Part
from catnet.nn.symmetrise import principal_frame
from catnet.symmetry.bilinear import Mixing, bilinear_maps
from catnet.symmetry.elements import Element
from catnet.symmetry.enumeration import elements, word_in
from catnet.symmetry.equivariant import linear_maps
from catnet.symmetry.groups import FiniteGroup
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.syntax.parser import parse_expression
from catnet.types.static import evaluate


def representation(text: str) -> Rep:
    """The representation that a text of the language means, such as `"8*trivial(O(3)) + 4*vector(O(3))"`."""
    found = evaluate(parse_expression(Source("<representation>", text)), lambda _: None)
    if not isinstance(found, Rep):
        raise TypeError(f"`{text}` is no representation")
    return found


def intertwiner(source: str, target: str, bias: bool = True) -> IntertwinerSum:
    """The linear maps that commute with a group, from one representation to another: [..., d] -> [..., e].

    >>> layer = intertwiner("2*vector(SO(3))", "vector(SO(3))")
    >>> [tuple(p.shape) for p in layer.parameters()]
    [(1, 2, 1)]
    """
    v, w = representation(source), representation(target)
    maps = linear_maps(v, w, bias)
    parts = [
        Part(
            _int(p.source_start), _int(p.source_count), p.source.number(),
            _int(p.target_start), _int(p.target_count), p.target.number(), maps.elements(p),
        )
        for p in maps.basis.parts
    ]  # fmt: skip
    return IntertwinerSum(parts, v.number(), w.number(), maps.invariants())


def tensor_product(left: str, right: str, out: str, mixing: Mixing = "full", shared: bool = True) -> BilinearSum:
    """The weighted bilinear maps that commute with a group, from two representations to a third.

    >>> layer = tensor_product("vector(SO(3))", "vector(SO(3))", "vector(SO(3))", shared=False)
    >>> layer(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), torch.ones(1)).abs()
    tensor([0.0000, 0.0000, 0.7071])
    """
    reps = representation(left), representation(right), representation(out)
    paths, couplings = [], []
    for found in bilinear_maps(*reps, mixing).couplings:
        shape = [rep.number() for rep in found.factors]
        for entries in found.tensors():
            paths.append((found.left, found.right, found.out))
            couplings.append(torch.zeros(shape, dtype=torch.float64, device="cpu"))
            for place, number in entries.items():
                couplings[-1][place] = number
    first, second, third = ([Block(_int(count), part.number()) for count, part in rep.blocks] for rep in reps)
    return BilinearSum(first, second, third, paths, couplings, mixing, shared)


@cache
def group_matrices(source: str, target: str) -> tuple[Tensor, Tensor]:
    """The matrices of all elements of a finite group on one representation, and their inverses on another, float64.

    >>> into, back = group_matrices("vector(S(3))", "sign(S(3))")
    >>> into.shape, back.flatten().tolist().count(-1.0)
    (torch.Size([6, 3, 3]), 3)
    """
    v, w = representation(source), representation(target)
    assert isinstance(v.group, FiniteGroup)
    tree = elements(v.group.realisation(), str(v.group))
    words = [Element(v.group, word_in(tree, element)) for element in tree]
    into, back = (torch.stack([rep.matrix(word) for word in words]) for rep in (v, w))
    return into, back.mT if w.kind.within(Kind.ORTHOGONAL) else torch.linalg.inv(back)


def average(f: Callable[[Tensor], Tensor], x: Tensor, source: str, target: str, axes: int) -> Tensor:
    """The mean of `rho_W(g)^-1 f(rho_V(g) x)` over a finite group, which acts on the last of the `axes` last axes of x.

    f is called once, with one batch axis.
    """
    into, back = (matrices.to(x) for matrices in group_matrices(source, target))
    lead = x.shape[: x.dim() - axes]
    moved = torch.einsum("gij,...j->g...i", into, x)
    y = f(moved.reshape(-1, *x.shape[x.dim() - axes :]))
    y = y.reshape(len(into), *lead, *y.shape[1:])
    return torch.einsum("gij,g...j->...i", back, y) / len(into)


def in_frame(f: Callable[[Tensor], Tensor], x: Tensor, group: Literal["O(3)", "SO(3)"], turned: bool) -> Tensor:
    """f of a cloud [..., n, 3] in its principal axes; with `turned` the result is vectors, which are turned back."""
    centred, axes = principal_frame(x, group)
    y = f(centred @ axes)
    if not turned:
        return y
    vectors = y.reshape(*x.shape[:-2], -1, 3) @ axes.mT
    return vectors.reshape(y.shape)


def _int(dim: object) -> int:
    return int(str(dim))
