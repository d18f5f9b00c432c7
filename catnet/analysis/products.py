"""Sums of products on sketches: linear maps, `einsum`, attention, as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catnet.analysis.sketch import ONE, Sketch, like, product
from catnet.analysis.tensors import Tensor, entrywise, matmul, product_of
from catnet.types.dims import Dim


def linear(x: Tensor, features: Any, weight: Sketch | None = None) -> Tensor:
    """`F.linear` with a weight that needs a gradient: the input is kept, flattened to rows."""
    rows = x.reshape(-1, x.shape[-1]) if len(x.shape) > 2 else x
    needs = x.grad or x.tape.training
    result: Tensor = x.tape.fresh((*x.shape[:-1], features), (x, rows), grad=needs)
    x.tape.keep(result, rows)
    return result


def einsum(pattern: str, *operands: Tensor) -> Tensor:
    """`torch.einsum`: operands are joined from left to right by batched matrix products."""
    left, _, right = pattern.partition("->")
    terms, output = [_labels(t) for t in left.split(",")], _labels(right)
    dots = max([len(o.shape) - len(t) + 1 for t, o in zip(terms, operands, strict=True) if "." in t], default=0)
    spread = [_with_dots(t, len(o.shape)) for t, o in zip(terms, operands, strict=True)]
    result = [*(str(i) for i in range(-dots, 0)), *(c for c in output if c != ".")] if "." in output else output
    sums = sorted({c for t in spread for c in t} - set(result))
    order = [*result, *sums]
    aligned = [_aligned(o, t, order) for o, t in zip(operands, spread, strict=True)]
    value, last = aligned[0], {c: max(i for i, t in enumerate(spread) if c in t) for c in sums}
    value = _summed(value, [i for i, c in enumerate(order) if c in sums and last[c] == 0])
    for at, other in enumerate(aligned[1:], start=1):
        value = _joined(value, other, [i for i, c in enumerate(order) if c in sums and last[c] == at])
    for _ in sums:
        value = value.squeeze(-1)
    return value


def _labels(side: str) -> list[str]:
    return list(side.strip().replace("...", "."))


def _with_dots(term: list[str], axes: int) -> list[str]:
    """A label for each axis: those that `...` stands for are -1, -2, ... from the last."""
    if "." not in term:
        return term
    at, count = term.index("."), axes - len(term) + 1
    return [*term[:at], *(str(i) for i in range(-count, 0)), *term[at + 1 :]]


def _aligned(operand: Tensor, term: list[str], order: Sequence[str]) -> Tensor:
    """The operand with an axis for every label, of size 1 where it has none."""
    value = operand.permuted([term.index(c) for c in order if c in term])
    for at, label in enumerate(order):
        if label not in term:
            value = value.unsqueeze(at)
    return value


def _summed(value: Tensor, axes: list[int]) -> Tensor:
    """The sum over axes, which are left with size 1."""
    axes = [a for a in axes if value.shape[a] != ONE]
    if not axes:
        return value
    result = value.sum(tuple(axes))
    for axis in axes:
        result = result.unsqueeze(axis)
    return result


def _joined(a: Tensor, b: Tensor, sums: list[int]) -> Tensor:
    """The product of two, summed over axes, as ATen's `sumproduct_pair`."""
    if not sums:
        return a * b
    a = _summed(a, [i for i in sums if b.shape[i] == ONE])
    b = _summed(b, [i for i in sums if a.shape[i] == ONE])
    both = [i for i in sums if a.shape[i] != ONE]
    axes = [i for i in range(len(a.shape)) if i not in sums]
    shared = [i for i in axes if a.shape[i] != ONE and b.shape[i] != ONE]
    left = [i for i in axes if a.shape[i] != ONE and i not in shared]
    right = [i for i in axes if i not in shared and i not in left]

    def size(t: Tensor, where: list[int]) -> Dim:
        return product(t.shape[i] for i in where)

    rest = [i for i in sums if i not in both]
    x = a.permuted([*shared, *left, *both, *right, *rest]).reshape(size(a, shared), size(a, left), size(a, both))
    y = b.permuted([*shared, *both, *right, *left, *rest]).reshape(size(a, shared), size(b, both), size(b, right))
    value = product_of(x, y, (size(a, shared), size(a, left), size(b, right)))
    now = [*shared, *left, *right, *sums]
    shape = [a.shape[i] if i in shared + left else b.shape[i] if i in right else ONE for i in now]
    value = value.reshape(*shape)
    return value.permuted([now.index(i) for i in range(len(now))])


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    *,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`F.scaled_dot_product_attention` on the CPU: the fused kernel where it applies, else written out.

    The fused kernel (and those of CUDA) keeps q, k, v, the output and one number for each query.
    """
    tape = q.tape
    real = attn_mask is not None and attn_mask.kind == "R"
    fused = all(len(x.shape) == 4 for x in (q, k, v)) and tape.same(q.shape[-1], v.shape[-1])
    if not fused or dropout_p or (attn_mask is not None and attn_mask.grad):
        return _written_out(q, k, v, attn_mask, dropout_p, is_causal, enable_gqa)
    mask = [] if attn_mask is None else [attn_mask if real else entrywise([attn_mask])]
    result: Tensor = tape.fresh(q.shape, (q, k, v, *mask), strides=like(q.shape, [q]))
    numbers = tape.fresh(result.shape[:-1], (q,))
    tape.keep(result, q, k, v, result, numbers, *mask)
    return result


def _written_out(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout: float, causal: bool, grouped: bool
) -> Tensor:
    """Scores, softmax, dropout, values, as ATen's `_scaled_dot_product_attention_math`."""
    if grouped:
        times = q.tape.known(q.shape[-3] // k.shape[-3])
        k, v = k.repeat_interleave(times, -3), v.repeat_interleave(times, -3)
    scores = matmul(q * 1.0, k.transpose(-2, -1) * 1.0)
    if causal or mask is not None:
        scores = scores if mask is None else entrywise([scores, mask])
    weights = entrywise([scores], keeps="y")
    if dropout:
        weights = weights * q.tape.fresh(weights.shape, (weights,), grad=False)
    return matmul(weights, v)
