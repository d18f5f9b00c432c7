"""`catnet optimise`: what was rewritten, by which law, what it saves, and what was left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catnet.analysis.show import counted, opened
from catnet.diagrams.graph import Graph, Node
from catnet.rewrite.engine import Applied, Missed, Rewritten
from catnet.rewrite.price import Price
from catnet.rewrite.rule import Aim
from catnet.types.dims import Dim

FIGURES = (("FLOPs", "flops"), ("bytes moved", "moved"), ("calls", "calls"))


def as_text(graph: Graph, found: Rewritten) -> str:
    """The rewritings of a graph for people, with footnotes that say what is counted."""
    name, top = opened(graph)
    lines = [f"{name} : {top.type}" if name else top.type, _purpose(found.aim), ""]
    for applied in found.applied:
        lines += [*_applied(applied, found.aim), ""]
    if not found.applied:
        lines += ["nothing applies: the literal reading stands", ""]
    else:
        lines += ["whole", *_figures(found.before, found.after, found.aim), ""]
    if found.missed:
        lines.append("left as it is")
        lines += [f"  {m.rule.name}, {_place(m.node, m.path)}: {m.reason}" for m in found.missed]
        lines.append("")
    lines += _notes(found)
    return "\n".join(lines).rstrip()


def as_json(graph: Graph, found: Rewritten) -> dict[str, Any]:
    """The same as data: figures are integers where they are known, else polynomials as text."""
    name, top = opened(graph)
    return {
        "net": name,
        "type": top.type,
        "for": found.aim.mode,
        "sizes": dict(found.aim.sizes),
        "batch": found.aim.batch,
        "applied": [
            {
                **_where(a),
                "law": a.rule.law,
                "copies": _plain(a.copies),
                "keys": a.match.keys,
                **_figures_json(a.before, a.after, found.aim),
            }
            for a in found.applied
        ],
        "missed": [{**_where(m), "reason": m.reason} for m in found.missed],
        "whole": _figures_json(found.before, found.after, found.aim),
    }


def gain(before: Price, after: Price, aim: Aim) -> float | None:
    """How many times as fast the price model expects a part to be; None where a size is not known."""
    old, new = aim.number(before.time), aim.number(after.time)
    if old is None or new is None:
        return None
    return old / new if new else float("inf") if old else 1.0


def _purpose(aim: Aim) -> str:
    mode = "for training" if aim.mode == "train" else "for inference"
    sizes = "".join(f", {name} = {size}" for name, size in aim.sizes.items())
    return f"{mode}, batch {aim.batch}{sizes}"


def _applied(applied: Applied, aim: Aim) -> Iterator[str]:
    copies = f" (in {applied.copies} copies)" if applied.copies.value != 1 else ""
    yield f"{applied.rule.name}, {_place(applied.node, applied.path)}{copies}"
    yield f"  law          {applied.rule.law}"
    yield from _figures(applied.before, applied.after, aim)
    if applied.match.keys:
        yield f"  keys change  {applied.match.keys}"


def _figures(before: Price, after: Price, aim: Aim) -> Iterator[str]:
    for title, name in FIGURES:
        old, new = (_at(getattr(price, name), aim) for price in (before, after))
        yield f"  {title:<12} {counted(old)} -> {counted(new)}" if old != new else f"  {title:<12} {counted(old)}"
    yield f"  predicted    {_gain_text(gain(before, after, aim))}"


def _gain_text(found: float | None) -> str:
    if found is None:
        return "not known without sizes: --at NAME=SIZE"
    return "it costs nothing any more" if found == float("inf") else f"{found:.2f} times as fast"


def _at(dim: Dim, aim: Aim) -> Dim:
    number = aim.number(dim)
    return dim if number is None else Dim.const(number)


def _figures_json(before: Price, after: Price, aim: Aim) -> dict[str, Any]:
    figures = {
        side: {name: _plain(_at(getattr(price, name), aim)) for _, name in FIGURES}
        for side, price in (("before", before), ("after", after))
    }
    found = gain(before, after, aim)
    return {**figures, "predicted_gain": None if found is None or found == float("inf") else round(found, 4)}


def _where(found: Applied | Missed) -> dict[str, Any]:
    return {"rule": found.rule.name, "place": _line(found.node), "path": list(found.path), "part": _part(found.node)}


def _place(node: Node, path: tuple[str, ...]) -> str:
    inside = " > ".join((*path, _part(node)))
    return f"{_line(node)} {inside}".strip()


def _part(node: Node) -> str:
    return node.label or node.box.name


def _line(node: Node) -> str:
    if node.span is None:
        return ""
    line, _ = node.span.source.position(node.span.start)
    return f"{node.span.source.name}:{line}"


def _plain(dim: Dim) -> int | str:
    return dim.value if dim.value is not None else str(dim)


def _notes(found: Rewritten) -> Iterator[str]:
    if not found.applied:
        return
    yield "FLOPs: a multiply-add counts as 2. Bytes moved: what each operation reads and writes, views for nothing."
    yield "Predicted: by a price for each call, FLOP and byte of one core; it ranks rewritings and is no promise."
    yield "Results are equal up to rounding."
