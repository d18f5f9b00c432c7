"""Boxes of images whose channels carry a representation of C(n) or D(n), which turns the grid as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import aside
from catnet.boxes.axes import ONE, ZERO, is_open, known_axes, one_of, only_wire, options, real_wire
from catnet.boxes.convolution import TURNED_WEIGHTS, room, windows, windows_along
from catnet.boxes.equivariant import warn_of_idle
from catnet.boxes.grids import Rule, on_grid, turning
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.printing import static_tree
from catnet.symmetry.kinds import Kind
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.boxes.kernels import Kernels
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep

CHANNELS = -3
FINEST = 0.125
ERRORS = {3: 0.03, 5: 0.02, 7: 0.08, 9: 0.08}
"""By size of the kernel what `catnet.nn.turn_error` stays below, for layers of C(8), C(16), D(8) and D(16) between
trivial, regular and plane fibres with fresh weights: `tests/symmetry/test_grids.py` measures it."""


def fibred(name: str, typing: Typing, inputs: Object) -> tuple[Wire, Rep] | None:
    """The image and the representation on its channels; None where its axes are not known yet."""
    wire = only_wire(name, inputs, typing)
    if is_open(wire):
        return None
    wire = real_wire(typing, wire)
    axes = known_axes(name, wire)
    if len(axes) != 3:
        raise reject(f"`{name}` takes an image R[V, h, w], not `{wire}`")
    space = axes[0].space
    if space is None:
        raise reject(
            f"`{name}` maps between representations, and the channels of `{wire}` carry none",
            code="E0735",
            help=f"say what they carry in the signature; a plain image is R[{axes[0]}*trivial(C(4)), h, w]",
        )
    return wire, space  # type: ignore[return-value]


def carried_channels(name: str, acting: Acting, source: Rep) -> tuple[Part | None, Acting]:
    """What turns the grid, and the question without it and without what acts on the channels as their type says.

    Refuses channels that are turned without the grid.
    """
    channels, rest = aside(acting, (CHANNELS,))
    if any(part.axes != (CHANNELS,) or part.rep != source for part in channels):
        raise Refusal(f"`{name}` expects `{source}` on the channels, and {channels[0].rep} acts there")
    if source.group == acting.group and source.kind is not Kind.TRIVIAL and not channels:
        raise Refusal(f"`{name}` expects `{source}` on the channels, and nothing acts there")
    return turning(rest), rest


@box("group_conv", "symmetry")
class GroupConvolution(Box):
    """A convolution of images whose channels carry a representation of C(4) or D(4), with a kernel that turns with
    the image (Cohen and Welling, 2016): `conv(W, kernel)` on R[V, h, w] is R[V, h, w] -> R[W, h', w'].

    Its free weights are those of an exact basis: for regular representations 4 kernel^2 (C) or 8 kernel^2 (D) for
    each pair of copies. A bias lies in the fixed vectors of W. Turns need (h + 2*padding - kernel) % stride == 0.
    For C(n) and D(n) of finer turns the kernel is made of circular harmonics (Weiler and Cesa, 2019); that is
    exact for quarter turns and approximate in between.
    """

    channels: Space
    kernel: Dim
    stride: Dim = ONE
    padding: Dim = ZERO
    bias: bool = True
    padding_mode: str = "zeros"
    map_kind: ClassVar[MapKind] = "affine"
    batch_axes: ClassVar[int | None] = 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of("conv", "padding_mode", self.padding_mode, ("zeros", "circular"))
        found = fibred("conv", typing, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, source = found
        self._fits(source, typing)
        axes = known_axes("conv", wire)[1:]
        spec = self._spec()
        for axis in axes:
            room(typing, "conv", axis.size, self.padding, self.padding_mode)
            whole = Pred.divides(axis.size + self.padding * 2 - self.kernel, self.stride)
            if self.stride != ONE:
                typing.inference.demand(whole, f"`conv({self.channels}, ...)` turns with the image if {whole}")
        sizes = windows(typing, "conv", [axis.size for axis in axes], spec)
        grid = [Axis(n, a.tag if n == a.size else None) for n, a in zip(sizes, axes, strict=True)]
        return (wire.with_axes((Axis(self.channels.dim, None, self.channels), *grid)),)

    def _spec(self) -> list[tuple[Dim, ...]]:
        """Kernel, stride, padding and dilation for both axes."""
        return [(value, value) for value in (self.kernel, self.stride, self.padding, ONE)]

    def expression(self) -> tree.Expr:
        """`conv(W, 3)`, as the language writes it."""
        given = [(p.name, getattr(self, p.name)) for p in self.params()[2:] if getattr(self, p.name) != p.default]
        args = [tree.Arg(None, static_tree(self.channels)), tree.Arg(None, static_tree(self.kernel))]
        return tree.Call(tree.Name("conv"), tuple(args + [tree.Arg(n, static_tree(v)) for n, v in given]))

    def _fits(self, source: Rep, typing: Typing) -> None:
        """Refuse what is no representation of turns of a grid, and a target that no kernel reaches; warn of parts."""
        from catnet.boxes.kernels import refuse_unfit

        target: Rep = self.channels  # type: ignore[assignment]
        if source.group != target.group:
            raise reject(f"`{source}` is a representation of `{source.group}`, and `{target}` one of `{target.group}`",
                         code="E0735", help="both must be representations of one group")  # fmt: skip
        refuse_unfit(source, target, self.kernel, self.padding_mode)
        found = self._kernels(source)
        idle = found.unreached(self.bias)
        if found.empty:
            raise reject(f"no kernel but 0 of size {self.kernel} leads from `{source}` to `{target}`: Hom = 0",
                         code="E0736", help="take a larger kernel, or further channels")  # fmt: skip
        warn_of_idle(typing, "conv", found.unread, *idle)

    def _kernels(self, source: Rep) -> Kernels:
        from catnet.boxes.kernels import kernels

        return kernels(source, self.channels, self.kernel.value or 0)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return self._kernels(_space(inputs[0])).shapes(self.bias)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * _space(inputs[0]).dim * self.kernel * self.kernel * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        source, target = _space(acting.inputs[0]), self.channels
        turn, rest = carried_channels("conv", acting, source)
        spec = self._spec()
        along = windows_along(acting.inputs, acting.outputs, spec, self.padding_mode)
        passes = Kind.PERMUTATION if self.bias else Kind.GENERAL
        ours = source.group == acting.group
        if ours and turn is None:
            alone = not aside(rest, (-2, -1))[0]
            does = "acts on its channels alone" if alone else "does not turn its rows and columns"
            words = f"the kernel of `conv` turns with the image, and `{acting.group}` {does}"
            raise Refusal(words, f"claim both: under {acting.group} on (h, w)")
        rule = Rule("conv", along, True, "" if ours or self.kernel == ONE else TURNED_WEIGHTS, passes)
        if not ours or turn is None or turn.rep.exact:  # type: ignore[attr-defined]
            grid = on_grid(rule, rest)
        else:
            grid = self._steered(acting, rest, turn)
        return (ordered((*grid, Part((CHANNELS,), target))) if ours else grid,)  # type: ignore[arg-type]

    def _steered(self, acting: Acting, rest: Acting, turn: Part) -> Action:
        """Finer turns: the error is measured, in `tests/symmetry/test_grids.py`."""
        from catnet.symmetry.turns import Turned

        if self.kernel != ONE or self.padding != ZERO:
            error = ERRORS.get(self.kernel.value or 0)
            shown = "an error that was not measured" if error is None else f"a measured error below {100 * error:g} %"
            acting.word = "assumed" if error is None else "tested"
            what = f"(root mean square, for images of up to {FINEST:g} cycles a cell)"
            acting.limit(f"away from the border with {shown} {what}, and exactly for quarter turns alone")
        h, w = (axis.size for axis in known_axes("conv", acting.outputs[0])[1:])
        others = tuple(part for part in rest.actions[0] if part != turn)
        return (*others, turn.on(Turned(turn.rep.group, h, w)))  # type: ignore[arg-type]

    def module(self, site: Site) -> str:
        source, target = _space(site.inputs[0]), self.channels
        exact = target.group.size == 4  # type: ignore[attr-defined]
        made = site.need(f"python:catnet.torch.grid_layers:{'group_conv' if exact else 'steerable_conv'}")
        site.static(source.dim), site.static(target.dim)
        given = options(stride=(site.static(self.stride), 1), padding=(site.static(self.padding), 0))
        given += options(padding_mode=(self.padding_mode, "zeros"), bias=(self.bias, True))
        return f"{made}({str(source)!r}, {str(target)!r}, {site.static(self.kernel)}{given})"


class OnFibres(Box):
    """What is done with each copy of a fibre of C(4) or D(4), by itself at each cell of an image."""

    map_kind: ClassVar[MapKind] = "smooth"
    layer: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        from catnet.boxes.kernels import refuse_no_fibres

        found = fibred(self.name, typing, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, source = found
        refuse_no_fibres(self.name, source)
        self.check(source)
        after = self.after(source)
        return (wire.with_axes((Axis(after.dim, None, after), *wire.axes[1:])),)

    def check(self, source: Rep) -> None:
        """Refuse what is no fibre for this box."""

    def after(self, source: Rep) -> Rep:
        """What the channels of the output carry."""
        return source

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        source = _space(acting.inputs[0])
        _, rest = carried_channels(self.name, acting, source)
        for part in rest.actions[0]:
            if not part.rep.kind.within(Kind.PERMUTATION):
                raise Refusal(f"`{self.name}` goes from cell to cell, and `{part.rep}` does not permute them")
        carried = (Part((CHANNELS,), self.after(source)),) if source.group == acting.group else ()
        return (ordered((*rest.actions[0], *carried)),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def arguments(self) -> str:
        """Further arguments of the layer."""
        return ""

    def module(self, site: Site) -> str:
        made = site.need(f"python:catnet.torch.grid_layers:{self.layer}")
        site.static(_space(site.inputs[0]).dim)
        return f"{made}({str(_space(site.inputs[0]))!r}{self.arguments()})"


@box("fibre_batch_norm", "symmetry")
class FibreBatchNorm(OnFibres):
    """Batch normalisation of images R[V, h, w] with one mean, variance, gain and bias for each copy of a fibre of C(4)
    or D(4) that permutes its channels, such as `regular(C(4))`: statistics run over whole orbits. R[V, h, w] -> the
    same. Keeps running statistics, as `batch_norm` does; two operations per entry are counted."""

    eps: float = 1e-5
    momentum: float = 0.1
    batch_axes: ClassVar[int | None] = 1
    batch_needed: ClassVar[int] = 1
    effect = "stateful"
    layer: ClassVar[str] = "fibre_batch_norm"

    def check(self, source: Rep) -> None:
        for _, rep in source.blocks:
            if not rep.kind.within(Kind.PERMUTATION):
                words = f"`{self.name}` takes means over a fibre, and that of `{rep}` is not fixed by the group"
                raise reject(words, code="E0751", help="give it permutation representations: regular(G), trivial(G)")

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        blocks = [count for count, _ in _space(inputs[0]).blocks]
        return {f"norms.{k}.{name}": (count,) for k, count in enumerate(blocks) for name in ("weight", "bias")}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) * 2

    def arguments(self) -> str:
        return options(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1))


@box("fibre_relu", "symmetry")
class FibreRelu(OnFibres):
    """ReLU on images R[V, h, w] where a fibre of C(4) or D(4) permutes its channels; each other copy x is gated by its
    length, `x*sigmoid(|x| + b)`, with a b of its own. R[V, h, w] -> the same; one operation per entry is counted."""

    layer: ClassVar[str] = "fibre_relu"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        counts = [count for count, rep in _space(inputs[0]).blocks if not rep.kind.within(Kind.PERMUTATION)]
        return {"bias": (sum(counts, ZERO),)}


@box("invariant_pool", "symmetry")
class InvariantPool(OnFibres):
    """What is invariant in each copy of a fibre of C(4) or D(4): its greatest entry where it permutes its channels,
    else its length. R[V, h, w] -> R[k*trivial(G), h, w] for V of k copies; one operation per entry is counted."""

    layer: ClassVar[str] = "invariant_pool"

    def after(self, source: Rep) -> Rep:
        from catnet.symmetry.reps_leaves import Trivial
        from catnet.symmetry.reps_nodes import direct_sum

        return direct_sum([(count, Trivial(source.group)) for count, _ in source.blocks])


def _space(wire: Wire) -> Rep:
    """What the channels carry."""
    axis = wire.axes[0]
    assert isinstance(axis, Axis)
    return axis.space  # type: ignore[return-value]  # the rule refuses a plain axis
