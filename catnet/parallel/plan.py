"""What a diagram says to PyTorch's distributed engine: FSDP units, a tensor-parallel plan, pipeline stages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from catnet.diagnostics import CatnetError, Diagnostic, fail
from catnet.diagrams.cuts import CutPart, Refusal
from catnet.diagrams.terms import Diagram
from catnet.limits import large_work
from catnet.parallel.spine import spine_of
from catnet.parallel.stages import Stage, stages
from catnet.torch.emit import ClassBody, written
from catnet.torch.modules import cut_parts, roles, units
from catnet.types.spelling import nearest


@dataclass(frozen=True)
class Plan:
    """What a compiled diagram carries for PyTorch's distributed engine.

    `units` are the paths of the repeated parts, each an FSDP unit beside the whole; `parts` are the sets of linear
    maps that tensor parallelism cuts together, `refused` those that it cannot cut, each with the reason. Paths are
    those of `named_modules`, with `*` for every step of a repeat.
    """

    units: tuple[str, ...]
    parts: tuple[CutPart, ...]
    refused: tuple[Refusal, ...]
    diagram: Diagram = field(repr=False, compare=False)
    on: str | None = field(repr=False, compare=False)
    _body: ClassBody = field(repr=False, compare=False)

    @property
    def tensor(self) -> dict[str, str]:
        """The maps that are cut, by path: "column" by their outputs, "row" by their inputs."""
        return roles(self.parts)

    @property
    def ways(self) -> int:
        """The number of ranks for `tensor` divides this; 1 where nothing can be cut."""
        return math.gcd(*(part.ways for part in self.parts)) or 1

    @property
    def random(self) -> tuple[str, ...]:
        """The boxes that draw random numbers; none stands in a part that is cut, so ranks must draw alike."""
        found = (node.box.name for _, node in self._body.graph.walk() if node.box.effect == "random")
        return tuple(sorted(set(found)))

    def check_ways(self, ways: int) -> None:
        """Raise `CatnetError` (E0902) unless every part can be cut between so many ranks."""
        for part in self.parts:
            for size, where, span in part.sizes:
                if size % ways:
                    fail(
                        "E0902",
                        f"{f'`{part.path}`' if part.path else 'the whole'} cannot be cut between {ways} ranks: "
                        f"`{where}` has an axis of {size} there",
                        span,
                        help=f"the number of ranks must divide {part.ways}"
                        + (", or name the parts to cut" if self.ways != part.ways else ""),
                    )

    def stages(self, count: int, *, batch: int = 1, **sizes: int) -> tuple[Stage, ...]:
        """The diagram in `count` stages for a pipeline, cut between steps of its repeats or parts of the whole.

        The greatest FLOPs of a stage are as few as can be, then the bytes that are sent. `sizes` are numbers for
        sizes that are left open; those not given are taken for 1024. Raises `CatnetError`: E0903 where there are
        fewer places for cuts.
        """
        if count < 1 or batch < 1:
            raise ValueError("there is at least 1 stage, and 1 sample in a batch")
        with large_work():
            return stages(self.diagram, self.on, spine_of(self._body), count, batch, sizes)


@large_work()
def plan(diagram: Diagram, *, on: str | None = None, parts: Iterable[str] | None = None) -> Plan:
    """Read the plan off a diagram whose sizes are known as `compile` needs them.

    `on` is the type of the inputs for a diagram that does not say it; `parts` are paths of the parts to cut (all that
    can be, if not given). Raises `CatnetError`: E0214 and E0218 as `compile` does, E0901 where there is no such part,
    E0904 for a part that cannot be cut.
    """
    graph = diagram.graph if on is None else diagram.typed(on)
    _, made = written(graph)
    found, refused = cut_parts(made.body)
    if parts is not None:
        found = _named(list(parts), found, refused)
    return Plan(units(made.body), tuple(found), tuple(refused), diagram, on, made.body)


def _named(wanted: list[str], found: list[CutPart], refused: list[Refusal]) -> list[CutPart]:
    """The parts of these paths."""
    kept: list[CutPart] = []
    for path in wanted:
        chosen = [p for p in found if _inside(p.path, path) or path in (*p.columns, *p.rows)]
        against = [r for r in refused if _inside(r.path, path) or path in r.columns]
        if not chosen and against:
            raise CatnetError(*(refusal_of(r, path) for r in against))
        if not chosen:
            names = dict.fromkeys([*(p.path for p in found), *(r.path for r in refused)])
            listed = ", ".join(f"`{n}`" for n in names if n) or "none"
            fail("E0901", f"there is no part `{path}` with linear maps that could be cut",
                 help=nearest(path, names) or f"the parts are {listed}")  # fmt: skip
        kept += chosen
    return list(dict.fromkeys(kept))


def refusal_of(refusal: Refusal, path: str) -> Diagnostic:
    """A refusal as a diagnostic."""
    columns = ", ".join(f"`{c}`" for c in refusal.columns)
    return Diagnostic(
        "E0904",
        f"`{path}` cannot be cut between ranks: {refusal.reason}",
        refusal.span,
        label=f"behind {columns}" if len(columns) < 80 else "",
    )


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith(outer + ".")
