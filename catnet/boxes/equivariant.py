"""Boxes between representations: the linear maps that commute with a group, and the end of a symmetry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import only_wire, opened, real_wire
from catnet.diagnostics import Diagnostic
from catnet.diagrams.acting import Acting, Action, Part, Refusal, on, ordered, pointwise, without
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.printing import static_tree
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.infer import Inference, reject
from catnet.types.spaces import Member, Space
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.equivariant import LinearMaps
    from catnet.symmetry.intertwiners import Part as Maps
    from catnet.symmetry.reps import Rep


SMALL = 16384  # entries of a matrix up to which it is applied as a whole, as in `catnet.nn.intertwiner`


def carried_last(box: str, inference: Inference, wire: Wire) -> tuple[Wire, Rep]:
    """The wire and the representation that its last axis carries; refuses a plain axis."""
    wire = opened(inference, wire, 1)
    last = wire.axes[-1] if wire.axes else None
    space = last.space if isinstance(last, Axis) else None
    if space is None:
        raise reject(
            f"`{box}` takes a representation, and the last axis of `{wire}` carries none",
            code="E0735",
            help="say what it carries in the signature: rep V = ..., then R[n, V]",
        )
    if space.what != "representation":
        raise reject(
            f"`{box}` takes a representation, and `{space}` on the last axis of `{wire}` is a {space.what}",
            code="E0735",
            help="between bundles lead maps: map f : E -> F { ... }; `forget(E)` gives plain numbers",
        )
    if space.field == "C":  # type: ignore[attr-defined]
        raise reject(
            f"`{space}` acts on complex numbers, and `{box}` takes real ones",
            code="E0745",
            help="`representation(G, ...)` gives a real form of it by its matrices",
        )
    return wire, space  # type: ignore[return-value]


FURTHER = {
    "linear": "take `norm` or `tensor_product`, which go further",
    "conv": "take a larger kernel, which may go further",
    "tensor_product": "give a factor more of what it is made of",
}


def warn_of_idle(typing: Typing, box: str, unread: Sequence[Rep], zero: Sequence[Rep], constant: Sequence[Rep]) -> None:
    """Warn of parts of the inputs that no map reads, and of parts of the output that are 0 or a bias alone."""
    told = (
        ("E0747", unread, "reads nothing of {}: no map leads from there to the output"),
        ("E0748", zero, "reaches {} by 0 alone: zeros come out there"),
        ("E0748", constant, "reaches {} by its bias alone: the same comes out there for every input"),
    )
    span = typing.node.span if typing.node is not None else None
    for code, parts, words in told:
        if parts:
            message = f"`{box}` {words.format(', '.join(f'`{part}`' for part in dict.fromkeys(parts)))}"
            hint = f"leave it out, or {FURTHER[box]}"
            typing.report.add(Diagnostic(code, message, span, help=hint, severity="warning"))


@box("intertwiner", "linear")
class Intertwiner(Box):
    """The linear maps from the representation that the last axis carries to another one of the same group, with free
    weights in an exact basis of Hom(V, W): `linear(W)` on R[...s, V] is R[...s, V] -> R[...s, W].

    A bias lies in the fixed vectors of W. Between sums of irreducibles the weights mix equal ones (Schur's lemma).
    """

    features: Space
    bias: bool = True
    map_kind: ClassVar[MapKind] = "affine"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire, source = carried_last("linear", typing.inference, only_wire("linear", inputs, typing))
        wire = real_wire(typing, wire)
        self._fits(source)
        maps = self._maps(source)
        unbiased = maps.basis.unreached if maps.fixed is None else maps.fixed.unreached
        zero = [rep for rep in maps.basis.unreached if rep in unbiased]
        constant = [rep for rep in maps.basis.unreached if rep not in unbiased]
        warn_of_idle(typing, "linear", maps.basis.unused, zero, constant)
        return (wire.with_axes((*wire.axes[:-1], Axis(self.features.dim, None, self.features))),)

    def sign(self) -> str:
        return f"linear({self.features.label or self.features})"

    def expression(self) -> tree.Expr:
        """`linear(W)`, as the language writes it."""
        args = [tree.Arg(None, static_tree(self.features))]
        if not self.bias:
            args.append(tree.Arg("bias", tree.Truth(False)))
        return tree.Call(tree.Name("linear"), tuple(args))

    def _fits(self, source: Rep) -> None:
        """Refuse a representation of another group, and one from which the target cannot be reached."""
        target: Rep = self.features  # type: ignore[assignment]
        if target.what != "representation":
            raise reject(f"`linear` leads to a representation, and `{target}` is a {target.what}",
                         code="E0735", help="between bundles lead maps: map f : E -> F { ... }")  # fmt: skip
        if source.group != target.group:
            raise reject(f"`{source}` is a representation of `{source.group}`, and `{target}` one of `{target.group}`",
                         code="E0735", help="both must be representations of one group")  # fmt: skip
        if not self._maps(source).parts:
            raise reject(
                f"no linear map but 0 leads from `{source}` to `{target}`: Hom = 0",
                code="E0736",
                help="a product of wires reaches further: `tensor_product`",
            )

    def _maps(self, source: Space) -> LinearMaps:
        from catnet.symmetry.equivariant import linear_maps

        return linear_maps(source, self.features, self.bias)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return self._maps(_space(inputs[0])).shapes()

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        """One product with the assembled matrix where that is small, else one product for each part; the assembly is
        not counted, as it is done once for all samples."""
        source = _space(inputs[0])
        vectors = elements(inputs[0]) // source.dim
        whole = source.dim * self.features.dim
        if whole.value is not None and whole.value <= SMALL:
            return whole * vectors * 2
        return sum((_products(part) for part in self._maps(source).parts), Dim.const(0)) * vectors * 2

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside("linear", cut, -1, "sums over")

    @property
    def passes(self) -> Kind:
        return Kind.PERMUTATION if self.bias else Kind.GENERAL

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if getattr(self.features, "group", None) != acting.group:
            return pointwise(self, acting, self.passes)
        source, expected = on(acting.actions[0], -1), _space(acting.inputs[0])
        if source != expected and not (source is None and expected.kind is Kind.TRIVIAL):  # type: ignore[attr-defined]
            raise Refusal(f"`linear` expects `{expected}` on its last axis, and {source} acts there")
        rest = replace(acting, actions=(without(acting.actions[0], -1),))
        (others,) = pointwise(self, rest, self.passes) if rest.actions[0] else ((),)
        return (ordered((*others, Part((-1,), self.features))),)  # type: ignore[arg-type]

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.torch.layers:intertwiner")
        source = _space(site.inputs[0])
        site.static(source.dim), site.static(self.features.dim)
        return f"{made}({str(source)!r}, {str(self.features)!r}{'' if self.bias else ', bias=False'})"


@box("forget", "symmetry")
class Forget(Box):
    """The forgetful functor: the same numbers on plain axes, for every axis that carries a representation of the group.

    What comes after it has no action of the group, so a net that says `under G` may not use it on the way.
    """

    group: Member
    map_kind: ClassVar[MapKind] = "linear"
    between_spaces: ClassVar[str] = "forget_bundle"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = real_wire(typing, only_wire(self.name, inputs, typing))
        plain = [
            Axis(a.size) if isinstance(a, Axis) and getattr(a.space, "group", None) == self.group else a
            for a in wire.axes
        ]
        if tuple(plain) == wire.axes:
            words = f"no axis of `{wire}` carries a representation of `{self.group}`"
            raise reject(words, help="leave `forget` out, or name the group whose action is there")
        return (wire.with_axes(plain),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return cut

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if self.group == acting.group and not acting.trivial:
            raise Refusal(f"`forget({self.group})` ends the symmetry here", "leave it out where the net says `under`")
        return pointwise(self, acting, self.passes)

    def code(self, site: Site) -> str:
        return site.args[0]


def _products(part: Maps) -> Dim:
    """The multiplications of one part: where the identity is the only map, one for each entry and pair of copies."""
    copies = part.source_count * part.target_count * part.source.dim
    alone = part.source == part.target and part.solution.dimension == 1
    return copies if alone else copies * part.target.dim


def _space(wire: Wire) -> Space:
    last = wire.axes[-1]
    assert isinstance(last, Axis)
    assert last.space is not None
    return last.space
