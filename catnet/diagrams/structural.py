"""The boxes that the combinators themselves need: wiring, pointwise sums and products, scaling."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar

from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, Site, box, elements
from catnet.diagrams.joining import compared, multiplied, summed
from catnet.diagrams.shards import Answer, Cut, together
from catnet.types.dims import Dim
from catnet.types.infer import TypeProblem, reject
from catnet.types.static import Unknown
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


MAX_WIRES = 2**16  # side by side; `each(copy) ^ 40` would make a million million


def too_many_wires() -> TypeProblem:
    """More wires side by side than the budget allows."""
    return reject(
        f"there are more than {MAX_WIRES:,} wires side by side",
        code="E0218",
        help="put what belongs together on one wire, with an axis of its own",
    )


class Structural(Box):
    """A box that only reorders, copies or discards wires; it leaves no node in the graph."""

    map_kind: ClassVar = "linear"

    def routes(self, count: int) -> tuple[int, ...] | None:
        """For each output the input that it comes from; None if `count` inputs do not fit."""
        raise NotImplementedError  # every structural box says its own

    def admit(self, typing: Typing, inputs: Object) -> None:
        """Ask the typing run for what the wires must be; raises `TypeProblem`. Any will do, where nothing is said."""


@box("id", "wiring")
class Identity(Structural):
    """Any wires, unchanged. Beside other parts of `@` it takes one wire, or all that are left."""

    arity = None

    def routes(self, count: int) -> tuple[int, ...] | None:
        return tuple(range(count))

    def inverse(self, inputs: Object) -> Box | None:
        return self


@box("swap", "wiring")
class Swap(Structural):
    """Exchange two wires."""

    arity = 2

    def routes(self, count: int) -> tuple[int, ...] | None:
        return (1, 0) if count == 2 else None

    def inverse(self, inputs: Object) -> Box | None:
        return self


@box("copy", "wiring")
class Copy(Structural):
    """The same wire `times` times."""

    times: Dim = Dim.const(2)

    def routes(self, count: int) -> tuple[int, ...] | None:
        times = self.times.value
        if times is not None and times > MAX_WIRES:
            raise too_many_wires()
        return None if count != 1 or times is None else (0,) * times


@box("drop", "wiring")
class Drop(Structural):
    """Discard all wires, in words."""

    arity = None

    def routes(self, count: int) -> tuple[int, ...] | None:
        return ()


class Pointwise(Box):
    """Several wires of one type, combined entry by entry."""

    family = "arithmetic"
    arity = None
    word: ClassVar[str] = ""  # the operator, where two wires are joined by one

    def rule(self, typing: Typing, inputs: Object) -> Object:
        for port, wire in enumerate(inputs[1:], start=1):
            typing.inference.unify(wire, inputs[0], port)
        return (typing.inference.wire(inputs[0]),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * (len(inputs) - 1)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (compared(self.name, acting, self.passes),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return together(self.name, cut)


@box("add", "arithmetic")
class Add(Pointwise):
    """The pointwise sum of all wires; `signs` are 1 or -1, one per wire (default: all 1)."""

    signs: tuple[int, ...] = ()
    map_kind: ClassVar = "linear"

    def key(self) -> Hashable:
        """No signs are all plus, for any number of wires: `(f, g) >> add` is `f + g`."""
        return ("add", *(self.signs if any(s != 1 for s in self.signs) else ()))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (summed(self.name, acting),)

    def code(self, site: Site) -> str:
        signs = self.signs or (1,) * len(site.args)
        first = site.args[0] if signs[0] == 1 else f"-{site.args[0]}"
        return first + "".join(f" {'+' if s == 1 else '-'} {a}" for s, a in zip(signs[1:], site.args[1:], strict=True))

    def sign(self) -> str:
        return "+" if all(s == 1 for s in self.signs) else "-"


@box("mul", "arithmetic")
class Multiply(Pointwise):
    """The pointwise product of all wires."""

    wires: Dim | int = 0

    def key(self) -> Hashable:
        """Its wires say how many they are: `(f, g) >> mul` is `f * g`."""
        return ("mul",)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (multiplied(self.name, acting, range(len(acting.actions))),)

    def code(self, site: Site) -> str:
        return " * ".join(site.args)

    def sign(self) -> str:
        return "*"


@box("scale", "arithmetic")
class Scale(Box):
    """Multiply by a number: `scale(0.5)`, also written `0.5 * f`; `scale(1/sqrt(d))` is one once d is known."""

    by: float
    signature: ClassVar[str] = "R[...s] -> R[...s]"
    map_kind: ClassVar = "linear"

    def code(self, site: Site) -> str:
        return f"{site.args[0]} * {self.by!r}"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def inverse(self, inputs: Object) -> Box | None:
        if isinstance(self.by, Unknown):
            return Scale(Unknown(f"1 / ({self.by})", "float"))
        return Scale(1.0 / self.by) if self.by else None

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return cut

    def sign(self) -> str:
        return f"{self.by:g}" if isinstance(self.by, float) else str(self.by)


class Dagger(Box):
    """The transpose of a linear box, with the same weights (its linear part: a bias takes no part)."""

    name = "transpose"
    family = "linear"

    def __init__(self, of: Box) -> None:
        self.of = of
        self.map_kind = "linear"  # type: ignore[misc]

    def statics(self) -> dict[str, object]:
        return {"of": self.of}

    def rule(self, typing: Typing, inputs: Object) -> Object:
        signature, _ = self.of.type_rule(self.of.dagger_signature)
        given = {k: v for k, v in self.of.statics().items() if isinstance(v, Dim)}
        return typing.inference.apply(signature, inputs, given)[0]

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        weights = self.of.parameters(outputs, inputs)
        return {name: shape for name, shape in weights.items() if name != "bias"}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return self.of.flops(outputs, inputs)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        """Along an axis that the box leaves in its place, so does its transpose."""
        answer = self.of.shards(outputs, inputs, cut)
        kept = isinstance(answer, str) or answer == cut
        return answer if kept else f"the transpose of `{self.of.name}` moves the axis that is cut"

    def module(self, site: Site) -> str | None:
        return self.of.module(site.turned())

    def code(self, site: Site) -> str:
        return self.of.dagger_code(site)

    def sign(self) -> str:
        return f"{self.of.sign()}^T"
