"""Where compiled modules go: `torch.compile`, `torch.export` with dynamic axes, and ONNX run by onnxruntime."""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
import torch._dynamo.testing
from torch import Tensor, nn

import catnet
from catnet.elaborate.program import Program
from tests.boxes.helpers import compiled

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits" / "digits.cat"
MODEL = """
from "std/transformer.cat" import block
net model(d, heads, classes) : R[t, 5] -> R[classes] where d % heads == 0 =
    embed: linear(d) >> blocks: block(heads, 2*d, causal = true) ^ 2 >> layer_norm >> mean(over = t)
 >> head: linear(classes)
"""
TOKENS = """
from "std/transformer.cat" import block
net tokens(vocab, d, heads) : (x: Fin(vocab)[t]) -> R[t, vocab] where d % heads == 0 {
    share embed = embedding(vocab, d)
    return x >> embed >> block(heads, 2*d, causal = true) ^ 2 >> layer_norm >> transpose(embed)
}
"""
RECURRENT = """
net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy
net rnn(h) : R[t, 3] @ R[h] -> R[t, h] @ R[h] = scan(cell(h), over = t)
"""

needs_onnx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="the extra `onnx` is not installed",
)


@pytest.fixture
def conv_net() -> Any:
    """The digits classifier, small, with running statistics that are not the initial ones."""
    torch.manual_seed(0)
    module: Any = catnet.compile(DIGITS, "classifier", width=4, depth=1)
    with torch.no_grad():
        module(torch.randn(16, 1, 8, 8))
    return module.eval()


@pytest.fixture
def transformer() -> Any:
    return compiled(MODEL, d=8, heads=2, classes=3).eval()


def token_model() -> Any:
    return compiled(TOKENS, vocab=11, d=8, heads=2).eval()


# -- torch.compile -----------------------------------------------------------------------------------------------


def compiles(module: nn.Module, *inputs: Tensor, backend: str = "eager") -> None:
    torch._dynamo.reset()
    fast = torch.compile(module, backend=backend, fullgraph=True)
    loose = {} if backend == "eager" else {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(fast(*inputs), module(*inputs), **loose)


def test_compile_the_conv_net(conv_net: Any) -> None:
    compiles(conv_net, torch.randn(3, 1, 8, 8))
    compiles(conv_net.train().apply(_no_dropout), torch.randn(3, 1, 8, 8))


def _no_dropout(module: nn.Module) -> None:
    if isinstance(module, nn.Dropout):
        module.p = 0.0


def test_compile_the_transformer(transformer: Any) -> None:
    compiles(transformer, torch.randn(2, 7, 5))


def test_compile_a_model_of_tokens() -> None:
    compiles(token_model(), torch.randint(11, (2, 6)))


def test_compile_a_scan() -> None:
    compiles(compiled(RECURRENT, h=4, t=5), torch.randn(2, 5, 3), torch.randn(2, 4))


def test_compile_without_a_new_graph_for_each_size(transformer: Any) -> None:
    torch._dynamo.reset()
    counter = torch._dynamo.testing.CompileCounter()
    fast = torch.compile(transformer, backend=counter, fullgraph=True, dynamic=True)
    for batch, length in [(2, 7), (3, 5), (4, 9)]:
        x = torch.randn(batch, length, 5)
        torch.testing.assert_close(fast(x), transformer(x))
    assert counter.frame_count == 1


@pytest.mark.slow
def test_inductor(conv_net: Any, transformer: Any) -> None:
    compiles(conv_net, torch.randn(3, 1, 8, 8), backend="inductor")
    compiles(transformer, torch.randn(2, 7, 5), backend="inductor")


# -- torch.export ------------------------------------------------------------------------------------------------


def test_export_the_conv_net_with_any_batch_and_any_size(conv_net: Any) -> None:
    batch, h, w = (torch.export.Dim(name, min=4) for name in ("batch", "h", "w"))  # torch bakes in a size of 1
    exported = torch.export.export(
        conv_net, (torch.randn(4, 1, 8, 10),), dynamic_shapes=({0: batch, 2: h, 3: w},), strict=False
    ).module()
    for shape in [(4, 1, 8, 10), (5, 1, 7, 5), (9, 1, 16, 4)]:
        x = torch.randn(shape)
        torch.testing.assert_close(exported(x), conv_net(x))


@pytest.mark.parametrize("strict", [False, True])
def test_export_the_transformer_with_any_batch_and_length(transformer: Any, strict: bool) -> None:
    batch, t = torch.export.Dim("batch"), torch.export.Dim("t", min=2, max=512)
    exported = torch.export.export(
        transformer, (torch.randn(4, 7, 5),), dynamic_shapes=({0: batch, 1: t},), strict=strict
    ).module()
    for shape in [(4, 7, 5), (2, 3, 5), (5, 64, 5)]:
        x = torch.randn(shape)
        torch.testing.assert_close(exported(x), transformer(x))


def test_export_a_model_of_tokens_with_any_batch_and_length() -> None:
    module = token_model()
    batch, t = torch.export.Dim("batch"), torch.export.Dim("t", min=2, max=512)
    x = torch.randint(11, (4, 7))
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: batch, 1: t},), strict=False).module()
    for shape in [(4, 7), (2, 3), (5, 33)]:
        x = torch.randint(11, shape)
        torch.testing.assert_close(exported(x), module(x))


def test_export_keeps_the_labels(transformer: Any) -> None:
    exported = torch.export.export(transformer, (torch.randn(4, 7, 5),), strict=False)
    assert exported.state_dict.keys() == transformer.state_dict().keys()


def test_an_exported_program_survives_its_file(transformer: Any, tmp_path: Path) -> None:
    x = torch.randn(4, 7, 5)
    torch.export.save(torch.export.export(transformer, (x,), strict=False), tmp_path / "model.pt2")
    torch.testing.assert_close(torch.export.load(tmp_path / "model.pt2").module()(x), transformer(x))


# -- ONNX --------------------------------------------------------------------------------------------------------


def onnx_agrees(
    module: nn.Module, example: tuple[Tensor, ...], axes: list[dict[int, str]], others: list[tuple[Tensor, ...]],
    path: Path,
) -> None:  # fmt: skip
    """Export with some axes dynamic, then compare onnxruntime with the module on inputs of other sizes."""
    import onnxruntime

    torch.onnx.export(module, example, path, dynamo=True, dynamic_shapes=axes, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    for inputs in [example, *others]:
        expected = module(*inputs)
        given = {n: x.numpy() for n, x in zip(names, inputs, strict=True)}
        outputs = session.run(None, given)
        for ours, theirs in itertools.zip_longest(outputs, expected if isinstance(expected, tuple) else [expected]):
            torch.testing.assert_close(torch.from_numpy(ours), theirs.detach(), rtol=1e-4, atol=1e-5)


@needs_onnx
def test_onnx_of_the_conv_net(conv_net: Any, tmp_path: Path) -> None:
    onnx_agrees(
        conv_net,
        (torch.randn(4, 1, 8, 8),),
        [{0: "batch"}],
        [(torch.randn(1, 1, 8, 8),), (torch.randn(7, 1, 8, 8),)],
        tmp_path / "net.onnx",
    )


@needs_onnx
@pytest.mark.slow
def test_onnx_of_the_transformer(transformer: Any, tmp_path: Path) -> None:
    onnx_agrees(
        transformer,
        (torch.randn(4, 7, 5),),
        [{0: "batch", 1: "t"}],
        [(torch.randn(1, 7, 5),), (torch.randn(3, 12, 5),)],
        tmp_path / "net.onnx",
    )


@needs_onnx
def test_onnx_of_a_model_of_tokens(tmp_path: Path) -> None:
    onnx_agrees(
        token_model(),
        (torch.randint(11, (4, 7)),),
        [{0: "batch", 1: "t"}],
        [(torch.randint(11, (2, 7)),), (torch.randint(11, (3, 5)),)],
        tmp_path / "net.onnx",
    )


def test_the_written_source_exports_too(tmp_path: Path) -> None:
    path = tmp_path / "written_model.py"
    path.write_text(Program.from_text(MODEL)["model"](d=8, heads=2, classes=3).source(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("written_model", path)
    assert spec is not None
    assert spec.loader is not None
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)
    module = written.Model().eval()
    batch, t = torch.export.Dim("batch"), torch.export.Dim("t", min=2, max=512)
    exported = torch.export.export(module, (torch.randn(4, 7, 5),), dynamic_shapes=({0: batch, 1: t},)).module()
    x = torch.randn(3, 9, 5)
    torch.testing.assert_close(exported(x), module(x))
