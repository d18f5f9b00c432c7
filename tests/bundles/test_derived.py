"""Derived bundles: their transitions, laws and classes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from catnet.bundles import (
    GL,
    SO,
    BaseMap,
    Bundle,
    C,
    I,
    O,
    R,
    U,
    associated,
    bundle,
    circle,
    determinant,
    dual,
    exp,
    name,
    names,
    pullback,
    restricted,
    tensor,
    whitney_sum,
)
from catnet.diagnostics import CatnetError
from catnet.symmetry import D, alt2, irrep, sign, sym2, trivial, vector
from tests.bundles.table import ARCS, KNOWN, POLAR, about_z, around, phi, rotation

M = name("m")
MOEBIUS = KNOWN["moebius"].make()
TS2 = KNOWN["tangent bundle of the sphere"].make()


def line(m: object) -> Bundle:
    return bundle(f"L{m}", POLAR, C(), U(1), {("north", "south"): exp(I * m * phi)}, ["m"] if m is M else [])


def test_the_sum_of_two_moebius_bands_is_trivial_and_one_alone_is_not() -> None:
    double = whitney_sum(MOEBIUS, MOEBIUS)
    assert double.laws().proved
    assert str(double.structure.group) == "O(2)"
    assert double.facts().orientable.value
    assert double.facts().trivial.value
    mixed = whitney_sum(MOEBIUS, KNOWN["cylinder"].make())
    assert mixed.facts().trivial.value is False


def test_tensor_of_moebius_with_itself_is_the_cylinder() -> None:
    square = tensor(MOEBIUS, MOEBIUS)
    assert square.laws().proved
    assert square.facts().trivial.value
    assert square.transition("c", "a").text == "1"


def test_degrees_add_under_tensor_and_change_sign_under_dual() -> None:
    assert str(tensor(line(M), line(2)).facts().degree.value) == "m + 2"  # type: ignore[union-attr]
    assert str(dual(line(3)).facts().degree.value) == "-3"  # type: ignore[union-attr]
    assert str(whitney_sum(line(3), line(-3)).facts().degree.value) == "0"  # type: ignore[union-attr]
    assert whitney_sum(line(3), line(-3)).facts().trivial.value
    assert all(b.laws().proved for b in (tensor(line(M), line(2)), dual(line(3)), whitney_sum(line(3), line(-3))))


def test_the_tangent_bundle_of_the_sphere_is_trivial_after_a_trivial_line_is_added() -> None:
    one = bundle("1", TS2.base, R(1), GL(1), {("n", "s"): 1})
    stable = whitney_sum(TS2, one)
    assert stable.laws().proved
    assert stable.facts().trivial.value
    assert TS2.facts().trivial.value is False


def test_the_dual_of_the_tangent_bundle_is_the_cotangent_bundle() -> None:
    cotangent = dual(TS2)
    assert cotangent.laws().proved
    assert str(cotangent.facts().degree.value) == "-2"  # type: ignore[union-attr]


def test_the_determinant_line_knows_the_orientation() -> None:
    klein = bundle("E", ARCS, R(2), O(2), around(1, 1, [[1, 0], [0, -1]]))
    assert determinant(klein).facts().trivial.value is False
    flat = bundle("F", ARCS, R(2), O(2), around(1, 1, rotation(name("alpha"))), ["alpha"])
    assert determinant(flat).laws().proved
    assert determinant(flat).facts().trivial.value


def test_associated_bundles_keep_the_laws() -> None:
    frames = bundle("F", POLAR, R(3), SO(3), {("north", "south"): about_z(phi)})
    V = vector(SO(3))
    for rep, size in ((V @ V, 9), (sym2(V), 6), (alt2(V), 3), (V + trivial(SO(3)), 4), (irrep(SO(3), 1), 3)):
        made = associated(frames, rep)
        assert made.laws().proved, made.describe()
        assert made.fibre.size == size
    plane = bundle("P", ARCS, R(2), O(2), around(1, rotation(name("alpha")), [[1, 0], [0, -1]]), ["alpha"])
    assert associated(plane, sign(O(2))).facts().trivial.value is False
    charge = associated(line(1), vector(U(1)) @ vector(U(1)))
    assert str(charge.facts().degree.value) == "2"  # type: ignore[union-attr]


def test_associated_bundles_of_a_finite_group_go_by_words() -> None:
    flip = vector(D(3)).matrices()[1]
    turn = vector(D(3)).matrices()[0]
    made = bundle("E", ARCS, R(3), D(3), around(1, turn, flip))
    plane = associated(made, irrep(D(3), 1))
    assert plane.laws().proved
    assert plane.transition("c", "a").text == "[[1, 0], [0, -1]]"
    assert plane.facts().trivial.value is False


def test_associated_by_an_irreducible_without_a_known_formula_is_refused() -> None:
    frames = bundle("F", POLAR, R(3), SO(3), {("north", "south"): about_z(phi)})
    with pytest.raises(CatnetError, match="E0816"):
        associated(frames, irrep(SO(3), 2))
    with pytest.raises(CatnetError, match="E0816"):
        associated(frames, vector(O(3)))


def test_pulling_back_along_the_double_cover_untwists_moebius() -> None:
    six = circle({c: ["phi"] for c in "pqrstu"})
    charts = dict(zip("pqrstu", "abcabc", strict=True))
    double = BaseMap("double", six, ARCS, charts, {c: {"phi": 2 * phi} for c in charts})
    assert all(law.verdict.answer == "proved" for law in double.laws())
    made = pullback(MOEBIUS, double)
    assert made.laws().proved
    assert made.facts().trivial.value
    varying = bundle("E", ARCS, C(), U(1), around(1, 1, exp(I * phi)))
    assert pullback(varying, double).transition("r", "s").text == "exp(2*I*phi)"


def test_a_base_map_that_disagrees_is_refuted_and_one_that_tears_is_refused() -> None:
    same = dict(zip("abc", "abc", strict=True))
    wrong = BaseMap("wrong", ARCS, ARCS, same, {"a": {"phi": 2 * phi}})
    assert [law.charts for law in wrong.laws() if not law.verdict.holds] == [("a", "b"), ("c", "a")]
    five = circle({c: ["phi"] for c in "vwxyz"})
    with pytest.raises(CatnetError, match="torn"):
        BaseMap("torn", ARCS, five, dict(zip("abc", "vxz", strict=True)))


def test_restriction_finds_frames_in_the_smaller_group_or_a_witness() -> None:
    stretched = bundle("E", ARCS, R(1), GL(1), around(2, 3, Fraction(-1, 6)))
    made = restricted(stretched, O(1), {"b": Fraction(1, 2), "c": Fraction(1, 6)})
    assert made.laws().proved
    assert made.facts().trivial.value is False
    with pytest.raises(CatnetError, match="E0807"):
        restricted(stretched, O(1))


def test_sums_over_different_bases_are_refused() -> None:
    with pytest.raises(CatnetError, match="E0816"):
        whitney_sum(MOEBIUS, line(1))
    alpha = names("alpha")[0]
    as_angle = bundle("A", ARCS, R(2), SO(2), around(1, 1, rotation(alpha)), ["alpha"])
    as_real = bundle("B", ARCS, R(2), GL(2), around(1, 1, [[1, alpha], [0, 1]]), ["alpha"])
    with pytest.raises(CatnetError, match="sort"):
        whitney_sum(as_angle, as_real)


def test_rotating_frames_change_no_class() -> None:
    turned = restricted(
        bundle("E", POLAR, R(2), SO(2), {("north", "south"): rotation(phi)}),
        SO(2),
        {"south": [[0, -1], [1, 0]]},
    )
    assert str(turned.facts().degree.value) == "1"  # type: ignore[union-attr]
