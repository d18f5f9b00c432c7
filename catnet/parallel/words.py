"""A plan as text for people and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from catnet.analysis.show import counted
from catnet.diagnostics import Span
from catnet.diagrams.cuts import CutPart, Refusal
from catnet.parallel.plan import Plan
from catnet.parallel.stages import ASSUMED, Stage, open_sizes


def text(plan: Plan, ways: int | None = None, stages: Sequence[Stage] = ()) -> str:
    """What `catnet plan` prints. Raises `CatnetError` (E0902) where a part cannot be cut so many ways."""
    if ways is not None:
        plan.check_ways(ways)
    lines = ["FSDP units", *_units(plan), "", "tensor parallelism", *_tensor(plan, ways)]
    if stages:
        lines += ["", "pipeline stages", *_stages(stages)]
    return "\n".join(lines)


def _units(plan: Plan) -> Iterator[str]:
    yield from (f"  {path}" for path in plan.units)
    yield "  and what is left, as one" if plan.units else "  the whole, as one"


def _tensor(plan: Plan, ways: int | None) -> Iterator[str]:
    for part in plan.parts:
        yield f"  {part.path or 'the whole'}: between {_numbers(part.ways, ways)}"
        yield f"    column  {', '.join(_inside(part, part.columns))}"
        yield f"    row     {', '.join(_inside(part, part.rows))}"
    if not plan.parts:
        yield "  nothing can be cut"
    if plan.parts and plan.random:
        yield f"  seed all ranks alike: {', '.join(f'`{name}`' for name in plan.random)} must draw the same on each"
    for refusal in plan.refused:
        yield f"  not {refusal.path or _short(refusal)}: {refusal.reason}{_place(refusal.span)}"


def _numbers(ways: int, wanted: int | None) -> str:
    """The numbers of ranks that a part can be cut between."""
    if wanted is not None:
        return f"{wanted} rank{'s' * (wanted > 1)}"
    found = [n for n in range(2, min(ways, 10_000) + 1) if ways % n == 0]
    shown = [*map(str, found[:3]), "...", str(ways)] if len(found) > 4 else [*map(str, found)]
    return f"{', '.join(shown[:-1])} or {shown[-1]} ranks" if len(shown) > 1 else f"{shown[0]} ranks"


def _inside(part: CutPart, paths: Iterable[str]) -> Iterator[str]:
    """Paths as they are called inside a part."""
    return (path.removeprefix(part.path + ".") if part.path else path for path in paths)


def _short(refusal: Refusal) -> str:
    return ", ".join(refusal.columns)


def _place(span: Span | None) -> str:
    """Where a box stands, in brackets."""
    if span is None:
        return ""
    line, column = span.source.position(span.start)
    return f" ({span.source.name}:{line}:{column})"


def _stages(stages: Sequence[Stage]) -> Iterator[str]:
    free = list(open_sizes(stages, {}))
    rows = [("", "parts", "type", "FLOPs", "bytes sent")]
    for stage in stages:
        parts = stage.first if stage.first == stage.last else f"{stage.first} to {stage.last}"
        rows.append((str(stage.index), parts, stage.type, counted(stage.flops), counted(stage.sends)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for number, parts, types, flops, sends in rows:
        line = f"  {number:<{widths[0]}}  {parts:<{widths[1]}}  {types:<{widths[2]}}"
        yield f"{line}  {flops:>{widths[3]}}  {sends:>{widths[4]}}".rstrip()
    if free:
        yield f"  balanced for {', '.join(f'{name} = {ASSUMED}' for name in free)} (assumed); give sizes with -p"


def data(plan: Plan, ways: int | None = None, stages: Sequence[Stage] = ()) -> dict[str, Any]:
    """The same as data for `json`."""
    if ways is not None:
        plan.check_ways(ways)
    return {
        "fsdp_units": list(plan.units),
        "tensor_plan": plan.tensor,
        "tensor_ways": plan.ways,
        "parts": [
            {"path": part.path, "columns": list(part.columns), "rows": list(part.rows), "ways": part.ways}
            for part in plan.parts
        ],
        "refused": [
            {"path": r.path, "columns": list(r.columns), "reason": r.reason, "place": _place(r.span)[2:-1] or None}
            for r in plan.refused
        ],
        "stages": [
            {
                "first": stage.first,
                "last": stage.last,
                "type": stage.type,
                "flops": str(stage.flops),
                "sends": str(stage.sends),
            }
            for stage in stages
        ],
        "assumed": dict.fromkeys(open_sizes(stages, {}), ASSUMED),
    }
