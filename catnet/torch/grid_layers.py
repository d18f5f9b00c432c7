"""Layers of images whose channels carry representations: what generated code calls to construct them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from catnet.nn.fibres import Fibre
from catnet.nn.group_convolution import FibreActivation, FibreBatchNorm2d, GroupConv2d, InvariantPool
from catnet.nn.steerable import Name, SteerableConv2d
from catnet.symmetry.finite_groups import Dihedral
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_irreducible import Turn
from catnet.symmetry.reps_leaves import Regular
from catnet.torch.layers import representation

if TYPE_CHECKING:
    from catnet.symmetry.exact import Matrix


def group_conv(
    source: str,
    target: str,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    padding_mode: Literal["zeros", "circular"] = "zeros",
    bias: bool = True,
) -> GroupConv2d:
    """A convolution between representations of C(4) or D(4): [batch, channels, height, width] -> the same.

    >>> conv = group_conv("3*trivial(C(4))", "8*regular(C(4))", 3, padding=1)
    >>> [tuple(p.shape) for p in conv.parameters()]
    [(8,), (8, 3, 9)]
    """
    group, into = fibres(source)
    return GroupConv2d(group, into, fibres(target)[1], kernel_size, stride, padding, padding_mode, bias)


def steerable_conv(
    source: str, target: str, kernel_size: int, stride: int = 1, padding: int = 0, bias: bool = True
) -> SteerableConv2d:
    """A convolution between representations of a finer C(n) or D(n): [batch, channels, height, width] -> the same.

    >>> steerable_conv("trivial(C(8))", "2*regular(C(8)) + irrep(C(8), 1)", 3).out
    [(2, 'regular'), (1, 1)]
    """
    v, w = representation(source), representation(target)
    return SteerableConv2d(_group(v), _names(v), _names(w), kernel_size, stride, padding, bias)


def fibre_batch_norm(source: str, eps: float = 1e-5, momentum: float = 0.1) -> FibreBatchNorm2d:
    """Batch normalisation over whole fibres: [batch, channels, height, width] -> the same."""
    return FibreBatchNorm2d(*fibres(source), eps, momentum)


def fibre_relu(source: str) -> FibreActivation:
    """ReLU where a fibre permutes its channels, else a gate by its length: [..., channels, height, width]."""
    return FibreActivation(*fibres(source))


def invariant_pool(source: str) -> InvariantPool:
    """What is invariant in each copy of a fibre: [..., channels, height, width] -> [..., copies, height, width]."""
    return InvariantPool(*fibres(source))


def fibres(text: str) -> tuple[str, list[tuple[int, str | Fibre]]]:
    """The group and the blocks of a representation of C(4) or D(4) by signed permutations, for `catnet.nn`.

    >>> fibres("2*irrep(C(4), 1)")
    ('C4', [(2, Fibre(group='C4', turn=((1, 1), (0, -1)), mirror=None))])
    """
    rep = representation(text)
    group = _group(rep)
    return group, [(int(str(count)), Fibre(group, *map(_signed, block.matrices()))) for count, block in rep.blocks]


def _group(rep: Rep) -> str:
    return f"{'D' if isinstance(rep.group, Dihedral) else 'C'}{rep.group.size}"


def _signed(matrix: Matrix) -> tuple[tuple[int, int], ...]:
    """For each column the row and the sign of its one entry."""
    found = {j: (i, 1 if x == 1 else -1) for (i, j), x in matrix.entries.items()}
    return tuple(found[j] for j in range(matrix.shape[1]))


def _names(rep: Rep) -> list[tuple[int, Name]]:
    found: list[tuple[int, Name]] = []
    for count, block in rep.blocks:
        name: Name = block.k if isinstance(block, Turn) else "regular" if isinstance(block, Regular) else "trivial"
        found.append((int(str(count)), name))
    return found
