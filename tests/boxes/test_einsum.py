"""`einsum`, `reduce` and `repeat`: types, mistakes, and values against torch."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.boxes.helpers import compiled, leaf, mistake, net, run, type_of

EINSUMS = [
    ("R[3, 4] @ R[5, 4]", "i d, j d -> i j", "R[3, 5]", "zid,zjd->zij"),
    ("R[2, 3, 4] @ R[2, 5, 4]", "b i d, b j d -> b i j", "R[2, 3, 5]", "zbid,zbjd->zbij"),
    ("R[3, 4] @ R[4]", "row column, column -> row", "R[3]", "zij,zj->zi"),
    ("R[3] @ R[4]", "i, j -> j i", "R[4, 3]", "zi,zj->zji"),
    ("R[3, 4]", "i j -> j", "R[4]", "zij->zj"),
    ("R[3, 3]", "i i -> i", "R[3]", "zii->zi"),
    ("R[3, 4] @ R[4, 5] @ R[5, 2]", "i j, j k, k l -> i l", "R[3, 2]", "zij,zjk,zkl->zil"),
    ("R[3] @ R[3]", "i, i ->", "R", "zi,zi->z"),
]


def tensors(dom: str, *batch: int) -> list[torch.Tensor]:
    return [torch.randn(*batch, *eval(w.strip()[1:])) for w in dom.split("@")]


@pytest.mark.parametrize(("dom", "pattern", "cod", "plain"), EINSUMS)
def test_einsum(dom: str, pattern: str, cod: str, plain: str) -> None:
    body = f'einsum("{pattern}")'
    assert type_of(dom, body) == cod
    xs = tensors(dom, 7)
    assert torch.equal(run(dom, body, *xs, outputs=cod), torch.einsum(plain, *xs))
    assert torch.allclose(run(dom, body, *[x[0] for x in xs], outputs=cod), torch.einsum(plain, *xs)[0], atol=1e-6)


@pytest.mark.parametrize(("dom", "pattern", "cod", "plain"), [e for e in EINSUMS if e[1][:2] not in ("i,", "i ")])
def test_flops_of_einsum_are_those_of_torch(dom: str, pattern: str, cod: str, plain: str) -> None:
    body = f'einsum("{pattern}")'
    node = leaf(dom, body)
    module = compiled(net(f"{dom} -> {cod}", body))
    with FlopCounterMode(display=False) as counter:
        module(*tensors(dom))
    assert node.box.flops(node.dom, node.cod).value == counter.get_total_flops()


def test_flops_of_einsum() -> None:
    def count(dom: str, pattern: str) -> str:
        node = leaf(dom, f'einsum("{pattern}")')
        return str(node.box.flops(node.dom, node.cod))

    assert count("R[3, 4] @ R[4, 5] @ R[5, 2]", "i j, j k, k l -> i l") == str(2 * 3 * 4 * 5 + 2 * 3 * 5 * 2)
    assert count("R[3] @ R[4]", "i, j -> i j") == "12"
    assert count("R[6, 3] @ R[6, 4]", "i, j -> i j") == "72"
    assert count("R[3, 4]", "i j -> j i") == "0"
    assert count("R[3, 4]", "i j -> j") == "12"


def test_axes_in_front_stay_there() -> None:
    assert type_of("R[...s, i, d] @ R[...s, d]", 'einsum("i d, d -> i")') == "R[...s, i]"
    assert type_of("R[h, i, d] @ R[h, d]", 'einsum("i d, d -> i")') == "R[h, i]"
    assert type_of("R[h, i, d] @ R[d]", 'einsum("i d, d -> i")') == "R[h, i]"
    x, y = torch.randn(2, 3, 4, 5), torch.randn(2, 5)
    got = run("R[3, 4, 5] @ R[5]", 'einsum("i d, d -> i")', x, y, outputs="R[3, 4]")
    assert torch.equal(got, torch.einsum("bhid,bd->bhi", x, y))
    assert mistake("R[3, i, d] @ R[4, d] -> _", 'einsum("i d, d -> i")').code == "E0203"


def test_a_weight_has_no_batch_axes() -> None:
    module = compiled(net("R[t, 4] -> R[t, 3, 2]", '(id @ parameter((3, 4, 2))) >> einsum("d, n d e -> n e")'))
    (weight,) = module.parameters()
    x = torch.randn(2, 5, 4)
    assert torch.equal(module(x), torch.einsum("btd,nde->btne", x, weight))


@pytest.mark.parametrize(
    ("dom", "pattern", "code", "words"),
    [
        ("R[3, 4] @ R[5, 4]", "i d j d", "E0224", "exactly one `->`"),
        ("R[3, 4] @ R[5, 4]", "i d, j d -> i k", "E0224", "`k` stands only on the right"),
        ("R[3, 4] @ R[5, 4]", "i d, j d -> i i", "E0224", "stands twice on the right"),
        ("R[3, 4] @ R[5, 4]", "i (d e), j d -> i j", "E0224", "is not a name"),
        ("R[3, 4]", "i d, j d -> i j", "E0204", "takes 2 wires, and 1 comes"),
        ("R[3, 4] @ R[5, 6]", "i d, j d -> i j", "E0203", "`d` has size 4"),
        ("R[3, n] @ R[5, m]", "i d, j d -> i j", "E0203", "`d` has size n"),
        ("R[3] @ R[5, 6]", "i d, j d -> i j", "E0224", "names 2 axes of wire 1"),
        ("Z[3] @ R[3]", "i, i ->", "E0205", ""),
    ],
)
def test_mistakes_of_einsum(dom: str, pattern: str, code: str, words: str) -> None:
    found = mistake(f"{dom} -> _", f'einsum("{pattern}")')
    assert (found.code, words in found.message) == (code, True), found.message


@pytest.mark.parametrize(("op", "method"), [("mean", "mean"), ("sum", "sum"), ("max", "amax"), ("min", "amin")])
def test_reduce(op: str, method: str) -> None:
    x = torch.randn(2, 3, 4, 6)
    body = f'reduce("c (h i) (w j) -> c h w", "{op}", i = 2, j = 3)'
    assert type_of("R[3, 4, 6]", body) == "R[3, 2, 2]"
    got = run("R[3, 4, 6]", body, x, outputs="R[3, 2, 2]")
    assert torch.equal(got, getattr(x.unflatten(-1, (2, 3)).unflatten(-3, (2, 2)), method)((-3, -1)))
    got = run("R[3, 4, 6]", f'reduce("c h w -> (w c) 1", "{op}")', x, outputs="R[18, 1]")
    assert torch.equal(got, getattr(x, method)(2).transpose(1, 2).flatten(1).unsqueeze(-1))


def test_repeat() -> None:
    x = torch.randn(2, 3, 4)
    assert type_of("R[h, t]", 'repeat("h t -> (h r) t", r = 5)') == "R[5*h, t]"
    got = run("R[3, 4]", 'repeat("h t -> (h r) t", r = 5)', x, outputs="R[15, 4]")
    assert torch.equal(got, x.repeat_interleave(5, 1))
    got = run("R[3, 4]", 'repeat("h t -> a t b h", a = 2, b = 5)', x, outputs="R[2, 4, 5, 3]")
    assert torch.equal(got, x.mT[:, None, :, None].expand(2, 2, 4, 5, 3))
    got = run("R[4]", 'repeat("(a b) -> b r a 1", a = 2, r = 3)', x, outputs="R[2, 3, 2, 1]")
    assert torch.equal(got[1, 2, :, 1, :, 0], x[1, 2].view(2, 2).T)
    module = compiled('net f : R[d] @ R[t, d] -> R[t, d] = (repeat("d -> t d", t = t) @ id) >> add')
    y = torch.randn(2, 5, 4)
    assert torch.equal(module(x[:, 0], y), x[:, :1] + y)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ('reduce("a b -> b a", "mean")', "E0224", "no axis vanishes"),
        ('reduce("a b -> c", "mean")', "E0224", "`c` stands only on the right"),
        ('reduce("a b -> a", "median")', "E0224", 'not "median"'),
        ('reduce("a (b c) -> a b", "mean", b = 3)', "E0207", "`reduce` needs 4 % 3 == 0"),
        ('repeat("a b -> b a")', "E0224", "no axis is new"),
        ('repeat("a b -> a c", c = 2)', "E0224", "`b` stands only on the left"),
        ('repeat("a b -> a b c")', "E0211", "size of the new axis `c`"),
        ('repeat("a b -> a b c", d = 4)', "E0213", "no axis `d`"),
    ],
)
def test_mistakes_of_reduce_and_repeat(body: str, code: str, words: str) -> None:
    found = mistake("R[3, 4] -> _", body)
    assert (found.code, words in found.message) == (code, True), found.message
