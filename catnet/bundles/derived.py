"""Bundles made of others: sums, tensor products, duals, determinants, associated and pulled back bundles.

Each is a bundle by its own derived transitions, so that its laws and facts are decided like those of any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from catnet.bundles.base_maps import BaseMap
from catnet.bundles.bases import Base
from catnet.bundles.bundle import Bundle, Pair, Transition
from catnet.bundles.fibres import C, Fibre, R
from catnet.bundles.functors import by_representation
from catnet.bundles.matrices import Entries
from catnet.bundles.normal import Sort
from catnet.bundles.structures import GL, GeneralLinear, Structure, structure
from catnet.bundles.words import Word
from catnet.diagnostics import fail
from catnet.symmetry.constructors import SO, SU, O, U
from catnet.symmetry.groups import Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.lie_groups import Orthogonal, Unitary
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_nodes import dual as dual_rep


def whitney_sum(left: Bundle, right: Bundle) -> Bundle:
    """The fibrewise direct sum. Raises E0816 for bundles over different bases."""
    group = _holding(left, right, left.fibre.size + right.fibre.size)
    return _joined(left, right, group, lambda g, h: Entries.blocks([g, h]), "+")


def tensor(left: Bundle, right: Bundle) -> Bundle:
    """The fibrewise tensor product; the index of the right factor runs fastest. Raises E0816 as `whitney_sum` does."""
    return _joined(left, right, _holding(left, right, left.fibre.size * right.fibre.size), Entries.kron, "*")


def dual(bundle: Bundle) -> Bundle:
    """The bundle of linear functions on fibres: transitions are inverted and transposed."""
    acts = bundle.structure
    if acts.discrete and isinstance(acts.group, Group):
        rep = dual_rep(acts.rep)
        acts = structure(acts.group if rep == acts.group.natural else rep)
    made = _mapped(bundle, lambda g: bundle.structure.inverse(g).transpose(), "dual", acts, bundle.fibre)
    return replace(made, origin=f"the dual of {bundle.name}")


def determinant(bundle: Bundle) -> Bundle:
    """The line bundle of determinants: of a real bundle it is trivial exactly where that is orientable."""
    group = bundle.structure.group
    field = bundle.fibre.field
    compact = isinstance(group, (Orthogonal, Unitary)) or bundle.structure.discrete
    line: Any = (U(1) if field == "C" else O(1)) if compact else GL(1, field)
    _need_vectors(bundle, "determinant")
    made = _mapped(
        bundle, lambda g: Entries(((g.determinant(),),)), "det", structure(line), R(1) if field == "R" else C(1)
    )
    return replace(made, origin=f"the determinant line of {bundle.name}")


def associated(bundle: Bundle, rep: Rep) -> Bundle:
    """The associated vector bundle: transitions act by a representation of the structure group.

    Raises E0816 for a representation of another group, for a bundle that is not declared by the natural
    representation, and for irreducibles whose matrices are no known polynomials in those of the natural one.
    """
    acts = bundle.structure
    if rep.group != acts.group or not acts.natural:
        fail(
            "E0816",
            f"`{rep.text}` is a representation of `{rep.group}`, `{bundle.name}` has the structure group `{acts}`",
            help="the bundle acts by the natural representation of the group",
        )
    if acts.discrete:
        image = structure(rep)
    elif rep.kind.within(Kind.ORTHOGONAL):
        image = structure(SO(rep.number()) if acts.connected else O(rep.number()))
    else:
        image = structure(U(rep.number()) if rep.kind.within(Kind.UNITARY) else GL(rep.number(), rep.field))
    fibre = C(rep.number()) if rep.field == "C" else R(rep.number())
    made = _mapped(bundle, lambda g: by_representation(rep, g, acts), rep.text, image, fibre)
    return replace(made, origin=f"associated to {bundle.name} by {rep.text}")


def restricted(
    bundle: Bundle, group: Group | Rep | GeneralLinear | Structure, frames: Mapping[str, Any] | None = None
) -> Bundle:
    """The bundle with a smaller structure group, in new frames: `s'_a = h_a s_a` with the matrices of `frames`, by
    chart (1 where none is given).

    Raises E0807 where a transition `h_b T h_a^-1` lies outside the group.
    """
    size = bundle.fibre.size
    turns = {chart: Entries.of(value, f"the frame over {chart}") for chart, value in (frames or {}).items()}
    for chart in turns:
        bundle.base.need_chart(chart)
    one = Entries.identity(size)
    found: dict[Pair, Transition] = {}
    for a, b in bundle.transitions:
        after = turns.get(b, one).substitute(bundle.base.overlap(a, b).change)
        matrix = after @ bundle.transition(a, b) @ turns.get(a, one).inverse()
        found[a, b] = Transition(Word.letter(f"g'[{a} -> {b}]"), matrix)
    acts = structure(group)
    made = replace(bundle, structure=acts, transitions=found, origin=f"{bundle.name} with structure group {acts}")
    made.check()
    return made


def pullback(bundle: Bundle, over: BaseMap) -> Bundle:
    """The bundle over the source of a map into the base, with the fibre of the image over each point.

    Raises E0816 where the map goes into another base, and where charts that overlap go to charts that do not.
    """
    need_same(bundle.base, over.target, bundle.name)
    found: dict[Pair, Transition] = {}
    for a, b in over.source.overlaps:
        image = over.charts[a], over.charts[b]
        word = bundle.word(*image) if over.meets(*image) else Word()
        matrix = None if bundle.learned else over.carried(a, bundle.transition(*image))
        letter = word if matrix is None else Word.letter(f"g[{a} -> {b}]") if image[0] != image[1] else Word()
        found[a, b] = Transition(letter, matrix)
    origin = f"{bundle.name} pulled back along {over.name}"
    return replace(bundle, name=f"{over.name}*{bundle.name}", base=over.source, transitions=found, origin=origin)


# How


def _mapped(bundle: Bundle, change: Callable[[Entries], Entries], prefix: str, acts: Structure, fibre: Fibre) -> Bundle:
    """A functor of fibres applied to every transition; learned maps are renamed."""
    _need_vectors(bundle, prefix)
    found = {}
    for pair, transition in bundle.transitions.items():
        names = {letter: f"{prefix}({letter})" for letter in transition.word.names}
        matrix = None if transition.matrix is None else change(transition.matrix)
        found[pair] = Transition(transition.word.renamed(names), matrix)
    return replace(bundle, name=f"{prefix}({bundle.name})", fibre=fibre, structure=acts, transitions=found)


def _joined(
    left: Bundle, right: Bundle, group: Any, change: Callable[[Entries, Entries], Entries], sign: str
) -> Bundle:
    need_same(left.base, right.base, right.name)
    for bundle in (left, right):
        if bundle.learned:
            fail("E0816", f"the transitions of `{bundle.name}` are learned: `{sign}` of it has no matrices")
    pairs = list(left.transitions)
    found = {
        (a, b): Transition(Word.letter(f"g[{a} -> {b}]"), change(left.transition(a, b), right.transition(a, b)))
        for a, b in pairs
    }
    acts = structure(group)
    return Bundle(
        f"({left.name} {sign} {right.name})",
        left.base,
        C(acts.size) if "C" in (left.fibre.field, right.fibre.field) else R(acts.size),
        acts,
        found,
        _both(left, right),
        tuple(dict.fromkeys((*left.given, *right.given))),
        "the Whitney sum" if sign == "+" else "the tensor product",
    )


def _both(left: Bundle, right: Bundle) -> dict[str, Sort]:
    """The parameters of both; one name is one parameter. Raises E0816 where it has two sorts."""
    for name, sort in right.parameters.items():
        if left.parameters.get(name, sort) != sort:
            fail(
                "E0816",
                f"the parameter `{name}` is of sort {left.parameters[name]} in `{left.name}`, {sort} in `{right.name}`",
            )
    return {**left.parameters, **right.parameters}


def need_same(base: Base, other: Base, name: str) -> None:
    """Raise E0816 for bundles over different bases."""
    same = base is other or (
        (base.kind, base.data) == (other.kind, other.data)
        and base.charts == other.charts
        and base.overlaps == other.overlaps
    )
    if not same:
        charts = ", ".join([*other.charts][:6])
        fail(
            "E0816",
            f"`{name}` is over another base, {other}{f' with charts {charts}' if charts else f' of `{other.data}`'}",
            help="what comes as data for one is not that of the other"
            if base.data or other.data
            else "pull one of them back to the base of the other",
        )


def _need_vectors(bundle: Bundle, what: str) -> None:
    if bundle.fibre.kind != "vector space":
        fail("E0816", f"`{bundle.name}` has the fibre {bundle.fibre}: `{what}` is for vector bundles")


def _holding(left: Bundle, right: Bundle, size: int) -> Any:
    """The least of SO, O, GL+ and GL (SU, U and GL over C) that holds sums and tensor products of both groups."""
    for bundle in (left, right):
        _need_vectors(bundle, "+ and *")
    traits = [_traits(bundle) for bundle in (left, right)]
    compact = all(kind for kind, _ in traits)
    special = all(of_one for _, of_one in traits)
    if "C" in (left.fibre.field, right.fibre.field):
        return (SU if special else U)(size) if compact else GL(size, "C")
    return (SO if special else O)(size) if compact else GL(size, positive=special)


def _traits(bundle: Bundle) -> tuple[bool, bool]:
    """Whether a structure group lies in O or U, and whether its determinants are one (positive)."""
    acts, group = bundle.structure, bundle.structure.group
    if isinstance(group, GeneralLinear):
        return False, group.positive
    compact = acts.rep.kind.within(Kind.UNITARY)
    return compact, isinstance(group, (Orthogonal, Unitary)) and group.special and acts.natural
