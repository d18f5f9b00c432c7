"""A table of bundles with what is known of them, and broken variants with the law that they break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from catnet.bundles import (
    GL,
    SO,
    SU,
    Bundle,
    C,
    I,
    O,
    R,
    U,
    bundle,
    circle,
    circle_fibre,
    complex,
    cos,
    exp,
    expression,
    graph,
    group_fibre,
    interval,
    mesh,
    names,
    pi,
    sin,
    sphere,
    structure,
    torus,
)

ARCS = circle({c: ["phi"] for c in "abc"})
POLAR = sphere({"north": ["theta", "phi"], "south": ["theta", "phi"]})
STEREO = sphere({"n": ["u", "v"], "s": ["p", "q"]}, "stereographic")
ANNULI = torus({c: ["phi", "psi"] for c in "abc"})
TETRA = sphere(("a", "b", "c", "d"))
theta, phi, psi, m, u, v, p, q = names("theta phi psi m u v p q")
alpha, beta, gamma, x, y, z = names("alpha beta gamma x y z")

Rows = list[list[Any]]


def rotation(angle: Any) -> Rows:
    return [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]


def about_z(angle: Any) -> Rows:
    return [[cos(angle), -sin(angle), 0], [sin(angle), cos(angle), 0], [0, 0, 1]]


def about_x(angle: Any) -> Rows:
    return [[1, 0, 0], [0, cos(angle), -sin(angle)], [0, sin(angle), cos(angle)]]


def product(*factors: Rows) -> Rows:
    result = factors[0]
    for factor in factors[1:]:
        columns = list(zip(*factor, strict=True))
        result = [[sum((a * b for a, b in zip(row, c, strict=True)), expression(0)) for c in columns] for row in result]
    return result


def about_axis(angle: Any) -> Rows:
    """The rotation about the unit axis (x, y, z), by Rodrigues."""
    k = [[expression(0), -z, y], [z, expression(0), -x], [-y, x, expression(0)]]
    square = product(k, k)
    one = [[int(i == j) for j in range(3)] for i in range(3)]
    return [[one[i][j] + sin(angle) * k[i][j] + (1 - cos(angle)) * square[i][j] for j in range(3)] for i in range(3)]


def jacobian(a: Any, b: Any) -> Rows:
    """The derivative of (a, b)/(a^2 + b^2)."""
    square = (a**2 + b**2) ** 2
    return [[(b**2 - a**2) / square, -2 * a * b / square], [-2 * a * b / square, (a**2 - b**2) / square]]


def around(*matrices: Any) -> dict[tuple[str, str], Any]:
    return dict(zip((("a", "b"), ("b", "c"), ("c", "a")), matrices, strict=True))


def frames(first: Rows, second: Rows, both: Rows, name: str) -> Bundle:
    """SO(3) frames on three charts that meet: `both` should be the product."""
    base = complex([("a", "b", "c")])
    turns = {("a", "b"): first, ("b", "c"): second, ("a", "c"): both}
    return bundle(name, base, group_fibre(structure(SO(3))), SO(3), turns, ["alpha", "beta", "gamma"])


HOPF = {("north", "south"): exp(I * phi)}
AB, BC = product(about_z(alpha), about_x(beta)), about_z(gamma)
PHASES = [[exp(I * alpha), 0], [0, exp(-I * alpha)]]
QUARTER = rotation(pi / 2)


@dataclass(frozen=True)
class Known:
    """What should come out: orientable, flat and trivial (None: not decided), and the degree."""

    make: Callable[[], Bundle]
    orientable: bool | None
    flat: bool | None
    trivial: bool | None
    degree: str = ""


def _over_sphere(value: Any, *parameters: str, fibre: Any = None, group: Any = None, name: str = "E") -> Bundle:
    return bundle(name, POLAR, fibre or C(), group or U(1), {("north", "south"): value}, parameters)


KNOWN: dict[str, Known] = {
    "interval": Known(
        lambda: bundle("I", interval({"a": ["x"], "b": ["x"]}), R(2), GL(2), {("a", "b"): [[1 + x**2, x], [0, 1]]}),
        True, None, True,
    ),
    "cylinder": Known(lambda: bundle("Cylinder", ARCS, R(1), O(1), around(1, 1, 1)), True, True, True),
    "moebius": Known(lambda: bundle("Moebius", ARCS, R(1), O(1), around(1, 1, -1)), False, True, False),
    "moebius, all signs": Known(lambda: bundle("Moebius", ARCS, R(1), O(1), around(-1, -1, -1)), False, True, False),
    "cylinder, two signs": Known(lambda: bundle("Cylinder", ARCS, R(1), O(1), around(-1, 1, -1)), True, True, True),
    "torus of circles": Known(lambda: bundle("T", ARCS, circle_fibre, O(1), around(1, 1, 1)), True, True, True),
    "klein bottle": Known(
        lambda: bundle("K", ARCS, circle_fibre, O(1), around(1, 1, [[1, 0], [0, -1]])), False, True, False
    ),
    "klein bottle under O(2)": Known(
        lambda: bundle("K", ARCS, circle_fibre, O(2), around(1, QUARTER, [[1, 0], [0, -1]])), False, True, False
    ),
    "circles by phases": Known(
        lambda: bundle("P", ARCS, circle_fibre, U(1), around(1, 1, exp(I * alpha)), ["alpha"]), True, True, True
    ),
    "flat plane with holonomy": Known(
        lambda: bundle("F", ARCS, R(2), SO(2), around(1, rotation(alpha), rotation(beta)), ["alpha", "beta"]),
        True, True, True,
    ),
    "flat spinor": Known(
        lambda: bundle("S", ARCS, C(2), SU(2), around(1, PHASES, [[-1, 0], [0, -1]]), ["alpha"]),
        True, True, True,
    ),
    "hopf": Known(lambda: _over_sphere(exp(I * phi)), True, False, False, "1"),
    "monopole of charge m": Known(lambda: _over_sphere(exp(I * m * phi), "m"), True, None, None, "m"),
    "monopole of charge m^2 - 3 m": Known(
        lambda: _over_sphere(exp(I * (m**2 - 3 * m) * phi), "m"), True, None, None, "m^2 - 3*m"
    ),
    "product over the sphere": Known(lambda: _over_sphere(exp(I * alpha), "alpha"), True, True, True, "0"),
    "wound back": Known(lambda: _over_sphere(exp(I * phi) * exp(-I * phi)), True, None, True, "0"),
    "tangent bundle of the sphere": Known(
        lambda: bundle("TS2", STEREO, R(2), GL(2), {("n", "s"): jacobian(u, v)}), True, False, False, "-2"
    ),
    "tangent bundle, both ways": Known(
        lambda: bundle("TS2", STEREO, R(2), GL(2), {("n", "s"): jacobian(u, v), ("s", "n"): jacobian(p, q)}),
        True, False, False, "-2",
    ),
    "tangent planes, polar": Known(
        lambda: _over_sphere(rotation(2 * phi), fibre=R(2), group=SO(2)), True, False, False, "2"
    ),
    "twisted rank three": Known(
        lambda: _over_sphere(about_z(phi), fibre=R(3), group=SO(3)), True, None, False
    ),
    "untwisted rank three": Known(
        lambda: _over_sphere(about_z(2 * phi), fibre=R(3), group=SO(3)), True, None, True
    ),
    "rank two over the sphere": Known(
        lambda: _over_sphere([[exp(I * phi), 0], [0, exp(-I * phi)]], fibre=C(2), group=SU(2)), True, None, True, "0"
    ),
    "line over the torus": Known(
        lambda: bundle("L", ANNULI, C(), U(1), around(1, exp(I * psi), exp(I * m * psi)), ["m"]),
        True, None, None, "m + 1",
    ),
    "constant signs over four charts": Known(
        lambda: bundle("L", TETRA, R(1), O(1), {(a, b): -1 if "d" in (a, b) else 1 for a, b in TETRA.overlaps}),
        True, True, True,
    ),
    "frames on three charts": Known(
        lambda: frames(AB, BC, product(BC, AB), "Frames"), True, True, True
    ),
    "rotations about an axis": Known(
        lambda: bundle("A", ARCS, R(3), SO(3), around(1, 1, about_axis(alpha)), ["alpha", "x", "y", "z"],
                       [x**2 + y**2 + z**2 - 1]),
        True, True, True,
    ),
    "signs on a graph": Known(
        lambda: bundle("G", SQUARE, R(1), O(1), dict(zip(SQUARE.overlaps, (1, -1, 1, 1), strict=True))),
        False, True, False,
    ),
    "transport on a tetrahedron": Known(
        lambda: bundle("M", MESH, R(2), SO(2), {pair: rotation(pi / 3) for pair in MESH.overlaps}), True, False, None
    ),
}  # fmt: skip

SQUARE = graph([(0, 1), (1, 2), (2, 3), (3, 0)])
MESH = mesh([(0, 1, 2), (0, 3, 1), (1, 3, 2), (2, 3, 0)])


@dataclass(frozen=True)
class Broken:
    """A bundle that breaks one law: its code, the charts of the witness, and whether a point belongs to it."""

    make: Callable[[], Bundle]
    code: str
    charts: tuple[str, ...]
    at_a_point: bool = True


BROKEN: dict[str, Broken] = {
    "cylinder, stretched": Broken(
        lambda: bundle("E", ARCS, R(1), O(1), around(1, 2, 1)), "E0807", ("b", "c"), False
    ),
    "moebius, both ways": Broken(
        lambda: bundle("E", ARCS, R(1), O(1), {**around(1, 1, -1), ("a", "c"): 1}), "E0804", ("a", "c", "a"), False
    ),
    "klein bottle, sheared": Broken(
        lambda: bundle("E", ARCS, circle_fibre, O(2), around(1, 1, [[1, 1], [0, -1]])), "E0807", ("c", "a"), False
    ),
    "klein bottle under SO(2)": Broken(
        lambda: bundle("E", ARCS, circle_fibre, SO(2), around(1, 1, [[1, 0], [0, -1]])), "E0807", ("c", "a"), False
    ),
    "flat plane, wrong sign": Broken(
        lambda: bundle("E", ARCS, R(2), SO(2), around(1, 1, [[cos(alpha), sin(alpha)], [sin(alpha), cos(alpha)]]),
                       ["alpha"]),
        "E0807", ("c", "a"),
    ),
    "hopf, longer than one": Broken(lambda: _over_sphere(exp(I * phi) + sin(theta)), "E0807", ("north", "south")),
    "half a monopole": Broken(lambda: _over_sphere(exp(I * m * phi / 2), "m"), "E0815", ("north", "south")),
    "tangent bundle, wrong exponent": Broken(
        lambda: bundle("E", STEREO, R(2), GL(2), {("n", "s"): jacobian(u, v), ("s", "n"): [[-p, q], [q, p]]}),
        "E0804", ("n", "s", "n"),
    ),
    "tangent planes, not turned": Broken(
        lambda: _over_sphere([[cos(2 * phi), -sin(phi)], [sin(2 * phi), cos(phi)]], fibre=R(2), group=SO(2)),
        "E0807", ("north", "south"),
    ),
    "flat over the equator": Broken(
        lambda: _over_sphere(cos(theta), fibre=R(1), group=GL(1)), "E0809", ("north", "south")
    ),
    "touching zero": Broken(
        lambda: _over_sphere(1 - cos(phi), fibre=R(1), group=GL(1)), "E0809", ("north", "south")
    ),
    "a pole": Broken(
        lambda: bundle("E", STEREO, R(1), GL(1), {("n", "s"): 1 / (u - 1)}), "E0809", ("n", "s")
    ),
    "orientation under GL+": Broken(
        lambda: bundle("E", ARCS, R(2), GL(2, positive=True), around(1, 1, [[0, 1], [1, 0]])),
        "E0807", ("c", "a"), False,
    ),
    "spinor of determinant i": Broken(
        lambda: bundle("E", ARCS, C(2), SU(2), around(1, 1, [[I, 0], [0, 1]])), "E0807", ("c", "a"), False
    ),
    "complex under O(1)": Broken(
        lambda: _over_sphere(exp(I * phi), fibre=R(1), group=O(1)), "E0807", ("north", "south")
    ),
    "signs over four charts": Broken(
        lambda: bundle("E", TETRA, R(1), O(1), {pair: -1 if pair == ("a", "b") else 1 for pair in TETRA.overlaps}),
        "E0808", ("a", "b", "c"), False,
    ),
    "frames, in the wrong order": Broken(
        lambda: frames(AB, BC, product(AB, BC), "E"), "E0808", ("a", "b", "c")
    ),
    "axis that is not of length one": Broken(
        lambda: bundle("E", ARCS, R(3), SO(3), around(1, 1, about_axis(alpha)), ["alpha", "x", "y", "z"],
                       [x**2 + y**2 + z**2 - 2]),
        "E0807", ("c", "a"),
    ),
    "line over the torus, wrong exponent": Broken(
        lambda: bundle("E", ANNULI, C(), U(1), {**around(1, 1, exp(I * m * psi)), ("a", "c"): exp(I * m * psi)}, ["m"]),
        "E0804", ("a", "c", "a"),
    ),
    "transport out of the group": Broken(
        lambda: bundle("E", SQUARE, R(2), O(2), {pair: [[1, 0], [0, 3]] if pair == ("2", "3") else 1
                                                 for pair in SQUARE.overlaps}),
        "E0807", ("2", "3"), False,
    ),
}  # fmt: skip
