"""Specs of a given size. Each function gives the text, the net to compile, and its static arguments."""

from __future__ import annotations

from pathlib import Path

Spec = tuple[str, str, dict[str, int]]
TRANSFORMER = Path(__file__).parent / "transformer.cat"
GPT2 = {"vocab": 50257, "d": 768, "depth": 12, "heads": 12, "t": 1024}


def distinct(count: int) -> Spec:
    """A chain of boxes: linear(8) >> relu >> linear(9) >> relu >> ..."""
    boxes = [f"linear({8 + i // 2})" if i % 2 == 0 else "relu" for i in range(count)]
    last = 8 + (count - 1) // 2
    return f"net deep : R[t, 8] -> R[t, {last}] =\n    " + "\n >> ".join(boxes), "deep", {}


def widths(count: int) -> Spec:
    """A chain in which no box occurs twice: linear(8) >> linear(9) >> ..."""
    boxes = [f"linear({8 + i})" for i in range(count)]
    return f"net deep : R[t, 8] -> R[t, {count + 7}] =\n    " + "\n >> ".join(boxes), "deep", {}


def small_nets(count: int) -> Spec:
    """Nets of ten boxes each, `count` boxes in all."""
    nets = [f"net n{k} : R[t, 8] -> R[t, 8] = " + ten_boxes(k) for k in range(count // 10)]
    return "\n".join(nets), "n0", {}


def ten_boxes(width: int) -> str:
    """Ten boxes in a chain, from eight features to eight."""
    return " >> ".join([f"linear({9 + width}) >> relu"] * 4 + ["linear(8) >> relu"])


def statements(count: int) -> Spec:
    """A braced body of `count` statements."""
    lines = [f"    x{i + 1} = x{i} >> linear({8 + i % 50})" for i in range(count)]
    body = "\n".join([*lines, f"    return x{count} >> linear(8)"])
    return f"net body : (x0: R[t, 8]) -> R[t, 8] {{\n{body}\n}}", "body", {}


def fan(count: int) -> Spec:
    """The same input to `count` boxes side by side, and the sum of all."""
    arms = "\n  , ".join(f"linear({8 + i})" for i in range(count))
    return f"net wide : R[t, 8] -> R[t, 8] =\n   ({arms})\n >> concat(axis = -1) >> linear(8)", "wide", {}


def stack(count: int) -> Spec:
    """A block of six boxes, repeated."""
    block = "id + (layer_norm >> linear(32) >> gelu >> linear(8) >> dropout(0.1))"
    return f"net stack : R[t, 8] -> R[t, 8] = ({block}) ^ {count}", "stack", {}


def gpt2(depth: int) -> Spec:
    """A decoder like GPT-2 (small), its blocks as a repeat."""
    return TRANSFORMER.read_text(encoding="utf-8"), "decoder", {**GPT2, "depth": depth}
