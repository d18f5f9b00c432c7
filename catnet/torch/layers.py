"""Layers whose weights live in an exact basis: what generated code calls to construct them."""

from __future__ import annotations

import torch

from catnet.diagnostics import Source
from catnet.nn.bilinear import BilinearSum, Block
from catnet.nn.intertwiner import IntertwinerSum, Part
from catnet.symmetry.bilinear import Mixing, bilinear_maps
from catnet.symmetry.equivariant import linear_maps
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
        for p in maps.parts
    ]  # fmt: skip
    return IntertwinerSum(parts, v.number(), w.number(), maps.invariants())


def tensor_product(left: str, right: str, out: str, mixing: Mixing = "full", shared: bool = True) -> BilinearSum:
    """The weighted bilinear maps that commute with a group, from two representations to a third.

    >>> layer = tensor_product("vector(SO(3))", "vector(SO(3))", "vector(SO(3))", shared=False)
    >>> layer(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), torch.ones(1)).abs()
    tensor([0.0000, 0.0000, 0.7071])
    """
    reps = [representation(text) for text in (left, right, out)]
    paths, couplings = [], []
    for found in bilinear_maps(*reps, mixing).couplings:
        shape = [rep.number() for rep in found.factors]
        for entries in found.tensors():
            paths.append((found.left, found.right, found.out))
            couplings.append(torch.zeros(shape, dtype=torch.float64, device="cpu"))
            for place, number in entries.items():
                couplings[-1][place] = number
    blocks = [[Block(_int(count), part.number()) for count, part in rep.blocks] for rep in reps]
    return BilinearSum(*blocks, paths, couplings, mixing, shared)


def _int(dim: object) -> int:
    return int(str(dim))
