"""Wires that are made from parameters alone have no batch axes: the code gives them some where it must."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from catnet.elaborate.program import Program


def module_of(text: str, name: str = "main") -> nn.Module:
    module: nn.Module = Program.from_text(text)[name]().compile()
    return module.double()


TABLE = "drop >> table: parameter(3)"

# What each must give for an input x of shape (..., 3), as a function of x and the table.
NETS = {
    "beside": (f"net main : R[3] -> R[6] = (id, {TABLE}) >> concat", lambda x, p: (x, p)),
    "in a repeat that keeps it": (
        f"net main : R[3] -> R[6] = (id, {TABLE}) >> (neg @ id) ^ 3 >> concat",
        lambda x, p: (-x, p),
    ),
    "in a repeat that exchanges it": (
        f"net main : R[3] -> R[6] = (id, {TABLE}) >> (swap >> (neg @ id)) ^ 3 >> concat",
        lambda x, p: (p, -x),  # (x, p), (-p, x), (-x, -p), (p, -x)
    ),
    "joined in a repeat": (
        f"net main : R[3] -> R[6] = (id, {TABLE}) >> (swap >> (id, add) >> (id @ drop @ id)) ^ 1 >> concat",
        lambda x, p: (p, p + x),
    ),
    "twice": (f"net main : R[3] -> R[9] = ({TABLE}) >> (id, neg, square) >> concat", lambda x, p: (p, -p, p * p)),
    "out of a net": (
        "net table : () -> R[3] = table: parameter(3)\nnet main : R[3] -> R[6] = (id, drop >> table) >> concat",
        lambda x, p: (x, p),
    ),
    "stacked": (f"net main : R[3] -> R[6] = ({TABLE}, id) >> stack >> flatten", lambda x, p: (p, x)),
}


@pytest.mark.parametrize("batch", [(), (2,), (4, 2)])
@pytest.mark.parametrize("name", NETS)
def test_values(name: str, batch: tuple[int, ...]) -> None:
    text, meaning = NETS[name]
    module = module_of(text)
    table = next(module.parameters())
    x = torch.randn(*batch, 3, dtype=torch.float64)
    whole: Tensor = module(x)
    expected = list(meaning(x, table))
    wanted = torch.cat([e.expand(*batch, 3) for e in expected], -1)
    torch.testing.assert_close(whole.expand(*batch, wanted.shape[-1]), wanted)


@pytest.mark.parametrize("batch", [(), (2,), (4, 2)])
def test_a_shared_part_serves_wires_with_and_without_batch_axes(batch: tuple[int, ...]) -> None:
    """The class of a shared part is written once, and used on both kinds of wire, in either order."""
    for first, second in (("p", "x"), ("x", "p")):
        module = module_of(
            "net main : (x: R[3]) -> R[2] @ R[2] {\n"
            "    share w = ((id, drop >> own: parameter(3)) >> concat >> map: linear(2))\n"
            "    p = table: parameter(3)\n"
            f"    return ({first} >> w, {second} >> w)\n"
            "}"
        )
        x = torch.randn(*batch, 3, dtype=torch.float64)
        state = dict(module.named_parameters())
        own, table = state["w.own"], state["table"]
        weight, bias = state["w.map.weight"], state["w.map.bias"]

        def meant(value: Tensor) -> Tensor:
            wide = torch.cat([value, own.expand(value.shape)], -1)  # noqa: B023
            return wide @ weight.t() + bias  # noqa: B023

        outputs = dict(zip((first, second), module(x), strict=True))
        torch.testing.assert_close(outputs["x"], meant(x))
        torch.testing.assert_close(outputs["p"].expand(*batch, 2), meant(table).expand(*batch, 2))


def test_a_repeat_of_a_part_that_forgets_its_input() -> None:
    module = module_of(f"net main : R[3] -> R[6] = (id, ({TABLE}) ^ 3) >> concat")
    x = torch.randn(2, 3, dtype=torch.float64)
    last = module.state_dict()["table.2"] if "table.2" in module.state_dict() else list(module.parameters())[-1]
    torch.testing.assert_close(module(x), torch.cat([x, last.expand(2, 3)], -1))


def test_parts_without_outputs_are_called() -> None:
    module = module_of(
        "net sink : R[3] -> () = linear(3) >> drop\nnet main : R[3] -> R[3] = (sink, (sink, relu)) >> (neg: neg)"
    )
    x = torch.randn(2, 3, dtype=torch.float64)
    torch.testing.assert_close(module(x), -torch.relu(x))
    assert len(list(module.parameters())) == 4


def test_a_repeat_whose_steps_change_the_number_of_wires() -> None:
    module = module_of("net main : R[3] -> R[3] = each((neg, linear(3))) ^ 2 >> (id @ neg @ square @ relu) >> add")
    x = torch.randn(2, 3, dtype=torch.float64)
    one, two, three = (m for m in module.modules() if isinstance(m, nn.Linear))
    left, right = -x, one(x)
    torch.testing.assert_close(module(x), -left - two(left) + right.square() + torch.relu(three(right)))


def test_a_repeat_whose_steps_change_the_number_of_wires_and_end_with_none() -> None:
    module = module_of("net main : R[3] -> R[3] = (id, seq(i in 0..2, if i == 0 then copy else drop)) >> q: relu")
    x = torch.randn(2, 3, dtype=torch.float64)
    torch.testing.assert_close(module(x), torch.relu(x))


def test_a_scan_whose_step_gives_what_is_made_from_parameters_alone() -> None:
    module = module_of(
        "net main : (x: R[t, 3], s: R[3]) -> R[t, 6] @ R[3] {\n"
        "    y, last = (x, s) >> scan((drop >> table: parameter(3)) @ neg, over = t)\n"
        "    return ((x, y) >> concat, last)\n"
        "}"
    )
    table = next(module.parameters())
    x, s = torch.randn(2, 4, 3, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    y, last = module(x, s)
    torch.testing.assert_close(y, torch.cat([x, table.expand(2, 4, 3)], -1))
    torch.testing.assert_close(last, s)  # four times negated


def test_a_size_is_read_from_an_input_before_its_name_is_used_again() -> None:
    module = module_of(
        "net main : (x: R[n], y: R[t]) -> R[t] @ R[n] where t <= n, t > 0 {\n"
        "    y_2 = y >> softmax >> sum(over = -1)\n"
        "    z = x >> (neg, neg) >> concat >> slice(0, n)\n"
        "    _ = y_2 >> drop\n"
        "    return (z >> slice(0, t), z)\n"
        "}"
    )
    x, y = torch.randn(2, 5, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    short, whole = module(x, y)
    torch.testing.assert_close(short, -x[:, :3])
    torch.testing.assert_close(whole, -x)
