"""The laws of a symmetric monoidal category with copying, as properties of the normal form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import catnet
from catnet import Diagram, copy, drop, dropout, fan, gelu, id, layer_norm, linear, relu, swap, tanh
from catnet.diagrams import terms
from catnet.diagrams.normal import NormalForm, normal_form
from catnet.diagrams.typing import graph_of
from catnet.types.wires import real
from tests.strategies import Part, Shape, built, doms, fitting, shapes


def form(diagram: Diagram, dom: tuple[Shape, ...]) -> NormalForm:
    """The normal form on wires of given shapes."""
    return normal_form(graph_of(diagram, [real(*s) for s in dom]))


def ids(count: int) -> Diagram:
    """The identity on some wires."""
    return terms.Tensor((id,) * count)


wire = copy >> (id @ drop)  # the identity of exactly one wire: `id` alone takes any number


def made(part: Part) -> Diagram:
    """The diagram, with its number of input wires said."""
    assert part.diagram is not None
    return terms.Then((terms.Tensor((wire,) * len(part.dom)), part.diagram))


def anything(dom: tuple[Shape, ...] | None = None) -> st.SearchStrategy[Part]:
    """Any part; without labels, which may be used once."""
    return built(dom, labels=False)


@st.composite
def rows(draw: st.DrawFn, length: int) -> list[Part]:
    """Parts that compose."""
    out = [draw(anything())]
    while len(out) < length:
        out.append(draw(anything(out[-1].cod)))
    return out


PURE = (relu, tanh, gelu, relu >> tanh, (relu + tanh) * id, catnet.scale(0.5))  # no parameters, any one wire
pure = st.sampled_from(PURE)


@given(rows(3))
def test_composition_is_associative(row: list[Part]) -> None:
    f, g, h = map(made, row)
    dom = row[0].dom
    assert form((f >> g) >> h, dom) == form(f >> (g >> h), dom)


@given(anything())
def test_identities_are_units_of_composition(part: Part) -> None:
    f = made(part)
    expected = form(f, part.dom)
    assert form(ids(len(part.dom)) >> f, part.dom) == expected
    assert form(f >> ids(len(part.cod)), part.dom) == expected
    assert form(id >> f >> id, part.dom) == expected


@given(anything(), anything(), anything())
def test_the_tensor_is_associative_with_the_empty_one_as_unit(a: Part, b: Part, c: Part) -> None:
    f, g, h = made(a), made(b), made(c)
    dom = a.dom + b.dom + c.dom
    expected = form((f @ g) @ h, dom)
    assert form(f @ (g @ h), dom) == expected
    nothing = terms.Tensor(())
    assert form(nothing @ f @ g @ nothing @ h, dom) == expected


@given(rows(2), rows(2))
def test_interchange(left: list[Part], right: list[Part]) -> None:
    (f, g), (h, k) = map(made, left), map(made, right)
    dom = left[0].dom + right[0].dom
    assert form((f >> g) @ (h >> k), dom) == form((f @ h) >> (g @ k), dom)


@given(anything(), anything())
def test_sliding(a: Part, b: Part) -> None:
    """Parts side by side may be done in any order, even those with parameters and effects."""
    f, g = made(a), made(b)
    dom = a.dom + b.dom
    one = (f @ ids(len(b.dom))) >> (ids(len(a.cod)) @ g)
    two = (ids(len(a.dom)) @ g) >> (f @ ids(len(b.cod)))
    assert form(one, dom) == form(f @ g, dom) == form(two, dom)


@given(shapes, shapes)
def test_swap_is_its_own_inverse(a: Shape, b: Shape) -> None:
    assert form(swap >> swap, (a, b)) == form(id @ id, (a, b))
    assert (form(swap, (a, b)) == form(id @ id, (a, b))) is False


@given(anything(((2,),)), anything(((3,),)))
def test_swap_is_natural(a: Part, b: Part) -> None:
    """`(f @ g) >> swap == swap >> (g @ f)`, for f and g with one output, with weights and effects too."""
    f, g = (made(p) if len(p.cod) == 1 else linear(2) for p in (a, b))
    dom = ((2,), (3,))
    assert form((f @ g) >> swap, dom) == form(swap >> (g @ f), dom)


@given(pure, shapes)
def test_copy_and_drop_are_natural_for_pure_boxes(f: Diagram, shape: Shape) -> None:
    assert form(f >> copy, (shape,)) == form(copy >> (f @ f), (shape,)) == form(fan(f, f), (shape,))
    assert form(f >> drop, (shape,)) == form(drop, (shape,))


def test_copy_is_a_comonoid() -> None:
    assert copy >> (copy @ id) == copy >> (id @ copy) == copy(3)
    assert copy >> (drop @ id) == id >> (id @ terms.Tensor(())) == copy >> (id @ drop)
    assert copy >> swap == copy
    assert copy != copy(3)


def test_effects_and_parameters_are_not_copied_or_dropped() -> None:
    for f in (dropout, linear(8), relu >> linear(8), dropout >> tanh, layer_norm):
        assert f >> copy != fan(f, f)
        assert f >> copy == f >> copy
        assert fan(f, f) == copy >> (f @ f)
        assert f >> drop != drop
        assert fan(f >> drop, id) != id


def test_an_effect_that_nothing_uses_still_counts() -> None:
    assert fan(dropout >> drop, relu) != relu
    assert fan(dropout >> drop, relu) == fan(relu, dropout >> drop)
    assert fan(dropout >> drop, dropout >> drop, relu) != fan(dropout >> drop, relu)
    # what only feeds a dropped part goes with it if it is pure, and stays if it is not
    assert fan(tanh >> drop, relu) == relu
    assert fan(linear(3) >> relu >> drop, relu) == fan(linear(3) >> drop, relu)


@given(anything(((3,),)), st.integers(0, 4))
def test_a_power_is_a_chain(part: Part, count: int) -> None:
    endo = fitting(part, part.dom)
    f = made(endo)
    chain = terms.Then((ids(1), *[f] * count))
    assert form(f**count, endo.dom) == form(chain, endo.dom)
    if part.dom != part.cod:
        assert form(f ** (count + 1), endo.dom) != form(chain, endo.dom)


def test_powers_of_powers() -> None:
    f = linear(8) >> relu
    assert (f**2) ** 3 == f**6
    assert f**2 >> f**3 == f**5
    assert f**2 != f**3
    assert f**1 == f
    assert f**0 == id
    assert (linear(8, bias=False) >> relu) ** 3 != f**3


def test_uses_of_a_shared_morphism_merge() -> None:
    w = catnet.share("w", linear(8))
    v = catnet.share("v", linear(8))
    assert w == linear(8), "what is shared with nothing is as good as fresh"
    assert w >> copy == fan(w, w)
    assert fan(w, w) != fan(linear(8), linear(8))
    assert fan(w, w) != fan(w, v)
    assert fan(w, v) == fan(linear(8), linear(8))
    assert fan(w, v) == fan(v, w), "which of two is called what does not matter"
    # the same weights on other inputs are another value, but not another morphism
    twice = w >> relu >> w
    assert twice == twice
    assert twice != linear(8) >> relu >> linear(8)
    assert w @ w != linear(8) @ linear(8)
    assert w @ w != w @ v
    parts = catnet.share("p", dropout)
    assert fan(parts, parts) != parts >> copy, "an effect happens at each use"


def test_labels_take_no_part() -> None:
    f = linear(8).labelled("q") >> relu
    assert f == linear(8) >> relu
    assert f == (linear(8) >> relu).labelled("block")
    assert hash(f) == hash((linear(8) >> relu).labelled("block"))
    assert (f**3).labelled("layers") == f**3


@given(doms.flatmap(lambda dom: st.tuples(st.just(dom), anything(dom), anything(dom))))
def test_sums_and_products_are_fans(drawn: tuple[tuple[Shape, ...], Part, Part]) -> None:
    dom, a, b = drawn
    f, g = made(fitting(a, ((2,),))), made(fitting(b, ((2,),)))
    assert form(f + g, dom) == form(fan(f, g) >> catnet.add, dom)
    assert form(f - g, dom) == form(fan(f, g) >> catnet.sub, dom)
    assert form(f * g, dom) == form(fan(f, g) >> catnet.mul, dom)
    assert form(f + g, dom) != form(f - g, dom)


def test_sums_keep_their_order_and_their_signs() -> None:
    assert relu - tanh != tanh - relu
    assert relu + tanh - gelu != relu - tanh + gelu
    assert relu - (tanh - gelu) != relu - tanh - gelu
    assert (relu + tanh) + gelu == relu + tanh + gelu


@given(anything(), anything())
def test_equal_diagrams_have_equal_hashes(a: Part, b: Part) -> None:
    f, g = made(a), made(b)
    left, right = form(f, a.dom), form(g, b.dom)
    if left == right:
        assert hash(left) == hash(right)
    again = form(ids(len(a.dom)) >> made(a) >> ids(len(a.cod)), a.dom)
    assert hash(again) == hash(left)


def test_diagrams_are_keys() -> None:
    found = {linear(8) >> relu: "a", relu >> linear(8): "b"}
    assert found[(id >> linear(8)) >> (relu >> id)] == "a"
    assert len({relu, relu >> id, id >> relu, tanh}) == 2


def test_equality_sees_static_arguments_and_wiring() -> None:
    assert linear(8) != linear(9)
    assert linear(8) != linear(8, bias=False)
    assert dropout(0.1) != dropout(0.2)
    assert relu @ tanh != tanh @ relu
    assert swap >> (relu @ tanh) != relu @ tanh
    assert relu != "relu"


def test_unused_weights_are_told_apart_from_none() -> None:
    shared = catnet.share("w", linear(3))
    assert fan(shared >> drop, shared) == shared
    assert fan(linear(3) >> drop, linear(3)) != linear(3)
