"""Tensor products of two representations, taken apart into a third with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import count, one_of, real_wire
from catnet.boxes.equivariant import carried_last, warn_of_idle
from catnet.boxes.equivariant_copies import invariant_numbers, space_of, with_last, without_last
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.joining import multiplied
from catnet.diagrams.shards import Answer, Cut, beside, together
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.wires import REAL, Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.bilinear import BilinearMaps
    from catnet.symmetry.reps import Rep


@box("tensor_product", "symmetry")
class TensorProduct(Box):
    """The equivariant bilinear maps of two vectors of representations into a third, with free weights in an exact
    basis: `tensor_product(W)` is R[...s, U] @ R[...s, V] -> R[...s, W].

    A path leads from a summand of U and one of V to one of W, if a map does: for O(3) those of the Clebsch-Gordan
    coefficients. With `mixing = "full"` each copy in W gets its own combination of all pairs of copies; with
    "channel" the copies of U stay apart and become those of W, so that summands of equal multiplicity meet. With
    `shared = false` the weights come as a third wire, R[...s, paths(U, V, W)], one vector for each pair of
    vectors (`paths(U, V, W, "channel")` for the other mixing).

        rep Y = trivial(G) + vector(G)
        rep V = 8*trivial(G) + 4*vector(G)
        net message : R[n, V] @ R[n, Y] -> R[n, V] under G = tensor_product(V)

    Counted are the products of each path with its coupling, then with its weights.
    """

    features: Space
    mixing: str = "full"
    shared: bool = True
    map_kind: ClassVar[MapKind] = "smooth"
    broadcasts: ClassVar[bool] = False

    @property
    def arity(self) -> int:  # type: ignore[override]
        """The weights are a third wire where they are not its own."""
        return 2 if self.shared else 3

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "mixing", self.mixing, ("full", "channel"))
        count(self.name, inputs, self.arity)
        inference = typing.inference
        left, first = carried_last(self.name, inference, inference.wire(inputs[0]))
        left = real_wire(typing, left)
        right, second = carried_last(self.name, inference, inference.wire(inputs[1]))
        inference.unify(right, Wire(REAL, (*left.axes[:-1], right.axes[-1])), 1)
        maps = self._reached(first, second)
        warn_of_idle(typing, self.name, maps.unread, maps.unreached, ())
        if not self.shared:
            what = f"a weight for each path from `{first}` and `{second}` to `{self.features}`"
            weights = invariant_numbers(self.name, inference, inference.wire(inputs[2]), maps.weights, what, 2)
            inference.unify(weights, Wire(REAL, (*left.axes[:-1], weights.axes[-1])), 2)
        left = inference.wire(left)
        return (left.with_axes((*left.axes[:-1], Axis(self.features.dim, None, self.features))),)

    def _reached(self, first: Rep, second: Rep) -> BilinearMaps:
        """The maps; refuses representations of different groups, and a target that cannot be reached."""
        target: Rep = self.features  # type: ignore[assignment]
        for rep in (first, second):
            if rep.group != target.group:
                words = f"`{rep}` is a representation of `{rep.group}`, and `{target}` one of `{target.group}`"
                raise reject(words, code="E0735", help="all must be representations of one group")
        maps = self._maps(first, second)
        if not maps.couplings:
            mixed = " with as many copies" if self.mixing == "channel" else ""
            raise reject(
                f"no bilinear map but 0 leads from `{first}` and `{second}` to `{target}`{mixed}",
                code="E0736",
                help="leave it out, or give a factor more of what it is made of",
            )
        return maps

    def _maps(self, first: Rep, second: Rep) -> BilinearMaps:
        from catnet.symmetry.bilinear import bilinear_maps  # only where the box stands is it asked

        return bilinear_maps(first, second, self.features, self.mixing)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (self._maps(space_of(inputs[0]), space_of(inputs[1])).weights,)} if self.shared else {}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        maps = self._maps(space_of(inputs[0]), space_of(inputs[1]))
        return maps.operations * (elements(inputs[0]) // space_of(inputs[0]).dim)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, together(self.name, cut), -1, "takes the copies of a representation along")

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """It is linear in each wire; along the other axes it is a product entry by entry."""
        spaces = tuple(space_of(wire) for wire in acting.inputs[:2])
        rest = without_last(self.name, acting, (*spaces, None) if not self.shared else spaces)
        others = multiplied(self.name, rest, range(len(acting.inputs)))
        return with_last(others, acting, self.features)  # type: ignore[arg-type]

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.torch.layers:tensor_product")
        spaces = [*(space_of(wire) for wire in site.inputs[:2]), self.features]
        for space in spaces:
            site.static(space.dim)
        mixing = f", mixing={self.mixing!r}" if self.mixing != "full" else ""
        shared = "" if self.shared else ", shared=False"
        return f"{made}({', '.join(repr(str(space)) for space in spaces)}{mixing}{shared})"
