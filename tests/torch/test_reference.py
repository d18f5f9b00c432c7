"""Compiled modules against two meanings of the same text: that of the drawn part (which knows nothing of
catnet), and that of a plain interpreter of the typed graph (with every weight its own)."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
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
    return [torch.randn((*batch, *s), generator=generator, dtype=torch.float64).requires_grad_() for s in shapes]


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


def means_what_it_says(spec: Spec, batch: Shape) -> None:
    """The module equals the drawn meaning, with weights that depend on their shape alone."""
    module, _ = compiled(spec)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(fill(*p.shape))
        inputs = random_inputs(spec.main.dom, batch)
        ours = batched(outputs(module, inputs), spec.main.cod, batch)
        meant = batched(spec.main.run(inputs), spec.main.cod, batch)
    for a, b in zip(ours, meant, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, **CLOSE)


@given(specs(), batches)
def test_a_compiled_module_means_what_the_text_says(spec: Spec, batch: Shape) -> None:
    means_what_it_says(spec, batch)


@given(st.data())
def test_python_builds_the_diagram_of_the_text(data: st.DataObject) -> None:
    part = data.draw(built())
    assert part.diagram is not None
    program = Program.from_text(f"net main : {part.type} = {part.text}")
    text = normal_form(program["main"]().graph)
    assert normal_form(graph_of(part.diagram, part.wires)) == text


Bug = Callable[[pytest.MonkeyPatch], None]

# -- the properties can fail: planted bugs ------------------------------------------------------------------------


def _swapped_arguments(patch: pytest.MonkeyPatch) -> None:
    from catnet.boxes.parts import Concat

    real = Concat.code

    def code(self: Concat, site: Any) -> str:
        return real(self, dataclasses.replace(site, args=site.args[::-1]))

    patch.setattr(Concat, "code", code)


def _dropped_sign(patch: pytest.MonkeyPatch) -> None:
    from catnet.diagrams.structural import Add

    patch.setattr(Add, "code", lambda self, site: " + ".join(site.args))


def _one_weight_for_all_steps(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch.emit import ClassBody

    real = ClassBody._register

    def register(self: ClassBody, node: Any, site: Any, made: str, wanted: str) -> None:
        if made.startswith("nn.ModuleList([") and " for _ in range(" in made:
            one, count = made.removeprefix("nn.ModuleList([").removesuffix(")])").split(" for _ in range(")
            made = f"nn.ModuleList([{one}] * {count})"
        real(self, node, site, made, wanted)

    patch.setattr(ClassBody, "_register", register)


def _forgotten_last_use(patch: pytest.MonkeyPatch) -> None:
    emit = importlib.import_module("catnet.torch.emit")  # the package has a function of that name

    def first_uses(graph: Any) -> dict[int, int]:
        first: dict[int, int] = {}
        for index, node in enumerate(graph.nodes):
            for value in node.inputs:
                first.setdefault(id(value), index)
        for value in graph.outputs:
            first.setdefault(id(value), len(graph.nodes))
        return first

    patch.setattr(emit, "last_uses", first_uses)


def _outputs_forgotten_in_last_use(patch: pytest.MonkeyPatch) -> None:
    emit = importlib.import_module("catnet.torch.emit")  # the package has a function of that name

    real = emit.last_uses

    def without_outputs(graph: Any) -> dict[int, int]:
        last = real(graph)
        inner = {id(v): i for i, n in enumerate(graph.nodes) for v in n.inputs}
        return {k: inner.get(k, v) for k, v in last.items()}

    patch.setattr(emit, "last_uses", without_outputs)


def _wrong_output_order(patch: pytest.MonkeyPatch) -> None:
    emit = importlib.import_module("catnet.torch.emit")  # the package has a function of that name

    patch.setattr(emit, "returned", lambda names: ", ".join(names[::-1]))


def _fresh_weights_for_shared(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch.emit import ClassBody

    state, register = ClassBody._state, ClassBody._register

    def forgetful(self: ClassBody, node: Any, site: Any) -> Any:
        self.owners.clear()
        return state(self, node, site)

    def again(self: ClassBody, node: Any, site: Any, made: str, wanted: str) -> None:
        known = any(line.startswith(f"self.{wanted} = ") for line in self.init)
        register(self, node, site, made, f"{wanted}_again" if known else wanted)

    patch.setattr(ClassBody, "_state", forgetful)
    patch.setattr(ClassBody, "_register", again)


def _no_batch_for_parameters(patch: pytest.MonkeyPatch) -> None:
    from catnet.torch.emit import ClassBody

    patch.setattr(ClassBody, "_expanded", lambda self, node, args, flags: (args, [True] * len(flags)))


def _transpose_forgets_to_transpose(patch: pytest.MonkeyPatch) -> None:
    from catnet.boxes.linear import Linear

    def code(self: Linear, site: Any) -> str:
        site.need("F")
        return f"{site.args[0]} @ {site.module}.weight.flip(-1)"

    patch.setattr(Linear, "dagger_code", code)


def _swap_does_nothing(patch: pytest.MonkeyPatch) -> None:
    from catnet.diagrams.structural import Swap

    patch.setattr(Swap, "routes", lambda self, count: (0, 1) if count == 2 else None)


BUGS: list[Bug] = [
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


MANY = settings(
    max_examples=1500,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__.strip("_"))
def test_the_properties_find_planted_bugs(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch)

    @MANY
    @given(specs(), batches)
    def both(spec: Spec, batch: Shape) -> None:
        agree(spec, batch)
        means_what_it_says(spec, batch)

    with pytest.raises(
        (AssertionError, RuntimeError, NameError, IndexError)
    ):  # a wrong value, or code that does not run
        both()


@pytest.mark.slow
def test_without_a_planted_bug_the_same_cases_pass() -> None:
    """What the test above rests on: it is the bug that makes the difference."""

    @MANY
    @given(specs(), batches)
    def both(spec: Spec, batch: Shape) -> None:
        agree(spec, batch)
        means_what_it_says(spec, batch)

    both()
