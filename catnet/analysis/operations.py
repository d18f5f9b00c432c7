"""`torch` and `torch.nn.functional` on sketches: what the code of boxes calls.

Each name says what autograd keeps: "x" the input, "y" the result, both or neither. What is measured is the CPU's
way; where CUDA keeps less (dropout keeps a mask of bytes there, not of reals) the figures are a bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from catnet.analysis.layers import layers
from catnet.analysis.products import attention, einsum, linear
from catnet.analysis.sketch import ONE, Tape, Unknown
from catnet.analysis.tensors import Tensor, dim, entrywise
from catnet.types.dims import Dim

OF_ONE = {
    "torch": "sigmoid:y tanh:y exp:y log:x abs:x square:x sqrt:y log1p:x expm1:y rsqrt:y reciprocal:y sin:x cos:x "
    "erf:x pow:x sign: clamp:x",
    "F": "relu:y gelu:x silu:x elu:x leaky_relu:x softplus:x mish:x celu:x selu:x relu6:x hardtanh:x hardsigmoid:x "
    "hardswish:x softshrink:x hardshrink:x threshold:x",
}


def _of_one(keeps: str) -> Callable[..., Tensor]:
    return lambda x, *_, **__: entrywise([x], keeps=keeps)


def namespaces(tape: Tape) -> dict[str, Any]:
    """What generated code sees, on a tape."""
    tables = {
        space: {name: _of_one(keeps) for name, keeps in (word.split(":") for word in words.split())}
        for space, words in OF_ONE.items()
    }
    torch = SimpleNamespace(**tables["torch"], **_torch(tape))
    functional = SimpleNamespace(**tables["F"], **FUNCTIONAL)
    return {
        "torch": torch,
        "F": functional,
        "nn": layers(tape),
        "math": math,
        "range": lambda n: range(tape.loop[0] if tape.loop[0] and dim(n) == tape.loop[1] else _whole(n)),
        "max": Dim.max,
        "min": Dim.min,
    }


def _whole(n: Any) -> int:
    value = dim(n).value
    if value is None:
        raise Unknown(f"a loop of {n} steps")
    return value


def _torch(tape: Tape) -> dict[str, Any]:
    def made(*shape: Any, dtype: str = "R", **_: Any) -> Tensor:
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        return tape.fresh(sizes, (), dtype)

    def arange(*span: Any, dtype: str = "Z", **_: Any) -> Tensor:
        first, last, step = (0, span[0], 1) if len(span) == 1 else (*span, 1)[:3]
        return tape.fresh([tape.known((dim(last) - first + step - 1) // step)], (), dtype)

    return {
        "float": "R",
        "bool": "Bool",
        "long": "Z",
        "get_default_dtype": lambda: "R",
        "arange": arange,
        **dict.fromkeys(("ones", "zeros", "randn", "empty"), made),
        "full": lambda shape, _: made(shape),
        "tensor": lambda _: made(()),
        "linspace": lambda a, b, n: made(n),
        "where": _where,
        "maximum": lambda a, b: entrywise([a, b], keeps="x"),
        "minimum": lambda a, b: entrywise([a, b], keeps="x"),
        "cat": _cat,
        "stack": _stack,
        "einsum": einsum,
    }


def _where(truth: Tensor, a: Tensor, b: Tensor) -> Tensor:
    result = entrywise([a, b, truth], a.kind)
    result.tape.keep(result, truth)
    return result


def _cat(parts: Sequence[Tensor], dim: int = 0) -> Tensor:
    at = dim % len(parts[0].shape)
    shape = list(parts[0].shape)
    shape[at] = sum((p.shape[at] for p in parts[1:]), parts[0].shape[at])
    return parts[0].tape.fresh(shape, parts, parts[0].kind)


def _stack(parts: Sequence[Tensor], dim: int = 0) -> Tensor:
    tape, axes = parts[0].tape, len(parts[0].shape) + 1
    turns, count = tape.loop
    size = count if turns and len(parts) == turns else Dim.const(len(parts))
    shape = list(parts[0].shape)
    shape.insert(dim % axes, size)
    return tape.fresh(shape, parts, parts[0].kind)


# -- torch.nn.functional ---------------------------------------------------------------------------------------


def _softmax(x: Tensor, dim: int) -> Tensor:
    result: Tensor = x.tape.fresh(x.shape, (x,))
    x.tape.keep(result, result)
    return result


def _logsigmoid(x: Tensor) -> Tensor:
    buffer = entrywise([x])
    result = entrywise([x, buffer])
    x.tape.keep(result, x, buffer)
    return result


def _glu(x: Tensor, dim: int) -> Tensor:
    half = x.chunk(2, dim)[0]
    result: Tensor = x.tape.fresh(half.shape, (x,))
    x.tape.keep(result, x)
    return result


def _gumbel(logits: Tensor, dim: int, tau: float = 1.0, hard: bool = False) -> Tensor:
    noise = logits.tape.fresh(logits.shape, (logits,), grad=False)
    soft = _softmax(entrywise([entrywise([logits, entrywise([noise])])]), dim)
    if not hard:
        return soft
    one = [n if i != dim % len(soft.shape) else ONE for i, n in enumerate(soft.shape)]
    index = logits.tape.fresh(one, (soft,), "Z")
    logits.tape.keep(soft, index)  # `max`, of which only the places are used, keeps them
    unit = logits.tape.fresh(soft.shape, (index,), grad=False)
    return entrywise([entrywise([unit, soft]), soft])


def _normalize(x: Tensor, dim: int, eps: float = 0.0) -> Tensor:
    tape = x.tape
    shape = [n if i != dim % len(x.shape) else ONE for i, n in enumerate(x.shape)]
    norm = tape.fresh(shape, (x,))
    tape.keep(norm, x, norm)
    least = entrywise([norm], keeps="x")
    return x / least.expand_as(x)


def _pool(index: bool) -> Callable[..., Tensor]:
    def pooled(x: Tensor, *_: Any, **__: Any) -> Tensor:
        tape = x.tape
        result: Tensor = tape.fresh(tape.wanted[0], (x,))
        tape.keep(result, x)
        if index:
            tape.keep(result, tape.fresh(tape.wanted[0], (x, result), "Z"))
        return result

    return pooled


def _adaptive_mean(x: Tensor, size: Any) -> Tensor:
    result: Tensor = x.tape.fresh(x.tape.wanted[0], (x,))
    sizes = size if isinstance(size, tuple) else (size,)
    if any(dim(n) != ONE for n in sizes):  # else it is a mean
        x.tape.keep(result, x)
    return result


def _interpolate(x: Tensor, size: Any = None, scale_factor: Any = None, **_: Any) -> Tensor:
    spatial = x.tape.wanted[0][-(len(x.shape) - 2) :]
    return x.tape.fresh((*x.shape[:2], *spatial), (x,))


def _pad(x: Tensor, amounts: Sequence[Any], value: float = 0.0) -> Tensor:
    shape = list(x.shape)
    for at in range(len(amounts) // 2):
        shape[-1 - at] = shape[-1 - at] + amounts[2 * at] + amounts[2 * at + 1]
    return x.tape.fresh(shape, (x,), x.kind)


def _loss(x: Tensor, target: Tensor, reduction: str = "mean", **_: Any) -> Tensor:
    if reduction == "none":
        return entrywise([x, target], keeps="x")
    result: Tensor = x.tape.fresh((), (x, target))
    x.tape.keep(result, x, target)
    return result


def _mse(x: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    each = entrywise([x, target], keeps="x")
    return each if reduction == "none" else each.alias((), ())  # the sum stays in the storage of its terms


def _l1(x: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    each = entrywise([entrywise([x, target])], keeps="x")
    return each if reduction == "none" else each.sum()


def _kl(x: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    own = entrywise([target], keeps="x")
    each = entrywise([own, target * x])
    return each if reduction == "none" else each.sum()


def _nll(x: Tensor, target: Tensor, reduction: str = "mean", **_: Any) -> Tensor:
    result: Tensor = x.tape.fresh(target.shape if reduction == "none" else (), (x, target))
    x.tape.keep(result, x, target, x.tape.fresh((), (x,)))
    return result


def _cross_entropy(
    x: Tensor, target: Tensor, reduction: str = "mean", label_smoothing: float = 0.0, **_: Any
) -> Tensor:
    logs = _softmax(x, -1)
    result = _nll(logs, target, reduction)
    if label_smoothing:
        ignored = x.tape.fresh(target.shape, (target,), "Bool")
        smooth = entrywise([logs.sum(-1), ignored])
        x.tape.keep(smooth, ignored)
        if reduction != "none":
            smooth = smooth.sum()
        if reduction == "mean":
            x.tape.keep(smooth, x.tape.fresh((), (ignored,), "Z"))
        result = entrywise([result, smooth])
    return result


FUNCTIONAL: dict[str, Any] = {
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    "softmin": lambda x, dim: _softmax(entrywise([x]), dim),
    "logsigmoid": _logsigmoid,
    "softsign": lambda x: x / (x.abs() + 1),
    "tanhshrink": lambda x: x - entrywise([x], keeps="y"),
    "glu": _glu,
    "gumbel_softmax": _gumbel,
    "normalize": _normalize,
    "scaled_dot_product_attention": attention,
    "one_hot": lambda x, n: x.tape.fresh((*x.shape, n), (x,), "Z"),
    "linear": lambda x, weight: linear(x, weight.shape[0]),
    "interpolate": _interpolate,
    "pad": _pad,
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle"), lambda x, _: x.tape.fresh(x.tape.wanted[0], (x,), x.kind)),
    **{f"max_pool{n}d": _pool(True) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _pool(False) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": _pool(True) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _adaptive_mean for n in (1, 2, 3)},
    **dict.fromkeys(("huber_loss", "binary_cross_entropy_with_logits"), _loss),
    "mse_loss": _mse,
    "l1_loss": _l1,
    "kl_div": _kl,
    "nll_loss": _nll,
    "cross_entropy": _cross_entropy,
}
