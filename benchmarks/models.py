"""The models of examples/models against their references, forward, on the very same weights."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.modules import paired
from benchmarks.process import fresh
from benchmarks.report import Table, bar, seconds

if TYPE_CHECKING:
    from tests.models.parity import Case

BAR = 1.05


def run(quick: bool = False) -> list[Table]:
    """The table of ratios, every model at two sizes."""
    budget = 0.1 if quick else 10.0
    table = Table(
        "Models against their references, forward",
        ("model", "reference", "compiled", "ratio", "middle half", "pairs", "bar"),
        note="CPU time, one thread, evaluation. `small` is the size of the tests, where what Python does around the"
        " operations\ntakes most of the time; `real` has published widths and fewer layers. Outputs are compared first"
        " (at the bars of\ndocs/models.md). The ratio is the median over pairs of runs, in turns first and second.",
    )
    for model in ["deep_sets"] if quick else REAL:
        for size in ["small"] if quick else ["small", "real"]:
            found = fresh("benchmarks.models:against_reference", model, size, budget)
            spread = f"{found['low']:.3f} to {found['high']:.3f}"
            times = seconds(found["b"]), seconds(found["a"])
            ratio = f"{found['ratio']:.3f}", spread, f"{found['pairs']:.0f}"
            table.rows.append((f"{model}, {size}", *times, *ratio, bar(f"at most {BAR}", found["ratio"] <= BAR)))
    return [table]


# -- in a fresh process ------------------------------------------------------------------------------------------


def against_reference(model: str, size: str, budget: float) -> dict[str, float]:
    """Compiled (a) against the reference (b)."""
    import torch

    from tests.models.parity import BARS, pair

    torch.set_num_threads(1)
    case: Case = importlib.import_module(f"tests.models.test_{model}").CASE
    if size == "real":
        case = REAL[model](case)
    module, reference = (m.eval() for m in pair(case, torch.float32))
    if hasattr(reference, "config") and hasattr(reference.config, "use_cache"):
        reference.config.use_cache = False  # ours keeps no keys and values for a next token either
    x = torch.randint(case.vocab, case.inputs) if case.vocab else torch.randn(case.inputs)

    def work(call: Callable[[Any, Any], Any], made: Any) -> Callable[[], Any]:
        def forward() -> Any:
            with torch.no_grad():
                return call(made, x)

        return forward

    ours, theirs = work(lambda made, x: made(x), module), work(case.call, reference)
    gap = (ours() - theirs()).norm() / theirs().norm()
    assert gap <= BARS[torch.float32], f"outputs differ by {gap}"
    return paired(ours, theirs, budget)


def _gpt2(case: Case) -> Case:
    from tests.models.references import transformers

    hf = transformers()
    sizes = {"n_layer": 3, "n_head": 12, "n_embd": 768, "vocab_size": 1000, "n_positions": 256}
    config = hf.GPT2Config(**sizes, activation_function="gelu_pytorch_tanh", bos_token_id=0, eos_token_id=0)
    own = {"layers": 3, "heads": 12, "d": 768, "vocab": 1000, "context": 256}
    return dataclasses.replace(case, sizes=own, build=lambda: hf.GPT2LMHeadModel(config), inputs=(1, 256), vocab=1000)


def _llama(case: Case) -> Case:
    config = {"num_hidden_layers": 3, "num_attention_heads": 16, "num_key_value_heads": 4, "hidden_size": 1024}
    config |= {"intermediate_size": 2816, "vocab_size": 1000, "max_position_embeddings": 256}
    own = {"layers": 3, "heads": 16, "groups": 4, "d": 1024, "hidden": 2816, "vocab": 1000}
    build = importlib.import_module("tests.models.test_llama").build
    return dataclasses.replace(case, sizes=own, build=lambda: build(**config), inputs=(1, 256), vocab=1000)


def _mixer(case: Case) -> Case:
    from tests.models.references import timm

    build = lambda: timm("timm.models.mlp_mixer").MlpMixer(num_blocks=3, embed_dim=768)  # noqa: E731
    return dataclasses.replace(case, sizes={"layers": 3}, build=build, inputs=(1, 3, 224, 224))


def _timm(name: str, own: dict[str, int], inputs: tuple[int, ...], **config: Any) -> Callable[[Case], Case]:
    def build() -> Any:
        from tests.models.references import timm

        return timm().create_model(name, **config)

    return lambda case: dataclasses.replace(case, sizes=own, build=build, inputs=inputs)


def _unet(case: Case) -> Case:
    reference = importlib.import_module("tests.models.test_unet")
    own = {"depth": 4, "width": 32, "classes": 2}
    made = {"map": reference.flat(4), "build": lambda: reference.Reference(4, 32, 3, 2), "inputs": (1, 3, 96, 96)}
    return dataclasses.replace(case, sizes=own, **made)


def _recurrent(model: str) -> Callable[[Case], Case]:
    def real(case: Case) -> Case:
        reference = importlib.import_module(f"tests.models.test_{model}").Reference
        own = {"layers": 2, "h": 650, "d": 650, "vocab": 1000}
        build = lambda: reference(1000, 650, 650, 2, 0.5)  # noqa: E731
        return dataclasses.replace(case, sizes=own, build=build, inputs=(4, 35), vocab=1000)

    return real


def _deep_sets(case: Case) -> Case:
    reference = importlib.import_module("tests.models.test_deep_sets").Reference
    own = {"width": 256, "classes": 40}
    return dataclasses.replace(case, sizes=own, build=lambda: reference(256, 3, 40), inputs=(16, 100, 3))


REAL: dict[str, Callable[[Case], Case]] = {
    "gpt2": _gpt2,
    "llama": _llama,
    "vit": _timm("vit_base_patch16_224", {"layers": 3}, (1, 3, 224, 224), depth=3),
    "mlp_mixer": _mixer,
    "resnet18": _timm("resnet18", {}, (1, 3, 224, 224)),
    "resnet50": _timm("resnet50", {}, (1, 3, 224, 224)),
    "densenet121": _timm("densenet121", {}, (1, 3, 224, 224)),
    "unet": _unet,
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "deep_sets": _deep_sets,
}  # fmt: skip
"""Each model's case at a real size, from that of its test."""
