"""What is said of a law: `proved`, `tested` with its bound, `assumed`, or `refuted` with a witness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Answer = Literal["proved", "tested", "assumed", "refuted"]


@dataclass(frozen=True)
class Witness:
    """Where a law fails: the charts, a point by its coordinates and parameters, and by how much."""

    charts: tuple[str, ...]
    point: Mapping[str, float] = field(default_factory=dict)
    residual: float = 0.0
    text: str = ""

    def __str__(self) -> str:
        where = " -> ".join(self.charts)
        point = ", ".join(f"{name} = {value:.6g}" for name, value in sorted(self.point.items()))
        at = f" at {point}" if point else ""
        return f"{where}{at}: {self.text or f'off by {self.residual:.3g}'}"

    def json(self) -> dict[str, Any]:
        """The witness as data; `residual` is null where the text alone says what is wrong."""
        point = dict(sorted(self.point.items()))
        return {"charts": list(self.charts), "point": point, "residual": self.residual or None, "text": str(self)}


@dataclass(frozen=True)
class Verdict:
    """An answer with how it was found; `bound` belongs to `tested`, `witness` to `refuted`."""

    answer: Answer
    method: str = ""
    bound: str = ""
    witness: Witness | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.answer != "refuted"

    def __str__(self) -> str:
        if self.witness is not None:
            return f"{self.answer}, {self.witness}"
        detail = self.bound or self.method
        return f"{self.answer} ({detail})" if detail else self.answer

    def json(self) -> dict[str, Any]:
        """The verdict as data: its answer, and what it has of method, bound and witness."""
        found: dict[str, Any] = {"answer": self.answer, "method": self.method, "bound": self.bound}
        found = {key: value for key, value in found.items() if value}
        return found if self.witness is None else {**found, "witness": self.witness.json()}


@dataclass(frozen=True)
class Law:
    """A law at one place: its name, the charts that it speaks of, and the verdict."""

    name: str
    charts: tuple[str, ...]
    verdict: Verdict

    def __str__(self) -> str:
        return f"{self.name} on {', '.join(self.charts)}: {self.verdict}"

    def json(self) -> dict[str, Any]:
        """The law as data."""
        return {"law": self.name, "charts": list(self.charts), **self.verdict.json()}


_ORDER: tuple[Answer, ...] = ("proved", "assumed", "tested", "refuted")


def worst(verdicts: list[Verdict]) -> Verdict:
    """The weakest of several verdicts; of none: proved, since nothing is claimed."""
    return max(verdicts, key=lambda v: (_ORDER.index(v.answer), bool(v.method)), default=Verdict("proved"))
