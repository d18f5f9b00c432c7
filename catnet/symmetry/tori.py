"""Characters and measures of the Lie groups on their tori, component by component.

Source of the measures: H. Weyl, The Classical Groups; on the component of O(2k) of determinant -1 the eigenvalues
are 1, -1 and those of Sp(2k - 2), and on that of O(2k + 1) they are -1 and those of -SO(2k + 1). The elements of GL(n),
each beside the sign of its determinant, are dense in GL(n, C) times {1, -1}, whose compact form has two copies of U(n).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from catnet.limits import spend
from catnet.symmetry.general_linear import GeneralLinear
from catnet.symmetry.lie_groups import Orthogonal, Symplectic, Unitary
from catnet.symmetry.strata import Laurent, Stratum, Weight, add, density, multiply


def unit(rank: int, *terms: tuple[int, int]) -> Weight:
    """The weight with coefficient c at coordinate i for each (i, c)."""
    spend(1 + rank // 4)
    weight = [0] * rank
    for i, c in terms:
        weight[i] += c
    return tuple(weight)


def _pairs(rank: int) -> list[Weight]:
    """The roots e_i + e_j and e_i - e_j, i < j."""
    return [unit(rank, (i, 1), (j, sign)) for j in range(rank) for i in range(j) for sign in (1, -1)]


def _both(rank: int, power: int) -> list[tuple[int, Laurent]]:
    """The sum of `z_i^power + z_i^-power`."""
    return [(1, {unit(rank, (i, sign * power)): 1}) for i in range(rank) for sign in (1, -1)]


def orthogonal_strata(group: Orthogonal) -> Sequence[Stratum]:
    """The components: `place` tells which of the two reflections each of them holds."""
    p, q = group.numbers()
    n = p + q
    if q == 0:
        places = [(0, 0)] if group.special else [(0, 0), (1, 0)]
    else:
        places = [(0, 0), (1, 1)] if group.special else [(0, 0), (1, 0), (0, 1), (1, 1)]
    found = []
    for place in places:
        turned = sum(place) % 2
        rank = (n - turned) // 2 if n % 2 else n // 2 - turned
        measure = density(rank, _pairs(rank))
        for i in range(rank):
            if n % 2:  # the short roots, seen from -1 on the other component
                measure = multiply(measure, {unit(rank): 1, unit(rank, (i, 1)): 1 if turned else -1})
            elif turned:
                measure = multiply(measure, {unit(rank): 1, unit(rank, (i, 2)): -1})
        found.append(Stratum(Fraction(1, len(places)), rank, measure, place))
    return found


def orthogonal_character(group: Orthogonal, stratum: Stratum, power: int) -> Laurent:
    """The trace of a vector rotated: of all `z_i^+-1`, with 1 or -1 for the axes that are left over."""
    n, rank = sum(group.numbers()), stratum.rank
    assert isinstance(stratum.place, tuple)
    fixed = (-1) ** power if sum(stratum.place) % 2 else 1
    left = fixed if n % 2 else 1 + fixed if n > 2 * rank else 0
    return add([*_both(rank, power), (left, {unit(rank): 1})])


def unitary_strata(group: Unitary) -> Sequence[Stratum]:
    """One stratum: these groups are connected."""
    n = group.number()
    weights = _unitary_weights(group, 1)
    rank = len(weights[0])
    differences = [
        tuple(a - b for a, b in zip(weights[i], weights[j], strict=True)) for j in range(n) for i in range(j)
    ]
    return [Stratum(Fraction(1), rank, density(rank, differences), 0)]


def _unitary_weights(group: Unitary, power: int) -> list[Weight]:
    n = group.number()
    if not group.special:
        return [unit(n, (i, power)) for i in range(n)]
    return [*(unit(n - 1, (i, power)) for i in range(n - 1)), (-power,) * (n - 1)]


def unitary_character(group: Unitary, power: int) -> Laurent:
    """The trace of the natural representation."""
    return add((1, {weight: 1}) for weight in _unitary_weights(group, power))


def general_linear_strata(group: GeneralLinear) -> Sequence[Stratum]:
    """The two components; on that of `r1` the torus is counted from -1 in its first coordinate, where `r1` stands."""
    n = group.number()
    measure = density(n, [unit(n, (i, 1), (j, -1)) for i, j in group.pairs()])
    return [Stratum(Fraction(1, 2), n, measure, turned) for turned in (0, 1)]


def general_linear_character(group: GeneralLinear, power: int) -> Laurent:
    """The trace of the natural representation, on either component."""
    n = group.number()
    return add((1, {unit(n, (i, power)): 1}) for i in range(n))


def symplectic_strata(group: Symplectic) -> Sequence[Stratum]:
    """One stratum: the compact form is connected."""
    rank = group.half()
    roots = [*_pairs(rank), *(unit(rank, (i, 2)) for i in range(rank))]
    return [Stratum(Fraction(1), rank, density(rank, roots), 0)]


def symplectic_character(group: Symplectic, power: int) -> Laurent:
    """The trace of the natural representation."""
    return add(_both(group.half(), power))
