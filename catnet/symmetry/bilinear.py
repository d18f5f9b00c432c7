"""What a tensor product of two representations into a third needs: a basis of the bilinear maps, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from math import sqrt
from typing import Literal

from catnet.symmetry.exact import to_float
from catnet.symmetry.intertwiners import Basis, hom
from catnet.symmetry.reps import Rep, need_rep
from catnet.types.dims import Dim

Mixing = Literal["full", "channel"]
Entries = dict[tuple[int, int, int], float]


@dataclass(frozen=True, eq=False)
class Coupling:
    """The equivariant bilinear maps of a block of one representation and one of another to one of a third.

    `left`, `right` and `out` number the blocks; each pair of copies has the same basis, of `dimension` elements.
    """

    left: int
    right: int
    out: int
    factors: tuple[Rep, Rep, Rep]
    basis: Basis

    @property
    def dimension(self) -> Dim:
        """The number of elements."""
        return Dim.const(0) + self.basis.dimension

    def tensors(self) -> list[Entries]:
        """The basis by (index in the left copy, in the right one, in that of the output), in the true bases.

        Each is scaled such that its squares sum to the dimension of the output's copy.
        """
        left, right, out = self.factors
        width = right.number()
        found = []
        for element in self.basis.elements:
            entries = {
                (column // width, column % width, row): to_float(x).real
                * _root(out, row)
                / (_root(left, column // width) * _root(right, column % width))
                for (row, column), x in element.items()
            }
            size = sqrt(sum(x * x for x in entries.values()) / out.number())
            found.append({place: x / size for place, x in entries.items()})
        return found


@dataclass(frozen=True, eq=False)
class BilinearMaps:
    """The equivariant bilinear maps `left x right -> out`, with a weight for each choice of copies and basis element.

    With "channel" mixing the copies of `left` stay apart and become those of `out`, so that only blocks of
    equal multiplicity meet.
    """

    left: Rep
    right: Rep
    out: Rep
    mixing: Mixing
    couplings: tuple[Coupling, ...]

    @cached_property
    def weights(self) -> Dim:
        """How many weights there are."""
        total = Dim.const(0)
        for c in self.couplings:
            pairs = self.left.blocks[c.left][0] * self.right.blocks[c.right][0]
            outputs = self.out.blocks[c.out][0] if self.mixing == "full" else Dim.const(1)
            total = total + pairs * outputs * c.dimension
        return total

    @property
    def operations(self) -> Dim:
        """The operations of one product as `catnet.nn.bilinear` does it: the couplings, then the copies."""
        single = all(count == 1 for count, _ in self.right.blocks)
        total = Dim.const(0)
        for c in self.couplings:
            left, right, out = c.factors
            copies, others = self.left.blocks[c.left][0], self.right.blocks[c.right][0]
            operator = left.dim * out.dim * c.dimension
            total = total + operator * (self.right.dim if single else others * right.dim)
            total = total + operator * copies * others
            if self.mixing == "full":
                total = total + out.dim * copies * others * self.out.blocks[c.out][0] * c.dimension
        return total * 2

    @property
    def unread(self) -> tuple[Rep, ...]:
        """The summands of `left` and of `right` that no such map reads."""
        used = {c.left for c in self.couplings}, {c.right for c in self.couplings}
        pairs = zip((self.left, self.right), used, strict=True)
        return tuple(rep for whole, read in pairs for k, (_, rep) in enumerate(whole.blocks) if k not in read)

    @property
    def unreached(self) -> tuple[Rep, ...]:
        """The summands of `out` where every such map is zero."""
        used = {c.out for c in self.couplings}
        return tuple(rep for k, (_, rep) in enumerate(self.out.blocks) if k not in used)


@cache
def bilinear_maps(left: Rep, right: Rep, out: Rep, mixing: Mixing = "full") -> BilinearMaps:
    """The equivariant bilinear maps, by exact bases of `Hom(A @ B, C)` for all summands. Raises as `hom` does.

    >>> from catnet.symmetry import O, trivial, vector
    >>> V = 4 * trivial(O(3)) + 2 * vector(O(3))
    >>> maps = bilinear_maps(V, vector(O(3)), V)
    >>> [(c.left, c.right, c.out) for c in maps.couplings], maps.weights
    ([(0, 0, 1), (1, 0, 0)], Dim('16'))
    """
    found = []
    blocks = [list(enumerate(rep.blocks)) for rep in (left, right, out)]
    for (i, (count, a)), (j, (_, b)), (k, (copies, c)) in product(*blocks):
        if mixing == "full" or count == copies:
            basis = hom(a @ b, c)
            if basis.dimension != 0:
                found.append(Coupling(i, j, k, (a, b, c), basis))
    return BilinearMaps(left, right, out, mixing, tuple(found))


def paths(left: Rep, right: Rep, out: Rep, mixing: Mixing = "full") -> Dim:
    """How many weights the tensor product of two representations into a third has."""
    for rep in (left, right, out):
        need_rep(rep, "paths")
    return bilinear_maps(left, right, out, mixing).weights


def _root(rep: Rep, index: int) -> float:
    """The factor from the basis of the exact matrices to the true one."""
    return 1.0 if rep.scale is None else sqrt(rep.scale[index])
