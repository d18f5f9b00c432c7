"""Exact bases of equivariant maps: how long each tier takes, and what solvers elsewhere need for the same spaces.

The peers are measured where they are installed: EMLP's solver (`pip install emlp`, which brings JAX) and e3nn's
Wigner 3j symbols.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable
from functools import reduce
from operator import matmul
from time import process_time
from typing import Any

from benchmarks.process import fresh
from benchmarks.report import Table, bar, seconds, times

CASES: dict[str, tuple[str, float | None]] = {
    "pairs8": ("S(8), V^2 -> V^2", None),
    "pairs16": ("S(16), V^2 -> V^2", None),
    "pairs24": ("S(24), V^2 -> V^2", 0.2),
    "pairs24_orbits": ("S(24), V^2 -> V^2, from generators (tier 2)", 0.2),
    "pairs24_elements": ("the same with all 331,776 entries written out", None),
    "rank6": ("SO(3), V^3 -> V^3", 0.1),
    "rank6_elimination": ("SO(3), V^3 -> V^3, from the Lie algebra (tier 3)", 0.1),
    "rank8": ("SO(3), V^4 -> V^4", None),
    "lorentz6": ("SO(1, 3), V^3 -> V^3", None),
    "irreducibles": ("SO(3), all irreducibles to l = 6: a * b -> c, 196 spaces", None),
    "kernels": ("D(4), regular to regular, 5 x 5 kernels", None),
    "icosahedron": ("the icosahedral group, V^3 -> V^3 (tier 4)", None),
    "cube": ("Rubik's cube, 48 facelets, V^2 -> V", None),
}
PEERS = {
    "emlp_pairs": ("emlp", "EMLP: S(8), V^2 -> V^2", "pairs8"),
    "emlp_rank": ("emlp", "EMLP: SO(3), V^3 -> V^3", "rank6_elimination"),
    "e3nn_irreducibles": ("e3nn", "e3nn: Wigner 3j of those of the 196 spaces that are not zero", "irreducibles"),
}


def run(quick: bool = False) -> list[Table]:
    """One table: our own spaces, then those that installed peers solve for too."""
    runs = 1 if quick else 3
    table = Table(
        "Exact bases of equivariant maps",
        ("space", "dimension", "CPU time", "bar"),
        note=f"CPU time, the least of {runs} fresh processes; imports are not counted, the cache of bases is empty.\n"
        "Each time holds the second count by characters, but for the lines `from ...`.",
    )
    ours: dict[str, float] = {}
    for name in ["pairs16", "rank6"] if quick else list(CASES):
        text, limit = CASES[name]
        found = fresh("benchmarks.symmetry:measure", name, runs=runs)
        ours[name] = found["seconds"]
        bars = "" if limit is None else bar(f"under {limit} s", found["seconds"] < limit)
        table.rows.append((text, f"{found['dimension']:,.0f}", seconds(found["seconds"]), bars))
    if not quick:
        table.rows += _peers(ours)
    return [table]


def _peers(ours: dict[str, float]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for package in dict.fromkeys(package for package, _, _ in PEERS.values()):
        if importlib.util.find_spec(package) is None:
            rows.append((f"{package} is not installed", "", "", ""))
    for name, (package, text, case) in PEERS.items():
        if importlib.util.find_spec(package) is not None:
            found = fresh("benchmarks.symmetry:peer", name)
            ratio = f"{times(found['seconds'] / ours[case])} ours"
            rows.append((text, f"{found['dimension']:,.0f}", seconds(found["seconds"]), ratio))
    return rows


# Run in processes of their own


def measure(name: str) -> dict[str, float]:
    """Solve one case with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        case = _CASES[name]()
        start = process_time()
        dimension = case()
        return {"seconds": process_time() - start, "dimension": float(dimension)}


def _power(rep: Any, k: int) -> Any:
    return reduce(matmul, [rep] * k)


def _tensors(make: str, sizes: tuple[int, ...], k: int, m: int, way: str = "hom") -> Callable[[], Callable[[], int]]:
    def prepare() -> Callable[[], int]:
        from catnet import symmetry
        from catnet.symmetry.solve import pairs

        V = symmetry.vector(getattr(symmetry, make)(*sizes))
        source, target = _power(V, k), _power(V, m)
        if way == "orbits":
            return lambda: getattr(pairs.by_orbits(source, target, 10**9), "dimension", 0)
        if way == "elimination":
            return lambda: pairs.by_elimination(source, target, 10**9, None).dimension
        if way == "elements":
            return lambda: len(symmetry.hom(source, target).elements)
        return lambda: int(symmetry.hom(source, target).dimension)

    return prepare


def _irreducibles() -> Callable[[], int]:
    from catnet.symmetry import SO, hom, irrep

    reps = [irrep(SO(3), degree) for degree in range(7)]
    triples = [(a, b, c) for a in reps for b in reps[reps.index(a) :] for c in reps]
    return lambda: sum(int(hom(a @ b, c).dimension) for a, b, c in triples)


def _kernels() -> Callable[[], int]:
    from catnet.symmetry import D, hom, permutation, regular

    cells = [(i, j) for i in range(5) for j in range(5)]
    turned, flipped = [(4 - j) * 5 + i for i, j in cells], [i * 5 + (4 - j) for i, j in cells]
    fibre, grid = regular(D(4)), permutation(D(4), [turned, flipped])
    return lambda: int(hom(fibre @ grid, fibre).dimension)


def _icosahedron() -> Callable[[], int]:
    from fractions import Fraction

    from catnet.symmetry import Matrix, hom, matrices, sqrt, vector

    golden = (1 + sqrt(5)) / 2
    five = Matrix.of([[1, -golden, golden - 1], [golden, golden - 1, -1], [golden - 1, 1, golden]])
    V = vector(matrices(five.scaled(Fraction(1, 2)), Matrix.permutation([2, 0, 1]), order=60))
    return lambda: int(hom(_power(V, 3), _power(V, 3)).dimension)


def _cube() -> Callable[[], int]:
    from catnet.symmetry import hom, permutations, vector

    V = vector(permutations(*CUBE, order=43252003274489856000))
    return lambda: int(hom(V @ V, V).dimension)


CUBE = (
    "(1 3 8 6)(2 5 7 4)(9 33 25 17)(10 34 26 18)(11 35 27 19)",
    "(9 11 16 14)(10 13 15 12)(1 17 41 40)(4 20 44 37)(6 22 46 35)",
    "(17 19 24 22)(18 21 23 20)(6 25 43 16)(7 28 42 13)(8 30 41 11)",
    "(25 27 32 30)(26 29 31 28)(3 38 43 19)(5 36 45 21)(8 33 48 24)",
    "(33 35 40 38)(34 37 39 36)(3 9 46 32)(2 12 47 29)(1 14 48 27)",
    "(41 43 48 46)(42 45 47 44)(14 22 30 38)(15 23 31 39)(16 24 32 40)",
)
"""The six quarter turns of Rubik's cube on its 48 moving facelets."""

_CASES: dict[str, Callable[[], Callable[[], int]]] = {
    "pairs8": _tensors("S", (8,), 2, 2),
    "pairs16": _tensors("S", (16,), 2, 2),
    "pairs24": _tensors("S", (24,), 2, 2),
    "pairs24_orbits": _tensors("S", (24,), 2, 2, "orbits"),
    "pairs24_elements": _tensors("S", (24,), 2, 2, "elements"),
    "rank6": _tensors("SO", (3,), 3, 3),
    "rank6_elimination": _tensors("SO", (3,), 3, 3, "elimination"),
    "rank8": _tensors("SO", (3,), 4, 4),
    "lorentz6": _tensors("SO", (1, 3), 3, 3),
    "irreducibles": _irreducibles,
    "kernels": _kernels,
    "icosahedron": _icosahedron,
    "cube": _cube,
}


def peer(name: str) -> dict[str, float]:
    """Solve a case with another library."""
    found: dict[str, float] = globals()[f"_{name}"]()
    return found


def _emlp_pairs() -> dict[str, float]:
    import emlp.groups
    from emlp.reps import V

    return _emlp((V**2 >> V**2)(emlp.groups.S(8)))


def _emlp_rank() -> dict[str, float]:
    import emlp.groups
    from emlp.reps import V

    return _emlp((V**3 >> V**3)(emlp.groups.SO(3)))


def _emlp(rep: Any) -> dict[str, float]:
    start = process_time()
    basis = rep.equivariant_basis()
    return {"seconds": process_time() - start, "dimension": float(basis.shape[-1])}


def _e3nn_irreducibles() -> dict[str, float]:
    from e3nn.o3 import wigner_3j

    start, found = process_time(), 0
    for a in range(7):
        for b in range(a, 7):
            for c in range(abs(a - b), min(a + b, 6) + 1):
                found += wigner_3j(a, b, c).abs().max().item() > 0
    return {"seconds": process_time() - start, "dimension": float(found)}
