"""Rotations, tables and biases of positions: types, mistakes, and values against the formulas written out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.boxes.helpers import compiled, mistake, net, program, run, type_of


def turned(x: Tensor, layout: str, base: float = 10000.0) -> Tensor:
    """Every pair turned as a complex number, in float64."""
    t, c = x.shape[-2:]
    half = c // 2
    first = [k if layout == "half" else 2 * k for k in range(half)]
    second = [k + half if layout == "half" else 2 * k + 1 for k in range(half)]
    angle = torch.arange(t).double()[:, None] * torch.tensor([base ** (-2 * k / c) for k in range(half)]).double()
    pair = torch.complex(x[..., first].double(), x[..., second].double()) * torch.polar(angle.new_ones(()), angle)
    out = torch.empty_like(x, dtype=torch.float64)
    out[..., first], out[..., second] = pair.real, pair.imag
    return out


def as_in_llama(x: Tensor, base: float = 10000.0) -> Tensor:
    """Rotation in float32, in the order of operations of transformers' Llama."""
    t, c = x.shape[-2:]
    rate = 1.0 / (base ** (torch.arange(0, c, 2, dtype=torch.float) / c))
    angle = torch.arange(t)[..., None].float() * rate
    angle = torch.cat((angle, angle), dim=-1)
    swapped = torch.cat((-x[..., c // 2 :], x[..., : c // 2]), dim=-1)
    return x * angle.cos().to(x.dtype) + swapped * angle.sin().to(x.dtype)


@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize("context", ["", ", context = 9"])
@pytest.mark.parametrize("base", [10000.0, 500000.0])
def test_rotary(layout: str, context: str, base: float) -> None:
    x = torch.randn(2, 3, 9, 8)
    body = f'rotary(base = {base}, layout = "{layout}"{context})'
    module = compiled(net("R[3, 9, 8] -> R[3, 9, 8]", body))
    assert not module.state_dict()
    assert torch.allclose(module(x).double(), turned(x, layout, base), atol=1e-5)
    if layout == "half":
        assert torch.equal(module(x), as_in_llama(x, base))
    half = x.bfloat16()
    module.check_inputs = False
    assert module(half).dtype == torch.bfloat16
    assert torch.equal(module.bfloat16()(half), compiled(net("R[3, 9, 8] -> R[3, 9, 8]", body))(half))


def test_rotary_of_some_channels() -> None:
    x = torch.randn(2, 5, 10)
    expected = torch.cat((as_in_llama(x[..., :4]), x[..., 4:]), -1)
    for more in ("", ", context = 7"):
        got = run("R[t, 10]", f"rotary(channels = 4{more})", x, outputs="R[t, 10] where t <= 7")
        assert torch.equal(got, expected)


def test_rotary_where_sizes_are_dynamic() -> None:
    module = compiled("net f : R[h, t, c] -> R[h, t, c] where c % 2 == 0 = rotary")
    for t, c in ((5, 8), (7, 2)):
        x = torch.randn(2, 3, t, c)
        assert torch.equal(module(x), as_in_llama(x))


def test_scores_of_turned_vectors_depend_on_distances() -> None:
    q, k = torch.randn(1, 4, dtype=torch.float64), torch.randn(1, 4, dtype=torch.float64)
    turn = compiled(net("R[9, 4] -> R[9, 4]", "rotary"))
    scores = turn(q.expand(9, 4)) @ turn(k.expand(9, 4)).T
    for distance in range(-8, 9):
        diagonal = scores.diagonal(distance)
        assert torch.allclose(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-6)


@pytest.mark.parametrize(
    ("dom", "body", "code"),
    [
        ("R[t, 5]", "rotary", "E0207"),
        ("R[t, c]", "rotary", "E0206"),
        ("R[t, 8]", "rotary(channels = 3)", "E0207"),
        ("R[t, 8]", "rotary(channels = 10)", "E0207"),
        ("R[9, 8]", "rotary(context = 8)", "E0207"),
        ("R[t, 8]", "rotary(context = 8)", "E0206"),
        ("R[t, 8]", 'rotary(layout = "pairs")', "E0224"),
        ("R[t, 8]", 'sinusoidal(layout = "pairs")', "E0224"),
        ("R[t, 7]", "sinusoidal", "E0207"),
        ("R[7]", "rotary", "E0203"),
        ("R[t, 8]", "position_embedding(8)", "E0206"),
        ("R[9, 8]", "position_embedding(8)", "E0207"),
        ("R[t, 8]", "alibi(6)", "E0224"),
        ("R[t, 8]", "relative_bias(0, 4)", "E0207"),
    ],
)
def test_mistakes_of_positions(dom: str, body: str, code: str) -> None:
    assert mistake(f"{dom} -> _", body).code == code


@pytest.mark.parametrize("layout", ["half", "interleaved"])
def test_sinusoidal(layout: str) -> None:
    x = torch.randn(2, 7, 6)
    got = run("R[t, 6]", f'id + sinusoidal(layout = "{layout}")', x, outputs="R[t, 6]")
    table = torch.zeros(7, 6)
    for i in range(7):
        for k in range(3):
            at = (2 * k, 2 * k + 1) if layout == "interleaved" else (k, k + 3)
            angle = i / 10000 ** (2 * k / 6)
            table[i, at[0]], table[i, at[1]] = math.sin(angle), math.cos(angle)
    assert torch.allclose(got, x + table, atol=1e-6)


def test_tables_have_the_axes_of_their_input() -> None:
    x = torch.zeros(2, 4, 7, 6)
    for body in ("sinusoidal", "position_embedding(7)"):
        assert type_of("R[4, 7, 6]", body) == "R[4, 7, 6]"
        got = run("R[4, 7, 6]", f"id + {body}", x, outputs="R[4, 7, 6]")
        assert torch.equal(got[0, 0], got[1, 3])
        open_axes = compiled(net("R[...s, 7, 6] -> R[...s, 7, 6]", f"(id, {body}) >> concat >> linear(6)"))
        assert open_axes(x).shape == x.shape


def test_position_embedding() -> None:
    text = net("R[t, 6] -> R[t, 6] where t <= 9", "id + wpe: position_embedding(9)")
    module = compiled(text)
    assert {k: tuple(v.shape) for k, v in module.state_dict().items()} == {"wpe.weight": (9, 6)}
    x = torch.randn(2, 5, 6)
    assert torch.equal(module(x), x + module.wpe(torch.arange(5)))
    with pytest.raises(ValueError, match="the spec assumes t <= 9"):
        module(torch.randn(10, 6))


def test_relative_bias() -> None:
    module = compiled(net("R[t, 6] -> R[3, t, t]", "it: relative_bias(3, 2)"))
    weight = module.it.weight
    assert weight.shape == (5, 3)
    got = module(torch.randn(2, 4, 6))
    for i in range(4):
        for j in range(4):
            assert torch.equal(got[:, i, j], weight[max(-2, min(2, j - i)) + 2])


def test_alibi() -> None:
    got = run("R[t, 6]", "alibi(4)", torch.randn(2, 5, 6), outputs="R[4, t, t]")
    for k in range(4):
        for i in range(5):
            for j in range(5):
                assert got[k, i, j] == -abs(i - j) * 2.0 ** (-2 * (k + 1))
    qkv = '(q: linear(8), k: linear(8), v: linear(8)) >> each(rearrange("t (h c) -> h t c", h = 4))'
    text = (
        f"net f : (x: R[t, 8]) -> R[4, t, 2] {{\n q, k, v = x >> {qkv}\n"
        " bias = x >> alibi(4)\n return q @ k @ v @ bias >> sdpa(causal = true)\n}"
    )
    assert compiled(text)(torch.randn(2, 3, 5, 8)).shape == (2, 3, 4, 5, 2)


def test_positions() -> None:
    assert type_of("R[t, d]", "positions") == "Fin(t)[t]"
    got = run("Fin(9)[t]", "positions(over = -1) >> to_real", torch.zeros(2, 5, dtype=torch.long), outputs="R[t]")
    assert torch.equal(got, torch.arange(5.0))


def test_the_source_of_a_rotation_can_be_read() -> None:
    source = program(net("R[h, t, 8] -> R[h, t, 8]", "rotary"))["f"]().source()
    assert "cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)" in source
    assert "x = x * cos + torch.cat((-second, first), dim=-1) * sin" in source
