"""Small nets that can be cut between ranks, with their plans, and nets that cannot, with the reason."""

from __future__ import annotations

HEADS = 'rearrange("t (h c) -> h t c", h = 4)'

# name: text, columns, rows, the number that the ranks divide
LEGAL = {
    "perceptron": ("net main : R[t, 8] -> R[t, 8] = a: linear(12) >> gelu >> b: linear(8)", "a", "b", 12),
    "residual": ("net main : R[8] -> R[8] = id + (layer_norm >> a: linear(16) >> tanh >> b: linear(8))", "a", "b", 16),
    "gated": (
        "net main : R[t, 8] -> R[t, 8] = (a: linear(6) >> silu) * b: linear(6) >> scale(0.5) >> c: linear(8)",
        "a b",
        "c",
        6,
    ),
    "attention": (
        f"net main : R[t, 8] -> R[t, 8] = (a: linear(16), b: linear(16), c: linear(16)) >> each({HEADS})\n"
        ' >> sdpa(causal = true) >> rearrange("h t c -> t (h c)") >> o: linear(8)',
        "a b c",
        "o",
        4,
    ),
    "spelled attention": (
        "net main : (x: R[t, 8]) -> R[t, 8] {\n"
        f"  q = x >> a: linear(16) >> {HEADS}\n  k = x >> b: linear(16) >> {HEADS}\n"
        f"  v = x >> c: linear(16) >> {HEADS}\n"
        '  w = q @ k >> einsum("h i c, h j c -> h i j") >> softmax\n'
        '  return w @ v >> matmul >> rearrange("h t c -> t (h c)") >> o: linear(8)\n}',
        "a b c",
        "o",
        4,
    ),
    "grouped queries": (
        'net heads(n) : R[t, d] -> R[n, t, d//n] where d % n == 0 = rearrange("t (h c) -> h t c", h = n)\n'
        "net main : R[t, 8] -> R[t, 8] =\n"
        "    (a: linear(32) >> heads(8) >> rotary, b: linear(16) >> heads(4) >> rotary, c: linear(16) >> heads(4))\n"
        ' >> sdpa >> rearrange("h t c -> t (h c)") >> o: linear(8)',
        "a b c",
        "o",
        4,
    ),
    "maps inside nets": (
        f"net project : R[t, 8] -> R[4, t, 4] = p: linear(16) >> {HEADS}\n"
        'net close : R[4, t, 4] -> R[t, 8] = rearrange("h t c -> t (h c)") >> p: linear(8)\n'
        "net main : R[t, 8] -> R[t, 8] = (a: project, b: project, c: project) >> sdpa >> o: close",
        "a.p b.p c.p",
        "o.p",
        4,
    ),
    "two rows": (
        "net main : R[8] -> R[8] @ R[4] = a: linear(12) >> relu >> (b: linear(8), c: linear(4))",
        "a",
        "b c",
        12,
    ),
    "two values joined": (
        "net main : R[8] -> R[8] = (a: linear(12) >> relu, b: linear(12)) >> stack >> c: linear(8) >> sum(over = 0)",
        "a b",
        "c",
        12,
    ),
    "softmax over another axis": (
        "net main : R[6, 8] -> R[6, 8] = a: linear(12) >> softmax(axis = 0) >> b: linear(8)",
        "a",
        "b",
        12,
    ),
    "kept heads": (
        f"net main : R[t, 8] -> R[t, 4] = a: linear(16) >> {HEADS} >> rms_norm(affine = false)\n"
        ' >> reduce("h t c -> t h", "max") >> b: linear(4)',
        "a",
        "b",
        4,
    ),
    "repeated": (
        "net mlp : R[8] -> R[8] = id + (layer_norm >> a: linear(16) >> gelu >> b: linear(8))\n"
        "net main : R[8] -> R[8] = blocks: mlp ^ 3",
        "blocks.*.a",
        "blocks.*.b",
        16,
    ),
    "a mask": (
        f"net main : (x: R[t, 8], m: Bool[t, t]) -> R[t, 8] {{\n"
        f"  q = x >> a: linear(16) >> {HEADS}\n  k = x >> b: linear(16) >> {HEADS}\n"
        f"  v = x >> c: linear(16) >> {HEADS}\n"
        '  return q @ k @ v @ m >> sdpa >> rearrange("h t c -> t (h c)") >> o: linear(8)\n}',
        "a b c",
        "o",
        4,
    ),
}

_IN = "net main : R[t, 8] -> R[t, 8] = a: linear(8) >> {} >> z: linear(8)"
_LEAVES = "its outputs leave the net, or one step of a repeat: no map sums over the cut"

# name: text, reason, the text of the box that stands in the way
ILLEGAL = {
    "layer norm": (
        _IN.format("layer_norm"),
        "`layer_norm` has weights that every rank holds whole: their gradients would be those of one block",
        "layer_norm",
    ),
    "plain layer norm": (
        _IN.format("layer_norm(affine = false)"),
        "`layer_norm` normalises over the axis that is cut",
        "layer_norm(affine = false)",
    ),
    "softmax": (_IN.format("softmax"), "`softmax` works across the axis that is cut", "softmax"),
    "fused queries": (
        "net main : R[t, 8] -> R[t, 8] = a: linear(24) >> chunk(3) >> each("
        f'{HEADS}) >> sdpa >> rearrange("h t c -> t (h c)") >> z: linear(8)',
        "`chunk` takes parts of the axis that is cut",
        "chunk(3)",
    ),
    "one head": (
        "net main : R[t, 8] -> R[t, 8] = (a: linear(8), linear(8), linear(8)) >> "
        'each(rearrange("t (h c) -> h t c", h = 1)) >> sdpa >> rearrange("h t c -> t (h c)") >> z: linear(8)',
        "no number of ranks divides the sizes of the axes that are cut: 1 and 8",
        "a: linear(8)",
    ),
    "sizes without a common divisor": (
        'net main : R[t, 8] -> R[t, 8] = a: linear(9) >> rearrange("t (h c) -> h t c", h = 1) '
        '>> rearrange("h t c -> t (h c)") >> z: linear(8)',
        "no number of ranks divides the sizes of the axes that are cut: 1 and 9",
        "a: linear(9)",
    ),
    "heads behind": (
        'net main : R[t, 8] -> R[t, 8] = a: linear(8) >> rearrange("t (h c) -> h t c", h = 4) '
        '>> rearrange("h t c -> t (c h)") >> z: linear(8)',
        "`rearrange` joins the axis that is cut behind another",
        'rearrange("h t c -> t (c h)")',
    ),
    "a map along another axis": (
        'net main : R[6, 8] -> R[6, 8] = a: linear(8) >> rearrange("t d -> d t") >> mid: linear(6) '
        '>> rearrange("d t -> t d") >> z: linear(8)',
        "`linear` has weights that every rank holds whole: their gradients would be those of one block",
        "mid: linear(6)",
    ),
    "experts in between": (
        "net main : R[4, 2, 8] -> R[4, 2, 8] = a: linear(8) >> stacked_linear(4, 8) >> z: linear(8)",
        "`stacked_linear` has weights that every rank holds whole: their gradients would be those of one block",
        "stacked_linear(4, 8)",
    ),
    "channels mixed": (
        'net main : R[6, 8] -> R[6, 8] = a: linear(8) >> rearrange("t c -> c t") >> conv(8, 3, padding = 1) '
        '>> rearrange("c t -> t c") >> z: linear(8)',
        "`conv` has weights that every rank holds whole: their gradients would be those of one block",
        "conv(8, 3, padding = 1)",
    ),
    "pooled": (
        _IN.format("max_pool(3, stride = 1, padding = 1)").replace("R[t, 8]", "R[6, 8]"),
        "`max_pool` is not known to act pointwise along the axis that is cut",
        "max_pool(3, stride = 1, padding = 1)",
    ),
    "dropout": (
        _IN.format("dropout(0.1)"),
        "`dropout` draws random numbers: each rank would draw its own, unlike one process",
        "dropout(0.1)",
    ),
    "attention with dropout": (
        f"net main : R[t, 8] -> R[t, 8] = (a: linear(16), linear(16), linear(16)) >> each({HEADS})\n"
        ' >> sdpa(dropout = 0.1) >> rearrange("h t c -> t (h c)") >> z: linear(8)',
        "`sdpa` draws random numbers: each rank would draw its own, unlike one process",
        "sdpa(dropout = 0.1)",
    ),
    "a whole wire beside": (
        "net main : (x: R[t, 8]) -> R[t, 8] = x + (x >> a: linear(8)) >> relu >> z: linear(8)",
        "`add` joins a wire that is cut with one that is whole",
        "x + (x >> a: linear(8))",
    ),
    "a bias of the scores": (
        f"net main : (x: R[t, 8], m: R[t, t]) -> R[t, 8] {{\n"
        f"  q = x >> a: linear(16) >> {HEADS}\n  k = x >> linear(16) >> {HEADS}\n  v = x >> linear(16) >> {HEADS}\n"
        '  return q @ k @ v @ m >> sdpa >> rearrange("h t c -> t (h c)") >> z: linear(8)\n}',
        "`sdpa` takes a whole wire beside those that are cut: its gradient would be that of one block",
        "sdpa",
    ),
    "no map behind": ("net main : R[8] -> R[8] = a: linear(8) >> relu", _LEAVES, "a: linear(8)"),
    "used outside too": (
        "net main : R[8] -> R[8] @ R[8] = a: linear(8) >> relu >> (z: linear(8), id)",
        _LEAVES,
        "a: linear(8)",
    ),
    "shared weights": (
        "net main : (x: R[8]) -> R[8] {\n  share w = linear(8)\n  return x >> a: linear(8) >> w >> relu >> w\n}",
        "`w` is shared: its weights are used in several places",
        "w",
    ),
    "a repeat in between": (
        "net main : R[8] -> R[8] = a: linear(8) >> relu ^ 3 >> z: linear(8)",
        "`repeat` runs steps of its own, which take whole wires",
        "relu ^ 3",
    ),
}

_BLOCK = "net block : R[t, 8] -> R[t, 8] = id + (layer_norm >> up: linear(16) >> gelu >> down: linear(8))\n"

# Nets for two stages of a pipeline.
PIPES = {
    "repeat": _BLOCK + "net main : Fin(9)[t] -> R[t, 9] = embedding(9, 8) >> blocks: block ^ 4 >> head: linear(9)",
    "repeat in a net": _BLOCK
    + "net trunk : R[t, 8] -> R[t, 8] = linear(8) >> block ^ 3 >> layer_norm >> linear(8)\n"
    + "net main : R[t, 8] -> R[t, 4] = trunk >> linear(4)",
    "two wires": _BLOCK
    + "net main : (x: R[t, 8], y: R[t, 8]) -> R[t, 8] {\n"
    + "  a = x >> block ^ 2\n  b = y >> block ^ 2\n  return a * b >> layer_norm\n}",
    "what comes in goes on": _BLOCK
    + "net main : (x: R[t, 8]) -> R[t, 8] {\n  a = x >> block ^ 4\n  return a + x >> linear(8)\n}",
    "a mask goes on": "net step : (x: R[t, 8], m: Bool[t, t]) -> R[t, 8] @ Bool[t, t] {\n"
    "  y = x >> linear(8)\n  z = y @ y @ x @ m >> sdpa\n  return (x + z) @ m\n}\n"
    "net main : (x: R[t, 8], m: Bool[t, t]) -> R[t, 8] = x @ m >> step ^ 4 >> id @ drop",
    "steps that differ": "net main : R[8] -> R[8] = seq(i in 0..4, id + (linear(8*i + 8) >> tanh >> linear(8)))",
}
