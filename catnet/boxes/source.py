"""Boxes without inputs, and features of scalars."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.actions import behind
from catnet.boxes.axes import ZERO, count, shape_text
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Object, real

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Source(Box):
    """A wire of reals of a given shape, from nothing; it has no batch axes."""

    shape: tuple[Dim, ...]
    arity = 0

    def rule(self, typing: Typing, inputs: Object) -> Object:
        count(self.name, inputs, 0)
        for size in self.shape:
            typing.inference.demand(Pred(">=", size, ZERO), f"`{self.name}` needs {size} >= 0")
        return (real(*self.shape),)

    def code(self, site: Site) -> str:
        return site.module


@box("parameter", "source")
class Parameter(Source):
    """A trainable tensor: `parameter((t, d))` is () -> R[t, d].

    `init` is "normal" (with standard deviation `std`), "zeros" or "ones".
    """

    shape: tuple[Dim, ...]
    init: str = "normal"
    std: float = 0.02

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.init, str) and self.init not in ("normal", "zeros", "ones"):
            raise reject(
                f'`init` of `parameter` is "normal", "zeros" or "ones", not "{self.init}"',
                help='write parameter((t, d), init = "zeros")',
            )
        return super().rule(typing, inputs)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"": self.shape}

    def module(self, site: Site) -> str:
        shape = shape_text(site, self.shape)
        if self.init == "normal":
            return f"nn.Parameter(torch.randn({shape}) * {self.std!r})"
        return f"nn.Parameter(torch.{self.init}({shape}))"


@box("zeros", "source")
class Zeros(Source):
    """A tensor of zeros: `zeros((t, d))` is () -> R[t, d]. A buffer, so that it follows `.to`; not saved."""

    shape: tuple[Dim, ...]
    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def flat(self, inputs: Object, outputs: Object) -> frozenset[int]:
        return frozenset(range(-len(self.shape), 0))

    def module(self, site: Site) -> str:
        return f"torch.zeros({shape_text(site, self.shape)})"


@box("ones", "source")
class Ones(Source):
    """A tensor of ones: `ones((t, d))` is () -> R[t, d]. A buffer, so that it follows `.to`; not saved."""

    shape: tuple[Dim, ...]
    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def flat(self, inputs: Object, outputs: Object) -> frozenset[int]:
        return frozenset(range(-len(self.shape), 0))

    def module(self, site: Site) -> str:
        return f"torch.ones({shape_text(site, self.shape)})"


@box("constant", "source")
class Constant(Source):
    """A tensor with the same number everywhere: `constant(0.5, (t, d))` is () -> R[t, d], `constant(0.5)` is
    () -> R. A buffer, so that it follows `.to`; not saved."""

    value: float
    shape: tuple[Dim, ...] = ()
    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def flat(self, inputs: Object, outputs: Object) -> frozenset[int]:
        return frozenset(range(-len(self.shape), 0))

    def module(self, site: Site) -> str:
        if not self.shape:
            return f"torch.tensor({self.value!r})"
        comma = "," if len(self.shape) == 1 else ""
        return f"torch.full(({shape_text(site, self.shape)}{comma}), {self.value!r})"


@box("time_features", "source")
class TimeFeatures(Box):
    """Sines and cosines of a scalar, R[...s] -> R[...s, n], n even: sin(w_k x) then cos(w_k x) for n/2
    frequencies w_k from `lowest` up to `highest` in geometric progression (the positional encoding of Vaswani
    et al., 2017, for a time between 0 and 1). The frequencies are a buffer that is not saved.
    """

    n: Dim
    lowest: float = 1.0
    highest: float = 100.0
    signature: ClassVar[str] = "R[...s] -> R[...s, n]"
    where: ClassVar[tuple[str, ...]] = ("n % 2 == 0",)
    map_kind: ClassVar[MapKind] = "smooth"
    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        known = isinstance(self.lowest, float) and isinstance(self.highest, float)
        if known and not 0.0 < self.lowest <= self.highest:
            help = "for example lowest = 1.0, highest = 100.0"
            raise reject("`time_features` needs 0 < lowest <= highest", help=help)
        return super().rule(typing, inputs)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (behind(self.name, acting, 1),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 2

    def module(self, site: Site) -> str:
        half = site.static(self.n) // 2
        ratio = self.highest / self.lowest
        return f"{self.lowest!r} * {ratio!r} ** torch.linspace(0, 1, {half})"

    def code(self, site: Site) -> str:
        angles = f"{site.args[0]}.unsqueeze(-1) * {site.module}"
        return f"torch.cat((torch.sin({angles}), torch.cos({angles})), dim=-1)"
