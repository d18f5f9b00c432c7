"""Declarations: what is read, what is refused, learned transitions, sections and maps."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catnet.bundles import (
    GL,
    SO,
    C,
    I,
    O,
    R,
    U,
    Word,
    bundle,
    bundle_map,
    circle,
    circle_fibre,
    cos,
    exp,
    graph,
    grid,
    name,
    names,
    section,
    sin,
    sphere,
    torus,
)
from catnet.diagnostics import CatnetError
from catnet.symmetry import D, irrep, vector
from tests.bundles.table import ANNULI, ARCS, BROKEN, KNOWN, POLAR, around, m, phi, psi, rotation

HERE = Path(__file__).parents[2]
alpha, beta = names("alpha beta")
MOEBIUS = KNOWN["moebius"].make()
HOPF = KNOWN["hopf"].make()

BAD: dict[str, tuple[Callable[[], object], str, str]] = {
    "missing": (lambda: bundle("E", ARCS, R(1), O(1), {("a", "b"): 1}), "E0802", "no transition b -> c, c -> a"),
    "apart": (lambda: bundle("E", circle(tuple("abcd")), R(1), O(1), {("a", "c"): 1}), "E0803", "do not overlap"),
    "twice": (
        lambda: bundle("E", ARCS, R(1), O(1), [("a", "b", 1), ("b", "c", 1), ("c", "a", 1), ("a", "b", -1)]),
        "E0804",
        "declared twice",
    ),
    "size": (lambda: bundle("E", ARCS, R(2), O(2), around(1, 1, -1)), "E0806", "1 x 1"),
    "ragged": (lambda: bundle("E", ARCS, R(2), O(2), around(1, 1, [[1, 0], [1]])), "E0806", "differ in length"),
    "group": (lambda: bundle("E", ARCS, R(3), O(2), around(1, 1, 1)), "E0801", "acts on R[2]"),
    "complex group": (lambda: bundle("E", ARCS, R(1), U(1), around(1, 1, 1)), "E0801", "acts on C[1]"),
    "no group": (lambda: bundle("E", ARCS, R(1), "Z2", around(1, 1, 1)), "E0801", "no structure group"),
    "circle under GL": (lambda: bundle("E", ARCS, circle_fibre, GL(2), around(1, 1, 1)), "E0801", "unit circle"),
    "tensor rep": (
        lambda: bundle("E", ARCS, R(9), vector(SO(3)) @ vector(SO(3)), around(1, 1, 1)),
        "E0801",
        "associated bundle",
    ),
    "unknown name": (
        lambda: bundle("E", POLAR, C(), U(1), {("north", "south"): exp(I * m * phi)}),
        "E0805",
        "`m` is no coordinate",
    ),
    "bare angle": (lambda: bundle("E", POLAR, C(), U(1), {("north", "south"): phi}), "E0805", "is an angle"),
    "a float": (lambda: bundle("E", ARCS, R(1), GL(1), around(1, 1, 0.1)), "E0706", "exact"),
    "coordinate as parameter": (
        lambda: bundle("E", ARCS, R(1), O(1), around(1, 1, 1), ["phi"]),
        "E0801",
        "name of a coordinate",
    ),
    "no sort": (lambda: bundle("E", ARCS, R(1), O(1), around(1, 1, 1), {"m": "int"}), "E0801", "no sort"),  # type: ignore[dict-item]
    "no fibre": (lambda: R(0), "E0801", "no fibre"),
    "no parameter": (lambda: HOPF.at(k=1), "E0805", "no parameter"),
    "section rank": (lambda: section(MOEBIUS, {"a": [1, 0], "b": 1, "c": 1}), "E0811", "has 2 components"),
    "section chart": (lambda: section(MOEBIUS, {"a": 1, "b": 1}), "E0811", "chart `c`"),
    "section name": (lambda: section(MOEBIUS, {"d": 1}), "E0803", "no chart `d`"),
    "map shape": (
        lambda: bundle_map(MOEBIUS, MOEBIUS, {"a": [[1, 0]], "b": 1, "c": 1}),
        "E0813",
        "1 x 2, not 1 x 1",
    ),
    "map chart": (lambda: bundle_map(MOEBIUS, MOEBIUS, {"a": 1, "b": 1}), "E0813", "chart `c`"),
}


@pytest.mark.parametrize("which", BAD)
def test_what_is_no_bundle_is_refused(which: str) -> None:
    make, code, said = BAD[which]
    with pytest.raises(CatnetError) as caught:
        make()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert said in diagnostic.render()


def test_sorts_of_parameters_are_read_off_their_use() -> None:
    entries = [[cos(alpha), -sin(alpha)], [sin(alpha), cos(alpha)]]
    second = [[exp(I * (m + 2) * psi), beta], [0, 1]]
    made = bundle("E", ANNULI, C(2), GL(2, "C"), around(1, entries, second), ["alpha", "beta", "m"])
    assert made.parameters == {"alpha": "angle", "beta": "real", "m": "integer"}
    assert str(made.at(m=3, alpha=0).transition("c", "a").rows[0][0]) == "exp(5*I*psi)"
    assert made.at(m=3).parameters == {"alpha": "angle", "beta": "real"}


def test_an_undeclared_direction_is_the_inverse() -> None:
    made = KNOWN["flat plane with holonomy"].make()
    product = made.transition("c", "b") @ made.transition("b", "c")
    ones = made.domain("b", "c").vanish((product - made.composed(("b",))).entries, ("b", "c"))
    assert ones.answer == "proved"
    assert MOEBIUS.transition("a", "c").text == "-1"
    tangent = KNOWN["tangent bundle of the sphere"].make()
    assert tangent.transition("s", "n").names == {"p", "q"}


def test_learned_trivialisations_satisfy_the_cocycle_law_by_words() -> None:
    base = sphere(tuple("abcd"))
    frames = {chart: Word.letter(f"phi_{chart}") for chart in "abcd"}
    made = bundle("E", base, R(7), O(7), {(a, b): frames[b] * frames[a].inverse() for a, b in base.overlaps})
    assert made.laws().proved
    assert made.laws().verdict("cocycle").method == "words in a free groupoid"
    assert made.facts().trivial.value is None
    assert made.facts().orientable.value is None
    assert "phi_b*phi_a^-1" in made.describe()
    free = bundle("E", base, R(7), O(7), {(a, b): Word.letter(f"g_{a}{b}") for a, b in base.overlaps})
    assert len(free.laws().refuted) == 4
    with pytest.raises(CatnetError, match="is learned"):
        made.transition("a", "b")


def test_a_long_cycle_of_learned_frames_is_flat_by_words() -> None:
    nodes = range(50)
    base = graph([(k, (k + 1) % 50) for k in nodes])
    letters = {str(k): Word.letter(f"f{k}") for k in nodes}
    made = bundle("E", base, R(3), O(3), {(a, b): letters[b] * letters[a].inverse() for a, b in base.overlaps})
    start = time.process_time()
    (holonomy,) = made.facts().holonomies
    assert holonomy.trivial.answer == "proved"
    assert holonomy.trivial.method == "words"
    assert time.process_time() - start < 0.5


def test_the_holonomy_of_a_cycle_of_rotations_is_their_sum() -> None:
    angles = [name(f"a{k}") for k in range(5)]
    base = graph([(k, (k + 1) % 5) for k in range(5)])
    turns = dict(zip([(str(k), str((k + 1) % 5)) for k in range(5)], map(rotation, angles), strict=True))
    made = bundle("E", base, R(2), SO(2), turns, [f"a{k}" for k in range(5)])
    (holonomy,) = made.facts().holonomies
    assert holonomy.matrix is not None
    assert made.laws().proved
    flipped = holonomy.path[1] == "4"
    total = sum(angles[1:], angles[0])
    turn = rotation(-total if flipped else total)
    domain = made.domain("0")
    wanted = [
        a - b for row, other in zip(holonomy.matrix.rows, turn, strict=True) for a, b in zip(row, other, strict=True)
    ]
    assert domain.vanish(wanted, ("0",)).answer == "proved"


def test_a_seam_that_reflects_twists_a_grid_that_is_flat_all_the_same() -> None:
    base = grid(3, 4, join="w")
    made = bundle(
        "Strip", base, R(1), O(1), {p: -1 if (p[0][-1], p[1][-1]) == ("3", "0") else 1 for p in base.overlaps}
    )
    facts = made.facts()
    assert made.laws().proved
    assert facts.flat.value
    assert facts.orientable.value is False
    assert facts.holonomies[0].text == "-1"
    once = bundle("E", base, R(1), O(1), {p: -1 if p == ("0,3", "0,0") else 1 for p in base.overlaps})
    assert once.facts().flat.value is False


def test_bundles_over_a_grid_of_charts_of_the_torus() -> None:
    cells = [f"{i}{j}" for i in range(3) for j in range(3)]
    base = torus({c: ["phi", "psi"] for c in cells}, grid=(3, 3))
    rows = {p: p[0][0] + p[1][0] for p in base.overlaps}
    winding = {"20": exp(I * m * psi), "02": exp(-I * m * psi)}
    seams = {p: winding.get(row, 1) for p, row in rows.items()}
    made = bundle("L", base, C(), U(1), seams, ["m"])
    assert made.laws().proved
    assert len(made.laws().of("cocycle")) == 36
    wrong = dict(seams) | {("00", "01"): exp(I * psi)}
    assert len(bundle("L", base, C(), U(1), wrong, ["m"]).laws().refuted) == 4


def test_sections_glue_or_say_where_they_do_not() -> None:
    whole = section(bundle("1", ARCS, R(1), O(1), around(1, 1, 1)), {c: cos(phi) for c in "abc"})
    assert all(law.verdict.answer == "proved" for law in whole.laws())
    half = section(MOEBIUS, {"a": 1, "b": 1, "c": 1})
    with pytest.raises(CatnetError) as caught:
        half.check()
    assert [d.code for d in caught.value.diagnostics] == ["E0812"]
    assert "c -> a" in str(caught.value)
    u, v, p, q = names("u v p q")
    tangent = KNOWN["tangent bundle of the sphere"].make()
    # The rotation of the sphere about its axis: a field with zeros at the poles alone.
    field = section(tangent, {"n": [-v, u], "s": [-q, p]})
    assert all(law.verdict.answer == "proved" for law in field.laws())
    assert [law.verdict.answer for law in section(tangent, {"n": [-v, u], "s": [q, p]}).laws()] == ["refuted"]


def test_maps_commute_and_isomorphisms_have_inverses() -> None:
    three = bundle("E", ARCS, R(1), GL(1), around(2, 3, -1))
    turned = bundle("F", ARCS, R(1), GL(1), around(6, 1, -1))
    found = bundle_map(three, turned, {"a": 1, "b": 3, "c": 1})
    assert all(law.verdict.answer == "proved" for law in found.laws())
    assert found.isomorphism().answer == "proved"
    back = found.inverse()
    assert all(law.verdict.answer == "proved" for law in back.laws())
    assert all((back.matrices[c] @ found.matrices[c]).text == "1" for c in "abc")
    assert (found >> back).target is three
    with pytest.raises(CatnetError, match="E0813"):
        bundle_map(three, turned, {"a": 1, "b": 1, "c": 1}).check()
    with pytest.raises(CatnetError, match="E0813"):
        found >> found
    zero = bundle_map(MOEBIUS, MOEBIUS, dict.fromkeys("abc", 0))
    assert all(law.verdict.answer == "proved" for law in zero.laws())
    with pytest.raises(CatnetError, match="E0814"):
        zero.inverse()
    waves = bundle_map(HOPF, HOPF, {"north": cos(phi), "south": cos(phi)})
    assert waves.isomorphism().answer == "refuted"


def test_a_finite_group_acts_by_a_representation() -> None:
    plane = irrep(D(3), 1)
    turn, flip = plane.matrices()
    made = bundle("E", ARCS, R(2), plane, around(1, turn, flip))
    assert made.laws().proved
    assert made.facts().trivial.value is False
    wrong = bundle("E", ARCS, R(2), plane, around(1, [[0, -1], [1, 0]], flip))
    (law,) = wrong.laws().refuted
    assert "is no element of D(3)" in str(law)


@pytest.mark.parametrize("which", ["flat over the equator", "touching zero", "a pole"])
def test_singular_transitions_are_located(which: str) -> None:
    (law,) = BROKEN[which].make().laws().refuted
    assert law.verdict.witness is not None
    point = law.verdict.witness.point
    at = {"flat over the equator": "theta", "touching zero": "phi", "a pole": "u"}[which]
    nearest = {"theta": 1.5707963, "phi": 6.2831853 * round(point.get("phi", 0) / 6.2831853), "u": 1.0}[at]
    assert point[at] == pytest.approx(nearest, abs=1e-3)


def test_zeros_that_are_only_approached_are_none() -> None:
    theta = name("theta")
    for value in (sin(theta), 2 + cos(phi), sin(theta) ** 2 / 3, 1 / sin(theta)):
        made = bundle("E", POLAR, R(1), GL(1), {("north", "south"): value})
        assert made.laws().proved, made.describe()
    at_zero = bundle("E", POLAR, R(1), GL(1), {("north", "south"): 1 / m}, {"m": "integer"})
    (law,) = at_zero.laws().refuted
    assert law.verdict.witness is not None
    assert law.verdict.witness.point["m"] == 0
    undecided = bundle("E", POLAR, R(1), GL(1), {("north", "south"): 3 + 2 * cos(phi) + cos(phi) * sin(phi) * 2})
    assert undecided.laws().verdict("invertible").answer == "tested"
    assert "at least at" in undecided.laws().verdict("invertible").bound


def test_loading_needs_neither_torch_nor_sympy() -> None:
    code = (
        "import sys; from tests.bundles.table import BROKEN, KNOWN\n"
        "for entry in (*KNOWN.values(), *BROKEN.values()): entry.make().describe()\n"
        "print([m for m in ('torch', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE)
    assert done.stdout.strip() == "[]"
