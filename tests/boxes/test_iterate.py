"""`scan`, `trace` and `flow`: types, mistakes, and values against loops written out."""

from __future__ import annotations

import pytest
import torch

from tests.boxes.helpers import compiled, mistake, program, type_of

CELL = "net cell(k) : R[d] @ R[k] -> R[k] @ R[k] = concat >> linear(k) >> tanh >> copy\n"


def test_scan_is_a_loop() -> None:
    module = compiled(CELL + "net f : R[t, 3] @ R[4] -> R[t, 4] @ R[4] = scan(cell(4), over = t)")
    weight, bias = module.parameters()
    x, h = torch.randn(2, 5, 3), torch.randn(2, 4)
    ys, last = module(x, h)
    for i in range(5):
        h = torch.tanh(torch.cat((x[:, i], h), -1) @ weight.T + bias)
        assert torch.allclose(ys[:, i], h, atol=1e-6)
    assert torch.allclose(last, h, atol=1e-6)


def test_scan_expands_a_state_without_batch_axes() -> None:
    text = CELL + "net f : R[t, 3] -> R[t, 4] = (id @ zeros(4)) >> scan(cell(4), over = t) >> (id @ drop)"
    module = compiled(text)
    assert module(torch.randn(2, 6, 5, 3)).shape == (2, 6, 5, 4)
    assert module(torch.randn(5, 3)).shape == (5, 4)


def test_scan_over_several_wires_and_inner_axes() -> None:
    text = (
        "net cell : (x: R[a], y: R[b], s: R[a]) -> R[b] @ R[a] { _ = x >> drop return y @ s }\n"
        "net f : R[a, t] @ R[b, t] @ R[a] -> R[b, t] @ R[a] = scan(cell, over = t)"
    )
    x, y, s = torch.randn(2, 3, 6), torch.randn(2, 4, 6), torch.randn(2, 3)
    got, last = compiled(text)(x, y, s)
    assert torch.equal(got, y)
    assert torch.equal(last, s)


def test_scan_finds_its_axis_by_name_even_if_sizes_agree() -> None:
    text = CELL + "net f : R[t, d] @ R[4] -> R[t, 4] @ R[4] = scan(cell(4), over = t)"
    ys, last = compiled(text, t=4, d=4)(torch.randn(4, 4), torch.randn(4))
    assert torch.equal(ys[-1], last)


def test_scan_without_a_state() -> None:
    module = compiled("net f : R[t, d] -> R[t, 5] = scan(linear(5), over = t)", d=3)
    assert module(torch.randn(2, 4, 3)).shape == (2, 4, 5)


def test_mistakes_of_scan() -> None:
    assert mistake("R[t, d] @ R[k] -> _ @ _", "scan(linear(3) @ id, over = k)").code == "E0203"
    assert mistake("R[t, d] -> _", "scan(linear(3), over = 0)").code == "E0223"
    found = mistake("R[t, d] @ R[k] -> _ @ _", "scan(id @ linear(k + 1), over = t)")
    assert (found.code, "must keep its type" in found.message) == ("E0203", True)
    assert "`R[k]` goes into `cell`, `R[k + 1]` comes out" in found.message
    found = mistake("R[t, d] @ R[k] -> _ @ _", "scan(id @ id, over = 0)")
    assert (found.code, "name of its axis" in found.message) == ("E0223", True)
    found = mistake("R[t, d] @ R[k] @ R[k] -> _ @ _", "scan(drop @ drop @ drop, over = t)")
    assert found.code == "E0204"


def test_trace_feeds_back() -> None:
    module = compiled(CELL + "net f : R[3] -> R[4] = trace(cell(4), steps = 3)")
    weight, bias = module.parameters()
    x, h = torch.randn(2, 5, 3), torch.zeros(2, 5, 4)
    for _ in range(3):
        h = torch.tanh(torch.cat((x, h), -1) @ weight.T + bias)
    assert torch.allclose(module(x), h, atol=1e-6)


def test_mistakes_of_trace() -> None:
    assert mistake("R[3] -> _", "trace(linear(3), steps = 2)").code == "E0204"
    assert mistake("R[3] -> _", "trace(add >> copy, steps = 2)").code == "E0204"
    assert mistake("R[3] -> _", "trace(linear(3) @ linear(4), steps = 0)").code == "E0207"
    assert mistake("R[3] -> _", "trace(relu @ flatten, steps = 2)").code == "E0224"
    assert mistake("R[3] -> _", "trace(id @ id, steps = 2)").code == "E0204"
    assert type_of("R[t, 3]", "trace(linear(3) @ linear(4), steps = 2)") == "R[t, 3]"


FIELD = "net field : R[d] @ R -> R[d] = (id @ time_features(4)) >> concat >> linear(8) >> tanh >> linear(d)\n"


@pytest.mark.parametrize("method", ["euler", "midpoint", "rk4"])
def test_flow_of_a_linear_field(method: str) -> None:
    text = f'net f : R[2] -> R[2] = flow(id @ drop, steps = 200, method = "{method}")'
    x = torch.randn(3, 2, dtype=torch.float64)
    assert torch.allclose(compiled(text)(x), x * torch.e, rtol=1e-2 if method == "euler" else 1e-4)


def test_flow_sees_the_time() -> None:
    text = "net f : R -> R = flow((drop @ id), start = 1, stop = 3)"
    x = torch.randn(3, dtype=torch.float64)
    assert torch.allclose(compiled(text)(x), x + 4)


def test_flow_has_an_inverse() -> None:
    module = compiled(FIELD + "net f : R[d] -> R[d] = flow(field) ^ -1", d=3)
    forward = compiled(FIELD + "net f : R[d] -> R[d] = flow(field)", d=3)
    forward.load_state_dict(module.state_dict())
    x = torch.randn(4, 5, 3)
    assert torch.allclose(module(forward(x)), x, atol=1e-4)


def test_mistakes_of_flow() -> None:
    assert mistake("R[d] -> _", "flow(concat >> linear(d))").code == "E0203"
    found = mistake("R[4] -> _", "flow(linear(3) @ drop)")
    assert (found.code, "must be `R[4] @ R -> R[4]`" in found.message) == ("E0203", True)
    assert mistake("R[4] -> _", 'flow(id @ drop, method = "heun")').code == "E0224"
    assert mistake("R[4] -> _", "flow(id @ drop, steps = 0)").code == "E0207"


def test_iterations_are_boxes_with_an_inside() -> None:
    text = CELL + "net f : R[t, 3] @ R[4] -> R[t, 4] @ R[4] = scan(cell(4), over = t)"
    diagram = program(text)["f"]()
    (node,) = [n for _, n in diagram.graph.walk() if n.box.name == "scan"]
    assert node.graphs[0].type == "R[3] @ R[4] -> R[4] @ R[4]"
    assert str(node.box.calls(node.dom)) == "t"
    assert diagram == program(CELL + "net g : R[t, 3] @ R[4] -> R[t, 4] @ R[4] = scan(cell(4), over = t)")["g"]()
    assert type_of("R[t, 3] @ R[4]", "scan(concat >> linear(4) >> copy, over = t) >> (id @ drop)") == "R[t, 4]"
