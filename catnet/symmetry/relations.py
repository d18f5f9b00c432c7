"""Do matrices represent a group? Its relations, or, where none are known, the order of the group they generate."""

from __future__ import annotations

from collections.abc import Sequence

from catnet.diagnostics import fail
from catnet.symmetry.elements import Word, word_text
from catnet.symmetry.exact import Matrix, to_float
from catnet.symmetry.groups import FiniteGroup, Group, Permutation, permutation_of


def check_relations(group: Group, matrices: Sequence[Matrix], what: str) -> None:
    """Raise E0703 where the matrices, one for each discrete generator, break a relation of the group."""
    relations = group.relations
    if relations is None:
        assert isinstance(group, FiniteGroup)
        from catnet.symmetry.matrix_groups import moved_points

        check_joint(group, moved_points(matrices, what), what)
        return
    for word in relations:
        if (residual := residue(word, matrices)) is not None:
            name = word_text(group.generators, word)
            fail(
                "E0703",
                f"{what} breaks the relation {name} = 1 of `{group}`: {name} - 1 has the entry {residual}",
                help=f"give the images of its generators in this order: {', '.join(group.generators)}",
            )


def residue(word: Word, matrices: Sequence[Matrix]) -> object:
    """The greatest entry of a word's matrix less the identity; None where it is the identity."""
    size = matrices[0].rows if matrices else 1
    result = Matrix.identity(size)
    for i, power in word:
        result = result @ matrices[i] ** power
    rest = result - Matrix.identity(size)
    return max(rest.entries.values(), key=lambda x: abs(to_float(x))) if rest.entries else None


def check_permutations(group: Group, images: Sequence[Permutation]) -> None:
    """Raise E0703 where the permutations, one for each discrete generator, do not represent the group."""
    relations = group.relations
    what = "the permutation representation"
    if relations is None:
        assert isinstance(group, FiniteGroup)
        check_joint(group, images, what)
        return
    for word in relations:
        moved = permutation_of(word, images, len(images[0]))
        for i, image in enumerate(moved):
            if i != image:
                name = word_text(group.generators, word)
                fail("E0703", f"{what} breaks the relation {name} = 1 of `{group}`: {name} moves point {i + 1}")


def check_joint(group: FiniteGroup, images: Sequence[Permutation], what: str) -> None:
    """The images extend to the group exactly when the pairs (generator, image) generate a group of the same order."""
    from catnet.symmetry.enumeration import group_order

    actions = group.realisation()
    pairs = [(*p, *(len(p) + i for i in q)) for p, q in zip(actions, images, strict=True)]
    order, joint = group.count_elements(), group_order(pairs)
    if joint != order:
        fail(
            "E0703",
            f"{what} is none of `{group}`: the images satisfy fewer relations than the generators",
            help=f"generators and images together generate a group of order {joint}, not {order}",
        )
