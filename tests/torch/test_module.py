"""A compiled module is an ordinary `nn.Module`: its keys, its copies, its pickles, its transforms and its dtypes."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import catnet
from catnet.diagrams.labels import MODULE_ATTRIBUTES, refusal
from catnet.elaborate.program import Program
from tests.boxes.helpers import compiled

RESIDUAL = """
net block(width) : R[d] -> R[d] = id + (norm: layer_norm >> up: linear(width) >> gelu >> down: linear(d))
net classifier(depth = 2) : R[8] -> R[3] =
    stem: linear(4) >> blocks: block(6) ^ depth >> relu >> dropout(0.5) >> head: linear(3)
"""
TIED = """
net tied : (x: R[8]) -> R[8] @ R[4] {
    share w = linear(4)
    y = x >> w >> relu
    return y >> (transpose(w), again: linear(4))
}
"""
PLAIN = "net plain : R[8] -> R[3] = linear(4) >> relu >> linear(5) >> relu >> linear(3)"


def keys(text: str, **sizes: int) -> list[str]:
    return list(compiled(text, **sizes).state_dict())


# -- keys --------------------------------------------------------------------------------------------------------


def test_keys_are_the_labels_with_the_repeat_numbered() -> None:
    expected = ["stem.weight", "stem.bias"]
    for i in range(2):
        expected += [f"blocks.{i}.{part}.{p}" for part in ("norm", "up", "down") for p in ("weight", "bias")]
    assert keys(RESIDUAL) == [*expected, "head.weight", "head.bias"]


def test_labels_nest() -> None:
    text = """
    net inner : R[4] -> R[4] = only: linear(4)
    net outer : R[4] -> R[4] = a: inner >> b: (c: linear(4, bias = false) >> relu)
    """
    assert keys(text) == ["a.only.weight", "a.only.bias", "b.c.weight"]


def test_a_repeat_in_a_repeat_has_two_numbers() -> None:
    text = "net f : R[4] -> R[4] = rows: (cols: linear(4, bias = false) ^ 2) ^ 2"
    assert keys(text) == [f"rows.{i}.cols.{j}.weight" for i in range(2) for j in range(2)]


def test_each_step_of_a_growing_sequence_has_its_own_shape() -> None:
    state = compiled("net f(n) : R[4] -> R[_] = steps: seq(i in 0..n, linear(5 + i))", n=3).state_dict()
    assert {k: tuple(v.shape) for k, v in state.items() if k.endswith("weight")} == {
        "steps.0.weight": (5, 4),
        "steps.1.weight": (6, 5),
        "steps.2.weight": (7, 6),
    }


def test_a_shared_morphism_is_registered_once() -> None:
    module = compiled(TIED)
    assert list(module.state_dict()) == ["w.weight", "w.bias", "again.weight", "again.bias"]
    assert len(list(module.parameters())) == 4


def test_every_use_of_a_net_has_its_own_parameters() -> None:
    first, second = compiled("net f : R[4] -> R[4] = linear(4) ^ 2").parameters(), 4
    assert len({p.data_ptr() for p in first}) == second


def test_boxes_without_a_label_are_numbered() -> None:
    names = ("linear", "linear_2", "linear_3")
    assert keys(PLAIN) == [f"{name}.{p}" for name in names for p in ("weight", "bias")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("linear(4) >> linear: linear(4)", {"linear", "linear_2"}),
        ("linear: linear(4) >> linear(4) >> linear(4)", {"linear", "linear_2", "linear_3"}),
        ("linear(4) >> linear_2: linear(4) >> linear(4)", {"linear", "linear_2", "linear_3"}),
        ("linear_2: linear(4) >> linear(4) >> linear_3: linear(4) >> linear(4)",
         {"linear", "linear_2", "linear_3", "linear_4"}),
    ],
)  # fmt: skip
def test_automatic_names_never_collide_with_labels(body: str, expected: set[str]) -> None:
    module = compiled(f"net f : R[4] -> R[4] = {body}")
    assert set(dict(module.named_children())) == expected
    x = torch.randn(2, 4)
    assert module(x).shape == (2, 4)
    labelled = [w for w in body.replace("(4)", "").split() if w.endswith(":")]
    assert [n for n, _ in module.named_children() if f"{n}:" in labelled] == [w[:-1] for w in labelled]


@pytest.mark.parametrize("name", ["forward", "train", "parameters", "training", "check_inputs", "T_destination"])
def test_automatic_names_never_hide_what_a_module_has(name: str) -> None:
    module = compiled(f"net {name} : R[4] -> R[4] = linear(4)\nnet f : R[4] -> R[4] = {name} >> {name} >> relu")
    assert module.train().training
    assert module.check_inputs is True
    assert [n for n, _ in module.named_children()] == [f"{name}_2", f"{name}_3"]
    assert module(torch.randn(2, 4)).shape == (2, 4)


def test_module_attributes_are_those_of_the_installed_torch() -> None:
    # in a Python of its own: other libraries add methods to nn.Module
    code = "from torch import nn; print(*(name for name in dir(nn.Module()) if not name.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=120, check=True)
    assert set(done.stdout.split()) == MODULE_ATTRIBUTES


def test_every_legal_label_can_be_set_and_every_refused_one_has_a_reason() -> None:
    for label in ("list", "print", "weight", "x", "nn", "torch", "math", "F", "InputError", "layer"):
        assert refusal(label) == ""
        assert keys(f"net f : R[4] -> R[4] = {label}: linear(4, bias = false)") == [f"{label}.weight"]
    assert all(refusal(name) for name in [*MODULE_ATTRIBUTES, "class", "None", "self", "check_inputs", "_x"])


def test_tables_that_are_not_learned_are_not_in_the_state() -> None:
    module = compiled("net f : R[t, 8] -> R[t, 8] where t <= 16 = rotary(context = 16) >> linear(8)")
    assert [tuple(b.shape) for b in module.buffers()] == [(2, 16, 8)]
    assert list(module.state_dict()) == ["linear.weight", "linear.bias"]


# -- state, copies, pickles --------------------------------------------------------------------------------------


@pytest.fixture
def module() -> Any:
    return compiled(RESIDUAL).eval()


def test_load_state_dict_is_strict_and_gives_the_same_outputs(module: Any) -> None:
    x = torch.randn(5, 8)
    other = compiled(RESIDUAL).eval()
    with torch.no_grad():
        for p in other.parameters():
            p.mul_(2).add_(1)
    assert not torch.equal(other(x), module(x))
    assert str(other.load_state_dict(module.state_dict(), strict=True)) == "<All keys matched successfully>"
    assert torch.equal(other(x), module(x))


def test_a_handwritten_module_of_the_same_labels_loads_its_state(module: Any) -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.up, self.down = nn.LayerNorm(4), nn.Linear(4, 6), nn.Linear(6, 4)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = x + self.down(nn.functional.gelu(self.up(self.norm(x))))
            return out

    class Handwritten(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Linear(8, 4), nn.Linear(4, 3)
            self.blocks = nn.ModuleList([Block(), Block()])

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            out: Tensor = self.head(x.relu())
            return out

    theirs = Handwritten()
    theirs.load_state_dict(module.state_dict(), strict=True)
    x = torch.randn(5, 8)
    assert torch.equal(theirs(x), module(x))


def test_deepcopy_is_independent(module: Any) -> None:
    x = torch.randn(5, 8)
    before = module(x)
    other = copy.deepcopy(module)
    assert type(other) is type(module)
    assert torch.equal(other(x), before)
    with torch.no_grad():
        next(other.parameters()).add_(1)
    assert torch.equal(module(x), before)
    assert not torch.equal(other(x), before)


def test_deepcopy_and_pickle_keep_what_is_shared_shared() -> None:
    module = compiled(TIED)
    x = torch.randn(5, 8)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert len(list(other.parameters())) == 4
        for ours, theirs in zip(module(x), other(x), strict=True):
            assert torch.equal(ours, theirs)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol(module: Any, protocol: int) -> None:
    module.check_inputs = False
    other = pickle.loads(pickle.dumps(module, protocol))
    assert other.training is False
    assert other.check_inputs is False
    x = torch.randn(5, 8)
    assert torch.equal(other(x), module(x))


def test_parts_pickle_by_themselves(module: Any) -> None:
    part = module.blocks[1]
    other = pickle.loads(pickle.dumps(part))
    x = torch.randn(5, 4)
    assert torch.equal(other(x), part(x))


LOADER = """
import pickle, sys
import torch
folder = sys.argv[1]
x = torch.load(folder + "/x.pt")
with open(folder + "/module.pickle", "rb") as stream:
    torch.save(pickle.load(stream)(x), folder + "/pickled.pt")
torch.save(torch.load(folder + "/module.pt", weights_only=False)(x), folder + "/saved.pt")
"""


def test_another_process_loads_the_pickle_without_the_spec(tmp_path: Path) -> None:
    spec = tmp_path / "net.cat"
    spec.write_text(RESIDUAL, encoding="utf-8")
    module = catnet.compile(spec, "classifier").eval()
    spec.unlink()
    x = torch.randn(5, 8)
    torch.save(x, tmp_path / "x.pt")
    torch.save(module, tmp_path / "module.pt")
    (tmp_path / "module.pickle").write_bytes(pickle.dumps(module))
    command = [sys.executable, "-c", LOADER, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    for name in ("pickled.pt", "saved.pt"):
        assert torch.equal(torch.load(tmp_path / name), module(x))


def test_torch_save_and_load_of_the_state_alone(module: Any) -> None:
    stream = io.BytesIO()
    torch.save(module.state_dict(), stream)
    stream.seek(0)
    other = compiled(RESIDUAL).eval()
    other.load_state_dict(torch.load(stream, weights_only=True))
    x = torch.randn(5, 8)
    assert torch.equal(other(x), module(x))


def test_the_same_spec_gives_one_class_and_fresh_weights() -> None:
    program = Program.from_text(RESIDUAL)
    one, two = (program["classifier"]().compile() for _ in range(2))
    assert type(one) is type(two)
    assert not torch.equal(one.stem.weight, two.stem.weight)
    assert type(program["classifier"](depth=3).compile()) is not type(one)


# -- transforms, dtypes, devices ---------------------------------------------------------------------------------


def test_functional_call_uses_the_given_parameters(module: Any) -> None:
    x = torch.randn(5, 8)
    zeros = {name: torch.zeros_like(p) for name, p in module.named_parameters()}
    assert torch.equal(torch.func.functional_call(module, zeros, (x,)), torch.zeros(5, 3))
    same = torch.func.functional_call(module, dict(module.named_parameters()), (x,))
    assert torch.equal(same, module(x))


def test_vmap_equals_the_batch(module: Any) -> None:
    x = torch.randn(7, 5, 8)
    torch.testing.assert_close(torch.func.vmap(module)(x), module(x))
    torch.testing.assert_close(torch.func.vmap(torch.func.vmap(module))(x), module(x))


def test_gradients_of_each_sample_by_vmap(module: Any) -> None:
    params = dict(module.named_parameters())
    x = torch.randn(4, 8)

    def loss(p: dict[str, Tensor], sample: Tensor) -> Tensor:
        out: Tensor = torch.func.functional_call(module, p, (sample,))
        return out.square().sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(params, x)
    loss(params, x).backward()
    for name, p in params.items():
        torch.testing.assert_close(each[name].sum(0), p.grad, rtol=1e-4, atol=1e-5)


def test_an_ensemble_by_vmap_over_stacked_states() -> None:
    modules = [compiled(PLAIN) for _ in range(3)]
    for i, m in enumerate(modules):
        nn.init.constant_(m.linear.bias, float(i))
    params, buffers = torch.func.stack_module_state(modules)
    x = torch.randn(5, 8)

    def call(p: dict[str, Tensor], b: dict[str, Tensor]) -> Any:
        return torch.func.functional_call(modules[0], (p, b), (x,))

    together = torch.func.vmap(call)(params, buffers)
    torch.testing.assert_close(together, torch.stack([m(x) for m in modules]))


SEVERAL = """
net f : (x: R[3, h, w], tokens: Fin(5)[7]) -> R[4] @ R[7, 8] where h >= 2, w >= 2 {
    share embed = embedding(5, 8)
    a = x >> conv(4, 3, padding = 1) >> batch_norm >> relu >> max_pool(2) >> global_avg_pool
    b = (tokens >> embed) + parameter((7, 8))
    return a @ (b >> layer_norm >> rearrange("t (h c) -> h t c", h = 2) >> softmax >> rearrange("h t c -> t (h c)"))
}
"""


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_dtypes(dtype: torch.dtype) -> None:
    module = compiled(SEVERAL).to(dtype).eval()
    x, tokens = torch.randn(2, 3, 6, 6, dtype=torch.float64), torch.randint(5, (2, 7))
    exact = compiled(SEVERAL).double().eval()
    wide = [{"rtol": 0.0, "atol": 0.0}, {"rtol": 1e-4, "atol": 1e-5}, {"rtol": 0.1, "atol": 0.1}]
    close = wide[[torch.float64, torch.float32, torch.bfloat16].index(dtype)]
    for ours, theirs in zip(module(x.to(dtype), tokens), exact(x, tokens), strict=True):
        assert ours.dtype == dtype
        torch.testing.assert_close(ours.double(), theirs, **close)


def test_gradients_in_bfloat16() -> None:
    module = compiled(RESIDUAL).to(torch.bfloat16)
    module(torch.randn(5, 8, dtype=torch.bfloat16)).sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.bfloat16 for p in module.parameters())


def test_autocast() -> None:
    module = compiled(RESIDUAL).eval()
    with torch.autocast("cpu", torch.bfloat16):
        assert module(torch.randn(5, 8)).dtype == torch.bfloat16


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda() -> None:
    module = compiled(SEVERAL).eval()
    x, tokens = torch.randn(2, 3, 6, 6), torch.randint(5, (2, 7))
    expected = module(x, tokens)
    for ours, theirs in zip(module.cuda()(x.cuda(), tokens.cuda()), expected, strict=True):
        assert ours.is_cuda
        torch.testing.assert_close(ours.cpu(), theirs, rtol=1e-3, atol=1e-4)


def test_the_meta_device() -> None:
    with torch.device("meta"):
        module = compiled(SEVERAL)
        out = module(torch.empty(2, 3, 6, 6), torch.empty(2, 7, dtype=torch.long))
    assert [tuple(y.shape) for y in out] == [(2, 4), (2, 7, 8)]
    assert all(p.is_meta for p in module.parameters())


# -- reading the generated lines ---------------------------------------------------------------------------------


def test_inspect_shows_the_generated_source(module: Any) -> None:
    text = Program.from_text(RESIDUAL)["classifier"]().source()
    for cls in (type(module), type(module.blocks[0])):
        shown = inspect.getsource(cls)
        assert shown.startswith(f"class {cls.__name__}(nn.Module):")
        assert shown in text
    assert "x = self.stem(x)  # <text>:4" in inspect.getsource(type(module).forward)
    assert inspect.getdoc(type(module)) == "Type: R[8] -> R[3]\nAny number of leading batch axes."


def test_the_documentation_travels() -> None:
    module = compiled("# Of *one* line,\n# and of two.\nnet f : R[4] -> R[4] = linear(4)")
    assert (type(module).__doc__ or "").startswith("Of *one* line,\n    and of two.\n")


def test_a_traceback_shows_the_generated_line(module: Any) -> None:
    module.stem = nn.Linear(9, 4)
    with pytest.raises(RuntimeError) as caught:
        module(torch.randn(2, 8))
    shown = "".join(traceback.format_exception(caught.value))
    assert "in forward\n    x = self.stem(x)  # <text>:4\n" in shown
