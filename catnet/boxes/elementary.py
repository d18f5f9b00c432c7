"""Elementary functions of one real number, on every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.activation import Entrywise
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.types.infer import reject
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


@box("exp", "activation")
class Exp(Entrywise):
    """The exponential of every entry. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.exp"


@box("log", "activation")
class Log(Entrywise):
    """The natural logarithm of every entry; entries must be positive. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.log"


@box("abs", "activation")
class Abs(Entrywise):
    """The absolute value of every entry. R[...s] -> R[...s]."""

    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "torch.abs"
    parity: ClassVar = "even"


@box("square", "activation")
class Square(Entrywise):
    """The square of every entry. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.square"
    parity: ClassVar = "even"


@box("sqrt", "activation")
class Sqrt(Entrywise):
    """The square root of every entry; entries must not be negative. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.sqrt"


@box("neg", "activation")
class Negate(Entrywise):
    """`-x`. R[...s] -> R[...s]; its own inverse."""

    map_kind: ClassVar[MapKind] = "linear"

    def code(self, site: Site) -> str:
        return f"-{site.args[0]}"

    def inverse(self, inputs: Object) -> Box | None:
        return self


@box("log1p", "activation")
class Log1p(Entrywise):
    """`log(1 + x)`, exact near 0; entries must be greater than -1. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.log1p"


@box("expm1", "activation")
class Expm1(Entrywise):
    """`exp(x) - 1`, exact near 0. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.expm1"


@box("rsqrt", "activation")
class ReciprocalSqrt(Entrywise):
    """`1 / sqrt(x)`; entries must be positive. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.rsqrt"


@box("reciprocal", "activation")
class Reciprocal(Entrywise):
    """`1 / x`; entries must not be 0. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.reciprocal"
    parity: ClassVar = "odd"


@box("sin", "activation")
class Sine(Entrywise):
    """The sine of every entry, in radians. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.sin"
    parity: ClassVar = "odd"


@box("cos", "activation")
class Cosine(Entrywise):
    """The cosine of every entry, in radians. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.cos"
    parity: ClassVar = "even"


@box("erf", "activation")
class ErrorFunction(Entrywise):
    """`2/sqrt(pi)` times the integral of `exp(-t^2)` from 0 to x. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.erf"
    parity: ClassVar = "odd"


@box("pow", "activation")
class Power(Entrywise):
    """`x` to the power `exponent`, a number: `pow(3)`. For an exponent that is no integer the entries must not
    be negative, for a negative one they must not be 0. R[...s] -> R[...s]."""

    exponent: float
    call: ClassVar[str] = "torch.pow"

    @property
    def parity(self) -> Literal["", "odd", "even"]:  # type: ignore[override]
        """That of the exponent, where it is an integer."""
        if not isinstance(self.exponent, float) or self.exponent != int(self.exponent):
            return ""
        return "odd" if self.exponent % 2 else "even"

    def arguments(self) -> str:
        whole = int(self.exponent) if self.exponent == int(self.exponent) else self.exponent
        return f", {whole!r}"


@box("sign", "activation")
class SignOf(Entrywise):
    """-1, 0 or 1, as the entry is negative, zero or positive; its gradient is 0. R[...s] -> R[...s]."""

    map_kind: ClassVar[MapKind] = "none"  # it jumps
    call: ClassVar[str] = "torch.sign"
    parity: ClassVar = "odd"


@box("clamp", "activation")
class Clamp(Entrywise):
    """`x` where it lies between `min` and `max`, else the nearer of the two; either may be left out:
    `clamp(min = 0)`. The gradient is 0 where the entry was changed. R[...s] -> R[...s]."""

    min: float = float("-inf")
    max: float = float("inf")
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "torch.clamp"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if self.min == float("-inf") and self.max == float("inf"):
            raise reject("`clamp` needs a bound", help="write clamp(-1, 1), clamp(min = 0) or clamp(max = 6)")
        ordered(self.name, self.min, self.max)
        return super().rule(typing, inputs)

    @property
    def parity(self) -> Literal["", "odd"]:  # type: ignore[override]
        """Odd between bounds that are."""
        return "odd" if opposite(self.min, self.max) else ""

    @property
    def homogeneous(self) -> bool:  # type: ignore[override]
        """What is cut off at 0 only."""
        return {self.min, self.max} <= {0.0, float("inf"), float("-inf")}

    def arguments(self) -> str:
        least = "" if self.min == float("-inf") else f", min={self.min!r}"
        return least + ("" if self.max == float("inf") else f", max={self.max!r}")


def opposite(least: object, greatest: object) -> bool:
    """Whether two bounds are known, and one is minus the other."""
    return isinstance(least, float) and isinstance(greatest, float) and least == -greatest


def ordered(name: str, least: object, greatest: object) -> None:
    """Refuse bounds in the wrong order."""
    if isinstance(least, float) and isinstance(greatest, float) and least > greatest:
        raise reject(f"`{name}` needs min <= max, not {least:g} and {greatest:g}", help="exchange the two")
