"""Representations of a product of groups: each factor acts on its own axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from typing import TYPE_CHECKING

from catnet.diagnostics import fail
from catnet.symmetry.elements import Element
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import Field, Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.product_groups import DirectProduct, placed, product
from catnet.symmetry.reps import Rep, Scale, need_rep
from catnet.symmetry.reps_leaves import Trivial
from catnet.symmetry.reps_nodes import Sum, direct_sum, dual, kronecker_form, kronecker_kind, kronecker_scale
from catnet.symmetry.strata import Stratum, multiply
from catnet.types.dims import Dim

if TYPE_CHECKING:
    import torch

    from catnet.symmetry.strata import Laurent


def outer(*reps: Rep) -> Rep:
    """The representation of the product of the groups on the tensor product of the spaces, last index fastest.

    `outer(V, trivial(H))` lets H do nothing. A sum in the first place is multiplied out, which changes no index.
    """
    if not reps:
        fail("E0701", "`outer` of no representations")
    parts: list[Rep] = []
    for rep in reps:
        need_rep(rep, "outer")
        parts += rep.parts if isinstance(rep, Outer) else (rep,)
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Sum):
        return direct_sum([(count, outer(rep, *parts[1:])) for count, rep in parts[0].parts])
    if all(isinstance(part, Trivial) for part in parts):
        return Trivial(product(*(part.group for part in parts)))
    return Outer(tuple(parts))


@dataclass(frozen=True, eq=False, repr=False)
class Outer(Rep):
    """The outer tensor product of representations of several groups."""

    parts: tuple[Rep, ...]

    @cached_property
    def group(self) -> Group:  # type: ignore[override]
        return product(*(part.group for part in self.parts))

    @property
    def dim(self) -> Dim:
        return reduce(lambda total, part: total * part.dim, self.parts, Dim.const(1))

    @property
    def field(self) -> Field:
        return "C" if any(part.field == "C" for part in self.parts) else "R"

    @property
    def kind(self) -> Kind:
        return kronecker_kind([part.kind for part in self.parts])

    @property
    def text(self) -> str:
        return f"outer({', '.join(part.text for part in self.parts)})"

    def _spread(self, which: int, matrix: Matrix) -> Matrix:
        ones = [Matrix.identity(part.number()) for part in self.parts]
        return reduce(Matrix.kron, [*ones[:which], matrix, *ones[which + 1 :]])

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(self._spread(k, matrix) for k, part in enumerate(self.parts) for matrix in part.matrices())

    def algebra(self) -> tuple[Matrix, ...]:
        return tuple(self._spread(k, matrix) for k, part in enumerate(self.parts) for matrix in part.algebra())

    @property
    def scale(self) -> Scale | None:
        return kronecker_scale(self.parts)

    @property
    def form(self) -> Matrix | None:
        return kronecker_form(self.parts)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return outer(*(part.subst(mapping) for part in self.parts))

    def _spans(self) -> list[tuple[Rep, int, int]]:
        """Each part with the first and the last (exclusive) of the group's factors that act on it."""
        found, first = [], 0
        for part in self.parts:
            last = first + (len(part.group.factors) if isinstance(part.group, DirectProduct) else 1)
            found.append((part, first, last))
            first = last
        return found

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        places = stratum.place
        assert isinstance(places, tuple)
        result: Laurent = {(0,) * stratum.rank: 1}
        before = 0
        for part, first, last in self._spans():
            inner = places[first] if last == first + 1 else _sub(places[first:last])
            after = stratum.rank - before - inner.rank
            result = multiply(result, placed(part.character(inner, power), before, after))
            before += inner.rank
        return result

    def matrix(self, element: Element) -> torch.Tensor:
        import torch

        group = self.group
        if element.group != group:
            return super().matrix(element)
        assert isinstance(group, DirectProduct)
        found = (part.matrix(group.part(element, first, last)) for part, first, last in self._spans())
        return reduce(torch.kron, (matrix.to(self._dtype()) for matrix in found))

    def dual(self) -> Rep:
        return outer(*map(dual, self.parts))


def _sub(places: tuple[Stratum, ...]) -> Stratum:
    return Stratum(Fraction(1), sum(place.rank for place in places), {}, places)


def inflate(rep: Rep, group: Group) -> Rep:
    """A representation of one factor as one of a product, in which the other factors do nothing.

    Raises E0710 where the group is no factor of the product, or several of them.
    """
    need_rep(rep, "inflate")
    if not isinstance(group, DirectProduct):
        fail("E0710", f"`{group}` is no product of groups with the factor `{rep.group}`")
    if group.factors.count(rep.group) != 1:
        fail(
            "E0710",
            f"`{rep.group}` is {group.factors.count(rep.group)} times a factor of `{group}`",
            help="say with `outer` which factor acts how",
        )
    return outer(*(rep if factor == rep.group else Trivial(factor) for factor in group.factors))
