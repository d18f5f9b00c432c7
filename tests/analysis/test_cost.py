"""FLOPs, kept bytes and peak bytes of whole nets against what PyTorch counts, keeps and holds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import catnet
from catnet.analysis import cost
from catnet.analysis.table import cost as table
from catnet.cli import main
from catnet.diagnostics import CatnetError
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.terms import Diagram
from catnet.elaborate.loading import STANDARD
from catnet.elaborate.program import Program
from catnet.types.dims import Dim
from tests.analysis.measured import BATCH, inputs_of, kept, peak

EXAMPLES = Path(__file__).parents[2] / "examples"
DIGITS = EXAMPLES / "digits" / "digits.cat"
BLOCK = {"d": 32, "t": 10}
NETS: dict[str, tuple[Path, str, dict[str, int]]] = {
    "digits": (DIGITS, "classifier", {"h": 8, "w": 8}),
    "mlp": (STANDARD / "blocks.cat", "mlp", {"hidden": 32, "out": 5, "n": 12}),
    "attention": (STANDARD / "transformer.cat", "attention", {"heads": 4, **BLOCK}),
    "block": (STANDARD / "transformer.cat", "block", {"heads": 4, "hidden": 64, **BLOCK}),
    "encoder-block": (STANDARD / "transformer.cat", "encoder_block", {"heads": 4, "hidden": 64, **BLOCK}),
    "rotary-block": (STANDARD / "transformer.cat", "rotary_block", {"heads": 4, "groups": 2, "hidden": 64, **BLOCK}),
    "language-model": (STANDARD / "transformer.cat", "language_model", {"vocab": 50, "depth": 7, "heads": 4, **BLOCK}),
    "encoder-decoder": (
        STANDARD / "transformer.cat",
        "encoder_decoder",
        {"sources": 20, "targets": 21, "depth": 7, "heads": 4, "u": 7, **BLOCK},
    ),
    "unet": (STANDARD / "unet.cat", "segmenter", {"depth": 2, "c": 4, "k": 3, "n": 3, "h": 16, "w": 16}),
    "bottleneck": (STANDARD / "vision.cat", "bottleneck", {"k": 4, "c": 16, "h": 8, "w": 8}),
    "basic-block": (STANDARD / "vision.cat", "basic_block", {"k": 8, "stride": 2, "c": 4, "h": 8, "w": 8}),
    "squeeze-excite": (STANDARD / "vision.cat", "squeeze_excite", {"ratio": 4, "c": 16, "h": 8, "w": 8}),
    "lstm": (STANDARD / "recurrent.cat", "lstm_layer", {"h": 8, "t": 11, "d": 5}),
    "gru": (STANDARD / "recurrent.cat", "gru_layer", {"h": 8, "t": 12, "d": 5}),
    "state-space": (
        STANDARD / "state_space.cat",
        "state_space",
        {"d": 6, "n": 3, "depth": 7, "out": 2, "t": 13, "k": 4},
    ),
    "mixture": (STANDARD / "mixture_of_experts.cat", "top_mixture", {"n": 4, "k": 2, "hidden": 8, "t": 5, "d": 6}),
}  # fmt: skip
MODELS: dict[str, dict[str, int]] = {
    "deep_sets": {"width": 16, "n": 7},
    "densenet121": {"growth": 4, "classes": 5, "h": 32, "w": 32},
    "gpt2": {"layers": 7, "heads": 2, "d": 32, "vocab": 61, "context": 16, "t": 11},
    "gru": {"layers": 2, "h": 65, "d": 64, "vocab": 50, "t": 20},
    "llama": {"layers": 7, "heads": 4, "groups": 2, "d": 32, "hidden": 48, "vocab": 61, "t": 11},
    "mlp_mixer": {"layers": 6, "d": 32, "patch": 4, "size": 16, "classes": 5},
    "resnet18": {"width": 8, "classes": 5, "h": 32, "w": 32},
    "resnet50": {"width": 4, "classes": 5, "h": 32, "w": 32},
    "unet": {"depth": 2, "width": 4, "h": 16, "w": 16},
    "vit": {"layers": 7, "heads": 2, "d": 32, "patch": 4, "size": 16, "classes": 5},
}
PRODUCTS = {"linear", "transpose", "conv", "conv_transpose", "stacked_linear", "sdpa", "matmul", "einsum",
            "lstm_cell", "gru_cell", "rnn_cell", "lstm", "gru", "rnn"}  # fmt: skip
HERE = {"sdpa", "lstm"}  # products that `FlopCounterMode` does not see on the CPU


def diagram_of(name: str) -> Diagram:
    path, net, sizes = NETS[name]
    return catnet.load(path)[net](**sizes)


class Products(Costs):
    """The operations of matrix products and convolutions alone, which are all that PyTorch's counter knows."""

    def __init__(self, without: set[str]) -> None:
        super().__init__()
        self.words = PRODUCTS - without

    def node_flops(self, node: Node) -> Dim:
        return super().node_flops(node) if node.graphs or node.box.name in self.words else Dim.const(0)


def counted(diagram: Diagram) -> int:
    """What PyTorch's counter says of the compiled module, for a batch."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        diagram.compile().eval()(*inputs_of(diagram.graph, False))
    return counter.get_total_flops()


def ours(graph: Graph, without: set[str]) -> int:
    value = Products(without).flops(graph).value
    assert value is not None
    return value * BATCH


# -- FLOPs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits", "mlp", "bottleneck", "basic-block", "unet", "lstm", "gru"])
def test_flops_of_products_are_those_of_pytorch(name: str) -> None:
    diagram = diagram_of(name)
    assert ours(diagram.graph, set()) == counted(diagram)


@pytest.mark.parametrize("name", ["attention", "block", "encoder-block", "rotary-block", "language-model"])
def test_flops_of_transformers_are_those_of_pytorch(name: str) -> None:
    """With attention written out by PyTorch, whose products it then sees; the fused kernel it does not."""
    diagram = diagram_of(name)
    with sdpa_kernel(SDPBackend.MATH):
        assert ours(diagram.graph, set()) == counted(diagram)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        assert ours(diagram.graph, {"sdpa"}) == counted(diagram)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R[2, 3, 4] @ R[2, 3, 4] @ R[2, 3, 4] -> R[2, 3, 4] = sdpa", 2 * 2 * 2 * 3 * 3 * 4),  # the fused kernel
        ("R[4] @ R[5] -> R[6] = bilinear(6)", 2 * 6 * (4 + 1) * 5),
        ("R[7, 4] -> R[7, 3] = lstm(3)", 7 * 2 * 4 * 3 * (4 + 3)),  # one call of oneDNN
        ("R[4] @ R[4, 3] -> R[4, 3] = einsum(\"c, c n -> c n\")", 12),  # written out as a product entry by entry
        ("R[4] -> R[4] = tanh", 4),
        ("R[4] -> R[4] = layer_norm", 28),
        ("R[4] @ R[4] -> R[4] = add", 4),
        ("R[2, 4, 4] -> R[2, 2, 2] = max_pool(2)", 32),
    ],
)  # fmt: skip
def test_where_the_counter_of_pytorch_sees_nothing(text: str, expected: int) -> None:
    diagram = Program.from_text(f"net f : {text}")["f"]()
    assert counted(diagram) == 0
    assert cost.flops(diagram.graph).value == expected


# -- bytes -------------------------------------------------------------------------------------------------------


def check_bytes(diagram: Diagram) -> None:
    """Kept bytes are exact; peak bytes within 5% (names hold on to values a little longer or shorter)."""
    graph, module = diagram.graph, diagram.compile()
    assert cost.kept(graph, BATCH).value == kept(module, inputs_of(graph, False))
    assert cost.peak(graph, BATCH).value == pytest.approx(peak(module, inputs_of(graph, False)), rel=0.05)


@pytest.mark.parametrize("name", NETS)
def test_kept_and_peak_bytes_of_nets(name: str) -> None:
    check_bytes(diagram_of(name))


@pytest.mark.parametrize("name", MODELS)
def test_kept_and_peak_bytes_of_models(name: str) -> None:
    check_bytes(catnet.load(EXAMPLES / "models" / f"{name}.cat")[name](**MODELS[name]))


def test_an_lstm_of_pytorch_is_an_estimate() -> None:
    """Its workspace is oneDNN's own affair (`tests/analysis/test_kept.py`)."""
    sizes = {"layers": 2, "h": 65, "d": 64, "vocab": 50, "t": 20}
    diagram = catnet.load(EXAMPLES / "models" / "lstm.cat")["lstm"](**sizes)
    graph, module = diagram.graph, diagram.compile()
    assert cost.kept(graph, BATCH).value == pytest.approx(kept(module, inputs_of(graph, False)), rel=0.1)
    assert cost.peak(graph, BATCH).value == pytest.approx(peak(module, inputs_of(graph, False)), rel=0.1)


@pytest.mark.slow
def test_kept_bytes_of_gpt2_at_its_published_size() -> None:
    check_bytes(catnet.load(EXAMPLES / "models" / "gpt2.cat")["gpt2"](t=64))


# -- symbols -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fixed", "points"),
    [
        ("digits", (), [{"h": 8, "w": 8}, {"h": 16, "w": 4}, {"h": 2, "w": 2}]),
        ("block", ("heads", "hidden"), [{"d": 32, "t": 10}, {"d": 4, "t": 50}, {"d": 256, "t": 3}]),
        ("language-model", ("vocab", "depth", "heads", "d", "t"), [{}]),
        ("unet", ("depth", "c", "k"), [{"n": 3, "h": 16, "w": 16}, {"n": 1, "h": 4, "w": 32}]),
        ("lstm", ("h",), [{"t": 12, "d": 5}, {"t": 4, "d": 1}, {"t": 40, "d": 9}]),
        ("state-space", ("d", "n", "depth", "out"), [{"t": 12, "k": 4}, {"t": 6, "k": 1}]),
        ("bottleneck", ("k",), [{"c": 5, "h": 8, "w": 8}, {"c": 3, "h": 5, "w": 7}]),
    ],
)
def test_symbols_evaluate_to_what_is_found_at_a_point(
    name: str, fixed: tuple[str, ...], points: list[dict[str, int]]
) -> None:
    path, net, sizes = NETS[name]
    given = {key: sizes[key] for key in fixed}
    free = table(catnet.load(path)[net](**given), Dim.sym("batch"))
    for point in points:
        known = table(catnet.load(path)[net](**given, **point), 3)
        for ours, theirs in zip(free.whole.figures, known.whole.figures, strict=True):
            assert isinstance(ours, Dim)
            assert isinstance(theirs, Dim)
            assert ours.evaluate({**point, "batch": 3}) == theirs.value


def test_the_bytes_of_a_real_scale_with_it() -> None:
    graph = diagram_of("mlp").graph
    assert cost.kept(graph, real=8) == cost.kept(graph) * 2
    assert cost.peak(graph, real=2) * 2 == cost.peak(graph)


def test_repeats_and_shared_graphs_cost_one() -> None:
    huge = Program.from_text("net f : R[8] -> R[8] = ((linear(8) ^ 1000) ^ 1000) ^ 1000")["f"]()
    tree = Program.from_text("net f(n) : R[8] -> R[8] = if n == 0 then linear(8) else f(n - 1) >> f(n - 1)")["f"](n=60)
    started = time.perf_counter()
    assert table(huge).whole.figures[2].value == 32 * (10**9 - 1)  # type: ignore[union-attr]
    assert table(tree).whole.figures[2].value == 32 * (2**60 - 1)  # type: ignore[union-attr]
    assert time.perf_counter() - started < 2


def test_a_long_chain_takes_linear_time() -> None:
    def seconds(count: int) -> float:
        text = " >> ".join(["linear(8)", "relu"] * count)
        graph = Program.from_text(f"net f : R[8] -> R[8] = {text}")["f"]().graph
        started = time.perf_counter()
        assert cost.kept(graph).value == 32 * (2 * count - 1) - 32 * (count - 1)
        return time.perf_counter() - started

    seconds(100)
    assert seconds(2000) < 30 * seconds(200) + 0.5


# -- the command -------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["cost", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(DIGITS), "classifier", "-p", "h=8", "-p", "w=8", "--batch", "32")
    assert code == 0
    assert all(line == line.rstrip() for line in out.splitlines())
    total = next(line for line in out.splitlines() if line.startswith("total"))
    assert total.split()[-4:] == ["115,474", "182,730,240", "3,603,264", "786,432"]
    assert "a batch of 32" in out
    assert "Kept:" in out
    assert "Peak:" in out
    assert "Free size" not in out


def test_free_sizes_stay_names(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, str(STANDARD / "blocks.cat"), "mlp", "-p", "hidden=8", "-p", "out=2")
    assert out.splitlines()[-1] == "Free size: n."
    assert next(line for line in out.splitlines() if line.startswith("total")).split()[-2:] == ["64", "64"]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(DIGITS), "classifier", "-p", "h=8", "--json", "--dtype", "float64")
    data: dict[str, Any] = json.loads(out)
    assert code == 0
    assert data["bytes_per_real"] == 8
    assert data["free"] == ["w"]
    assert data["total"]["parameters"] == 115_474
    assert data["total"]["kept_bytes"] == "18432*w + 18432*(w//2) + 6528"  # indices of `max_pool` stay 8 bytes
    assert {"name", "depth", "from", "to", "flops", "peak_bytes"} <= data["parts"][0].keys()


@pytest.mark.parametrize("options", [("--batch", "0"), ("--batch", "x"), ("--dtype", "int8")])
def test_bad_options_are_refused(capsys: pytest.CaptureFixture[str], options: tuple[str, str]) -> None:
    code, _, err = run(capsys, str(DIGITS), "classifier", *options)
    assert code == 2
    assert options[0] in err


def test_what_is_not_known_is_said() -> None:
    text = 'box b : R[d] -> R[d] = python "mine:B"\nnet f : R[d] -> R[d] = b >> linear(d)'
    found = table(Program.from_text(text)["f"]()).text()
    assert "written in Python: b." in found
    with pytest.raises(CatnetError) as caught:
        table(Program.from_text("").parse("conv(8, 3)"))
    assert caught.value.diagnostics[0].code == "E0226"


def test_counting_loads_no_torch() -> None:
    code = (
        f"import sys, catnet; from catnet.analysis.table import cost;"
        f"cost(catnet.load({str(DIGITS)!r})['classifier']()).text(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
