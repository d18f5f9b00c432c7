"""The pages on boxes: one table of all, and a page for each family, made from the box classes.

What is said of costs and of symmetry is worked out on the box's use in `uses.py`: by its `parameters` and `flops`, by
what its code keeps, and by asking its rule `act` about each axis.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from prose import code, first_sentence, markdown, table
from uses import use_of

import catnet.boxes  # noqa: F401  (fills the vocabulary)
from catnet.analysis.table import CostParts
from catnet.cli.words import page as terminal_page
from catnet.diagnostics import CatnetError
from catnet.diagrams.acting import show as acts
from catnet.diagrams.box import REQUIRED, VOCABULARY, Box
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.terms import Diagram
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.program import Program
from catnet.elaborate.proving import Proof, opened, proofs
from catnet.types.dims import Dim
from catnet.types.wires import Axis

FAMILIES = {
    "wiring": "Wiring", "linear": "Linear maps", "convolution": "Images", "attention": "Attention",
    "activation": "Activations and functions of numbers", "norm": "Normalisation", "arithmetic": "Several wires",
    "reduce": "Reductions", "shape": "Axes", "source": "Sources", "random": "Random boxes", "iterate": "Iteration",
    "loss": "Losses", "symmetry": "Representations", "bundles": "Bundles",
}  # fmt: skip


def boxes() -> dict[str, list[Entry]]:
    """What is known of every box, by family, in the order of the language."""
    found: dict[str, list[Entry]] = {family: [] for family in FAMILIES}
    for name, cls in VOCABULARY.items():
        if name == cls.name:  # not once more by another word for it
            found.setdefault(cls.family, []).append(Entry(cls))
    return {family: sorted(entries, key=lambda e: e.name) for family, entries in found.items() if entries}


@dataclass(frozen=True)
class Answer:
    """What a group does behind a box: what was asked, what comes out, or why nothing does."""

    asked: str
    comes: str
    passes: bool


@dataclass(eq=False)
class Entry:
    """One box, and what follows from its class."""

    cls: type[Box]

    @property
    def name(self) -> str:
        return str(self.cls.name)

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.cls) or ""

    @property
    def call(self) -> str:
        """The box with its static arguments and their defaults, as `catnet explain` writes it."""
        return terminal_page(self.name).partition("\n")[0]

    @cached_property
    def use(self) -> str:
        return use_of(self.cls)

    @cached_property
    def diagram(self) -> Diagram | None:
        if not self.use:
            return None
        program = Program.from_text(self.use)
        open_params = [p.name for p in net_params(program.module.nets["use"]) if p.default is REQUIRED]
        return program["use"](**{name: Dim.sym(name) for name in open_params})

    @property
    def graph(self) -> Graph | None:
        return opened(self.diagram.graph) if self.diagram is not None else None

    @cached_property
    def node(self) -> Node | None:
        """The box in its use."""
        found = [n for n in self.graph.nodes if isinstance(n.box, self.cls)] if self.graph is not None else []
        return found[0] if found else None

    @property
    def type(self) -> str:
        """The type as the box says it, or that of its use."""
        if self.cls.signature:
            return self.cls.signature
        return self.graph.type if self.graph is not None else ""

    @property
    def effect(self) -> str:
        """Where the arguments decide, that of the use."""
        value = self.cls.effect
        return value if isinstance(value, str) else f"{self._of_use('effect')} (its arguments decide)"

    @property
    def map_kind(self) -> str:
        value = self.cls.map_kind
        return value if isinstance(value, str) else f"{self._of_use('map_kind')} (its arguments decide)"

    def _of_use(self, attribute: str) -> str:
        return str(getattr(self.node.box, attribute)) if self.node is not None else "-"

    @cached_property
    def costs(self) -> list[tuple[str, str]]:
        """Parameters, FLOPs and bytes kept, as polynomials in the sizes of the use."""
        if self.node is None or self.graph is None:
            return []
        shapes = self.node.box.parameters(self.node.dom, self.node.cod)
        each = "; ".join(f"{name}: ({', '.join(map(str, shape))})" for name, shape in shapes.items())
        parts = CostParts(self.graph, Dim.const(1), 4)
        parts.of_graph(self.graph)  # the whole is worked out first
        parameters, flops, kept, _ = parts.of_node(self.node)
        followed = self.name not in {**parts.trains.unknown, **parts.infers.unknown}
        return [
            ("parameters", f"{code(parameters)}" + (f", {code(each)}" if each else "")),
            ("FLOPs", code(flops)),
            ("bytes kept for backward", code(kept) if followed else "not known: its code is not followed"),
        ]

    @cached_property
    def answers(self) -> list[Answer]:
        """What the rule of symmetry says about each axis of the use."""
        return list(self._answers())

    def _answers(self) -> Iterator[Answer]:
        if self.diagram is None or self.graph is None:
            return
        axes = dict.fromkeys(a.tag for w in self.graph.dom for a in w.axes if isinstance(a, Axis) and a.tag)
        grid = [a for a in ("h", "w") if a in axes]
        claims = [f"{group}({a}) on {a}" for a in axes if a not in grid for group in ("S", "O")]
        claims += [f"{group}({a}) on {a}" for a in grid for group in ("S",) if len(grid) == 1]
        claims += ["translations(h, w) on (h, w)"] if len(grid) == 2 else []
        for claim in claims:
            try:
                (proof,) = proofs(self.diagram, [claim])
            except CatnetError:
                continue  # what does not act on this type cannot be asked
            yield answer(claim, proof, self.graph)
        try:
            carried = proofs(self.diagram)
        except CatnetError:
            return  # no input carries a representation
        for proof in (p for p in carried if str(p) not in claims):
            before = "; ".join(acts(action, wire) for action, wire in zip(proof.inputs, self.graph.dom, strict=True))
            yield answer(before, proof, self.graph)


def answer(claim: str, proof: Proof, graph: Graph) -> Answer:
    """One row on symmetry."""
    for step in proof.walk.failures:
        assert step.failure is not None
        return Answer(claim, step.failure.reason, False)
    comes = "; ".join(acts(a, w) for a, w in zip(proof.outputs, graph.cod, strict=True) if a is not None)
    remarks = [remark for step in proof.walk.steps for remark in (*step.limits, *step.remarks)]
    return Answer(claim, ", ".join([code(comes) if comes else "invariant", *remarks]), True)


def pages() -> Iterator[tuple[str, str]]:
    """The pages, by name: `index`, and one for each family."""
    found = boxes()
    yield "index", _index(found)
    for family, entries in found.items():
        yield family, _family(family, entries)


def _index(found: dict[str, list[Entry]]) -> str:
    parts = ["# Boxes", _HEAD.format(count=sum(map(len, found.values())))]
    for family, entries in found.items():
        rows = [
            (f"[`{e.name}`]({family}.md#{e.name})", code(e.type), e.effect.split(" ")[0],
             e.map_kind.split(" (")[0], *_passing(e))
            for e in entries
        ]  # fmt: skip
        parts += [f"## {FAMILIES.get(family, family.capitalize())}"]
        parts += [table(("box", "type", "effect", "kind of map", "S(n) on", "O(n) on"), rows)]
    listed = "\n".join(found)
    return "\n\n".join([*parts, f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"])


_HEAD = """All {count} boxes that a diagram can be made of, from their classes. `catnet explain NAME` prints what stands
on their pages, `catnet explain boxes` lists them; [a box of your own](../../guides/writing_a_box.md) joins them.

- **type**: as the box says it, or, where it depends on the arguments, of the use on its page.
- **effect**: `random` and `stateful` boxes are never merged, copied or dropped.
- **kind of map**: linear within affine within piecewise linear; smooth; none of these.
- **S(n) on**, **O(n) on**: the axes of the use on its page that a group may permute, or rotate and reflect, so that the
  box commutes with it; *shifts* are those of a grid. The pages say what comes out, and why a box refuses."""


def _passing(entry: Entry) -> tuple[str, str]:
    """The axes on which permutations and rotations pass."""
    passing = [a.asked.partition(" on ") for a in entry.answers if a.passes]
    found = {group: [code(axis) for asked, _, axis in passing if asked[:2] == f"{group}("] for group in "SO"}
    shifts = ["*shifts*"] if any(asked.startswith("translations") for asked, *_ in passing) else []
    return ", ".join(found["S"] + shifts), ", ".join(found["O"])


def _family(family: str, entries: list[Entry]) -> str:
    return "\n\n".join([f"# {FAMILIES.get(family, family.capitalize())}", *map(_section, entries)])


def _section(entry: Entry) -> str:
    words = [name for name, cls in VOCABULARY.items() if cls is entry.cls and name != entry.name]
    demands = ", ".join(code(clause) for clause in entry.cls.where)
    facts = [
        ("type", code(entry.type)),
        *([("needs", demands)] if demands else []),
        ("effect", entry.effect),
        ("kind of map", entry.map_kind),
        *([("transpose", code(entry.cls.dagger_signature))] if entry.cls.dagger_signature else []),
        *([("also called", ", ".join(map(code, words)))] if words else []),
    ]
    parts = [
        f"## {entry.name}",
        f"```cat\n{entry.call}\n```",
        markdown(entry.doc),
        "\n".join(f"- **{k}**: {v}" for k, v in facts),
    ]
    if entry.use:
        parts += [f"```{{catnet}} use\n:show: source picture\n\n{entry.use}\n```"]
        parts += ["\n".join(f"- **{what}**: {cost}" for what, cost in entry.costs)] if entry.costs else []
        rows = [(code(a.asked), a.comes if a.passes else f"refused: {a.comes}") for a in entry.answers]
        parts += [table(("what acts", "what comes out"), rows)] if rows else []
    rule = vars(entry.cls).get("act")
    if rule is not None and rule.__doc__ and rule.__doc__ != Box.act.__doc__:
        parts += [f"Rule of symmetry: {first_sentence(inspect.cleandoc(rule.__doc__))}"]
    return "\n\n".join(parts)
