"""Compiled modules against two meanings of the same text: that of the drawn part (which knows nothing of
catnet), and that of a plain interpreter of the typed graph (with every weight its own)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from catnet.diagrams.normal import normal_form
from catnet.diagrams.typing import graph_of
from catnet.elaborate.program import Program
from tests import reference
from tests.strategies import Shape, Spec, batched, batches, built, fill, specs

CLOSE = {"rtol": 1e-9, "atol": 1e-10}


def random_inputs(shapes: tuple[Shape, ...], batch: Shape, seed: int = 0) -> list[Tensor]:
    """Inputs in float64, away from the kinks of relu."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*batch, *s, generator=generator, dtype=torch.float64).requires_grad_() for s in shapes]


def compiled(spec: Spec) -> tuple[nn.Module, Program]:
    """The module of `main`, in float64 and evaluation mode."""
    program = Program.from_text(spec.text)
    errors = [d.message for d in program.check() if d.is_error]
    assert not errors, errors
    module: nn.Module = program["main"]().compile()
    return module.double().eval(), program


def outputs(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    out = module(*inputs)
    return list(out) if isinstance(out, tuple) else [out]


def agree(spec: Spec, batch: Shape) -> None:
    """The module equals the interpreter, in values and in gradients, with all weights different."""
    module, program = compiled(spec)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    graph = program["main"]().graph
    inputs = random_inputs(spec.main.dom, batch)
    ours = batched(outputs(module, inputs), spec.main.cod, batch)
    theirs = batched(reference.interpret(graph, module, inputs), spec.main.cod, batch)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, **CLOSE)
    leaves = [*inputs, *module.parameters()]
    weights = [torch.randn(a.shape, generator=generator, dtype=torch.float64) for a in ours]
    left, right = (
        torch.autograd.grad(
            sum((o * w).sum() for o, w in zip(out, weights, strict=True)) + 0.0 * sum(p.sum() for p in leaves),
            leaves,
        )
        for out in (ours, theirs)
    )
    for a, b in zip(left, right, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, rtol=1e-7, atol=1e-8)


@given(specs(), batches)
def test_a_compiled_module_equals_the_interpreter(spec: Spec, batch: Shape) -> None:
    agree(spec, batch)


@given(specs(), batches)
def test_a_compiled_module_means_what_the_text_says(spec: Spec, batch: Shape) -> None:
    module, _ = compiled(spec)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(fill(*p.shape))
        inputs = random_inputs(spec.main.dom, batch)
        ours = batched(outputs(module, inputs), spec.main.cod, batch)
        meant = batched(spec.main.run(inputs), spec.main.cod, batch)
    for a, b in zip(ours, meant, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, **CLOSE)


@given(st.data())
def test_python_builds_the_diagram_of_the_text(data: st.DataObject) -> None:
    part = data.draw(built())
    assert part.diagram is not None
    program = Program.from_text(f"net main : {part.type} = {part.text}")
    text = normal_form(program["main"]().graph)
    assert normal_form(graph_of(part.diagram, part.wires)) == text


# -- the property can fail: planted bugs ------------------------------------------------------------------------


def _swapped_arguments(patch: pytest.MonkeyPatch) -> None:
    from catnet.boxes.parts import Concat

    real = Concat.code

    def code(self: Concat, site: object) -> str:
        import dataclasses

        return real(self, dataclasses.replace(site, args=site.args[::-1]))  # type: ignore[type-var,attr-defined]

    patch.setattr(Concat, "code", code)


def _dropped_sign(patch: pytest.MonkeyPatch) -> None:
    from catnet.diagrams.structural import Add

    patch.setattr(Add, "code", lambda self, site: " + ".join(site.args))


def _one_weight_for_all_steps(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch.emit import ClassBody

    real = ClassBody._register

    def register(self: ClassBody, node: object, site: object, made: str, wanted: str) -> None:
        if made.startswith("nn.ModuleList([") and " for _ in range(" in made:
            one, count = made.removeprefix("nn.ModuleList([").removesuffix(")])").split(" for _ in range(")
            made = f"nn.ModuleList([{one}] * {count})"
        real(self, node, site, made, wanted)  # type: ignore[arg-type]

    patch.setattr(ClassBody, "_register", register)


def _forgotten_last_use(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch import emit

    def first_uses(graph: object) -> dict[int, int]:
        first: dict[int, int] = {}
        for index, node in enumerate(graph.nodes):  # type: ignore[attr-defined]
            for value in node.inputs:
                first.setdefault(id(value), index)
        for value in graph.outputs:  # type: ignore[attr-defined]
            first.setdefault(id(value), len(graph.nodes))  # type: ignore[attr-defined]
        return first

    patch.setattr(emit, "_last_uses", first_uses)


def _outputs_forgotten_in_last_use(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch import emit

    real = emit._last_uses

    def without_outputs(graph: object) -> dict[int, int]:
        last = real(graph)  # type: ignore[arg-type]
        inner = {id(v): i for i, n in enumerate(graph.nodes) for v in n.inputs}  # type: ignore[attr-defined]
        return {k: inner.get(k, v) for k, v in last.items()}

    patch.setattr(emit, "_last_uses", without_outputs)


def _wrong_output_order(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch import emit

    patch.setattr(emit, "_returned", lambda names: ", ".join(names[::-1]))


def _fresh_weights_for_shared(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch.emit import ClassBody

    real = ClassBody._state

    def state(self: ClassBody, node: object, site: object) -> object:
        self.owners.clear()
        return real(self, node, site)  # type: ignore[arg-type]

    patch.setattr(ClassBody, "_state", state)


def _no_batch_for_parameters(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch.emit import ClassBody

    patch.setattr(ClassBody, "_expanded", lambda self, node, args, flags: (args, [True] * len(flags)))


def _transpose_forgets_to_transpose(patch: pytest.MonkeyPatch) -> None:
    from catnet.boxes.linear import Linear

    def code(self: Linear, site: object) -> str:
        site.need("F")  # type: ignore[attr-defined]
        return f"{site.args[0]} @ {site.module}.weight.flip(-1)"  # type: ignore[attr-defined]

    patch.setattr(Linear, "dagger_code", code)


def _swap_does_nothing(patch: pytest.MonkeyPatch) -> None:
    from catnet.diagrams.structural import Swap

    patch.setattr(Swap, "routes", lambda self, count: (0, 1) if count == 2 else None)


BUGS = [
    _swapped_arguments,
    _dropped_sign,
    _one_weight_for_all_steps,
    _forgotten_last_use,
    _outputs_forgotten_in_last_use,
    _wrong_output_order,
    _fresh_weights_for_shared,
    _no_batch_for_parameters,
    _transpose_forgets_to_transpose,
    _swap_does_nothing,
]


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__.strip("_"))
def test_the_properties_find_planted_bugs(bug: object, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch)  # type: ignore[operator]

    @settings(max_examples=600, deadline=None, database=None, derandomize=True, phases=_ONLY_GENERATE)
    @given(specs(), batches)
    def both(spec: Spec, batch: Shape) -> None:
        agree(spec, batch)
        test_a_compiled_module_means_what_the_text_says.hypothesis.inner_test(spec, batch)  # type: ignore[attr-defined]

    with pytest.raises(Exception):  # noqa: B017 (a wrong value, or code that does not run: either shows the bug)
        both()


from hypothesis import Phase  # noqa: E402

_ONLY_GENERATE = (Phase.explicit, Phase.generate)
