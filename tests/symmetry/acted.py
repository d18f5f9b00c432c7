"""The numbers behind a rule: whether a net commutes with an action for which its boxes say so."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from catnet.diagrams.acting import Action, Part, ordered
from catnet.diagrams.equivariance import Walk
from catnet.diagrams.graph import Graph
from catnet.symmetry.constructors import GL, SO, C, D, O, S, Sp, trivial, vector
from catnet.symmetry.elements import Element
from catnet.symmetry.groups import Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import sign
from catnet.symmetry.reps_nodes import dual
from catnet.types.wires import Object, Wire
from tests.boxes.helpers import net, program

Actions = tuple[Action, ...]

ATOMS: list[tuple[Group, list[Rep]]] = [
    *((S(n), [vector(S(n)), sign(S(n)), vector(S(n)) @ sign(S(n))]) for n in (2, 3, 4, 5)),
    (S(6), [vector(S(6))]),
    (C(2), [sign(C(2), "r")]),
    (C(3), [vector(C(3))]),
    (C(4), [vector(C(4)), sign(C(4), "r")]),
    (D(3), [vector(D(3)), vector(D(3)) @ sign(D(3), "s")]),
    *((O(n), [vector(O(n)), sign(O(n))]) for n in (2, 3, 4)),
    (SO(1, 3), [vector(SO(1, 3)), dual(vector(SO(1, 3)))]),
    (Sp(4), [vector(Sp(4))]),
    (GL(3), [vector(GL(3)), dual(vector(GL(3)))]),
]
"""Groups, and representations of which others of a wanted dimension are made."""


@functools.cache
def of_size(which: int, size: int) -> tuple[Rep, ...]:
    """Representations of one dimension: copies of an atom in both layouts, and an atom among numbers left alone."""
    group, atoms = ATOMS[which]
    one, found = trivial(group), list[Rep]()
    for rep in atoms:
        n = rep.number()
        if n == size:
            found.append(rep)
        elif size > n:
            found += [rep + (size - n) * one, (size - n) * one + rep]
            if size % n == 0:
                found += [(size // n) * rep, rep @ ((size // n) * one)]
    return tuple(found)


class Subject:
    """A net, compiled in float64 with weights that are not special."""

    def __init__(self, dom: str, body: str, cod: str = "_", before: str = "", **sizes: int) -> None:
        made = program(before + "\n" + net(f"{dom} -> {cod}", body))
        self.diagram = made["f"](**sizes)
        self.graph: Graph = self.diagram.graph
        effects = {n.box.effect for _, n in self.graph.walk()}
        self.random, self.stateful = "random" in effects, "stateful" in effects

    @functools.cached_property
    def module(self) -> torch.nn.Module:
        torch.manual_seed(0)
        module = self.diagram.compile().double()
        for p in module.parameters():
            torch.nn.init.normal_(p)
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_()
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 2.0)
        return module

    def answer(self, group: Group, actions: Actions) -> Actions | str:
        """What the outputs are acted on by, or why the first box that does not commute refuses."""
        walk = Walk(group)
        out = walk.through(self.graph, actions)
        for step in walk.failures:
            assert step.failure is not None
            assert step.failure.reason, f"{step.node.box.name} gives no reason"
            return f"{step.failure.reason} [{step.failure.remedy}]"
        for step in walk.steps:
            if step.limits:
                return f"not exactly: {step.limits[0]}"
        return out  # type: ignore[return-value]

    def error(self, group: Group, before: Actions, after: Actions, seed: int = 0) -> float:
        """The greatest relative error of `f(rho x) = rho' f(x)`, over sampled elements and both modes."""
        element, worst = group.sample(random.Random(seed)), 0.0
        moved = [moved_by(x, a, element) for x, a in zip(self.inputs, before, strict=True)]
        for training, plain in self.plain.items():
            self.module.train(training)
            for y, z, action in zip(self.run(moved), plain, after, strict=True):
                worst = max(worst, difference(y, moved_by(z, action, element)))
        return worst

    @functools.cached_property
    def plain(self) -> dict[bool, list[torch.Tensor]]:
        """What the inputs give in evaluation, and in training where that differs and draws nothing."""
        found = {}
        for training in (False, True) if self.stateful and not self.random else (False,):
            self.module.train(training)
            found[training] = self.run(self.inputs)
        return found

    def run(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        kept = [(buffer, buffer.clone()) for buffer in self.module.buffers()]  # statistics that a run would change
        with torch.no_grad():
            out: Any = self.module(*inputs)
            for buffer, value in kept:
                buffer.copy_(value)
        return [y.detach() for y in (out if isinstance(out, tuple) else (out,))]

    @functools.cached_property
    def inputs(self) -> list[torch.Tensor]:
        """Random inputs; positive ones where others give no numbers (a logarithm)."""
        generator = torch.Generator().manual_seed(1)
        batch = () if self.graph.batch_axes == 0 else (2,)
        found = [_random(wire, batch, generator) for wire in self.graph.dom]
        if any(y.dtype.is_floating_point and y.isnan().any() for y in self.run(found)):
            found = [x.abs() + 0.1 if x.dtype.is_floating_point else x for x in found]
        return found


def _random(wire: Wire, batch: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    shape = (*batch, *sizes_of(wire))
    if wire.kind.name == "R":
        return torch.randn(shape, generator=generator, dtype=torch.float64)
    top = wire.kind.size.value if wire.kind.size is not None else 3
    numbers = torch.randint(0, 2 if wire.kind.name == "Bool" else top, shape, generator=generator)  # type: ignore[arg-type]
    return numbers.bool() if wire.kind.name == "Bool" else numbers


def sizes_of(wire: Wire) -> tuple[int, ...]:
    return tuple(axis.size.value for axis in wire.axes)  # type: ignore[union-attr, misc]


def moved_by(x: torch.Tensor, action: Action, element: Element) -> torch.Tensor:
    """What an element does to a tensor; integers and truths can only be permuted."""
    if not action:
        return x
    y = x.double()
    for part in action:
        count, last = len(part.axes), tuple(range(-len(part.axes), 0))
        y = y.movedim(part.axes, last)
        shape = y.shape
        y = (y.flatten(-count) @ part.rep.matrix(element).T).reshape(shape).movedim(last, part.axes)
    return y.to(x.dtype) if x.dtype.is_floating_point else y.round().to(x.dtype)


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    """The greatest error relative to the greatest number; infinite for what is no number, or another shape."""
    if a.shape != b.shape or (a.dtype.is_floating_point and not (a.isfinite().all() and b.isfinite().all())):
        return float("inf")
    if not a.dtype.is_floating_point:
        return float(not torch.equal(a, b))
    return float((a - b).abs().max() / b.abs().max().clamp(min=1.0)) if a.numel() else 0.0


@dataclass(frozen=True)
class Case:
    group: Group
    actions: Actions

    def __str__(self) -> str:
        shown = [", ".join(f"{p.rep} on {p.axes}" for p in action) or "-" for action in self.actions]
        return f"{self.group}: {' @ '.join(shown)}"


def cases(wires: Object, draws: int, seed: int = 0) -> Iterator[Case]:
    """Actions on wires: on one axis, on axes of equal size alike, on two axes of one wire together, and drawn ones."""
    rng = random.Random(seed)
    for which, (group, _) in enumerate(ATOMS):
        seen: set[str] = set()  # by text: representations are compared by their matrices
        for actions in itertools.chain(_regular(wires, which), _drawn(wires, which, draws, rng)):
            case = Case(group, actions)
            if any(actions) and str(case) not in seen:
                seen.add(str(case))
                yield case


def _fitting(wire: Wire, which: int, size: int) -> list[Rep]:
    reps = of_size(which, size)
    return [r for r in reps if wire.kind.name == "R" or r.kind.within(Kind.PERMUTATION)]


def _among(rep: Rep, reps: list[Rep]) -> bool:
    return any(r is rep for r in reps)


def _regular(wires: Object, which: int) -> Iterator[Actions]:
    slots = [(p, i - len(w.axes), n) for p, w in enumerate(wires) for i, n in enumerate(sizes_of(w))]
    empty: list[Action] = [()] * len(wires)

    def put(*placed: tuple[int, Part]) -> Actions:
        actions = list(empty)
        for port, part in placed:
            actions[port] = ordered((*actions[port], part))
        return tuple(actions)

    for port, axis, size in slots:
        for rep in _fitting(wires[port], which, size):
            yield put((port, Part((axis,), rep)))
            same = [(p, a) for p, a, n in slots if n == size and _among(rep, _fitting(wires[p], which, n))]
            yield put(*((p, Part((a,), rep)) for p, a in same if a == axis))
            for other in same:
                if other > (port, axis):
                    yield put((port, Part((axis,), rep)), (other[0], Part((other[1],), rep)))
                    yield put((port, Part((axis,), rep)), (other[0], Part((other[1],), dual(rep))))
    for port, wire in enumerate(wires):
        sizes = sizes_of(wire)
        for at in range(-len(sizes), -1):
            for rep in _fitting(wire, which, sizes[at] * sizes[at + 1]):
                part = Part((at, at + 1), rep)
                yield put((port, part))
                yield put(*((p, part) for p, w in enumerate(wires) if sizes_of(w) == sizes))


def _drawn(wires: Object, which: int, draws: int, rng: random.Random) -> Iterator[Actions]:
    for _ in range(draws):
        chosen: dict[int, Rep | None] = {}
        actions = []
        for wire in wires:
            parts = []
            for i, size in enumerate(sizes_of(wire)):
                options = _fitting(wire, which, size)
                if options and size not in chosen:
                    chosen[size] = rng.choice([None, *options])
                rep = chosen.get(size)
                if rep is not None and _among(rep, options) and rng.random() < 0.8:
                    parts.append(Part((i - len(wire.axes),), rep))
            actions.append(ordered(tuple(parts)))
        yield tuple(actions)
