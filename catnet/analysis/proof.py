"""`catnet prove`: what a group does to each wire of a net, box by box, and whether the whole commutes with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from catnet.analysis.show import name_of
from catnet.diagnostics import Diagnostic
from catnet.diagrams.acting import Action, show
from catnet.diagrams.equivariance import Step
from catnet.diagrams.terms import Diagram
from catnet.elaborate.proving import Proof, opened, proofs
from catnet.limits import large_work
from catnet.types.wires import Object

WIDEST = 44


@dataclass(frozen=True)
class ProofReport:
    """The proofs of the claims about one net."""

    name: str
    type: str
    proofs: tuple[Proof, ...]

    @property
    def problems(self) -> list[Diagnostic]:
        """Why claims do not hold."""
        return [problem for proof in self.proofs for problem in proof.problems]

    def text(self) -> str:
        """One table a claim, and its verdict in a sentence."""
        head = f"{self.name} : {self.type}" if self.name else self.type
        return "\n\n".join([head, *("\n".join(_lines(proof, self.name)) for proof in self.proofs)])

    def json(self) -> dict[str, Any]:
        """The same as data."""
        return {"net": self.name, "type": self.type, "claims": [_data(proof) for proof in self.proofs]}


@large_work()
def report(diagram: Diagram, under: Sequence[str] = ()) -> ProofReport:
    """Prove the claims of a net, or those asked for. Raises `CatnetError` for a wrong diagram or claim."""
    found = proofs(diagram, under)
    graph = opened(diagram.graph)
    return ProofReport(graph.name, graph.type, tuple(found))


def _lines(proof: Proof, name: str) -> Iterator[str]:
    yield f"under {proof}"
    yield ""
    yield from _table([("box", "what acts", "what comes out", ""), *map(_row, proof.walk.steps)])
    yield ""
    yield from _legend(proof)
    if proof.holds:
        limits = ", up to the following" if proof.limits else ""
        yield f"{proof.word}: {name or 'this diagram'} is {_manner(proof)} under {proof}{limits}"
        for step, limit in proof.limits:
            yield f"  {'.'.join(step.path)} is so {limit}"
        yield from _remarks(proof)
    else:
        count = len(proof.problems)
        yield f"not proved: {count} box{'es' * (count > 1)} or output{'s' * (count > 1)} in the way"


def _legend(proof: Proof) -> Iterator[str]:
    """What the names of the group and of representations in the table stand for."""
    named = {}
    if proof.title and str(proof.group) not in proof.title:
        named[proof.title.split(" on ")[0]] = str(proof.group)
    for step in proof.walk.steps:
        for part in (p for action in (*step.before, *step.after) for p in action):
            if part.rep.label:
                named[part.rep.label] = str(part.rep)
    yield from (f"{name} = {text}" for name, text in named.items())


def _manner(proof: Proof) -> str:
    if not any(proof.outputs):
        return "invariant"
    return "equivariant"


def _remarks(proof: Proof) -> Iterator[str]:
    for step in proof.walk.steps:
        for remark in step.remarks:
            yield f"  {'.'.join(step.path)}: {remark}"


def _row(step: Step) -> tuple[str, str, str, str]:
    word = "REFUSED" if step.failure is not None else step.word
    after = "" if step.failure is not None else _shown(step.after, step.node.cod)
    path = ".".join(step.path[:-1])
    name = "add" if step.node.box.name == "add" else name_of(step.node)  # its signs say nothing here
    return f"{path + '.' if path else ''}{name}", _shown(step.before, step.node.dom), after, word


def _shown(actions: Sequence[Action], wires: Object) -> str:
    words = [show(action, wire) for action, wire in zip(actions, wires, strict=True)]
    return words[0] if len(set(words)) == 1 else "; ".join(words)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    cells = [[_clipped(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for number, row in enumerate(cells):
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "-" * (sum(widths) + 2 * len(widths) - 2)


def _clipped(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 18]}...{text[-15:]}"


def _data(proof: Proof) -> dict[str, Any]:
    return {
        "group": str(proof.group),
        "axes": list(proof.axes),
        "verdict": proof.word,
        "exact": proof.holds and not proof.limits,
        "boxes": [
            {
                "path": ".".join(step.path),
                "box": step.node.box.name,
                "before": _shown(step.before, step.node.dom),
                "after": None if step.failure is not None else _shown(step.after, step.node.cod),
                "word": "refused" if step.failure is not None else step.word,
                "remarks": list(step.remarks),
                "limits": list(step.limits),
            }
            for step in proof.walk.steps
        ],
        "problems": [problem.to_json() for problem in proof.problems],
    }
