"""Representations: a group acting on a space in a fixed basis, built from leaves by sums, tensor products and duals.

A representation knows its matrices exactly. Where an orthonormal basis needs square roots (the irreducibles of
SO(3)), the exact matrices are those of a rational form, and `scale` holds the squares of the factors between:
the true matrix has entries `sqrt(scale[i] / scale[j]) * exact[i, j]`. `matrix` gives the true one, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from catnet.diagnostics import fail
from catnet.limits import bounded
from catnet.symmetry.elements import Element, Flow
from catnet.symmetry.exact import Matrix, conjugate, is_positive, to_float
from catnet.symmetry.groups import Field, Group, as_size
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.spaces import Acts, Space

if TYPE_CHECKING:
    import torch

    from catnet.symmetry.strata import Laurent, Stratum
    from catnet.types.wires import Wire

Scale = tuple[Fraction, ...]


class Rep(Space):
    """A representation in a fixed basis: a frozen, hashable value.

    Two are equal exactly when they are of one group and have the same matrices, basis and layout: structure decides
    where sizes are symbolic, the exact matrices decide otherwise. `V + W`, `k * V` and `V @ W` build; an index of
    `V @ W` is `i * W.dim + j`, of `k * V` it is `copy * V.dim + i`.
    """

    group: Group
    remedy: ClassVar[str] = ""
    """What to take in place of a box that does not commute with it, where there is one for all boxes."""

    # What each kind of representation says of itself

    @property
    def dim(self) -> Dim:
        """The dimension over its field."""
        raise NotImplementedError

    @property
    def field(self) -> Field:
        return "R"

    @property
    def kind(self) -> Kind:
        """The least class of matrices that holds the image of the group."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The representation as the language writes it."""
        raise NotImplementedError

    @property
    def blocks(self) -> tuple[tuple[Dim, Rep], ...]:
        """The summands in layout order, each with its multiplicity."""
        return ((Dim.const(1), self),)

    def matrices(self) -> tuple[Matrix, ...]:
        """The exact matrix of each discrete generator (up to `scale`)."""
        raise NotImplementedError

    def algebra(self) -> tuple[Matrix, ...]:
        """The exact matrix of each generator of the Lie algebra (up to `scale`)."""
        raise NotImplementedError

    @property
    def scale(self) -> Scale | None:
        """The squared factors from the basis of the exact matrices to the true one; None where they are one."""
        return None

    @property
    def form(self) -> Matrix | None:
        """A known invariant bilinear form B in the true basis, `rho(g)^T B rho(g) = B`; None if none is known."""
        return Matrix.identity(self.number()) if self.kind.within(Kind.ORTHOGONAL) else None

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        """The representation with names in sizes replaced."""
        raise NotImplementedError

    def acts(self, wire: Wire, place: int, group: object) -> Acts:
        return (((place,), self),) if group == self.group else ()

    def dual(self) -> Rep:
        """The dual of a representation that is not its own: see `reps_nodes.dual`."""
        from catnet.symmetry.reps_nodes import Dual

        return Dual(self)

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        """The trace of the elements of a stratum, raised to a power, as a Laurent polynomial on its torus."""
        if stratum.rank or self.group.algebra:
            fail("E0713", f"the weights of `{self.text}` are not known")
        matrix = Matrix.identity(self.number())
        exact = self.matrices()
        for i, exponent in self.group.word_at(stratum):
            matrix = matrix @ exact[i] ** exponent
        return {(): (matrix**power).trace()}

    # Evaluation

    def number(self) -> int:
        """The dimension as an integer. Raises E0708 where it is symbolic."""
        if self.dim.value is None:
            fail(
                "E0708",
                f"`{self.text}` has the symbolic dimension {self.dim}",
                help="substitute numbers: .subst({...})",
            )
        return self.dim.value

    def matrix(self, element: Element) -> torch.Tensor:
        """The matrix of an element in the true basis, float64 or complex128 `[dim, dim]`."""
        if element.group != self.group:
            fail("E0709", f"`{self.text}` is a representation of `{self.group}`, the element is of `{element.group}`")
        import torch

        result = torch.eye(self.number(), dtype=self._dtype())
        exact = self.matrices()
        for letter in element.letters:
            if isinstance(letter, Flow):
                result = result @ exponential(self.derivative(letter))
            else:
                result = result @ self._tensor(exact[letter[0]] ** letter[1])
        return result

    def derivative(self, flow: Flow) -> torch.Tensor:
        """The matrix of a Lie algebra element in the true basis, float64 or complex128 `[dim, dim]`."""
        import torch

        total = torch.zeros(self.number(), self.number(), dtype=self._dtype())
        exact = self.algebra()
        for i, c in flow.coefficients:
            total += c * self._tensor(exact[i])
        return total

    def _dtype(self) -> torch.dtype:
        import torch

        return torch.complex128 if self.field == "C" else torch.float64

    def _tensor(self, matrix: Matrix) -> torch.Tensor:
        import torch

        result = torch.zeros(matrix.shape, dtype=self._dtype())
        scale = self.scale
        for (i, j), x in matrix.entries.items():
            factor = 1.0 if scale is None or scale[i] == scale[j] else math.sqrt(scale[i] / scale[j])
            result[i, j] = to_float(x) * factor  # type: ignore[assignment]  # complex is fine too
        return result

    # Building

    def __add__(self, other: Rep) -> Rep:
        from catnet.symmetry.reps_nodes import direct_sum

        return direct_sum([*self.blocks, *_same_group(self, other).blocks])

    def __rmul__(self, count: int | Dim) -> Rep:
        from catnet.symmetry.reps_nodes import direct_sum

        return direct_sum([(as_size(count, 1, f"{count}*{self.text}"), self)])

    def __matmul__(self, other: Rep) -> Rep:
        from catnet.symmetry.reps_nodes import tensor_product

        return tensor_product([self, _same_group(self, other)])

    # Identity

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rep):
            return NotImplemented
        if self is other or (type(self) is type(other) and self._fields() == other._fields()):
            return True
        if self.group != other.group or self.dim != other.dim or self.field != other.field:
            return False
        if self.dim.value is None or self.group.is_symbolic:
            return False
        with bounded("E0707", "whether {} and {} have the same matrices", self, other):
            mine, theirs = (*self.matrices(), *self.algebra()), (*other.matrices(), *other.algebra())
            return all(_equal(a, self.scale, b, other.scale) for a, b in zip(mine, theirs, strict=True))

    def _fields(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]

    def __hash__(self) -> int:
        return hash((self.group, self.dim))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def need_rep(value: object, name: str) -> None:
    """Raise E0701 where the argument of a function is no representation."""
    if not isinstance(value, Rep):
        fail("E0701", f"`{name}` takes a representation, not `{value}`", help="for example vector(SO(3))")


def exponential(matrix: torch.Tensor) -> torch.Tensor:
    """`exp` of a square matrix `[n, n]`, to float64 precision: Taylor's series at a norm below 1/8, then squarings.

    (`torch.linalg.matrix_exp` of PyTorch 2.13 is off by up to 2e-10 for norms about 0.05.)
    """
    import torch

    squarings = max(0, math.frexp(float(torch.linalg.matrix_norm(matrix, 1)))[1] + 3) if matrix.any() else 0
    small = matrix / 2**squarings
    result = term = torch.eye(len(matrix), dtype=matrix.dtype)
    for k in range(1, 15):  # the next term is below 1e-25
        term = term @ small / k
        result = result + term
    for _ in range(squarings):
        result = result @ result
    return result


def _same_group(rep: Rep, other: Rep) -> Rep:
    if rep.group != other.group:
        fail(
            "E0709",
            f"`{rep.text}` is a representation of `{rep.group}`, `{other.text}` one of `{other.group}`",
            help="`outer` joins representations of two groups into one of their product",
        )
    return other


def _equal(a: Matrix, scale: Scale | None, b: Matrix, other: Scale | None) -> bool:
    """Whether two matrices are the same in their true bases."""
    if scale == other:
        return a == b
    if a.entries.keys() != b.entries.keys():
        return False
    for (i, j), x in a.entries.items():
        y = b.entries[i, j]
        left, right = (1 if s is None else s[i] / s[j] for s in (scale, other))
        if x * x * left != y * y * right or not is_positive(x * conjugate(y) + y * conjugate(x)):
            return False
    return True
