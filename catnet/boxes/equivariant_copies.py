"""Nonlinear boxes that treat each copy of a representation as a whole: gate, norm, norm activation, normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import aside, entrywise
from catnet.boxes.axes import count, one_of, only_wire, opened, real_wire, trailing
from catnet.boxes.equivariant import carried_last
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, Kept, MapKind, Site, box, elements
from catnet.diagrams.joining import multiplied
from catnet.diagrams.shards import Answer, Cut, beside, together
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import Inference, reject
from catnet.types.spaces import Member
from catnet.types.wires import REAL, Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.groups import Group
    from catnet.symmetry.reps import Rep

ONE = Dim.const(1)
PHI = {
    "sigmoid": "torch.sigmoid",
    "tanh": "torch.tanh",
    "relu": "torch.relu",
    "silu": "F.silu",
    "gelu": "F.gelu",
    "softplus": "F.softplus",
}
"""The functions of a norm, and their code."""


def space_of(wire: Wire) -> Rep:
    """The representation that the last axis carries."""
    last = wire.axes[-1]
    assert isinstance(last, Axis)
    assert last.space is not None
    return last.space  # type: ignore[return-value]


def copies(rep: Rep) -> Dim:
    """How many summands there are, each copy counted."""
    return sum((number for number, _ in rep.blocks), Dim.const(0))


def blocks_text(site: Site, rep: Rep) -> str:
    """`((8, 1), (4, 3))`: copies and widths, as code."""
    pairs = [f"({site.static(number)!r}, {site.static(part.dim)!r})" for number, part in rep.blocks]
    return f"({', '.join(pairs)}{',' * (len(pairs) == 1)})"


def invariants(group: Group, size: Dim) -> Rep:
    """So many numbers that the group leaves alone."""
    from catnet.symmetry.constructors import trivial

    return size * trivial(group)


def lengths(box: str, rep: Rep) -> None:
    """Refuse a representation that has copies without an invariant length."""
    for _, part in rep.blocks:
        if not part.kind.within(Kind.ORTHOGONAL):
            raise reject(
                f"`{box}` takes the length of each copy, and `{part}` has none that its group preserves",
                code="E0740",
                help=_other_length(part),
            )


def _other_length(rep: Rep) -> str:
    """Where an invariant of second degree is found: the representation with itself, or with its dual."""
    if rep.kind.within(Kind.ISOMETRIC) or rep.kind is Kind.SYMPLECTIC:
        return f"an invariant of `{rep}` and itself is found by tensor_product(trivial({rep.group}))"
    return f"no metric of `{rep}` is known: `dot` pairs it with a wire that carries its dual"


def invariant_numbers(box: str, inference: Inference, wire: Wire, size: Dim, what: str, port: int) -> Wire:
    """A wire whose last axis has `size` numbers that no group moves: a plain axis, or one of trivial copies."""
    wire = opened(inference, wire, 1)
    last = trailing(wire)[-1] if trailing(wire) else None
    if last is None:
        raise reject(f"`{box}` takes {what} on the last axis, and `{wire}` has none", code="E0741", port=port)
    if last.space is not None and last.space.what != "representation":
        raise reject(f"`{box}` takes {what}, and `{last.space}` is a {last.space.what}", code="E0743", port=port)
    if last.space is not None and last.space.kind is not Kind.TRIVIAL:  # type: ignore[attr-defined]
        raise reject(
            f"`{box}` takes {what}, and `{last.space}` is not invariant",
            code="E0743",
            help=f"linear({size}*trivial({last.space.group})) has the invariant ones",  # type: ignore[attr-defined]
            port=port,
        )
    if not inference.equal(last.size, size):
        raise reject(
            f"`{box}` takes {what}, {size} here, and {last.size} come",
            code="E0741",
            help=f"give {size} numbers: linear({size})",
            port=port,
        )
    return inference.wire(wire)


def without_last(box: str, acting: Acting, spaces: tuple[Rep | None, ...]) -> Acting:
    """The question without the last axes, on which just these representations act (None: nothing does)."""
    for port, space in enumerate(spaces):
        taken, acting = aside(acting, (-1,), port)
        mine = space is not None and space.group == acting.group
        expected = ordered((Part((-1,), space),)) if mine else ()  # type: ignore[arg-type]
        if taken != expected:
            wanted, found = (f"`{parts[0].rep}`" if parts else "nothing" for parts in (expected, taken))
            raise Refusal(
                f"`{box}` expects that {wanted} acts on the last axis, and {found} does",
                "say in the type what the axis carries",
                port,
            )
    return acting


def with_last(action: Action, acting: Acting, space: Rep) -> tuple[Action, ...]:
    """An action on the other axes, with a representation on the last one if it is of the acting group."""
    mine = (Part((-1,), space),) if space.group == acting.group else ()
    return (ordered((*action, *mine)),)


class OfCopies(Box):
    """A map of each vector, on the last axis, that knows the copies of its representation."""

    helpers: ClassVar[tuple[str, ...]] = ("copies",)  # type: ignore[misc]
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire, rep = carried_last(self.name, typing.inference, only_wire(self.name, inputs, typing))
        wire = real_wire(typing, wire)
        lengths(self.name, rep)
        self.fits(typing, rep)
        target = self.target(rep)
        return (wire if target is rep else wire.with_axes((*wire.axes[:-1], Axis(target.dim, None, target))),)

    def fits(self, typing: Typing, rep: Rep) -> None:
        """Refuse a representation; further arguments."""

    def target(self, rep: Rep) -> Rep:
        """The representation that comes out."""
        return rep

    def act(self, acting: Acting) -> tuple[Action, ...]:
        rep = space_of(acting.inputs[0])
        (others,) = entrywise(self, without_last(self.name, acting, (rep,)))
        return with_last(others, acting, self.target(rep))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, -1, "takes the copies of a representation along")


@box("norm", "symmetry")
class Norm(OfCopies):
    """The length of each copy of a representation, which the group does not change: R[...s, V] to
    R[...s, k*trivial(G)] for the k copies that V is a sum of.

        rep V = 8*trivial(G) + 4*vector(G)
        net lengths : R[n, V] -> R[n, 12*trivial(G)] under G = norm

    It is sqrt(<x, x> + 1e-12), which is smooth at 0; of a number it is the absolute value. The matrices of V must
    be orthogonal: a vector of SO(1, 3) has no length. Two operations per entry and two per copy are counted.
    """

    def target(self, rep: Rep) -> Rep:
        return invariants(rep.group, copies(rep))

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) * 2 + elements(outputs[0]) * 2

    def kept(self, inputs: Object, outputs: Object) -> Kept:
        single = len(space_of(inputs[0]).blocks) == 1
        return Kept((0,), (0,)) if single else Kept((0,), (), outputs)

    def code(self, site: Site) -> str:
        return f"norms_of_copies({site.args[0]}, {blocks_text(site, space_of(site.inputs[0]))})"


@box("norm_activation", "symmetry")
class NormActivation(OfCopies):
    """`x phi(|x| + b)` for each copy x of a representation: R[...s, V] -> R[...s, V]. It turns with the group, since a
    length does not; what relu is to numbers this is to vectors.

        net layer : R[n, V] -> R[n, V] under G = linear(V) >> norm_activation("sigmoid")

    `phi` is "sigmoid", "tanh", "relu", "silu", "gelu" or "softplus". Each copy has its own b, which starts at 0 (none
    with `bias = false`). The matrices of V must be orthogonal. Five operations per entry are counted.
    """

    phi: str = "sigmoid"
    bias: bool = True
    helpers: ClassVar[tuple[str, ...]] = ("copies", "copywise")  # type: ignore[misc]

    def fits(self, typing: Typing, rep: Rep) -> None:
        one_of(self.name, "phi", self.phi, tuple(PHI))

    @property
    def passes(self) -> Kind:
        """The opposite of x gives the opposite."""
        return Kind.SIGNED_PERMUTATION

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"bias": (copies(space_of(inputs[0])),)} if self.bias else {}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 5

    def module(self, site: Site) -> str:
        phi = PHI[self.phi]
        if phi.startswith("F."):
            site.need("F")
        bias = "" if self.bias else ", bias=False"
        return f"CopywiseActivation({blocks_text(site, space_of(site.inputs[0]))}, {phi}{bias})"


@box("equivariant_norm", "symmetry")
class EquivariantNorm(OfCopies):
    """Layer normalisation of a vector of representations: R[...s, V] -> R[...s, V].

    Each summand m*W of V is divided by the root of its mean square entry; each copy then gets its own gain. The
    invariant numbers m*trivial(G), m >= 2, are normalised as by `layer_norm`, with mean and bias: nothing else
    has an invariant mean. The matrices of V must be orthogonal.

        net layer : R[n, V] -> R[n, V] under G = equivariant_norm >> linear(V)

    Seven operations per entry are counted.
    """

    eps: float = 1e-5
    helpers: ClassVar[tuple[str, ...]] = ("copies", "copywise")  # type: ignore[misc]

    def fits(self, typing: Typing, rep: Rep) -> None:
        for number, part in rep.blocks:
            if part.kind is not Kind.TRIVIAL:
                continue
            if number == ONE and part.dim == ONE:
                raise reject(
                    f"`{self.name}` takes the mean off the invariant numbers of `{rep}`; of a single one 0 is left",
                    code="E0742",
                    help=f"have two at least: 2*trivial({rep.group})",
                )
            size = number * part.dim
            typing.inference.demand(Pred(">=", size, Dim.const(2)), f"`{self.name}` needs `{size} >= 2` invariants")

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        rep = space_of(inputs[0])
        shifted = sum((number for number, part in rep.blocks if part.kind is Kind.TRIVIAL), Dim.const(0))
        shapes: dict[str, tuple[Dim, ...]] = {"weight": (copies(rep),)}
        return shapes | ({"bias": (shifted,)} if shifted != 0 else {})

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 7

    def module(self, site: Site) -> str:
        rep = space_of(site.inputs[0])
        fixed = tuple(i for i, (_, part) in enumerate(rep.blocks) if part.kind is Kind.TRIVIAL)
        given = f", {fixed!r}" if fixed else ""
        eps = f", eps={self.eps!r}" if self.eps != 1e-5 else ""
        return f"CopywiseNorm({blocks_text(site, rep)}{given}{eps})"


@box("gate", "symmetry")
class Gate(Box):
    """Each copy of a representation times its own invariant number: R[...s, k] @ R[...s, V] -> R[...s, V] for the k
    copies that V is a sum of. The numbers come first, on a plain axis or as k*trivial(G), from any function of
    invariants.

        rep V = 8*trivial(G) + 4*vector(G)
        net layer : R[n, V] -> R[n, V] under G =
            (linear(12*trivial(G)) >> sigmoid, linear(V)) >> gate

    V is any representation: a factor in front commutes with every matrix. One operation per entry is counted.
    """

    arity = 2
    map_kind: ClassVar[MapKind] = "smooth"
    broadcasts: ClassVar[bool] = False
    helpers: ClassVar[tuple[str, ...]] = ("copies",)  # type: ignore[misc]

    def rule(self, typing: Typing, inputs: Object) -> Object:
        count(self.name, inputs, 2)
        inference = typing.inference
        wire, rep = carried_last(self.name, inference, inference.wire(inputs[1]))
        wire = real_wire(typing, wire, 1)
        what = f"a factor for each copy in `{rep}`"
        factors = invariant_numbers(self.name, inference, inference.wire(inputs[0]), copies(rep), what, 0)
        inference.unify(factors, Wire(REAL, (*wire.axes[:-1], factors.axes[-1])), 0)
        return (inference.wire(wire),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def kept(self, inputs: Object, outputs: Object) -> Kept:
        return Kept((0, 1))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, together(self.name, cut), -1, "takes the copies of a representation along")

    def act(self, acting: Acting) -> tuple[Action, ...]:
        rep = space_of(acting.inputs[1])
        rest = without_last(self.name, acting, (None, rep))
        return with_last(multiplied(self.name, rest, (0, 1)), acting, rep)

    def code(self, site: Site) -> str:
        factors, x = site.args
        return f"scale_copies({x}, {factors}, {blocks_text(site, space_of(site.inputs[1]))})"


@box("invariant", "symmetry")
class Invariant(Box):
    """The same numbers, on an axis that says that the group leaves them alone: R[...s, d] to R[...s, d*trivial(G)].

    This is how data without direction (a mass, a charge, an embedding) enters a net between representations:

        net atoms : Fin(9)[n] -> R[n, 8*trivial(G)] under S(n) on n = embedding(9, 8) >> invariant(G)

    `forget(G)` is the way back, and any box of plain axes takes invariant numbers as they are.
    """

    group: Member
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = opened(typing.inference, only_wire(self.name, inputs, typing), 1)
        wire = real_wire(typing, wire)
        last = trailing(wire)[-1] if trailing(wire) else None
        if last is None or last.space is not None:
            found = f"carries `{last.space}`" if last is not None else "is missing"
            raise reject(f"`{self.name}` takes numbers on a plain axis, and the last axis of `{wire}` {found}",
                         code="E0735", help="leave it out: the type says already what acts there")  # fmt: skip
        space = invariants(self.group, last.size)  # type: ignore[arg-type]
        return (wire.with_axes((*wire.axes[:-1], Axis(last.size, last.tag, space))),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if self.group == acting.group:
            without_last(self.name, acting, (None,))
        return acting.actions

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return cut

    def code(self, site: Site) -> str:
        return site.args[0]
