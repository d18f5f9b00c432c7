"""Sources that other tests read: the examples of the language's design, and one of everything."""

from __future__ import annotations

from catnet.diagnostics import Source
from catnet.syntax import tree
from catnet.syntax.parser import parse

DESIGN = """\
# A residual digit classifier on 8x8 images.
net classifier(width = 64, depth = 3, classes = 10) : R[8, 8] -> R[classes] =
    flatten >> linear(width) >> residual(layer_norm >> linear(width) >> gelu) ^ depth >> linear(classes)

# Multi-head self-attention (Vaswani et al., 2017).
net attention(heads, causal = false) : R[t, d] -> R[t, d] where d % heads == 0 =
    (q: linear(d), k: linear(d), v: linear(d))
 >> each(rearrange("t (h c) -> h t c", h = heads))
 >> sdpa(causal = causal)
 >> rearrange("h t c -> t (h c)")
 >> out: linear(d)

# U-Net: one level is its own recursion.
net unet(depth, c) : R[c, h, w] -> R[c, h, w] where h % 2^depth == 0, w % 2^depth == 0 =
    if depth == 0 then double_conv(c)
    else (id, down(2*c) >> unet(depth - 1, 2*c) >> up(c)) >> concat(axis = 0) >> double_conv(c)

# Denoising score / velocity field and the flow it generates.
net velocity(h) : R[d] @ R -> R[d] =
    (id @ time_features(32)) >> concat(axis = -1) >> linear(h) >> silu >> linear(d)
net sampler(h) : R[d] -> R[d] = flow(velocity(h), start = 0, stop = 1)

net residual(f: X -> X) : X -> X = id + f

net swiglu(hidden) : (x: R[t, d]) -> R[t, d] {
    gate = x >> gate: linear(hidden) >> silu
    up   = x >> up: linear(hidden)
    return gate * up >> down: linear(d)
}
"""

EVERYTHING = """\
from "std/transformer.cat" import block, attention

box conv(c, k = 3, p: float = 0.5, name: str = "c\\"\\\\", f: X @ Y -> () = swap) :
    R[...s, c] @ Fin(v)[t] @ C[()] -> Bool[a] where k % 2 == 1, c > 0 = python "catnet.boxes:Conv"

law involution(n) : swap >> swap ^ n == if n == 0 then id else id

net tour : (x: R[d], y: R[(h + 2*p - k)//s + 1]) -> _ where not (a and b or c != d), d <= 3 {
    share w = linear(-3, bias = false)
    a, _ = x >> (w, transpose(w)) >> seq(i in 0..n - 1, f(i)) ^ -1;
    _ = y >> drop
    b = if true then a * a / 2 else if p then -a else a - a + 1e-5
    return (h: block ^ 12) >> (f >> g)(3)[d] @ () @ _
}
"""


def items(text: str) -> tuple[tree.Item, ...]:
    """The items of a source that has no errors."""
    file, diagnostics = parse(Source("test.cat", text))
    assert not diagnostics, "\n".join(map(str, diagnostics))
    return file.items
