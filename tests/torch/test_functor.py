"""Compiling is a functor: the module of a composite is the composite of the modules, bit for bit.

Parts are compiled alone and together, the weights are carried over in the order in which they are registered,
and the outputs and the gradients of the inputs must be equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from catnet.diagrams.typing import graph_of
from catnet.torch.emit import emit
from catnet.torch.module import load_class
from tests.strategies import Part, Shape, batched, batches, beside, built, chain, fan, fitting, labelled, repeated

EXACT = {"rtol": 0.0, "atol": 0.0, "equal_nan": True}


def module_of(part: Part) -> nn.Module:
    """The module of a part on its own wires."""
    assert part.diagram is not None
    made: nn.Module = load_class(*emit(graph_of(part.diagram, part.wires), "a part"))()
    return made.double().eval()


def weights(module: nn.Module) -> list[nn.Parameter]:
    """The parameters, those of `parameter` boxes after all others: a class holds them before its submodules,
    so that alone and together they come at other places."""
    named = [(n, p) for n, p in module.named_parameters()]
    return [p for n, p in named if "parameter" not in n] + [p for n, p in named if "parameter" in n]


def carry(parts: Iterable[nn.Module], whole: nn.Module) -> None:
    """Give the whole the weights of its parts."""
    sources = list(parts)
    ours = [p for m in sources for p in weights(m)[: _plain(m)]] + [p for m in sources for p in weights(m)[_plain(m) :]]
    theirs = weights(whole)
    assert [p.shape for p in ours] == [p.shape for p in theirs]
    with torch.no_grad():
        for a, b in zip(ours, theirs, strict=True):
            b.copy_(a)


def _plain(module: nn.Module) -> int:
    return sum("parameter" not in n for n, _ in module.named_parameters())


def call(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    out = module(*inputs)
    return list(out) if isinstance(out, tuple) else [out]


def inputs_of(shapes: tuple[Shape, ...], batch: Shape) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn((*batch, *s), generator=generator, dtype=torch.float64) for s in shapes]


def same(ours: list[Tensor], theirs: list[Tensor], cod: tuple[Shape, ...], batch: Shape) -> None:
    pairs = zip(batched(ours, cod, batch), batched(theirs, cod, batch), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, **EXACT)


def anything(dom: tuple[Shape, ...] | None = None) -> st.SearchStrategy[Part]:
    return built(dom, labels=False)


@given(anything().flatmap(lambda f: st.tuples(st.just(f), anything(f.cod))), batches)
def test_composition(pair: tuple[Part, Part], batch: Shape) -> None:
    f, g = pair
    first, second, both = module_of(f), module_of(g), module_of(chain(f, g))
    carry([first, second], both)
    inputs = inputs_of(f.dom, batch)
    between = batched(call(first, inputs), f.cod, batch)
    same(call(both, inputs), call(second, between), g.cod, batch)


@given(anything(((2,),)), anything(((2, 3),)), batches)
def test_tensor(f: Part, g: Part, batch: Shape) -> None:
    both = Part(f"({f.text} @ {g.text})", f.dom + g.dom, f.cod + g.cod, beside(f, g).run, _beside(f, g))
    left, right, module = module_of(f), module_of(g), module_of(both)
    carry([left, right], module)
    xs, ys = inputs_of(f.dom, batch), inputs_of(g.dom, batch)
    same(call(module, xs + ys), call(left, xs) + call(right, ys), both.cod, batch)


def _beside(f: Part, g: Part):  # type: ignore[no-untyped-def]
    assert f.diagram is not None
    assert g.diagram is not None
    return f.diagram @ g.diagram


@given(anything(((3,), (2, 2))).flatmap(lambda f: st.tuples(st.just(f), anything(f.dom))), batches)
def test_copy(pair: tuple[Part, Part], batch: Shape) -> None:
    f, g = pair
    both = fan(f, g)
    left, right, module = module_of(f), module_of(g), module_of(both)
    carry([left, right], module)
    inputs = inputs_of(f.dom, batch)
    same(call(module, inputs), call(left, inputs) + call(right, inputs), both.cod, batch)


@given(anything(((3,),)), st.integers(1, 4), batches)
def test_powers(part: Part, count: int, batch: Shape) -> None:
    step = fitting(part, part.dom)
    steps = [module_of(step) for _ in range(count)]
    module = module_of(repeated(step, count))
    carry(steps, module)
    inputs = values = inputs_of(step.dom, batch)
    for one in steps:
        values = batched(call(one, values), step.cod, batch)
    same(call(module, inputs), values, step.cod, batch)


@given(anything(), batches)
def test_labels_change_nothing_but_keys(part: Part, batch: Shape) -> None:
    assert part.diagram is not None
    if not graph_of(part.diagram, part.wires).nodes:
        return  # wiring alone is no submodule
    plain, named = module_of(part), module_of(labelled("q", part))
    carry([plain], named)
    assert all(key.startswith("q.") or key == "q" for key in named.state_dict())
    inputs = inputs_of(part.dom, batch)
    same(call(named, inputs), call(plain, inputs), part.cod, batch)


def test_identity_and_swap() -> None:
    x, y = inputs_of(((2,), (3,)), (2,))
    assert torch.equal(call(module_of(Part("id", ((2,),), ((2,),), lambda v: v, _word("id"))), [x])[0], x)
    swapped = call(module_of(Part("swap", ((2,), (3,)), ((3,), (2,)), lambda v: v[::-1], _word("swap"))), [x, y])
    assert torch.equal(swapped[0], y)
    assert torch.equal(swapped[1], x)


def _word(name: str):  # type: ignore[no-untyped-def]
    import catnet

    return getattr(catnet, name)
