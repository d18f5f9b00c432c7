"""Boxes of images on a strip, whose channels carry a representation of its mirror: R[V, across(E, h), along(E, l)]."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import ONE, ZERO, is_open, known_axes, only_wire, options, real_wire
from catnet.diagrams.acting import Acting, Action, Refusal, carried
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.printing import static_tree
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep

FIELDS = "rep V = 2*trivial(C(2)) + 4*regular(C(2)), then R[V, across(E, h), along(E, l)]"


class OnStrip(Box):
    """What takes an image on a strip."""

    batch_axes: ClassVar[int | None] = 1

    def image(self, typing: Typing, inputs: Object) -> tuple[Wire, Rep] | None:
        """The image and what its channels carry; None where its axes are not known yet."""
        from catnet.bundles.strips import Across, Along  # only a spec with bundles asks

        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return None
        wire = real_wire(typing, wire)
        axes = known_axes(self.name, wire)
        spaces = [axis.space for axis in axes]
        if len(axes) != 3 or not isinstance(spaces[1], Across) or not isinstance(spaces[2], Along):
            words = f"`{self.name}` takes an image on a strip, not `{wire}`"
            raise reject(words, code="E0830", help="R[V, across(E, h), along(E, l)], for a bundle of lines E")
        if spaces[1].bundle is not spaces[2].bundle:
            raise reject(f"`{wire}` goes along one strip and across another", code="E0830", help="name one bundle")
        if spaces[0] is None:
            words = f"`{self.name}` maps between fields, and the channels of `{wire}` carry none"
            raise reject(words, code="E0735", help=f"say what the mirror does to them: {axes[0]}*trivial(C(2))")
        _blocks(spaces[0])  # type: ignore[arg-type]  # refuses what is none
        return wire, spaces[0]  # type: ignore[return-value]

    def moved(self, acting: Acting, after: Rep) -> Action:
        """The action of the strip's own symmetries on the output, whose channels carry a representation.

        Refuses a mirror that does not reverse the rows as well as it acts on the channels, and anything else that
        moves the places.
        """
        action = acting.actions[0]
        if action != carried(acting.inputs[0], acting.group):
            shown = ", ".join(f"`{part.rep}`" for part in action)
            words = f"`{self.name}` commutes with the symmetries of its strip, and {shown} acts on the image"
            raise Refusal(words, "the mirror and the steps along the strip are in the type: across(E, h), along(E, l)")
        wire = acting.inputs[0]
        return carried(wire.with_axes((Axis(after.dim, None, after), *wire.axes[-2:])), acting.group)


@box("strip_conv", "bundles")
class StripConvolution(OnStrip):
    """A convolution of images on a strip that does not depend on where the strip is cut (coordinate independent
    convolution, Weiler et al., 2021): R[V, across(E, h), along(E, l)] -> R[W, across(E, h), along(E, l)].

    V and W are representations of the mirror, C(2). What a kernel reaches beyond the seam comes back through the last
    transition of E: as it is over a cylinder, mirrored over a Moebius band; over an interval, and beyond the sides,
    there are zeros. About half of the entries of a kernel are free. The size stays: there is no stride, as a coarser
    grid would be another one after a step along the strip.
    """

    channels: Space
    kernel: Dim
    bias: bool = True
    map_kind: ClassVar[MapKind] = "affine"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = self.image(typing, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, _ = found
        _blocks(self.channels)  # type: ignore[arg-type]  # refuses what is none
        odd, reach = Pred("==", self.kernel % 2, ONE), self.kernel // 2
        typing.inference.demand(odd, f"`strip_conv` needs a kernel with a centre, {odd}")
        least = Pred(">=", known_axes("strip_conv", wire)[2].size, reach)
        typing.inference.demand(least, f"`strip_conv` needs a strip as long as its kernel reaches, {least}")
        return (wire.with_axes((Axis(self.channels.dim, None, self.channels), *wire.axes[1:])),)

    def expression(self) -> tree.Expr:
        """`strip_conv(W, 3)`, as the language writes it."""
        args = [tree.Arg(None, static_tree(self.channels)), tree.Arg(None, static_tree(self.kernel))]
        args += [] if self.bias else [tree.Arg("bias", tree.Truth(False))]
        return tree.Call(tree.Name("strip_conv"), tuple(args))

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        into, out = _fields(inputs[0]), _fields(outputs[0])
        given: dict[str, tuple[Dim, ...]] = {"weight": (_free(into, out, self.kernel),)}
        biases = _copies(out, "trivial", "regular")
        return {**given, "bias": (biases,)} if self.bias and biases != ZERO else given

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * _fields(inputs[0]).dim * self.kernel * self.kernel * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        return (self.moved(acting, self.channels),)  # type: ignore[arg-type]

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.nn.bundles:StripConv2d")
        into, out = (_text(site, _fields(wire)) for wire in (site.inputs[0], site.outputs[0]))
        seam = site.inputs[0].axes[-1].space.seam  # type: ignore[union-attr]  # the rule asks for a strip
        return f'{made}({into}, {out}, {site.static(self.kernel)}, "{seam}"{options(bias=(self.bias, True))})'


@box("strip_relu", "bundles")
class StripRelu(OnStrip):
    """ReLU of the fields of a strip that the mirror permutes; one that it gives a sign is gated by its size,
    `x*sigmoid(|x| + b)`, with a b of its own. R[V, across(E, h), along(E, l)] -> the same."""

    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = self.image(typing, inputs)
        return (typing.inference.fresh_wire() if found is None else found[0],)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"bias": (_copies(_fields(inputs[0]), "sign"),)}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        return (self.moved(acting, _fields(acting.inputs[0])),)

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.nn.bundles:StripActivation")
        return f"{made}({_text(site, _fields(site.inputs[0]))})"


@box("strip_pool", "bundles")
class StripPool(OnStrip):
    """The mean over the whole strip of what is invariant: a field that the mirror leaves, the size of one whose sign it
    changes, the larger of a pair that it exchanges. R[V, across(E, h), along(E, l)] -> R[k], for V of k fields."""

    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = self.image(typing, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        return (found[0].with_axes((Axis(_copies(found[1], "trivial", "sign", "regular")),)),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        self.moved(acting, _fields(acting.inputs[0]))  # refuses what it does not expect
        return ((),)

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.nn.bundles:StripPool")
        return f"{made}({_text(site, _fields(site.inputs[0]))})"


def _fields(wire: Wire) -> Rep:
    axis = wire.axes[0]
    assert isinstance(axis, Axis)
    return axis.space  # type: ignore[return-value]  # the rule refuses a plain axis


def _blocks(rep: Rep) -> list[tuple[Dim, str]]:
    from catnet.bundles.strips import mirror_blocks

    return mirror_blocks(rep)


def _text(site: Site, rep: Rep) -> str:
    """The blocks of a representation as code."""
    return "[" + ", ".join(f'({site.static(copies)}, "{name}")' for copies, name in _blocks(rep)) + "]"


def _copies(rep: Rep, *names: str) -> Dim:
    """How many fields of these names there are."""
    return sum((copies for copies, name in _blocks(rep) if name in names), ZERO)


def _free(into: Rep, out: Rep, size: Dim) -> Dim:
    """The free entries of a kernel: the dimension of what the mirror leaves, by its trace.

    The middle row stays, each other one is exchanged with one; on the channels a pair has trace 0.
    """
    traces = [_copies(rep, "trivial") - _copies(rep, "sign") for rep in (into, out)]
    return (into.dim * out.dim * size * size + traces[0] * traces[1] * size) // 2
