"""Compiled modules against the same modules written by hand, on the very same weights."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from benchmarks.process import ROOT, fresh
from benchmarks.report import Table, bar, seconds

if TYPE_CHECKING:
    from torch import Tensor, nn

BAR = 1.03
SAMPLE = 0.02  # CPU seconds that one sample lasts at least
CASES = {
    "digits classifier, batch 64": "digits",
    "12-layer decoder, d = 32, 4 x 128 tokens": "small",
    "12-layer decoder, d = 768, 1 x 128 tokens": "large",
}
WORK = {"forward": "forward", "forward + backward": "training"}
DECODERS: dict[str, tuple[dict[str, Any], int]] = {
    "small": ({"vocab": 256, "d": 32, "depth": 12, "heads": 4, "t": 128}, 4),
    "large": ({"vocab": 256, "d": 768, "depth": 12, "heads": 12, "t": 128}, 1),
    "tiny": ({"vocab": 16, "d": 8, "depth": 1, "heads": 2, "t": 4}, 1),
}


def run(quick: bool = False) -> list[Table]:
    """The table of ratios, and that of the check of the inputs."""
    budget = 0.1 if quick else 25.0
    cases = {"tiny decoder": "tiny"} if quick else CASES
    compiled = Table(
        "Compiled modules against the same written by hand",
        ("module", "by hand", "compiled", "ratio", "middle half", "pairs", "bar"),
        note="CPU time, one thread. Outputs and gradients are compared first. The ratio is the median over pairs of"
        " runs,\none after the other, in turns first and second.",
    )
    checks = Table(
        "The check of the inputs of a compiled module, forward",
        ("module", "off", "on", "ratio", "middle half", "pairs", "bar"),
        note="As above; the bar for the check is that it has no measurable cost.",
    )
    for title, case in cases.items():
        for words, work in WORK.items():
            compiled.rows.append(
                _row(f"{title}, {words}", fresh("benchmarks.modules:against_hand", case, work, budget))
            )
        checks.rows.append(_row(title, fresh("benchmarks.modules:check_on_off", case, budget)))
    return [compiled, checks]


def _row(title: str, found: dict[str, float]) -> tuple[str, ...]:
    spread = f"{found['low']:.3f} to {found['high']:.3f}"
    figures = (seconds(found["b"]), seconds(found["a"]), f"{found['ratio']:.3f}", spread, f"{found['pairs']:.0f}")
    return (title, *figures, bar(f"at most {BAR}", found["ratio"] <= BAR))


# -- in a fresh process ------------------------------------------------------------------------------------------


def against_hand(case: str, work: str, budget: float) -> dict[str, float]:
    """Compiled (a) against hand-written (b)."""
    made, hand, inputs = _modules(case)
    _same(made, hand, inputs)
    return paired(_job(made, inputs, work), _job(hand, inputs, work), budget)


def check_on_off(case: str, budget: float) -> dict[str, float]:
    """A compiled module with the check (a) against itself without (b)."""
    made, _, inputs = _modules(case)
    forward = _job(made, inputs, "forward")

    def with_check(on: bool) -> Callable[[], object]:
        def work() -> object:
            made.check_inputs = on  # type: ignore[assignment]
            return forward()

        return work

    return paired(with_check(True), with_check(False), budget)


def _modules(case: str) -> tuple[nn.Module, nn.Module, Tensor]:
    """A compiled module, the same by hand with its weights, and an input."""
    import torch

    import catnet
    from benchmarks import handwritten

    torch.set_num_threads(1)
    torch.manual_seed(0)
    if case == "digits":
        made = catnet.compile(ROOT / "examples/digits/digits.cat", "classifier")
        return _paired_weights(made, handwritten.Digits(), torch.randn(64, 1, 8, 8))
    sizes, batch = DECODERS[case]
    made = catnet.compile(ROOT / "benchmarks/transformer.cat", "decoder", **sizes)
    return _paired_weights(made, handwritten.Decoder(**sizes), torch.randint(sizes["vocab"], (batch, sizes["t"])))


def _paired_weights(made: nn.Module, hand: nn.Module, inputs: Tensor) -> tuple[nn.Module, nn.Module, Tensor]:
    """Give the hand-written module the tensors of the compiled one, in order."""
    state = made.state_dict(keep_vars=True)
    hand.load_state_dict(dict(zip(hand.state_dict(), state.values(), strict=True)), assign=True)
    return made, hand, inputs


def _same(made: nn.Module, hand: nn.Module, inputs: Tensor) -> None:
    """Raise unless outputs are equal, in evaluation and in training, and gradients are close."""
    import torch

    for training in (False, True):
        results = []
        for module in (made, hand):
            module.train(training).zero_grad(set_to_none=True)
            torch.manual_seed(1)
            output = module(inputs)
            output.square().mean().backward()
            results.append((output, [p.grad.clone() for p in module.parameters() if p.grad is not None]))
        torch.testing.assert_close(*(output for output, _ in results), rtol=0, atol=0)
        by_shape: list[Any] = [sorted(grads, key=lambda g: (g.shape, g.sum().item())) for _, grads in results]
        torch.testing.assert_close(*by_shape)


def _job(module: nn.Module, inputs: Tensor, work: str) -> Callable[[], object]:
    import torch

    def forward() -> object:
        with torch.no_grad():
            return module(inputs)

    def training() -> None:
        module.zero_grad(set_to_none=True)
        module(inputs).sum().backward()

    module.train(work == "training")
    return training if work == "training" else forward


def paired(a: Callable[[], object], b: Callable[[], object], budget: float) -> dict[str, float]:
    """Time a and b in turns (a b, b a, ...) for `budget` seconds: medians, and the ratio a/b pair by pair."""
    inner = max(1, round(SAMPLE / min(_sample(work, 3) for work in (a, b, a, b))))
    gc.collect()
    gc.disable()
    samples: list[tuple[float, float]] = []
    until = perf_counter() + budget
    while len(samples) < 8 or perf_counter() < until:
        if len(samples) % 2:
            second, first = _sample(b, inner), _sample(a, inner)
        else:
            first, second = _sample(a, inner), _sample(b, inner)
        samples.append((first, second))
    gc.enable()
    ratios = [first / second for first, second in samples]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {
        "a": statistics.median(s[0] for s in samples),
        "b": statistics.median(s[1] for s in samples),
        "ratio": middle, "low": low, "high": high, "pairs": len(samples),
    }  # fmt: skip


def _sample(work: Callable[[], object], count: int) -> float:
    start = process_time()
    for _ in range(count):
        work()
    return (process_time() - start) / count
