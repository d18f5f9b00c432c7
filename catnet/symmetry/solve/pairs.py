"""One pair of representations: which tier solves for the intertwiners between them, and the solution."""

from __future__ import annotations

import math
from collections.abc import Sequence

from catnet.diagnostics import fail
from catnet.symmetry import cache
from catnet.symmetry.cyclotomic import Cyclotomic, Number, root
from catnet.symmetry.exact import Matrix
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.solve.diagrammatic import by_diagrams
from catnet.symmetry.solve.factors import by_factors
from catnet.symmetry.solve.linear import Element, commutes, commuting, nullity
from catnet.symmetry.solve.monomial import Monomial, Orbits, orbits
from catnet.symmetry.solve.schur import by_schur
from catnet.symmetry.solve.solution import METHODS, Solution
from catnet.symmetry.solve.splitting import conductor
from catnet.symmetry.solve.words import symbols

BUDGET = 1_000_000
"""The most unknowns: diagrams at tier 1 (pairs of diagrams where it must be found out which are independent),
entries of the matrix at tier 2, ten times as many at tiers 3 and 4, where they are eliminated, and more where the
matrices of all generators are dense."""

_ELIMINATION = 10
_SPARSE = 12  # unknowns in an equation; with more, elimination fills the rows and costs the cube of their number,
_FILLED = 1000  # of which so many steps are one unit of work
_KEPT = {3: 10_000, 4: 400}  # unknowns from which on a solution by elimination is kept in files, for each tier


def solve(source: Rep, target: Rep, budget: int, expected: int | None) -> Solution:
    """The intertwiners from one representation to another; `expected` is how many characters say there are.

    Raises E0720 where the budget is too small, E0708 where a size is symbolic and no diagrams are known.
    """
    found = by_schur(source, target) or by_diagrams(source, target, budget) or by_factors(source, target, budget)
    if found is None and source.group.is_symbolic:
        name = " and ".join(f"`{name}`" for name in symbols(source.group))
        fail(
            "E0708",
            f"the maps from `{source.text}` to `{target.text}` are not known for symbolic {name}",
            help=f"give {name} as a number",
        )
    return found or by_orbits(source, target, budget) or by_elimination(source, target, budget, expected)


def by_orbits(source: Rep, target: Rep, budget: int) -> Solution | None:
    """Tier 2: both are monomial, with roots of unity, and the group has no Lie algebra; None where it is not so."""
    if source.group.algebra or not all(rep.kind.within(Kind.PHASE_MONOMIAL) for rep in (source, target)):
        return None
    outputs, inputs = target.number(), source.number()
    _within(source, target, 2, outputs * inputs, budget)
    given = [[matrix.monomial() or [] for matrix in rep.matrices()] for rep in (source, target)]
    orders = {x: _root_order(x) for side in given for columns in side for _, x in columns}
    if not all(orders.values()) or not all(columns for side in given for columns in side):
        return None
    order = math.lcm(1, *orders.values())
    powers = {root(order, k): k for k in range(order)}
    reads, writes = (
        [Monomial(tuple(i for i, _ in columns), tuple(powers[x] for _, x in columns)) for columns in side]
        for side in given
    )
    found = orbits(reads, writes, order, (outputs, inputs))
    return Solution(2, found.count, lambda: _orbit_elements(found))


def _root_order(x: Number) -> int:
    """The order of a root of unity, 0 for another number."""
    if not isinstance(x, Cyclotomic):
        return {1: 1, -1: 2}.get(x, 0)
    return next((k for k in range(1, 2 * x.n + 1) if 2 * x.n % k == 0 and x**k == 1), 0)


def _orbit_elements(found: Orbits) -> list[Element]:
    roots = [root(found.order, k) for k in range(found.order)]
    return [{at: roots[k] for at, k in powers.items()} for powers in found.powers]


def by_elimination(source: Rep, target: Rep, budget: int, expected: int | None) -> Solution:
    """Tiers 3 and 4: linear algebra with the matrices of all generators, kept in files where it took long."""
    outputs, inputs = target.number(), source.number()
    unknowns = outputs * inputs
    _within(source, target, 3, _ELIMINATION * unknowns, budget)
    pairs = _generators(source, target)
    if _terms(pairs, outputs, inputs) > _SPARSE:
        _within(source, target, 3, unknowns * max(_ELIMINATION, unknowns**2 // _FILLED), budget)
    tier = 3 if conductor(x for pair in pairs for m in pair for x in m.entries.values()) == 1 else 4
    if outputs * inputs < _KEPT[tier] or expected is None:
        elements = commuting(pairs, outputs, inputs)
    else:
        elements = _kept(pairs, outputs, inputs, expected)
    return Solution(tier, len(elements), lambda: elements)


def _terms(pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int) -> float:
    """How many unknowns stand in an equation, on average, for the sparsest generator: the others meet what it left."""
    return min((len(a.entries) / inputs + len(b.entries) / outputs for a, b in pairs), default=0.0)


def by_nullity(source: Rep, target: Rep, budget: int) -> int | None:
    """A second count without characters: the nullity of all equations modulo a prime; None beyond the budget."""
    outputs, inputs = target.number(), source.number()
    if _ELIMINATION * outputs * inputs > budget:
        return None
    return nullity(_generators(source, target), outputs, inputs)


def _generators(source: Rep, target: Rep) -> list[tuple[Matrix, Matrix]]:
    return [
        *zip(source.matrices(), target.matrices(), strict=True),
        *zip(source.algebra(), target.algebra(), strict=True),
    ]


def _kept(pairs: list[tuple[Matrix, Matrix]], outputs: int, inputs: int, expected: int) -> list[Element]:
    """The basis from the files, verified as if it had just been solved for; else solved for and written there."""
    name = cache.key(pairs, outputs, inputs)
    known = cache.load(name)
    if known is not None and len(known) == expected and _is_basis(known, pairs, outputs, inputs):
        return known
    found = commuting(pairs, outputs, inputs)
    cache.store(name, found)
    return found


def _is_basis(elements: list[Element], pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int) -> bool:
    """Whether these are independent intertwiners: each has an entry where all others have none."""
    owners: dict[tuple[int, int], int] = {}
    for element in elements:
        for at in element:
            owners[at] = owners.get(at, 0) + 1
    return commutes(pairs, elements) and all(
        any(owners[at] == 1 and x for at, x in element.items()) and all(i < outputs and j < inputs for i, j in element)
        for element in elements
    )


def _within(source: Rep, target: Rep, tier: int, work: int, budget: int) -> None:
    if work > budget:
        size = f"{target.number():,} x {source.number():,}"
        fail(
            "E0720",
            f"Hom({source.text}, {target.text}) is too large to solve at tier {tier} ({METHODS[tier]}): a matrix of "
            f"{size} is {work:,} units of work, the budget is {budget:,}",
            help="give a larger `budget`, or write the representation as a sum: each pair of summands is solved apart",
        )
