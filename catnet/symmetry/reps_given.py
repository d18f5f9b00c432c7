"""A representation by the user's own matrices, checked against the relations and brackets of the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from catnet.diagnostics import fail
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import Field, Group, need_group
from catnet.symmetry.kinds import Kind, kind_of
from catnet.symmetry.lie_algebra import check_algebra
from catnet.symmetry.matrix_groups import check_form, refuse_form
from catnet.symmetry.relations import check_relations
from catnet.symmetry.reps import Rep
from catnet.symmetry.strata import Laurent, Stratum
from catnet.symmetry.weights import check_closing, trace_by_weights
from catnet.types.dims import Dim

Rows = Sequence[Sequence[object]] | Matrix
NAME = "the representation"


@dataclass(frozen=True, eq=False, repr=False)
class ByMatrices(Rep):
    """A representation by one matrix for each discrete generator and each generator of the Lie algebra."""

    group: Group
    given: tuple[Matrix, ...]
    flows: tuple[Matrix, ...]
    preserved: Matrix | None = None

    @property
    def dim(self) -> Dim:
        return Dim.const((*self.given, *self.flows)[0].rows)

    @cached_property
    def field(self) -> Field:
        return "R" if all(matrix.is_real() for matrix in (*self.given, *self.flows)) else "C"

    @cached_property
    def kind(self) -> Kind:
        kind = kind_of(self.given)
        for flow in self.flows:
            kind = kind | _flow_kind(flow)
        if kind is not Kind.GENERAL or self.preserved is None or self.field == "C":
            return kind
        return Kind.SYMPLECTIC if self.preserved.transpose() == -self.preserved else Kind.ISOMETRIC

    @property
    def text(self) -> str:
        algebra = f", algebra=[{', '.join(map(str, self.flows))}]" if self.flows else ""
        return f"representation({self.group}, [{', '.join(map(str, self.given))}]{algebra})"

    @property
    def form(self) -> Matrix | None:
        return super().form or (self.preserved if self.field == "R" else None)

    def matrices(self) -> tuple[Matrix, ...]:
        return self.given

    def algebra(self) -> tuple[Matrix, ...]:
        return self.flows

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return self

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        if not self.flows:
            return super().character(stratum, power)
        return trace_by_weights(self.group, stratum, self.given, self.flows, power)


def _flow_kind(flow: Matrix) -> Kind:
    """The kind of `exp(t A)`."""
    if not flow.entries:
        return Kind.TRIVIAL
    if (flow + flow.conjugate().transpose()).entries:
        return Kind.MONOMIAL if _is_diagonal(flow) and flow.is_real() else Kind.GENERAL
    if flow.is_real():
        return Kind.ORTHOGONAL
    return Kind.PHASE_MONOMIAL if _is_diagonal(flow) else Kind.UNITARY


def _is_diagonal(matrix: Matrix) -> bool:
    return all(i == j for i, j in matrix.entries)


def representation(
    group: Group, matrices: Sequence[Rows] = (), algebra: Sequence[Rows] = (), preserves: Rows | None = None
) -> Rep:
    """A representation by exact matrices: one for each discrete generator, one for each Lie algebra generator.

    They are checked against the relations and brackets of the group; for a Lie group also that full turns close.
    `preserves` is a bilinear form (sesquilinear for complex matrices) that every element must preserve. Raises E0703
    for a broken relation or bracket, E0704 for the form, E0705 for wrong numbers and shapes, E0706 for entries that
    are not exact.
    """
    need_group(group, "representation")
    group.need_numbers("a representation by matrices")
    given = _read(matrices, group.generators, "matrices for the discrete generators", group)
    flows = _read(algebra, group.algebra, "matrices for the Lie algebra generators", group)
    shapes = {matrix.shape for matrix in (*given, *flows)}
    if len(shapes) != 1 or len(set(next(iter(shapes)))) != 1:
        fail("E0705", f"{NAME} of `{group}` needs square matrices of one size, not {sorted(shapes)}")
    for matrix in given:
        matrix.inverse()
    check_relations(group, given, NAME)
    if flows:
        check_algebra(group, given, flows, NAME)
        check_closing(group, flows, NAME)
    form = None if preserves is None else preserves if isinstance(preserves, Matrix) else Matrix.of(preserves)
    if form is not None:
        check_form(given, group.generators, form)
        _check_flows(flows, group.algebra, form)
    return ByMatrices(group, given, flows, form)


def _read(rows: Sequence[Rows], names: Sequence[str], what: str, group: Group) -> tuple[Matrix, ...]:
    if len(rows) != len(names):
        listed = f": {', '.join(names)}" if names else ""
        fail("E0705", f"{NAME} of `{group}` needs {len(names)} {what}{listed}, not {len(rows)}")
    found = zip(rows, names, strict=True)
    return tuple(row if isinstance(row, Matrix) else Matrix.of(row, f"the matrix of {name}") for row, name in found)


def _check_flows(flows: Sequence[Matrix], names: Sequence[str], form: Matrix) -> None:
    for flow, name in zip(flows, names, strict=True):
        rest = flow.conjugate().transpose() @ form + form @ flow
        if rest.entries:
            (i, j), x = next(iter(rest.entries.items()))
            refuse_form(name, i, j, x)
