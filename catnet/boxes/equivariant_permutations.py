"""Linear maps between tensors over a set of points that commute with permutations of the points."""

from __future__ import annotations

from math import comb, factorial
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import LINEAR, aside, entrywise, refuse_on
from catnet.boxes.axes import only_wire, opened, product, real_wire, trailing
from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.diagrams.shards import Answer, Cut
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object, Pack

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

TWO = Dim.const(2)
MOST = 8  # legs of a diagram: 4140 maps


@box("permutation_linear", "linear")
class PermutationLinear(Box):
    """All linear maps between tensors over n points that commute with permutations of the points, with a matrix of
    weights between channels for each: R[...s, n, n, c] -> R[...s, n, n, features].

    `order` is the number of axes over the points in the input, `into` in the output:

        net graph(k) : R[n, n, c] -> R[k] under S(n) on n =
            permutation_linear(16) >> relu >> permutation_linear(k, 2, 0)

    From pairs to pairs there are 15 maps (means over rows, columns, the diagonal, all; transposes; broadcasts),
    with 2 biases; order 1 to 1 is the layer of deep sets (Zaheer et al., 2017), with 2 maps. In general
    there is one for each partition of the order + into axes (Maron et al., 2019), and a bias for each partition
    of the `into` output axes. Sums are taken as means. Counted are the products with the weights.
    """

    features: Dim
    order: Dim = TWO
    into: Dim = TWO
    bias: bool = True
    map_kind: ClassVar[MapKind] = "affine"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        order, into = self._orders()
        wire = opened(typing.inference, only_wire(self.name, inputs, typing), order + 1)
        wire = real_wire(typing, wire)
        points = trailing(wire)[-order - 1 : -1]
        if len(points) < order:
            raise reject(
                f"`{self.name}` takes {order} axes over the points and one of channels, not `{wire}`",
                help=f"the order of `{wire}` is {max(len(trailing(wire)) - 1, 0)} at most",
            )
        for axis in points[1:]:
            verdict = typing.inference.equal(axis.size, points[0].size)
            if not verdict:
                raise reject(
                    f"`{self.name}` takes {order} axes over the same points, and `{wire}` has {points[0].size} and "
                    f"{axis.size}",
                    help="the axes before the channels must be equal",
                )
        wire = typing.inference.wire(wire)
        kept = trailing(wire)[-order - 1]
        return (wire.with_axes((*wire.axes[: -order - 1], *[kept] * into, Axis(self.features))),)

    def _orders(self) -> tuple[int, int]:
        order, into = self.order.value, self.into.value
        if order is None or into is None or order < 1 or into < 0 or order + into > MOST:
            raise reject(
                f"`{self.name}` takes known orders, from 1 on for the input and at most {MOST} together, "
                f"not {self.order} and {self.into}",
                help="a tensor without points is brought to all of them by `repeat`",
            )
        return order, into

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        order, into = self._orders()
        found = {"weight": (Dim.const(_partitions(order + into)), _channels(inputs), self.features)}
        return found | ({"bias": (Dim.const(_partitions(into)), self.features)} if self.bias else {})

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        order, into = self._orders()
        wire = inputs[0]
        n = trailing(wire)[-order - 1].size
        front = product([axis.size for axis in wire.axes[: -order - 1] if not isinstance(axis, Pack)])
        carried = sum((n**t * _through(order, into, t) for t in range(min(order, into) + 1)), Dim.const(0))
        return carried * front * _channels(inputs) * self.features * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The same permutations act on all axes over the points; they come out on all of the output's."""
        order, into = self._orders()
        refuse_on(self.name, acting, (-1,), "has free weights along the channels", LINEAR)
        places = range(-order - 1, -1)
        taken, rest = aside(acting, places)
        reps = {part.rep for part in taken}
        for part in taken:
            if not part.rep.kind.within(Kind.PERMUTATION):
                raise Refusal(
                    f"`{self.name}` takes axes over points, and `{part.rep}` {does(part.rep)} them",
                    "take `linear(W)` to a representation W",
                )
        if taken and (len(reps) > 1 or {part.axes for part in taken} != {(place,) for place in places}):
            raise Refusal(
                f"the points of `{self.name}` must be permuted alike along all {order} axes",
                "order = 1 treats further axes as batch",
            )
        (others,) = entrywise(self, rest) if rest.actions[0] else ((),)
        moved = [part.moved(tuple(at + order - into for at in part.axes)) for part in others]
        mine = [Part((at,), rep) for rep in reps for at in range(-into - 1, -1)]
        return (ordered((*moved, *mine)),)

    @property
    def passes(self) -> Kind:
        return Kind.PERMUTATION if self.bias else Kind.GENERAL

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        order, into = self._orders()
        (at,) = cut
        if at is not None and at >= -order - 1:
            return f"`{self.name}` sums over the axis that is cut"
        return (at if at is None else at + order - into,)

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.nn.permutation:PermutationLinear")
        order, into = self._orders()
        sizes = f"{order}, {into}, {site.static(_channels(site.inputs))!r}, {site.static(self.features)!r}"
        return f"{made}({sizes}{'' if self.bias else ', bias=False'})"


def _channels(inputs: Object) -> Dim:
    last = inputs[0].axes[-1]
    assert isinstance(last, Axis)
    return last.size


def _blocks(items: int, blocks: int) -> int:
    """In how many ways items fall into so many blocks: Stirling's numbers of the second kind."""
    signed = (comb(blocks, i) * (-1) ** i * (blocks - i) ** items for i in range(blocks + 1))
    return sum(signed) // factorial(blocks)


def _partitions(items: int) -> int:
    """In how many ways items fall into blocks: Bell's numbers.

    >>> [_partitions(n) for n in range(6)]
    [1, 1, 2, 5, 15, 52]
    """
    return sum(_blocks(items, blocks) for blocks in range(items + 1))


def _through(order: int, into: int, carried: int) -> int:
    """How many partitions of the axes have so many blocks with axes of both sides, which carry values over.

    >>> [_through(2, 2, t) for t in range(3)], sum(_through(2, 2, t) for t in range(3))
    ([4, 9, 2], 15)
    """
    return sum(
        _blocks(order, a) * _blocks(into, b) * comb(a, carried) * comb(b, carried) * factorial(carried)
        for a in range(order + 1)
        for b in range(into + 1)
    )
