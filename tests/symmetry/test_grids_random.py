"""Whatever the rules of images let pass is true: all small windows, and nets drawn at random."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F

from catnet.boxes.grids import Along, Rule, on_grid, windowed
from catnet.diagrams.acting import Acting, Action, Part, Refusal
from catnet.elaborate.program import Program
from catnet.symmetry.constructors import C, D, S, p4, p4m, translations
from catnet.symmetry.groups import Group
from catnet.symmetry.turns import on_cells
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.wires import real
from tests.symmetry.acted import Subject

torch.set_num_threads(1)


def asked(rep_of: Group, along: tuple[Along, ...], alike: bool = True) -> Action | Refusal:
    """What the rule says of one window that moves along some axes."""
    sizes = [a.size for a in along]
    rep = on_cells(rep_of, sizes, Facts())
    assert rep is not None
    wire = real(1, *sizes)
    part = Part(tuple(range(-len(along), 0)), rep)
    acting = Acting(rep_of, (wire,), (real(1, *[a.out for a in along]),), ((part,),))
    try:
        action = on_grid(Rule("conv", along, alike), acting)
    except Refusal as refusal:
        return refusal
    return Refusal(acting.limits[0]) if acting.limits else action


def geometries() -> Iterator[tuple[int, int, int, int]]:
    for n in range(3, 14):
        for k in range(1, 6):
            for s in range(1, 5):
                for p in range(k // 2 + 1):
                    if n + 2 * p >= k:
                        yield n, p, k, s


def test_turns_pass_exactly_where_windows_stand_alike_from_both_ends() -> None:
    count = 0
    for n, p, k, s in geometries():
        out = (n + 2 * p - k) // s + 1
        a = windowed(Dim.const(n), Dim.const(out), Dim.const(k), Dim.const(s), Dim.const(p), "nothing")
        x = torch.randn(1, 1, n, n, dtype=torch.float64)
        ring = torch.randn(1, 1, k, k, dtype=torch.float64)
        ring = sum(torch.rot90(ring, i, (-2, -1)) for i in range(4))  # type: ignore[assignment]
        one, other = (F.conv2d(y, ring, None, s, p) for y in (x, torch.rot90(x, 1, (-2, -1))))
        says = not isinstance(asked(C(4), (a, a)), Refusal)
        assert says == torch.allclose(torch.rot90(one, 1, (-2, -1)), other, atol=1e-10), (n, p, k, s)
        one, other = (F.max_pool2d(y, k, s, p) for y in (x, torch.rot90(x, 1, (-2, -1))))
        assert not says or torch.equal(torch.rot90(one, 1, (-2, -1)), other), (n, p, k, s)
        count += 1
    assert count > 400


@pytest.mark.parametrize("pads", ["zeros", "circular"])
def test_shifts_pass_exactly_where_windows_go_round(pads: str) -> None:
    passed = 0
    for n, p, k, s in geometries():
        if n % s or p > n:
            continue
        out = (n + 2 * p - k) // s + 1
        a = windowed(Dim.const(n), Dim.const(out), Dim.const(k), Dim.const(s), Dim.const(p), pads)
        x, w = torch.randn(1, 1, n, dtype=torch.float64), torch.randn(1, 1, k, dtype=torch.float64)
        mode = "circular" if pads == "circular" and p else "constant"
        one, other = (F.conv1d(F.pad(y, (p, p), mode=mode), w, None, s) for y in (x, x.roll(s, -1)))
        alike = out == n // s and torch.allclose(other, one.roll(1, -1), atol=1e-10)
        says = asked(C(n // s), (a,))
        if n // s > 1:
            assert (not isinstance(says, Refusal)) == alike, (n, p, k, s)
        passed += alike
    assert passed > 50


def test_zeros_are_seen_at_the_border_alone() -> None:
    """The width that is told is exact: cells further in agree, and those on the border do not."""
    for n, p, k, s in [
        (12, 1, 3, 1),
        (12, 2, 5, 1),
        (12, 1, 3, 2),
        (12, 1, 2, 1),
        (12, 3, 7, 1),
        (12, 2, 5, 2),
        (12, 2, 5, 3),
    ]:
        out = (n + 2 * p - k) // s + 1
        if out != n // s:
            continue
        a = windowed(Dim.const(n), Dim.const(out), Dim.const(k), Dim.const(s), Dim.const(p), "zeros")
        border = a.border.value
        assert border
        x, w = torch.randn(1, 1, n, dtype=torch.float64), torch.randn(1, 1, k, dtype=torch.float64)
        zeros = F.conv1d(x, w, None, s, p)
        round_ = F.conv1d(F.pad(x, (p, p), mode="circular"), w, None, s)
        differs = ((zeros - round_).abs() > 1e-12)[0, 0]
        assert not differs[border : out - border].any()
        assert differs[:border].all() or differs[out - border :].all()


# -- drawn at random ---------------------------------------------------------------------------------------------------

MODES = ['"zeros"', '"circular"', '"reflect"', '"replicate"']


def drawn(rng: random.Random) -> str:
    """One box of images with small arguments, many of which fit no image."""
    k, s, p = rng.choice([1, 1, 2, 3, 4]), rng.choice([1, 1, 2, 3]), rng.choice([0, 0, 1, 2])
    pads, factor, size = rng.choice(MODES), rng.choice([1, 2, 3]), rng.choice([1, 2, 3, 4, 6, 8, 12])
    smooth = rng.choice(['"nearest"', '"bilinear"', '"bicubic"'])
    return rng.choice(
        [
            f"conv(4, {k}, stride = {s}, padding = {p}, padding_mode = {pads})",
            f"conv(4, {k}, stride = {s}, padding = {p}, dilation = 2, bias = false)",
            f"conv(4, 1, stride = {s}, padding = {p})",
            f"conv_transpose(4, {k}, stride = {s}, padding = {p}, output_padding = {rng.choice([0, 0, 1])})",
            f"max_pool({k}, stride = {s}, padding = {p}, ceil_mode = {rng.choice(['true', 'false'])})",
            f"avg_pool({k}, stride = {s}, padding = {p}, ceil_mode = {rng.choice(['true', 'false'])})",
            f"avg_pool(({k}, {s}))",
            f"adaptive_avg_pool({size})",
            f"adaptive_max_pool(({size}, {factor}))",
            f"upsample({factor}, mode = {smooth})",
            f"upsample(({factor}, {s}))",
            f"resize({size}, mode = {smooth})",
            f'resize({size}, mode = "bilinear", align_corners = true)',
            f"pixel_unshuffle({factor})",
            f"pixel_shuffle({factor})",
            "roll(1, axis = 1)",
            "roll(2)",
            "flip",
            "flip(axis = 1)",
            "tanh",
            "batch_norm",
            "group_norm(1)",
            "layer_norm(axes = 2, affine = false)",
            'rearrange("c h w -> c w h")',
            'rearrange("c h w -> c (h w)") >> rearrange("c (h w) -> c h w", h = 4)',
            "global_max_pool",
            "pad(1, 1)",
            "softmax(axis = 0)",
        ]
    )


def random_nets(seed: int, count: int, length: int) -> Iterator[tuple[str, Subject]]:
    rng = random.Random(seed)
    while count:
        size = rng.choice([(6, 6), (4, 4), (7, 7), (8, 8), (4, 6), (6, 12)])
        body = " >> ".join(drawn(rng) for _ in range(rng.randint(1, length)))
        dom = f"R[4, {size[0]}, {size[1]}]"
        found = Program.from_text(f"net f : {dom} -> _ = {body}").check()
        if not any(d.is_error for d in found):
            count -= 1
            yield f"{dom}: {body}", Subject(dom, body)


def actions_on(subject: Subject) -> Iterator[tuple[Group, tuple[Action]]]:
    h, w = (axis.size for axis in subject.graph.dom[0].axes[1:])  # type: ignore[union-attr]
    halves = (h // 2, w // 2)
    grids: list[Group] = [C(2), C(4), D(1), D(2), D(4), translations(h, w), translations(*halves), p4(h, h), p4m(h, h)]
    for group in grids:
        rep = on_cells(group, [h, w], Facts())
        if rep is not None:
            yield group, ((Part((-2, -1), rep),),)
    for at, size in ((-2, h), (-1, w)):
        lines: list[Group] = [C(size), C(size // 2), D(size), S(size)]
        for group in lines:
            rep = on_cells(group, [size], Facts()) or group.natural
            if rep is not None and rep.dim == size:
                yield group, ((Part((at,), rep),),)


def wrong_in(nets: Iterator[tuple[str, Subject]]) -> tuple[list[str], int]:
    """The claims that pass and are not true, and how many passed."""
    found, passed = [], 0
    for text, subject in nets:
        for group, before in actions_on(subject):
            after = subject.answer(group, before)
            if isinstance(after, str):
                continue
            passed += 1
            error = subject.error(group, before, after)
            if not error < 1e-11:
                found.append(f"{group} on {text}: {error:.1e}")
    return found, passed


def test_whatever_passes_is_true() -> None:
    found, passed = wrong_in(random_nets(0, 60, 2))
    assert found == []
    assert passed > 150


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_passes_is_true_at_length(seed: int) -> None:
    found, passed = wrong_in(random_nets(seed, 100, 4))
    assert found == []
    assert passed > 100
