"""Restriction of a representation to a subgroup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catnet.diagnostics import fail
from catnet.symmetry.elements import Word
from catnet.symmetry.enumeration import contains, elements, word_in
from catnet.symmetry.exact import Matrix
from catnet.symmetry.finite_groups import Symmetric
from catnet.symmetry.general_linear import GeneralLinear
from catnet.symmetry.groups import Conjugacy, Field, FiniteGroup, Group, need_group, permutation_of
from catnet.symmetry.kinds import Kind, kind_of
from catnet.symmetry.lie_groups import Orthogonal, Symplectic, Unitary
from catnet.symmetry.matrix_groups import MatrixGroup, determinant
from catnet.symmetry.product_groups import DirectProduct
from catnet.symmetry.reps import Rep, Scale, need_rep
from catnet.symmetry.reps_irreducible import Harmonic
from catnet.symmetry.reps_leaves import Natural, Trivial
from catnet.symmetry.reps_nodes import Dual, Sum, Tensor, direct_sum, dual, tensor_product
from catnet.symmetry.reps_squares import Square, square
from catnet.symmetry.strata import Laurent, Stratum
from catnet.symmetry.weights import trace_by_weights
from catnet.types.dims import Dim


def restrict(rep: Rep, subgroup: Group) -> Rep:
    """A representation as one of a subgroup: of a factor of a product, of SO in O, or of a group whose natural
    representation, of the same dimension, lies in that of the whole.

    What is built from the natural representation is built again from that of the subgroup, in the same basis.
    Raises E0710 where no such embedding is known.
    """
    need_rep(rep, "restrict")
    need_group(subgroup, "restrict")
    if rep.group == subgroup:
        return rep
    if isinstance(rep, Trivial):
        return Trivial(subgroup)
    if isinstance(rep, Sum):
        return direct_sum([(count, restrict(part, subgroup)) for count, part in rep.parts])
    if isinstance(rep, Tensor):
        return tensor_product([restrict(factor, subgroup) for factor in rep.factors])
    if isinstance(rep, Dual):
        return dual(restrict(rep.inner, subgroup))
    if isinstance(rep, Square):
        return square(restrict(rep.inner, subgroup), rep.sign)
    if isinstance(rep, Natural):
        if not _lies_in(subgroup, rep.group):
            _no_embedding(subgroup, rep.group)
        return Natural(subgroup)
    if isinstance(rep, Harmonic) and subgroup == Orthogonal(rep.group.p, rep.group.q, True):
        return Harmonic(subgroup, rep.degree, 1)
    words, flows = _embedding(subgroup, rep.group)
    return Restricted(rep, subgroup, words, flows)


def _no_embedding(subgroup: Group, group: Group) -> Any:
    fail(
        "E0710",
        f"`{subgroup}` is not known as a subgroup of `{group}`",
        help="a subgroup is a factor of a product, or has its natural representation inside that of the whole",
    )


def _lies_in(subgroup: Group, group: Group) -> bool:
    """Whether the matrices of the subgroup's natural representation are elements of the group."""
    if subgroup.size is None or subgroup.size != group.size:
        return False
    if isinstance(group, GeneralLinear):
        return subgroup.field == "R"
    if subgroup.is_symbolic or group.is_symbolic:
        return isinstance(group, Symmetric) and subgroup.natural_kind.within(Kind.PERMUTATION)
    if isinstance(group, (Orthogonal, Unitary, Symplectic)):
        return _preserves_form(subgroup, group)
    if isinstance(group, MatrixGroup):
        joint = MatrixGroup((*group.matrices, *subgroup.natural_matrices())) if not subgroup.algebra else None
        return joint is not None and joint.order == group.order
    inside = [_permutation(matrix) for matrix in subgroup.natural_matrices()]
    if isinstance(group, Symmetric):  # whose order takes long to count from generators
        return None not in inside and not subgroup.algebra
    whole = [_permutation(matrix) for matrix in group.natural_matrices()]
    if subgroup.algebra or None in inside or None in whole:
        return False
    return all(contains([p for p in whole if p], p) for p in inside if p is not None)


def _permutation(matrix: Matrix) -> tuple[int, ...] | None:
    single = matrix.monomial()
    return tuple(i for i, _ in single) if single is not None and all(x == 1 for _, x in single) else None


def _preserves_form(subgroup: Group, group: Orthogonal | Unitary | Symplectic) -> bool:
    hermitian = isinstance(group, Unitary)
    size = group.natural_algebra()[0].rows if group.natural_algebra() else 1
    form = Matrix.identity(size) if hermitian else group.natural_form()
    assert form is not None
    matrices, flows = subgroup.natural_matrices(), subgroup.natural_algebra()

    def turned(matrix: Matrix) -> Matrix:
        return matrix.conjugate().transpose() if hermitian else matrix.transpose()

    if not hermitian and subgroup.field == "C":
        return False
    if any((turned(m) @ form @ m - form).entries for m in matrices):
        return False
    if any((turned(a) @ form + form @ a).entries for a in flows):
        return False
    special = isinstance(group, (Orthogonal, Unitary)) and group.special
    return not special or (all(determinant(m) == 1 for m in matrices) and not any(a.trace() for a in flows))


def _embedding(subgroup: Group, group: Group) -> tuple[tuple[Word, ...], tuple[int, ...]]:
    """The generators of the subgroup as words of the group, and as indices of its algebra generators."""
    if isinstance(group, DirectProduct) and group.factors.count(subgroup) == 1:
        discrete, smooth = group.offsets()[group.factors.index(subgroup)]
        words = tuple(((discrete + i, 1),) for i in range(len(subgroup.generators)))
        return words, tuple(smooth + i for i in range(len(subgroup.algebra)))
    if isinstance(group, Orthogonal) and subgroup == Orthogonal(group.p, group.q, True):
        both: tuple[Word, ...] = (((0, 1), (1, 1)),) if subgroup.generators else ()
        return both, tuple(range(len(group.algebra)))
    if isinstance(group, GeneralLinear) and isinstance(subgroup, Orthogonal) and subgroup.p == group.n:
        return tuple(((0, 1),) for _ in subgroup.generators), tuple(range(len(subgroup.algebra)))
    if isinstance(group, FiniteGroup) and isinstance(subgroup, FiniteGroup) and _lies_in(subgroup, group):
        return _finite_words(subgroup, group), ()
    return _no_embedding(subgroup, group)


def _finite_words(subgroup: FiniteGroup, group: FiniteGroup) -> tuple[Word, ...]:
    """Words for the generators, found where both permute the same points; they must satisfy the relations too."""
    from catnet.symmetry.relations import check_permutations

    wanted = [_permutation(matrix) for matrix in subgroup.natural_matrices()]
    whole = [_permutation(matrix) for matrix in group.natural_matrices()]
    if None in wanted or None in whole:
        return _no_embedding(subgroup, group)
    if isinstance(group, Symmetric):
        words = tuple(group.word(p) for p in wanted if p is not None)
    else:
        tree = elements([p for p in whole if p is not None], str(group))
        words = tuple(word_in(tree, p) for p in wanted if p is not None)
    acting = group.realisation()
    check_permutations(subgroup, [permutation_of(word, acting, len(acting[0])) for word in words])
    return words


@dataclass(frozen=True, eq=False, repr=False)
class Restricted(Rep):
    """A representation seen by a subgroup, whose generators are words (or algebra generators) of the whole."""

    inner: Rep
    group: Group
    words: tuple[Word, ...]
    flows: tuple[int, ...]

    @property
    def dim(self) -> Dim:
        return self.inner.dim

    @property
    def field(self) -> Field:
        return self.inner.field

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.matrices()) if not self.flows else self.inner.kind

    @property
    def text(self) -> str:
        return f"restrict({self.inner.text}, {self.group})"

    def matrices(self) -> tuple[Matrix, ...]:
        whole, found = self.inner.matrices(), []
        for word in self.words:
            matrix = Matrix.identity(self.number())
            for i, power in word:
                matrix = matrix @ whole[i] ** power
            found.append(matrix)
        return tuple(found)

    def algebra(self) -> tuple[Matrix, ...]:
        whole = self.inner.algebra()
        return tuple(whole[i] for i in self.flows)

    @property
    def scale(self) -> Scale | None:
        return self.inner.scale

    @property
    def form(self) -> Matrix | None:
        return self.inner.form

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return restrict(self.inner.subst(mapping), self.group.subst(mapping))

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        if not self.flows and isinstance(stratum.place, Conjugacy):
            return super().character(stratum, power)
        whole = self.inner.group
        if isinstance(whole, Orthogonal):
            return self.inner.character(stratum, power)
        if isinstance(whole, GeneralLinear):
            return trace_by_weights(self.group, stratum, self.matrices(), self.algebra(), power)
        assert isinstance(whole, DirectProduct)
        places = [_at_identity(factor) for factor in whole.factors]
        return _on_factor(self.inner, stratum, places, whole.factors.index(self.group), power)


def _at_identity(factor: Group) -> Stratum:
    """The stratum of a group that holds the identity."""
    return next(s for s in factor.strata() if not any(count for _, count in factor.word_at(s)))


def _on_factor(inner: Rep, stratum: Stratum, places: list[Stratum], which: int, power: int) -> Laurent:
    """The character of a product where all factors but one stand at the identity: their coordinates are 1."""
    places[which] = stratum
    before = sum(place.rank for place in places[:which])
    joined = Stratum(stratum.share, sum(place.rank for place in places), {}, tuple(places))
    result: Laurent = {}
    for weight, x in inner.character(joined, power).items():
        kept = weight[before : before + stratum.rank]
        result[kept] = result.get(kept, 0) + x
    return {weight: x for weight, x in result.items() if x}
