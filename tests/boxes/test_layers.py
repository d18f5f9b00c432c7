"""Activations, norms, convolutions, pooling, reductions, attention, sources: types, mistakes and values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from catnet.boxes import VOCABULARY
from catnet.diagrams.box import Box
from tests.boxes.helpers import compiled, mistake, mistakes, net, program, run, type_of

ENTRYWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    'gelu(approximate = "tanh")': lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "swish": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "elu": F.elu,
    "elu(0.5)": lambda x: F.elu(x, 0.5),
    "leaky_relu": F.leaky_relu,
    "leaky_relu(0.2)": lambda x: F.leaky_relu(x, 0.2),
    "softplus": F.softplus,
    "exp": torch.exp,
    "abs": torch.abs,
    "square": torch.square,
    "square >> sqrt": torch.abs,
    "exp >> log": lambda x: x.exp().log(),
    "neg": torch.neg,
    "neg ^ -1": torch.neg,
    "softmax": lambda x: x.softmax(-1),
    "softmax(axis = 0)": lambda x: x.softmax(-2),
    "log_softmax": lambda x: x.log_softmax(-1),
}


@pytest.mark.parametrize("body", ENTRYWISE)
def test_entrywise(body: str) -> None:
    x = torch.randn(2, 3, 4)
    assert type_of("R[t, d]", body) == "R[t, d]"
    assert torch.equal(run("R[3, 4]", body, x, outputs="R[3, 4]"), ENTRYWISE[body](x))


def test_activations_take_reals_only() -> None:
    for body in ("relu", "softmax", "layer_norm", "mean(over = 0)", "dropout"):
        found = mistake("Fin(7)[4] -> _", body)
        assert (found.code, "embedding(7, d)" in found.help) == ("E0205", True), body
    assert mistake("R[4] -> _", 'gelu(approximate = "exact")').code == "E0224"
    assert mistake("R[4] -> _", "softmax(axis = 1)").help == "its axes are `4` (-1)"
    assert mistake("R[4] -> _", "dropout(1.5)").code == "E0224"


NORMS: list[tuple[str, str, nn.Module]] = [
    ("layer_norm", "R[3, 8]", nn.LayerNorm(8)),
    ("layer_norm(eps = 0.001, bias = false)", "R[3, 8]", nn.LayerNorm(8, eps=1e-3, bias=False)),
    ("layer_norm(affine = false)", "R[3, 8]", nn.LayerNorm(8, elementwise_affine=False)),
    ("rms_norm", "R[3, 8]", nn.RMSNorm(8, eps=1e-6)),
    ("rms_norm(affine = false)", "R[3, 8]", nn.RMSNorm(8, eps=1e-6, elementwise_affine=False)),
    ("batch_norm", "R[8]", nn.BatchNorm1d(8)),
    ("batch_norm", "R[8, 3]", nn.BatchNorm1d(8)),
    ("batch_norm(momentum = 0.2)", "R[8, 3, 3]", nn.BatchNorm2d(8, momentum=0.2)),
    ("batch_norm(affine = false)", "R[8, 3, 3, 2]", nn.BatchNorm3d(8, affine=False)),
    ("group_norm(4)", "R[8, 3]", nn.GroupNorm(4, 8)),
]
LAYERS: list[tuple[str, str, nn.Module]] = [
    ("conv(5, 3)", "R[4, 7]", nn.Conv1d(4, 5, 3)),
    ("conv(6, 3, padding = 1, groups = 2)", "R[4, 7, 9]", nn.Conv2d(4, 6, 3, padding=1, groups=2)),
    ("conv(5, (3, 1), stride = (2, 1))", "R[4, 7, 9]", nn.Conv2d(4, 5, (3, 1), stride=(2, 1))),
    ("conv(5, 3, stride = 2, bias = false)", "R[4, 7, 7]", nn.Conv2d(4, 5, 3, stride=2, bias=False)),
    ("conv(5, 2, dilation = 2)", "R[4, 5, 5, 5]", nn.Conv3d(4, 5, 2, dilation=2)),
    ("max_pool(2)", "R[4, 7, 9]", nn.MaxPool2d(2)),
    ("max_pool(3, stride = 2, padding = 1)", "R[4, 7, 9]", nn.MaxPool2d(3, 2, 1)),
    ("max_pool((3, 2))", "R[4, 7, 9]", nn.MaxPool2d((3, 2))),
    ("avg_pool(2)", "R[4, 7]", nn.AvgPool1d(2)),
    ("upsample(2)", "R[4, 7, 9]", nn.Upsample(scale_factor=2)),
    ("upsample((1, 3))", "R[4, 2, 2]", nn.Upsample(scale_factor=(1, 3))),
    ("linear(5)", "R[4, 7]", nn.Linear(7, 5)),
    ("dropout(0.0)", "R[4, 7]", nn.Identity()),
]


@pytest.mark.parametrize(("body", "dom", "reference"), NORMS + LAYERS)
def test_layers(body: str, dom: str, reference: nn.Module) -> None:
    x = torch.randn(3, *_shape(dom))
    y = reference(x)
    cod = f"R[{', '.join(map(str, y.shape[1:]))}]"
    assert type_of(dom, body) == cod
    module = compiled(net(f"{dom} -> {cod}", f"it: {body}"))
    state = {f"it.{k}": v for k, v in reference.state_dict().items()}
    module.load_state_dict(state, strict=True)
    reference.eval()
    module.eval()
    assert torch.equal(module(x), reference(x))


@pytest.mark.parametrize(("body", "dom", "reference"), NORMS + LAYERS)
def test_parameters_are_those_of_torch(body: str, dom: str, reference: nn.Module) -> None:
    node = _node(body, dom)
    got = {k: tuple(d.value for d in v) for k, v in node.box.parameters(node.dom, node.cod).items()}
    assert got == {k: tuple(v.shape) for k, v in reference.named_parameters()}


@pytest.mark.parametrize(
    ("body", "dom"),
    [
        ("linear(5)", "R[4, 7]"),
        ("conv(6, 3, padding = 1, groups = 2)", "R[4, 7, 9]"),
        ("conv(5, 2)", "R[3, 9]"),
    ],
)
def test_flops_are_those_of_torch(body: str, dom: str) -> None:
    node = _node(body, dom)
    module = compiled(net(f"{dom} -> _", body))
    with FlopCounterMode(display=False) as counter:
        module(torch.randn(1, *_shape(dom)))
    assert node.box.flops(node.dom, node.cod).value == counter.get_total_flops()


def test_flops_of_attention_are_both_products() -> None:
    graph = program(net("R[5, 3] @ R[7, 3] @ R[7, 4] -> R[5, 4]", "sdpa"))["f"]().graph
    (node,) = [n for _, n in graph.walk() if n.box.name == "sdpa"]
    assert node.box.flops(node.dom, node.cod).value == 2 * 5 * 7 * 3 + 2 * 5 * 7 * 4


def _shape(dom: str) -> list[int]:
    return [int(n) for n in dom[2:-1].split(",")]


def _node(body: str, dom: str):  # type: ignore[no-untyped-def]
    graph = program(net(f"{dom} -> _", body))["f"]().graph
    (node,) = [n for _, n in graph.walk() if not n.graphs]
    return node


def test_convolution_with_symbols() -> None:
    assert type_of("R[c, h, w]", "conv(8, 3, padding = 1)") == "R[8, h, w]"
    found = mistakes("R[c, h, w] -> _", "conv(8, 3)")
    assert [d.code for d in found] == ["E0206", "E0206"]
    assert found[0].message.startswith("`conv` needs a kernel that fits, h >= 3")
    assert mistakes("R[c, h, w] -> _ where h >= 3, w >= 3".replace(" where", "  where"), "conv(8, 3)") == []
    module = compiled(net("R[c, h, w] -> R[8, h, w]", "conv(8, 3, padding = 1)"), c=3)
    assert module(torch.randn(2, 3, 6, 5)).shape == (2, 8, 6, 5)
    assert module(torch.randn(2, 3, 4, 4)).shape == (2, 8, 4, 4)


@pytest.mark.parametrize(
    ("dom", "body", "code", "words"),
    [
        ("R[4]", "conv(8, 3)", "E0224", "a channel axis and one to three spatial axes"),
        ("R[4, 5, 5, 5, 5]", "conv(8, 3)", "E0224", "not `R[4, 5, 5, 5, 5]`"),
        ("R[...s]", "conv(8, 3)", "E0224", "open number"),
        ("R[4, 5, 5]", "conv(8, (3, 3, 3))", "E0224", "`kernel` of `conv` has 3 numbers, for 2 axes"),
        ("R[4, 5]", "conv(8, 7)", "E0207", "a kernel that fits, 5 >= 7"),
        ("R[4, 5]", "conv(8, 3, groups = 3)", "E0207", "input channels in equal groups"),
        ("R[4, 5]", "conv(6, 3, groups = 4)", "E0207", "output channels in equal groups"),
        ("R[4, 5]", "conv(6, 3, stride = 0)", "E0207", "a stride of at least 1"),
        ("R[4, 5]", "max_pool(3, padding = 2)", "E0207", "a padding of at most half its kernel"),
        ("R[4]", "global_avg_pool", "E0224", "at least one further axis"),
        ("R[6, 5]", "group_norm(4)", "E0207", "6 channels % 4 == 0"),
        ("R[4, 5, 5, 5, 5]", "batch_norm", "E0224", "up to three further axes"),
        ("Z[4, 5]", "conv(6, 3)", "E0205", "takes reals"),
    ],
)
def test_mistakes_of_layers(dom: str, body: str, code: str, words: str) -> None:
    found = mistakes(f"{dom} -> _", body)
    assert code in [d.code for d in found]
    assert any(words in d.message for d in found), [d.message for d in found]


def test_a_mistake_causes_no_further_ones() -> None:
    rest = 'flatten >> rearrange("(a b) -> b a", a = 2) >> concat >> softmax >> conv(3, (1, 1)) >> batch_norm'
    assert len(mistakes("R[4, 5] -> _", f"conv(8, (1, 1)) >> {rest} >> mean(over = 0) >> max_pool(2)")) == 1


def test_global_average() -> None:
    x = torch.randn(2, 4, 3, 5)
    assert torch.equal(run("R[4, 3, 5]", "global_avg_pool", x, outputs="R[4]"), x.mean((2, 3)))
    assert torch.equal(run("R[3, 5]", "global_avg_pool", x, outputs="R[3]"), x.mean(-1))


def test_upsample_without_a_batch_axis() -> None:
    x = torch.randn(4, 2, 3)
    got = run("R[4, 2, 3]", "upsample(2)", x, outputs="R[4, 4, 6]")
    assert torch.equal(got, F.interpolate(x[None], scale_factor=2)[0])


@pytest.mark.parametrize(("body", "method"), [("sum", "sum"), ("mean", "mean"), ("max", "amax"), ("min", "amin")])
def test_reductions(body: str, method: str) -> None:
    x = torch.randn(2, 3, 4)
    assert torch.equal(run("R[t, 4]", f"{body}(over = t)", x, outputs="R[4]"), getattr(x, method)(1))
    assert torch.equal(run("R[t, 4]", f"{body}(over = -1)", x, outputs="R[t]"), getattr(x, method)(2))


def test_finding_an_axis() -> None:
    assert type_of("R[n, d]", "linear(7) >> mean(over = n)") == "R[7]"
    assert type_of("R[n, d]", "mean(over = 0)") == "R[d]"
    assert type_of("R[...s, d]", "mean(over = d)") == "R[...s]"
    found = mistake("R[n, d] -> _", "linear(7) >> mean(over = d)")
    assert (found.code, found.message) == ("E0223", "`R[n, 7]` has no axis `d` for `mean`")
    assert found.help == "its axes are `n` (-2), `7` (-1)"
    assert mistake("R[n, d] -> _", "mean(over = -3)").help == "its axes are `n` (-2), `d` (-1)"
    found = mistake("R[n, n] -> _", "mean(over = n)")
    assert (found.code, found.help) == ("E0223", "say which by its place: -2, -1")
    assert mistake("R[...s, d] -> _", "mean(over = 0)").code == "E0223"


def test_an_axis_is_found_by_name_when_its_size_is_given() -> None:
    module = compiled("net f : R[n, d] -> R[d] = mean(over = n)", n=1, d=4)
    assert module(torch.ones(2, 1, 4)).shape == (2, 4)


def test_open_types_are_inferred() -> None:
    parse = program("net f : R -> R = id").parse
    assert parse("relu >> softmax").type == "R[...s, d] -> R[...s, d]"
    assert parse("mean(over = -1)").type == "R[...s, d] -> R[...s]"
    assert parse('rearrange("a b -> b a")').type == "X[...s, d, k] -> X[...s, k, d]"


def test_attention() -> None:
    q, k, v = torch.randn(2, 5, 3), torch.randn(2, 7, 3), torch.randn(2, 7, 4)
    got = run("R[5, 3] @ R[7, 3] @ R[7, 4]", "sdpa", q, k, v, outputs="R[5, 4]")
    assert torch.equal(got, F.scaled_dot_product_attention(q, k, v))
    got = run("R[5, 3] @ R[7, 3] @ R[7, 4]", "sdpa(causal = true, scale = 0.5)", q, k, v, outputs="R[5, 4]")
    assert torch.equal(got, F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.5))
    assert mistake("R[5, 3] @ R[7, 2] @ R[7, 4] -> _", "sdpa").code == "E0203"
    assert mistake("R[5, 3] @ R[7, 3] @ R[6, 4] -> _", "sdpa").code == "E0203"


def test_arithmetic() -> None:
    x, y = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    assert torch.equal(run("R[3, 4] @ R[3, 4]", "sub", x, y, outputs="R[3, 4]"), x - y)
    assert torch.equal(run("R[3, 4] @ R[3, 4]", "div", x, y, outputs="R[3, 4]"), x / y)
    got = run("R[3, 4] @ R[4, 3]", "matmul", x, y.mT, outputs="R[3, 3]")
    assert torch.equal(got, x @ y.mT)
    assert mistake("R[3] @ R[4] -> _", "sub").code == "E0203"
    assert mistake("Z[3] @ Z[3] -> _", "div").code == "E0205"


def test_embedding_and_its_transpose() -> None:
    module = compiled("net f : (x: Fin(7)[t]) -> R[t, 7] { share e = embedding(7, 3) return x >> e >> transpose(e) }")
    (weight,) = module.parameters()
    x = torch.randint(0, 7, (2, 5))
    assert torch.allclose(module(x), weight[x] @ weight.T)
    assert mistake("Fin(8)[t] -> _", "embedding(7, 3)").code == "E0205"
    assert mistake("R[t] -> _", "embedding(7, 3)").code == "E0205"
    assert torch.equal(run("Fin(7)[t]", "one_hot(7)", x, outputs="R[t, 7]"), F.one_hot(x, 7).float())


def test_sources() -> None:
    module = compiled("net f : R[4] -> R[4] = (id @ parameter(4)) >> add")
    assert [tuple(p.shape) for p in module.parameters()] == [(4,)]
    module = compiled('net f : R[2, 4] -> R[2, 4] = (id @ parameter((2, 4), init = "ones")) >> mul')
    assert torch.equal(module(torch.ones(3, 2, 4)), torch.ones(3, 2, 4))
    module = compiled("net f : R[4] -> R[4] = (id @ ones(4)) >> add")
    assert not module.state_dict()
    assert module.double()(torch.zeros(4, dtype=torch.float64)).dtype == torch.float64
    assert run("R[4]", "(id @ zeros(4)) >> add", torch.ones(2, 4), outputs="R[4]").sum() == 8
    assert mistake("() -> _", 'parameter(4, init = "uniform")').code == "E0224"


def test_time_features() -> None:
    t = torch.rand(5)
    got = run("R", "time_features(6)", t, outputs="R[6]")
    w = torch.tensor([1.0, 10.0, 100.0])
    assert torch.allclose(got, torch.cat((torch.sin(t[:, None] * w), torch.cos(t[:, None] * w)), 1), atol=1e-5)
    assert mistake("R -> _", "time_features(5)").code == "E0207"


@pytest.mark.parametrize("cls", sorted(set(VOCABULARY.values()), key=lambda c: c.name), ids=lambda c: c.name)
def test_every_box_says_what_it_means(cls: type[Box]) -> None:
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")
    assert cls.family
    assert cls.map_kind in ("linear", "affine", "piecewise linear", "smooth", "none")
    assert cls.effect in ("pure", "random", "stateful") or isinstance(cls.effect, property)  # of its arguments
