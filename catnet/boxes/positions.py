"""Positions: where an entry of a sequence stands, as a rotation, a vector to add, or a bias of the scores.

All of them take positions 0..t-1 from the length of their input, and count in float32 whatever the wire's
precision is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import entrywise, refuse_on
from catnet.boxes.axes import ONE, ZERO, has_pack, trailing
from catnet.boxes.mask import POSITIONS, OfLength
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import REAL, Axis, Kind, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


NO_ORDER = "a set has no order: leave positions out, or give them as an input on which the group acts"


def layout_known(box: Box, layout: object) -> None:
    """Refuse another layout than the two that there are."""
    if isinstance(layout, str) and layout not in ("half", "interleaved"):
        detail = f'`layout` of `{box.name}` is "half" or "interleaved", not "{layout}"'
        raise reject(detail, help="the pairs are entries i and i + c/2 (half), or 2i and 2i + 1 (interleaved)")


def rates(channels: str, base: float, near: str = "") -> str:
    """Code of the angles from one position to the next, channels/2 of them: entry k is 1 / base^(2k/channels)."""
    return f"1.0 / {base!r} ** ({numbers(f'0, {channels}, 2', near)} / {channels})"


def numbers(span: str, near: str = "") -> str:
    """Code of integers as float32, on the device of a tensor if one is named."""
    device = f", device={near}.device" if near else ""
    return f"torch.arange({span}, dtype=torch.float{device})"


@box("rotary", "attention")
class Rotary(Box):
    """Turn pairs of entries by angles that grow with the position (Su et al., 2021): pair k at position i by
    i / base^(2k/c), so that scores depend on distances alone. R[...s, t, c] -> R[...s, t, c], c even.

    The pairs are entries k and k + c/2 (`layout = "half"`, as in GPT-NeoX and Llama) or 2k and 2k + 1
    ("interleaved", as in the paper and GPT-J). With `channels = n` only the first n entries are turned. With
    `context = n` the sines and cosines of n positions are made once, as a buffer that is not saved, and
    t <= n is demanded. Three operations per entry are counted.
    """

    base: float = 10000.0
    layout: str = "half"
    channels: Dim = ZERO
    context: Dim = ZERO
    signature: ClassVar[str] = "R[...s, t, c] -> R[...s, t, c]"
    map_kind: ClassVar[MapKind] = "linear"
    register = "buffer"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        layout_known(self, self.layout)
        inference = typing.inference
        outputs, binding = inference.apply(self.type_rule()[0], inputs)
        c, t = binding.dims["c"], binding.dims["t"]
        if self.channels == ZERO:
            inference.demand(Pred.divides(c, Dim.const(2)), f"`rotary` turns pairs: {inference.dim(c)} % 2 == 0")
        else:
            turned = Pred.divides(self.channels, Dim.const(2))
            inference.demand(turned, f"`rotary` turns pairs: {self.channels} % 2 == 0")
            inference.demand(Pred(">=", c, self.channels), f"`rotary` needs at least {self.channels} channels")
        if self.context != ZERO:
            inference.demand(
                Pred(">=", self.context, t), f"`rotary` needs {inference.dim(t)} <= {self.context} positions"
            )
        return outputs

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 3

    def act(self, acting: Acting) -> tuple[Action, ...]:
        refuse_on(self.name, acting, (-2,), "depends on the order of the tokens", NO_ORDER)
        refuse_on(self.name, acting, (-1,), "turns pairs of entries", "let it turn entries on which nothing acts")
        return entrywise(self, acting)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        if cut[0] is not None and cut[0] >= -2:
            return f"`{self.name}` turns by the place along the axis that is cut"
        return cut

    def module(self, site: Site) -> str | None:
        if self.context == ZERO:
            return None
        turned = site.static(self.channels if self.channels != ZERO else trailing(site.inputs[0])[-1].size)
        places = numbers(str(site.static(self.context)))
        table = self._doubled(f"({places}.unsqueeze(-1) * ({rates(str(turned), self.base)}))")
        return f"torch.stack((torch.cos({table}), torch.sin({table})))"

    def _doubled(self, table: str) -> str:
        """The same angle for both entries of a pair."""
        return f"{table}.repeat(1, 2)" if self.layout == "half" else f"{table}.repeat_interleave(2, -1)"

    def statements(self, site: Site) -> list[str]:
        """Sines and cosines, the pairs exchanged, and their sum."""
        x, (result,) = site.args[0], site.results
        axes = trailing(site.inputs[0])
        whole = self.channels == ZERO or self.channels == axes[-1].size
        c = site.size(axes[-1].size if whole else self.channels)
        t = site.size(axes[-2].size)
        cos, sin = site.fresh("cos"), site.fresh("sin")
        lines = self._tables(site, cos, sin, t, c)
        part, rest = x, ""
        if not whole:
            part, rest = site.fresh("turned"), site.fresh("rest")
            lines.append(f"{part}, {rest} = {x}[..., :{c}], {x}[..., {c}:]")
        first, second = site.fresh("first"), site.fresh("second")
        if self.layout == "half":
            lines.append(f"{first}, {second} = {part}.chunk(2, dim=-1)")
            turned = f"torch.cat((-{second}, {first}), dim=-1)"
        else:
            lines.append(f"{first}, {second} = {part}[..., ::2], {part}[..., 1::2]")
            turned = f"torch.stack((-{second}, {first}), dim=-1).flatten(-2)"
        value = f"{part} * {cos} + {turned} * {sin}"
        lines.append(f"{result} = " + (value if whole else f"torch.cat(({value}, {rest}), dim=-1)"))
        return lines

    def _tables(self, site: Site, cos: str, sin: str, t: str, c: str) -> list[str]:
        if self.context != ZERO:
            return [f"{cos}, {sin} = {site.module}[:, :{t}].to({site.args[0]}.dtype)"]
        x, rate, angle = site.args[0], site.fresh("rate"), site.fresh("angle")
        return [
            f"{rate} = {rates(c, self.base, x)}",
            f"{angle} = {self._doubled(f'({numbers(t, x)}.unsqueeze(-1) * {rate})')}",
            f"{cos}, {sin} = {angle}.cos().to({x}.dtype), {angle}.sin().to({x}.dtype)",
        ]


class Table(Box):
    """One vector for each position of the input, to be added to it; it has no batch axes of its own."""

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The same vectors for every place of the axes before the tokens, which permutations of these leave alone."""
        refuse_on(self.name, acting, (-2,), "depends on the order of the tokens", NO_ORDER)
        remedy = "add positions to invariants, or take relative ones"
        refuse_on(self.name, acting, (-1,), "gives vectors of its own", remedy)
        return entrywise(self, acting)

    def gives_batch(self, site: Site) -> bool:
        return has_pack(site.inputs[0]) and any(site.batched)

    def spread(self, table: str, site: Site) -> str:
        """The table with the axes before t that the type of the input has."""
        wire, x = site.inputs[0], site.args[0]
        if has_pack(wire):
            return f"{table}.expand_as({x})"
        return f"{table}.expand({x}.shape[{-len(wire.axes)}:])" if len(wire.axes) > 2 else table


@box("sinusoidal", "source")
class Sinusoidal(Table):
    """The fixed vectors of Vaswani et al. (2017), to be added: entries 2k and 2k + 1 at position i are the sine
    and cosine of i / base^(2k/d). With `layout = "half"` all sines stand before all cosines.

    R[...s, t, d] -> R[...s, t, d], d even; only the sizes of the input matter: `id + sinusoidal`.
    """

    base: float = 10000.0
    layout: str = "interleaved"
    signature: ClassVar[str] = "R[...s, t, d] -> R[...s, t, d]"
    where: ClassVar[tuple[str, ...]] = ("d % 2 == 0",)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        layout_known(self, self.layout)
        return super().rule(typing, inputs)

    def statements(self, site: Site) -> list[str]:
        """The angles, their sines and cosines side by side."""
        t, d = (site.size(a.size) for a in trailing(site.inputs[0])[-2:])
        x, rate, angle = site.args[0], site.fresh("rate"), site.fresh("angle")
        join, flat = ("stack", ".flatten(-2)") if self.layout == "interleaved" else ("cat", "")
        table = f"torch.{join}(({angle}.sin(), {angle}.cos()), dim=-1){flat}.to({x}.dtype)"
        return [
            f"{rate} = {rates(d, self.base, x)}",
            f"{angle} = {numbers(t, x)}.unsqueeze(-1) * {rate}",
            f"{site.results[0]} = {self.spread(table, site)}",
        ]


@box("position_embedding", "source")
class PositionEmbedding(Table):
    """Learned vectors of the positions, to be added: the first t rows of a table of `context` rows
    (`torch.nn.Embedding`, so that its key is `weight`), as in GPT-2 and BERT.

    R[...s, t, d] -> R[...s, t, d], t <= context; only the sizes of the input matter:
    `id + wpe: position_embedding(1024)`.
    """

    context: Dim
    signature: ClassVar[str] = "R[...s, t, d] -> R[...s, t, d]"
    where: ClassVar[tuple[str, ...]] = ("t <= context",)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (self.context, trailing(inputs[0])[-1].size)}

    def module(self, site: Site) -> str:
        return f"nn.Embedding({site.static(self.context)}, {site.static(trailing(site.inputs[0])[-1].size)})"

    def code(self, site: Site) -> str:
        t = trailing(site.inputs[0])[-2].size
        rows = "" if t == self.context else f"[:{site.size(t)}]"
        return self.spread(f"{site.module}.weight{rows}", site)


class Bias(OfLength):
    """A bias R[heads, t, t] of attention scores, by the distance of the positions; for the mask of `sdpa`."""

    heads: Dim

    def of_length(self, typing: Typing, inputs: Object, wire: Wire, length: Axis) -> Object:
        typing.inference.demand(Pred(">=", self.heads, ONE), f"`{self.name}` needs {self.heads} >= 1 heads")
        return (Wire(REAL, (Axis(self.heads), length, length)),)

    def distance(self, site: Site) -> str:
        """Code of the matrix j - i, on the device of the input."""
        places = f"torch.arange({self.length(site)}, device={site.args[0]}.device)"
        return f"({places} - {places}.unsqueeze(-1))"


@box("relative_bias", "attention")
class RelativeBias(Bias):
    """A learned bias for each head and distance j - i, distances beyond `window` counting as `window` (Shaw et
    al., 2018, as a bias of the scores like that of Raffel et al., 2020).

    R[...s, t, d] -> R[heads, t, t]; the table is `torch.nn.Embedding` with 2*window + 1 rows, for the distances
    -window to window. Its input gives only the length, of the axis `over`.
    """

    heads: Dim
    window: Dim
    over: AxisRef = POSITIONS

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (self.window * 2 + 1, self.heads)}

    def module(self, site: Site) -> str:
        return f"nn.Embedding({2 * site.static(self.window) + 1}, {site.static(self.heads)})"

    def code(self, site: Site) -> str:
        n = site.static(self.window)
        return f"{site.module}({self.distance(site)}.clamp(-{n}, {n}) + {n}).movedim(-1, 0)"


@box("alibi", "attention")
class Alibi(Bias):
    """Scores fall with the distance, at a fixed rate 2^(-8k/heads) for head k = 1..heads (Press et al., 2022).

    R[...s, t, d] -> R[heads, t, t], entry (k, i, j) is -rate_k |i - j|. `heads` is a power of 2, as in the paper
    (which interpolates for others). Its input gives only the length, of the axis `over`.
    """

    heads: Dim
    over: AxisRef = POSITIONS

    def of_length(self, typing: Typing, inputs: Object, wire: Wire, length: Axis) -> Object:
        heads = self.heads.value
        if heads is not None and heads > 0 and heads & (heads - 1):
            raise reject(f"`heads` of `alibi` is a power of 2, not {heads}", help="take 1, 2, 4, 8, 16, ...")
        return super().of_length(typing, inputs, wire, length)

    def code(self, site: Site) -> str:
        heads = site.static(self.heads)
        near = f"device={site.args[0]}.device, dtype={_real_type(site)}"
        rates = f"2.0 ** (torch.arange(1, {heads + 1}, {near}) * {-8 / heads!r})"
        return f"-{self.distance(site)}.abs() * ({rates}).view(-1, 1, 1)"


def _real_type(site: Site) -> str:
    """The number format of reals at this place: that of the input, where it has one."""
    return f"{site.args[0]}.dtype" if site.inputs[0].kind == REAL else "torch.get_default_dtype()"


@box("positions", "shape")
class Positions(OfLength):
    """The positions 0..t-1 themselves: R[...s, t, d] -> Fin(t)[t].

    Its input gives only the length, of the axis `over` (the last but one, if none is said; -1 for tokens).
    """

    over: AxisRef = POSITIONS

    def of_length(self, typing: Typing, inputs: Object, wire: Wire, length: Axis) -> Object:
        return (Wire(Kind("Fin", length.size), (length,)),)

    def code(self, site: Site) -> str:
        return f"torch.arange({self.length(site)}, device={site.args[0]}.device)"
