"""`torch.nn` on sketches: the layers that the code of boxes constructs, with what autograd keeps on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from catnet.analysis.products import linear
from catnet.analysis.sketch import Shape, Tape, like, product
from catnet.analysis.tensors import Tensor, dim, entrywise
from catnet.types.dims import Dim

Forward = Callable[..., Any]


class Layer:
    """A submodule: a function, and its parameters by name."""

    def __init__(self, forward: Forward, **parameters: Tensor) -> None:
        self._forward = forward
        self.__dict__.update(parameters)

    def __call__(self, *inputs: Any) -> Any:
        return self._forward(*inputs)


def layers(tape: Tape) -> SimpleNamespace:
    """The namespace `nn`."""
    made: dict[str, Any] = {
        "Linear": lambda d, k, bias=True: Layer(lambda x: linear(x, k), weight=_weight(tape, k, d)),
        "Bilinear": lambda d, e, k, bias=True: Layer(lambda x, y: _bilinear(x, y, k)),
        "Embedding": lambda n, d: Layer(lambda x: _embedding(x, d), weight=_weight(tape, n, d)),
        "Parameter": lambda x: tape.lasting(x.shape, True),
        "ParameterDict": lambda pairs: Layer(lambda: None, **dict(pairs)),
        "LayerNorm": _layer_norm,
        "RMSNorm": _rms_norm,
        "GroupNorm": _group_norm,
        "PReLU": lambda *_, **__: Layer(lambda x: _trained(x, entrywise([x]), x)),
        "Dropout": lambda p: Layer(lambda x: _dropout(x, p)),
        "AlphaDropout": lambda p: Layer(lambda x: _dropout(x, p)),
        "RReLU": lambda *_, **__: Layer(_rrelu),
        "LSTMCell": lambda d, h, **_: Layer(_lstm_cell),
        "GRUCell": lambda d, h, **_: Layer(_gru_cell),
        "RNNCell": lambda d, h, **_: Layer(_rnn_cell),
        **{kind: _recurrent(kind) for kind in ("LSTM", "GRU", "RNN")},
    }
    for n in (1, 2, 3):
        made[f"Conv{n}d"] = made[f"ConvTranspose{n}d"] = _convolution(n)
        made[f"BatchNorm{n}d"] = _batch_norm
        made[f"InstanceNorm{n}d"] = _instance_norm
    return SimpleNamespace(**made)


def _weight(tape: Tape, *shape: Any) -> Tensor:
    return tape.lasting([dim(n) for n in shape], True)


def _trained(x: Tensor, result: Tensor, *saved: Tensor) -> Tensor:
    """A result that needs a gradient for the layer's parameters."""
    made = type(x)(x.tape, result.shape, result.strides, result.storage, x.grad or x.tape.training, result.kind)
    x.tape.keep(made, *saved)
    return made


def _bilinear(x: Tensor, y: Tensor, features: Any) -> Tensor:
    product = x.tape.fresh((*x.shape[:-1], features), (x, y))
    return _trained(x, entrywise([product]), x, y)


def _embedding(index: Tensor, width: Any) -> Tensor:
    return _trained(index, index.tape.fresh((*index.shape, width), (index,)), index)


def _convolution(spatial: int) -> Forward:
    def layer(*_: Any, padding: Any = 0, padding_mode: str = "zeros", **__: Any) -> Layer:
        amounts = padding if isinstance(padding, tuple) else (padding,) * spatial

        def forward(x: Tensor) -> Tensor:
            tape, seen = x.tape, x
            if padding_mode != "zeros":
                sides = [n + 2 * p for n, p in zip(x.shape[-spatial:], map(dim, amounts), strict=True)]
                seen = tape.fresh((*x.shape[:-spatial], *sides), (x,))
                tape.keep(seen, *([x] if padding_mode != "circular" else []))
            return _trained(x, tape.fresh(tape.wanted[0], (seen,)), seen)

        return Layer(forward)

    return layer


def _stats(x: Tensor, *shape: Dim) -> list[Tensor]:
    """A mean and a deviation for each of these entries."""
    return [x.tape.fresh(shape, (x,), grad=False) for _ in range(2)]


def _normed(x: Tensor, affine: bool, stats: list[Tensor], *saved: Tensor, strides: Shape | None = None) -> Tensor:
    result = x.tape.fresh(x.shape, (x, *stats), strides=strides)
    if affine:
        return _trained(x, result, x, *stats, *saved)
    x.tape.keep(result, x, *stats)
    return result


def _layer_norm(shape: Any, elementwise_affine: bool = True, **_: Any) -> Layer:
    axes = len(shape) if isinstance(shape, tuple) else 1
    return Layer(lambda x: _normed(x, elementwise_affine, _stats(x, *x.shape[:-axes])))


def _rms_norm(shape: Any, elementwise_affine: bool = True, **_: Any) -> Layer:
    axes = len(shape) if isinstance(shape, tuple) else 1

    def forward(x: Tensor) -> Tensor:
        square = x**2
        mean = square.mean(tuple(range(-axes, 0)))
        for _ in range(axes):
            mean = mean.unsqueeze(-1)
        least = mean + 1.0
        x.tape.use([square])
        root = entrywise([least], keeps="y")
        normed = x * root
        result = _trained(x, entrywise([normed]), normed) if elementwise_affine else normed
        x.tape.use([root])
        return result

    return Layer(forward)


def _group_norm(groups: Any, *_: Any, affine: bool = True, **__: Any) -> Layer:
    def forward(x: Tensor) -> Tensor:
        seen = x.contiguous()
        return _normed(seen, affine, _stats(x, *x.shape[:-3][:1] or x.shape[:1], dim(groups)))

    return Layer(forward)


def _batch_norm(*_: Any, affine: bool = True, track_running_stats: bool = True, **__: Any) -> Layer:
    def forward(x: Tensor) -> Tensor:
        stats = _stats(x, x.shape[1]) if x.tape.training or not track_running_stats else []
        return _normed(x, affine, stats, strides=like(x.shape, [x]) if len(x.shape) > 3 else None)

    return Layer(forward)


def _instance_norm(*_: Any, affine: bool = False, **__: Any) -> Layer:
    def forward(x: Tensor) -> Tensor:
        seen = x.contiguous()
        channels = _channels(x)
        weights = [x.tape.fresh((channels,), ()) for _ in range(2)] if affine else []
        return _normed(seen, affine, _stats(x, channels), *weights[:1])

    return Layer(forward)


def _channels(x: Tensor) -> Dim:
    """Channels, of each image by itself."""
    spatial = len(x.shape) - len(x.tape.wanted[0]) + 1  # the batch axis
    return product(x.shape[: spatial + 1])


def _dropout(x: Tensor, p: float) -> Tensor:
    """In evaluation the input itself; in training the CPU keeps a factor for each entry, CUDA a byte."""
    if not x.tape.training or not p:
        return x
    noise = x.tape.fresh(x.shape, (x,), grad=False)
    return x * noise


def _rrelu(x: Tensor) -> Tensor:
    noise = x.tape.fresh(x.shape, (x,), grad=False)
    result = entrywise([x, noise])
    x.tape.keep(result, x, *([noise] if x.tape.training else []))
    return result


def _lstm_cell(x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    h, c = state
    gates = x.tape.fresh((*h.shape[:-1], 4 * h.shape[-1]), (x, h))
    cell = _trained(x, x.tape.fresh(c.shape, (gates, c)), x, h, c, gates)
    root = _trained(x, entrywise([cell]))
    x.tape.keep(root, root)
    return _trained(x, x.tape.fresh(h.shape, (gates, root))), cell


def _gru_cell(x: Tensor, h: Tensor) -> Tensor:
    gates = x.tape.fresh((*h.shape[:-1], 3 * h.shape[-1]), (x, h))
    parts = [x.tape.fresh(h.shape, (gates,)) for _ in range(3)]
    return _trained(x, x.tape.fresh(h.shape, (gates, h, *parts)), x, h, gates, *parts)


def _rnn_cell(x: Tensor, h: Tensor) -> Tensor:
    parts = [x.tape.fresh(h.shape, (value,)) for value in (x, h)]
    result = _trained(x, x.tape.fresh(h.shape, parts), x, h)
    x.tape.keep(result, result)
    return result


def _recurrent(kind: str) -> Forward:
    def layer(d: Any, h: Any, num_layers: Any = 1, bidirectional: bool = False, **options: Any) -> Layer:
        run = _Recurrence(kind, dim(d), dim(h), int(str(num_layers)), 1 + bidirectional, **options)
        return Layer(run.forward)

    return layer


@dataclass
class _Recurrence:
    """A whole recurrent layer on R[t, d] with at most one batch axis; inside, time stands in front.

    GRU and RNN keep what their cells keep. LSTM is one call of oneDNN for each layer and direction, which keeps a
    workspace of its own making: about 16 numbers for each step and unit, an estimate.
    """

    kind: str
    d: Dim
    h: Dim
    depth: int
    ways: int
    bias: bool = True
    dropout: float = 0.0
    nonlinearity: str = "tanh"
    batch_first: bool = True

    def forward(self, x: Tensor) -> Any:
        tape, batch = x.tape, x.shape[:-2]
        shape = (Dim.const(self.depth * self.ways), *batch, self.h)
        states = [tape.fresh(shape, (), grad=False) for _ in range(1 + (self.kind == "LSTM"))]
        value = x.transpose(0, -2)
        first: list[Tensor] = []
        for level in range(self.depth):
            if level:
                value = _dropout(value, self.dropout)
            copies = self.ways if level == 0 and self.kind != "LSTM" else 1
            seen = [value.contiguous() for _ in range(copies)]
            first = first or seen
            outs = [self._one_way(seen[i % copies], states) for i in range(self.ways)]
            sides = (value.shape[0], *batch, self.h * self.ways)
            value = outs[0] if self.ways == 1 else tape.fresh(sides, outs)
        last = [_trained(x, tape.fresh(shape, (value,))) for _ in states]
        tape.use([*states, *first] if self.kind == "LSTM" else [])
        return value.transpose(0, -2), (last[0] if len(last) == 1 else tuple(last))

    def _one_way(self, x: Tensor, states: list[Tensor]) -> Tensor:
        tape, steps, batch, h = x.tape, x.shape[0], x.shape[1:-1], self.h
        if self.kind == "LSTM":
            out = tape.fresh((steps, *batch, h), (x, *states))
            ends = [tape.fresh((*batch, h), (out,)) for _ in range(2)]
            space = [tape.fresh((steps, *batch, h * 16), (out,))] if tape.training else []
            weights = [] if self.bias else [tape.fresh((h * 4, n), ()) for n in (self.d, h)]
            return _trained(x, out, x, out, *states, *ends, *space, *weights)
        gates = tape.fresh((steps, *batch, h * (3 if self.kind == "GRU" else 1)), (x,))
        gates = gates + 1.0 if self.bias else gates
        each = tape.fresh((steps, *batch, h), (gates, *states))  # the states, one tensor for each step
        out = tape.fresh((steps, *batch, h), (each,))
        if not tape.training:
            return out
        if self.kind == "RNN":
            return _trained(x, out, x, *states, each)
        # for each step three gates, three products, and the state that it started from (the first is among `states`)
        parts = [tape.fresh((steps, *batch, h * 6), (out,)), tape.fresh((steps - 1, *batch, h), (out,))]
        return _trained(x, out, x, *states, *parts)
