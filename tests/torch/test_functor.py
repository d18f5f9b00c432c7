"""Compiling is a functor: the module of a composite is the composite of the modules, bit for bit.

Parts are compiled alone and, under labels, together; the weights are carried over, and the outputs must be equal
to the last bit (to rounding where a wire that is made from parameters alone is handed on, since alone it gets
batch axes and together it needs none: a product of a matrix with one vector rounds otherwise than with many).
"""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from catnet.diagrams.typing import graph_of
from catnet.torch.emit import emit
from catnet.torch.module import load_class
from tests.strategies import Part, Shape, batched, batches, beside, built, chain, fan, fitting, labelled, repeated


def module_of(part: Part) -> nn.Module:
    """The module of a part on its own wires."""
    assert part.diagram is not None
    made: nn.Module = load_class(*emit(graph_of(part.diagram, part.wires), "a part"))()
    return made.double().eval()


def carry(part: nn.Module, whole: nn.Module, label: str) -> None:
    """Give what stands under a label the weights of the part that was compiled alone."""
    ours = list(part.parameters())
    theirs = [p for name, p in whole.named_parameters() if name == label or name.startswith(f"{label}.")]
    assert [p.shape for p in ours] == [p.shape for p in theirs]
    with torch.no_grad():
        for a, b in zip(ours, theirs, strict=True):
            b.copy_(a)


def call(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    out = module(*inputs)
    return list(out) if isinstance(out, tuple) else [out]


def inputs_of(shapes: tuple[Shape, ...], batch: Shape) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn((*batch, *s), generator=generator, dtype=torch.float64) for s in shapes]


def same(ours: list[Tensor], theirs: list[Tensor], cod: tuple[Shape, ...], batch: Shape, *, exact: bool = True) -> None:
    for a, b in zip(batched(ours, cod, batch), batched(theirs, cod, batch), strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, rtol=0 if exact else 1e-11, atol=0 if exact else 1e-12)


def whole(values: list[Tensor], shapes: tuple[Shape, ...], batch: Shape) -> bool:
    """Whether all values have all batch axes already."""
    return all(v.shape == (*batch, *s) for v, s in zip(values, shapes, strict=True))


def anything(dom: tuple[Shape, ...] | None = None) -> st.SearchStrategy[Part]:
    return built(dom, labels=False)


@given(anything().flatmap(lambda f: st.tuples(st.just(f), anything(f.cod))), batches)
def test_composition(pair: tuple[Part, Part], batch: Shape) -> None:
    f, g = pair
    first, second, both = module_of(f), module_of(g), module_of(chain(labelled("f", f), labelled("g", g)))
    carry(first, both, "f")
    carry(second, both, "g")
    inputs = inputs_of(f.dom, batch)
    between = call(first, inputs)
    after = call(second, batched(between, f.cod, batch))
    same(call(both, inputs), after, g.cod, batch, exact=whole(between, f.cod, batch))


@given(anything(((2,),)), anything(((2, 3),)), batches)
def test_tensor(f: Part, g: Part, batch: Shape) -> None:
    both = beside(labelled("f", f), labelled("g", g))
    left, right, module = module_of(f), module_of(g), module_of(both)
    carry(left, module, "f")
    carry(right, module, "g")
    xs, ys = inputs_of(f.dom, batch), inputs_of(g.dom, batch)
    same(call(module, xs + ys), call(left, xs) + call(right, ys), both.cod, batch)


@given(anything(((3,), (2, 2))).flatmap(lambda f: st.tuples(st.just(f), anything(f.dom))), batches)
def test_copy(pair: tuple[Part, Part], batch: Shape) -> None:
    f, g = pair
    both = fan(labelled("f", f), labelled("g", g))
    left, right, module = module_of(f), module_of(g), module_of(both)
    carry(left, module, "f")
    carry(right, module, "g")
    inputs = inputs_of(f.dom, batch)
    same(call(module, inputs), call(left, inputs) + call(right, inputs), both.cod, batch)


@given(anything(((3,),)), st.integers(1, 4), batches)
def test_powers(part: Part, count: int, batch: Shape) -> None:
    step = fitting(part, part.dom)
    steps = [module_of(step) for _ in range(count)]
    module = module_of(labelled("layers", repeated(step, count)))
    for i, one in enumerate(steps):
        carry(one, module, f"layers.{i}")
    inputs = values = inputs_of(step.dom, batch)
    exact = True
    for one in steps:
        values = call(one, values)
        exact = exact and whole(values, step.cod, batch)
        values = batched(values, step.cod, batch)
    same(call(module, inputs), values, step.cod, batch, exact=exact)


@given(anything(), batches)
def test_labels_change_nothing_but_keys(part: Part, batch: Shape) -> None:
    assert part.diagram is not None
    if not graph_of(part.diagram, part.wires).nodes:
        return  # wiring alone is no submodule
    plain, module = module_of(part), module_of(labelled("q", part))
    carry(plain, module, "q")
    assert all(key.startswith("q.") or key == "q" for key in module.state_dict())
    inputs = inputs_of(part.dom, batch)
    same(call(module, inputs), call(plain, inputs), part.cod, batch)


def test_identity_and_swap() -> None:
    x, y = inputs_of(((2,), (3,)), (2,))
    assert torch.equal(call(module_of(Part("id", ((2,),), ((2,),), lambda v: v, _word("id"))), [x])[0], x)
    swapped = call(module_of(Part("swap", ((2,), (3,)), ((3,), (2,)), lambda v: v[::-1], _word("swap"))), [x, y])
    assert torch.equal(swapped[0], y)
    assert torch.equal(swapped[1], x)


def _word(name: str):  # type: ignore[no-untyped-def]
    import catnet

    return getattr(catnet, name)
