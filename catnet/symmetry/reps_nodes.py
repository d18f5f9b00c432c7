"""Representations made of others: direct sums, tensor products, duals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from math import prod
from typing import TYPE_CHECKING

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.elements import Element
from catnet.symmetry.exact import Matrix, conjugate
from catnet.symmetry.groups import Field, Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep, Scale, need_rep
from catnet.symmetry.reps_leaves import Trivial
from catnet.types.dims import Dim

if TYPE_CHECKING:
    import torch

    from catnet.symmetry.strata import Laurent, Stratum


MAX_SUMMANDS = 1000
MAX_FACTORS = 64
"""How many summands are told apart, and how many representations are multiplied, at most."""


def direct_sum(blocks: Sequence[tuple[Dim, Rep]]) -> Rep:
    """The direct sum in this order; sums inside are opened, neighbours that are equal are joined."""
    joined: list[tuple[Dim, Rep]] = []
    total = sum(_summands(count, rep) for count, rep in blocks)
    if total > MAX_SUMMANDS:
        fail(
            "E0707",
            f"a sum of {total} representations is too large: at most {MAX_SUMMANDS} summands are told apart",
            help="put equal ones side by side, 2*V + 2*W: they count once",
        )
    for count, rep in _opened(blocks):
        if joined and joined[-1][1] == rep:
            joined[-1] = (joined[-1][0] + count, rep)
        else:
            joined.append((count, rep))
    if len(joined) == 1 and joined[0][0] == 1:
        return joined[0][1]
    return Sum(tuple(joined))


def _summands(count: Dim, rep: Rep) -> int:
    """How many summands one block of a sum is opened into."""
    if not isinstance(rep, Sum):
        return 1
    return len(rep.parts) * (count.value if len(rep.parts) > 1 and count.value is not None else 1)


def _opened(blocks: Sequence[tuple[Dim, Rep]]) -> list[tuple[Dim, Rep]]:
    """The blocks with sums replaced by their parts; a sum taken a symbolic number of times stays whole."""
    found: list[tuple[Dim, Rep]] = []
    for count, rep in blocks:
        if isinstance(rep, Sum) and len(rep.parts) == 1:
            found.append((count * rep.parts[0][0], rep.parts[0][1]))
        elif isinstance(rep, Sum) and count.value is not None:
            found += list(rep.parts) * count.value
        else:
            found.append((count, rep))
    return found


@dataclass(frozen=True, eq=False, repr=False)
class Sum(Rep):
    """A direct sum; copies of one summand stand side by side."""

    parts: tuple[tuple[Dim, Rep], ...]

    @property
    def group(self) -> Group:  # type: ignore[override]
        return self.parts[0][1].group

    @cached_property
    def dim(self) -> Dim:
        return reduce(lambda total, part: total + part[0] * part[1].dim, self.parts, Dim.const(0))

    @property
    def field(self) -> Field:
        return "C" if any(rep.field == "C" for _, rep in self.parts) else "R"

    @cached_property
    def kind(self) -> Kind:
        return reduce(lambda kind, part: kind | part[1].kind, self.parts, Kind.TRIVIAL)

    @property
    def text(self) -> str:
        return " + ".join(rep.text if count == 1 else f"{_factor(count)}*{_operand(rep)}" for count, rep in self.parts)

    @property
    def blocks(self) -> tuple[tuple[Dim, Rep], ...]:
        return self.parts

    def _copies(self) -> list[Rep]:
        spend(self.number())
        return [rep for count, rep in self.parts for _ in range(count.value or 0)]

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(map(Matrix.blocks, zip(*(rep.matrices() for rep in self._copies()), strict=True)))

    def algebra(self) -> tuple[Matrix, ...]:
        return tuple(map(Matrix.blocks, zip(*(rep.algebra() for rep in self._copies()), strict=True)))

    @cached_property
    def scale(self) -> Scale | None:
        if all(rep.scale is None for _, rep in self.parts):
            return None
        return tuple(x for rep in self._copies() for x in rep.scale or (Fraction(1),) * rep.number())

    @property
    def form(self) -> Matrix | None:
        forms = [rep.form for rep in self._copies()]
        return None if None in forms else Matrix.blocks(form for form in forms if form is not None)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return direct_sum([(count.subst(mapping), rep.subst(mapping)) for count, rep in self.parts])

    def dual(self) -> Rep:
        return direct_sum([(count, dual(rep)) for count, rep in self.parts])

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        from catnet.symmetry.strata import add

        self.number()
        return add((count.value or 0, rep.character(stratum, power)) for count, rep in self.parts)

    def matrix(self, element: Element) -> torch.Tensor:
        import torch

        known = {rep: rep.matrix(element).to(self._dtype()) for _, rep in self.parts}
        return torch.block_diag(*(known[rep] for rep in self._copies()))


def tensor_product(factors: Sequence[Rep]) -> Rep:
    """The tensor product; a sum on the left is multiplied out, which changes no index; trivial factors vanish."""
    flat: list[Rep] = []
    for factor in factors:
        flat += factor.factors if isinstance(factor, Tensor) else () if isinstance(factor, Trivial) else (factor,)
    if not flat:
        return factors[0]
    if len(flat) > MAX_FACTORS:
        fail("E0707", f"a product of {len(flat)} representations is too large: at most {MAX_FACTORS} are multiplied")
    if isinstance(flat[0], Sum) and len(flat) > 1:
        return direct_sum([(count, tensor_product([rep, *flat[1:]])) for count, rep in flat[0].parts])
    return flat[0] if len(flat) == 1 else Tensor(tuple(flat))


def kronecker_kind(kinds: Sequence[Kind]) -> Kind:
    """The least kind known of the Kronecker products of matrices of these kinds."""
    symplectic = sum(kind is Kind.SYMPLECTIC for kind in kinds)
    joined = reduce(Kind.__or__, (kind for kind in kinds if kind is not Kind.SYMPLECTIC), Kind.TRIVIAL)
    if not symplectic:
        return joined
    if not joined.within(Kind.ISOMETRIC):
        return Kind.GENERAL
    return Kind.SYMPLECTIC if symplectic % 2 else Kind.ISOMETRIC  # two antisymmetric forms make a symmetric one


def kronecker_scale(reps: Sequence[Rep]) -> Scale | None:
    """The scale of a Kronecker product."""
    if all(rep.scale is None for rep in reps):
        return None
    spend(prod(rep.number() for rep in reps))
    scales = [rep.scale or (Fraction(1),) * rep.number() for rep in reps]
    return reduce(lambda left, right: tuple(x * y for x in left for y in right), scales)


def kronecker_form(reps: Sequence[Rep]) -> Matrix | None:
    """The product of the known forms; None where one is not known."""
    forms = [rep.form for rep in reps]
    return None if None in forms else reduce(Matrix.kron, (form for form in forms if form is not None))


@dataclass(frozen=True, eq=False, repr=False)
class Tensor(Rep):
    """A tensor product of representations of one group; the last factor's index runs fastest."""

    factors: tuple[Rep, ...]

    @property
    def group(self) -> Group:  # type: ignore[override]
        return self.factors[0].group

    @cached_property
    def dim(self) -> Dim:
        return reduce(lambda total, rep: total * rep.dim, self.factors, Dim.const(1))

    @property
    def field(self) -> Field:
        return "C" if any(rep.field == "C" for rep in self.factors) else "R"

    @cached_property
    def kind(self) -> Kind:
        return kronecker_kind([rep.kind for rep in self.factors])

    @property
    def text(self) -> str:
        return "*".join(_operand(rep) for rep in self.factors)

    def matrices(self) -> tuple[Matrix, ...]:
        self.number()
        return tuple(reduce(Matrix.kron, parts) for parts in zip(*(r.matrices() for r in self.factors), strict=True))

    def algebra(self) -> tuple[Matrix, ...]:
        sizes = [rep.number() for rep in self.factors]
        total = [Matrix(self.number(), self.number(), {}) for _ in self.group.algebra]
        for k, rep in enumerate(self.factors):  # Leibniz: one factor moves, the others stand
            ones = [Matrix.identity(size) for size in sizes]
            for i, moved in enumerate(rep.algebra()):
                total[i] = total[i] + reduce(Matrix.kron, [*ones[:k], moved, *ones[k + 1 :]])
        return tuple(total)

    @cached_property
    def scale(self) -> Scale | None:
        return kronecker_scale(self.factors)

    @property
    def form(self) -> Matrix | None:
        return kronecker_form(self.factors)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return tensor_product([rep.subst(mapping) for rep in self.factors])

    def dual(self) -> Rep:
        return tensor_product([dual(factor) for factor in self.factors])

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        from catnet.symmetry.strata import multiply

        return reduce(multiply, (rep.character(stratum, power) for rep in self.factors))

    def matrix(self, element: Element) -> torch.Tensor:
        import torch

        return reduce(torch.kron, (rep.matrix(element).to(self._dtype()) for rep in self.factors))


def dual(rep: Rep) -> Rep:
    """The dual representation, rho(g^-1) transposed; an orthogonal one is its own dual."""
    need_rep(rep, "dual")
    return rep if rep.kind.within(Kind.ORTHOGONAL) else rep.dual()


@dataclass(frozen=True, eq=False, repr=False)
class Dual(Rep):
    """The dual of a representation, in the dual basis."""

    inner: Rep

    @property
    def group(self) -> Group:  # type: ignore[override]
        return self.inner.group

    @property
    def dim(self) -> Dim:
        return self.inner.dim

    @property
    def field(self) -> Field:
        return self.inner.field

    @property
    def kind(self) -> Kind:
        return self.inner.kind

    @property
    def text(self) -> str:
        return f"dual({self.inner.text})"

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(matrix.inverse().transpose() for matrix in self.inner.matrices())

    def algebra(self) -> tuple[Matrix, ...]:
        return tuple(-matrix.transpose() for matrix in self.inner.algebra())

    @property
    def scale(self) -> Scale | None:
        scale = self.inner.scale
        return None if scale is None else tuple(1 / x for x in scale)

    @property
    def form(self) -> Matrix | None:
        form = self.inner.form
        return None if form is None else form.inverse().transpose()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return dual(self.inner.subst(mapping))

    def dual(self) -> Rep:
        return self.inner

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        inner = self.inner.character(stratum, power)
        return {tuple(-w for w in weight): conjugate(x) for weight, x in inner.items()}

    def matrix(self, element: Element) -> torch.Tensor:
        return self.inner.matrix(element.inverse()).T.contiguous()


def _operand(rep: Rep) -> str:
    return f"({rep.text})" if isinstance(rep, Sum) else rep.text


def _factor(count: Dim) -> str:
    return str(count) if count.value is not None or count.is_symbol else f"({count})"
