"""Recurrent cells, for `scan`, and whole recurrent layers, with PyTorch's weights.

A cell is one step. Inside `scan` a cell gives its output and its next state: `scan(gru_cell(h) >> copy, over = t)`
and `scan(lstm_cell(h) >> (copy @ id), over = t)` are the layers written out. A layer is one call of `torch.nn`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import LINEAR, refuse_on
from catnet.boxes.axes import ONE, trailing
from catnet.boxes.linear import last
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, Effect, MapKind, Site, box
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

WRITTEN_OUT = f"{LINEAR}, in a cell that is written out, under `scan`"

Shapes = dict[str, tuple[Dim, ...]]


def weights(gates: int, d: Dim, h: Dim, bias: bool, suffix: str = "") -> Shapes:
    """The parameters of one cell: the gates one above the other."""
    rows = h * gates
    shapes: Shapes = {f"weight_ih{suffix}": (rows, d), f"weight_hh{suffix}": (rows, h)}
    if bias:
        shapes |= {f"bias_ih{suffix}": (rows,), f"bias_hh{suffix}": (rows,)}
    return shapes


class Cell(Box):
    """One step of a recurrent net; the matrix products are counted."""

    h: Dim
    bias: bool
    map_kind: ClassVar[MapKind] = "smooth"
    batch_axes: ClassVar[int | None] = 1
    broadcasts: ClassVar[bool] = False
    gates: ClassVar[int] = 1
    layer: ClassVar[str] = ""

    def parameters(self, inputs: Object, outputs: Object) -> Shapes:
        return weights(self.gates, last(inputs), self.h, self.bias)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        for port in range(len(acting.actions)):
            refuse_on(self.name, acting, (-1,), "has free weights along an axis", WRITTEN_OUT, port)
        return ((),) * len(acting.outputs)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return (last(inputs) + self.h) * self.h * (2 * self.gates)

    def option(self) -> str:
        """Further arguments of the constructor."""
        return "" if self.bias else ", bias=False"

    def module(self, site: Site) -> str:
        return f"nn.{self.layer}({site.static(last(site.inputs))}, {site.static(self.h)}{self.option()})"


@box("lstm_cell", "iterate")
class LstmCell(Cell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber, 1997; `torch.nn.LSTMCell`).

    R[d] @ R[h] @ R[h] -> R[h] @ R[h]: input, hidden state and cell state; the new hidden and cell states.
    """

    h: Dim
    bias: bool = True
    arity = 3
    signature: ClassVar[str] = "R[d] @ R[h] @ R[h] -> R[h] @ R[h]"
    gates: ClassVar[int] = 4
    layer: ClassVar[str] = "LSTMCell"

    def code(self, site: Site) -> str:
        return f"{site.module}({site.args[0]}, ({site.args[1]}, {site.args[2]}))"


@box("gru_cell", "iterate")
class GruCell(Cell):
    """One step of a gated recurrent unit (Cho et al., 2014; `torch.nn.GRUCell`).
    R[d] @ R[h] -> R[h]: input and state; the new state."""

    h: Dim
    bias: bool = True
    arity = 2
    signature: ClassVar[str] = "R[d] @ R[h] -> R[h]"
    gates: ClassVar[int] = 3
    layer: ClassVar[str] = "GRUCell"


def activation_known(box: Box, activation: object) -> None:
    """Refuse what PyTorch's plain recurrent nets do not have."""
    if isinstance(activation, str) and activation not in ("tanh", "relu"):
        detail = f'`activation` of `{box.name}` is "tanh" or "relu", not "{activation}"'
        raise reject(detail, help="other cells can be written out and given to `scan`")


def activation_option(activation: str) -> str:
    """The argument of PyTorch's constructors."""
    return "" if activation == "tanh" else f", nonlinearity={activation!r}"


@box("rnn_cell", "iterate")
class RnnCell(Cell):
    """`tanh(W x + b + U s + c)`, one step of a plain recurrent net (Elman, 1990; `torch.nn.RNNCell`); or relu.
    R[d] @ R[h] -> R[h]: input and state; the new state."""

    h: Dim
    bias: bool = True
    activation: str = "tanh"
    arity = 2
    signature: ClassVar[str] = "R[d] @ R[h] -> R[h]"
    layer: ClassVar[str] = "RNNCell"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        activation_known(self, self.activation)
        return super().rule(typing, inputs)

    def option(self) -> str:
        return super().option() + activation_option(self.activation)


class Recurrence(Box):
    """Layers of cells along the first axis, from a state of zeros; `bidirectional`: forwards and backwards, the
    outputs side by side.

    With `state`, the last state of every layer and direction comes out too. With `dropout`, the outputs of every
    layer but the last pass a dropout of that probability; the effect is then `random`.
    """

    h: Dim
    layers: Dim
    bidirectional: bool
    bias: bool
    state: bool
    dropout: float
    map_kind: ClassVar[MapKind] = "smooth"
    batch_axes: ClassVar[int | None] = 1
    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    layer: ClassVar[str] = ""

    @property
    def effect(self) -> Effect:  # type: ignore[override]
        """Pure, but for dropout."""
        return "random" if self.dropout else "pure"

    @property
    def ways(self) -> int:
        """1, or 2 for both directions."""
        return 2 if self.bidirectional else 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if not isinstance(self.bidirectional, bool) or not isinstance(self.state, bool):
            raise reject(
                f"whether `{self.name}` is bidirectional, and whether it gives its state, must be known here",
                help="write `if ... then ... else ...` around it",
            )
        if isinstance(self.dropout, float) and not 0.0 <= self.dropout < 1.0:
            detail = f"`dropout` of `{self.name}` is a probability below 1, not {self.dropout}"
            raise reject(detail, help=f"write {self.name}(..., dropout = 0.1)")
        typing.inference.demand(Pred(">=", self.layers, ONE), f"`{self.name}` needs {self.layers} >= 1 layers")
        state = f" @ R[{self.ways}*layers, h]" * self.states if self.state else ""
        signature, _ = self.type_rule(f"R[t, d] -> R[t, {self.ways}*h]{state}")
        given = {"h": self.h, "layers": self.layers}
        return typing.inference.apply(signature, inputs, given)[0]

    def act(self, acting: Acting) -> tuple[Action, ...]:
        refuse_on(self.name, acting, (-1,), "has free weights along an axis", WRITTEN_OUT)
        refuse_on(self.name, acting, (-2,), "goes along an axis in its order", "take `mean(over = ...)` or `sdpa`")
        return ((),) * len(acting.outputs)

    def parameters(self, inputs: Object, outputs: Object) -> Shapes:
        found: Shapes = {}
        for i in range(self.layers.value or 0):
            d = last(inputs) if i == 0 else self.h * self.ways
            for way in ("", "_reverse")[: self.ways]:
                found |= weights(self.gates, d, self.h, self.bias, f"_l{i}{way}")
        return found

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        first = last(inputs) + self.h
        other = self.h * (self.ways + 1)
        per_step = (first + other * (self.layers - ONE)) * self.h * (2 * self.gates * self.ways)
        return per_step * trailing(inputs[0])[-2].size

    def option(self) -> str:
        """Further arguments of the constructor."""
        return ""

    def module(self, site: Site) -> str:
        layers = site.static(self.layers)
        options = f", num_layers={layers}" if layers != 1 else ""
        options += "" if self.bias else ", bias=False"
        options += ", bidirectional=True" if self.bidirectional else ""
        options += f", dropout={self.dropout!r}" if self.dropout and layers != 1 else ""
        sizes = f"{site.static(last(site.inputs))}, {site.static(self.h)}"
        return f"nn.{self.layer}({sizes}{options}{self.option()}, batch_first=True)"

    def statements(self, site: Site) -> list[str]:
        """One call; the states come with the layers in front of the batch."""
        call = f"{site.module}({site.args[0]})"
        if not self.state:
            return [f"{site.results[0]} = {call}[0]"]
        result, *states = site.results
        together = f"({', '.join(states)})" if self.states > 1 else states[0]
        lines = [f"{result}, {together} = {call}"]
        at = f"{{0}} = {{0}}.transpose(0, {result}.dim() - 2)"  # no batch axis: nothing to exchange
        return lines + [at.format(s) for s in states]


@box("lstm", "iterate")
class Lstm(Recurrence):
    """A stack of long short-term memories along the first axis (Hochreiter and Schmidhuber, 1997;
    `torch.nn.LSTM`). R[t, d] -> R[t, h], or R[t, 2*h] if `bidirectional`; the state starts at zero.

    With `state`, the last hidden and cell states come out too, R[n, h] @ R[n, h] for n layers and directions.
    `dropout` stands between the layers. At most one batch axis. The matrix products are counted.
    """

    h: Dim
    layers: Dim = ONE
    bidirectional: bool = False
    bias: bool = True
    state: bool = False
    dropout: float = 0.0
    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2
    layer: ClassVar[str] = "LSTM"


@box("gru", "iterate")
class Gru(Recurrence):
    """A stack of gated recurrent units along the first axis (Cho et al., 2014; `torch.nn.GRU`).
    R[t, d] -> R[t, h], or R[t, 2*h] if `bidirectional`; the state starts at zero.

    With `state`, the last state comes out too, R[n, h] for n layers and directions. `dropout` stands
    between the layers. At most one batch axis. The matrix products are counted.
    """

    h: Dim
    layers: Dim = ONE
    bidirectional: bool = False
    bias: bool = True
    state: bool = False
    dropout: float = 0.0
    gates: ClassVar[int] = 3
    layer: ClassVar[str] = "GRU"


@box("rnn", "iterate")
class Rnn(Recurrence):
    """A stack of plain recurrent nets with tanh or relu along the first axis (Elman, 1990; `torch.nn.RNN`).
    R[t, d] -> R[t, h], or R[t, 2*h] if `bidirectional`; the state starts at zero.

    With `state`, the last state comes out too, R[n, h] for n layers and directions. `dropout` stands
    between the layers. At most one batch axis. The matrix products are counted.
    """

    h: Dim
    layers: Dim = ONE
    bidirectional: bool = False
    bias: bool = True
    state: bool = False
    activation: str = "tanh"
    dropout: float = 0.0
    layer: ClassVar[str] = "RNN"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        activation_known(self, self.activation)
        return super().rule(typing, inputs)

    def option(self) -> str:
        return activation_option(self.activation)
