"""Laws: `law f == g` is proved by the normal form, or tried on random parameters and inputs.

`proved`: both sides have the same normal form, for all parameters and sizes. `tested`: every trial agreed in
float64, with the largest relative difference seen. `refuted`: a trial differed; the smallest one found is told.
`open`: no trial was possible (no small sizes satisfy the demands).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from catnet.boxes.axes import trailing
from catnet.diagnostics import CatnetError, Diagnostic, Note, Report
from catnet.diagrams import terms
from catnet.diagrams.block import Block
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph
from catnet.diagrams.normal import normal_form
from catnet.diagrams.typing import Typing, generalise
from catnet.elaborate import generic
from catnet.elaborate.leaves import NetParam, generic_statics, opaque_object
from catnet.elaborate.loading import Module
from catnet.elaborate.program import Program
from catnet.limits import large_work
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.signature import Signature, read_signature
from catnet.types.static import Unknown
from catnet.types.wires import Axis, Kind, Object, Pack, Wire

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-9  # relative, in float64: what rounding may explain
TRIALS = 24
SEEDS = 3  # draws of parameters and inputs at each size
LARGEST = 4
MAX_WORK = 10**8  # numbers in one wire or in the parameters, and operations, of one trial

Verdict = Literal["proved", "tested", "refuted", "open"]


@dataclass(frozen=True)
class LawResult:
    """What became of one law; `error` is the largest relative difference of a tested law."""

    name: str
    verdict: Verdict
    detail: str = ""
    error: float | None = None
    diagnostic: Diagnostic | None = None


@dataclass(frozen=True)
class Trial:
    """Sizes for one trial: static arguments and input types."""

    sizes: dict[str, int]
    pack: tuple[int, ...]
    seed: int = 0

    def __str__(self) -> str:
        shown = [f"{k} = {v}" for k, v in self.sizes.items()]
        if self.pack:
            shown.append(f"extra axes {list(self.pack)}")
        return ", ".join(shown)


def check_laws(program: Program, names: Iterable[str] | None = None) -> list[LawResult]:
    """The verdict on each law of a file; raises `CatnetError` where the file has mistakes."""
    program.raise_errors()
    wanted = program.module.laws if names is None else {n: _law(program, n) for n in names}
    with large_work():
        return [check_law(program, program.module, law) for law in wanted.values()]


def _law(program: Program, name: str) -> tree.Law:
    law = program.module.laws.get(name)
    if law is None:
        known = ", ".join(program.module.laws) or "none"
        raise CatnetError(
            Diagnostic("E0601", f"`{program.module.source.name}` has no law `{name}`", help=f"it has {known}")
        )
    return law


def check_law(program: Program, module: Module, law: tree.Law) -> LawResult:
    """Decide one law."""
    statics, lower = generic_statics(law.params)
    general = _sides(program, module, law, _with_nets(law, statics, None), Facts(lower))
    if general is not None and normal_form(general[0]) == normal_form(general[1]):
        return LawResult(law.name, "proved", "both sides have the same normal form")
    return _try(program, module, law, statics, general)


def _with_nets(law: tree.Law, statics: dict[str, Any], trial: Trial | None) -> dict[str, Any]:
    """Net parameters as opaque boxes, or, for a trial, as small nonlinear nets."""
    out = dict(statics)
    for index, param in enumerate(law.params):
        if isinstance(param.annotation, tree.Arrow):
            wanted = read_signature(param.annotation, (), statics)
            signature = Signature(opaque_object(wanted.dom), opaque_object(wanted.cod))
            out[param.name] = terms.Leaf(NetParam(param.name, signature))
            if trial is not None:
                block = Block(f"argument{index}x", _sample_net(opaque_object(wanted.cod), index, trial))
                block.name = block.title  # type: ignore[misc]  # by which its parameters are found
                out[param.name] = terms.Leaf(block)
    return out


def _sample_net(cod: Object, index: int, trial: Trial) -> terms.Diagram:
    """A small net of a given type that no accidental law holds for: on each wire an affine map with weights of
    its own, then a function that no other argument of the law has."""
    from catnet import vocabulary

    word: Any = vocabulary.word  # a box, or what makes one
    known: Any = word
    bend = known(("tanh", "sigmoid", "softplus", "silu", "gelu")[index % 5])
    parts: list[terms.Diagram] = []
    for port in cod:
        wire = _concrete(port, trial)
        if wire.axes:
            affine = known("linear")(trailing(wire)[-1].size)
        else:
            affine = known("id") + (known("drop") >> known("parameter")(()))
        parts.append(affine >> bend)
    return parts[0] if len(parts) == 1 else terms.Tensor(tuple(parts))


def _sides(
    program: Program,
    module: Module,
    law: tree.Law,
    statics: dict[str, Any],
    facts: Facts,
    wires: Object | None = None,
) -> tuple[Graph, Graph] | None:
    """Both sides as graphs, fully elaborated; None where that is not possible at these values."""
    report = Report()
    typing = Typing(facts=facts, report=report, infers=wires is None)
    try:
        left, right = generic.law_sides(program, module, law, statics, facts, report)
        graphs = generic.law_graphs(typing, left, right, law, wires)
    except CatnetError:
        return None
    if graphs is None or report.errors:
        return None
    if typing.inference.open_variables([w for g in graphs for w in g.dom]):
        generalise(typing, graphs)
    return graphs


def _try(
    program: Program,
    module: Module,
    law: tree.Law,
    statics: dict[str, Any],
    general: tuple[Graph, Graph] | None,
) -> LawResult:
    worst, done = 0.0, 0
    for trial in itertools.islice(_trials(law, statics, general), 400):
        difference = _run(program, module, law, statics, general, trial)
        if difference is None:
            continue
        if difference > TOLERANCE:
            return _refuted(law, trial, difference, general)
        worst, done = max(worst, difference), done + 1
        if done == TRIALS:
            break
    if not done:
        reason = "not tried: no small sizes satisfy its demands, or a trial would be too large"
        return LawResult(law.name, "open", reason)
    return LawResult(law.name, "tested", f"{done} trials agree, largest relative difference {worst:.1e}", worst)


def _refuted(law: tree.Law, trial: Trial, difference: float, general: tuple[Graph, Graph] | None) -> LawResult:
    where = f" at {trial}" if str(trial) else ""
    detail = f"the sides differ by {difference:.2g} (relative){where}"
    notes = [Note(f"smallest counterexample found: {trial}")] if where else []
    if general is not None:
        notes.append(Note(f"the law speaks of `{general[0].type}`"))
    diagnostic = Diagnostic("E0401", f"the law `{law.name}` does not hold: {detail}", law.span, notes=tuple(notes))
    return LawResult(law.name, "refuted", detail, difference, diagnostic)


def _trials(law: tree.Law, statics: dict[str, Any], general: tuple[Graph, Graph] | None) -> Iterator[Trial]:
    """Sizes in order of their product, so that the first counterexample is a smallest one."""
    names = [k for k, v in statics.items() if isinstance(v, Dim)]
    names += sorted(_free_sizes(general) - set(names))
    choices = sorted(itertools.product(range(1, LARGEST + 1), repeat=min(len(names), 5)), key=lambda c: (sum(c), c))
    for sizes in choices:
        full = (*sizes, *(2 for _ in names[5:]))
        for pack in ((), (2,), (3, 2)) if _has_pack(general) else ((),):
            for seed in range(SEEDS):
                yield Trial(dict(zip(names, full, strict=True)), pack, seed)


def _free_sizes(general: tuple[Graph, Graph] | None) -> set[str]:
    return set() if general is None else {s for w in general[0].dom for s in w.symbols}


def _has_pack(general: tuple[Graph, Graph] | None) -> bool:
    return general is not None and any(isinstance(a, Pack) for w in general[0].dom for a in w.axes)


def _run(
    program: Program,
    module: Module,
    law: tree.Law,
    statics: dict[str, Any],
    general: tuple[Graph, Graph] | None,
    trial: Trial,
) -> float | None:
    """The relative difference of the sides in one trial; None where these sizes are not allowed."""
    values = {k: Dim.const(trial.sizes[k]) if isinstance(v, Dim) else _sample(v) for k, v in statics.items()}
    wires = None if general is None else tuple(_concrete(w, trial) for w in general[0].dom)
    sides = _sides(program, module, law, _with_nets(law, values, trial), Facts(), wires)
    if sides is None or any(s for g in sides for w in g.dom for s in w.symbols):
        return None
    return _difference(sides, trial.seed)


def _sample(value: Any) -> Any:
    return {"bool": True, "float": 0.5, "str": ""}[value.sort] if isinstance(value, Unknown) else value


def _concrete(wire: Wire, trial: Trial) -> Wire:
    """A wire at the sizes of a trial; what is not known is real."""
    axes: list[Axis] = []
    for axis in wire.axes:
        if isinstance(axis, Pack):
            axes += [Axis(Dim.const(n)) for n in trial.pack]
        else:
            axes.append(replace(axis, size=axis.size.subst(trial.sizes)))
    kind = wire.kind
    if kind.variable:
        return Wire(Kind("R"), (*axes, Axis(Dim.const(2))))
    size = kind.size.subst(trial.sizes) if kind.size is not None else None
    return Wire(Kind(kind.name, size), tuple(axes))


def _difference(sides: tuple[Graph, Graph], seed: int) -> float | None:
    import torch

    from catnet.torch.emit import emit
    from catnet.torch.module import load_class

    if any(_too_large(side) for side in sides):
        return None
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they are
        try:
            modules = [load_class(*emit(side, "a side of a law"))().double() for side in sides]
        except CatnetError:
            return None
        return _gap_of(modules, sides[0].dom, seed)


def _too_large(graph: Graph) -> bool:
    """Whether a trial of this side would take more memory or time than an answer is worth."""
    costs = Costs()
    try:
        work = [costs.parameters(graph), costs.flops(graph)]
    except CatnetError:
        work = []
    wires = [w for _, node in graph.walk() for w in node.cod]
    for wire in (*graph.dom, *wires):
        size = Dim.const(1)
        for axis in wire.axes:
            size = size * axis.size if isinstance(axis, Axis) else size
        work.append(size)
    return any(w.value is None or w.value > MAX_WORK for w in work)


def _gap_of(modules: list[torch.nn.Module], dom: Object, seed: int) -> float:
    """The relative difference of two modules on random parameters and inputs."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    inputs = [_random(w, generator) for w in dom]
    ours, theirs = (_by_argument(m) for m in modules)
    with torch.no_grad():
        for p in (*modules[0].parameters(), *modules[1].parameters()):
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
        for argument in ours.keys() & theirs.keys():
            left, right = ours[argument], theirs[argument]
            if [p.shape for p in left] == [p.shape for p in right]:
                for p, q in zip(left, right, strict=True):
                    q.copy_(p)
        results = []
        for module in modules:
            torch.manual_seed(0)
            out = module(*inputs)
            results.append(out if isinstance(out, tuple) else (out,))
    return max((_gap(a, b) for a, b in zip(*results, strict=True)), default=0.0)


def _by_argument(module: torch.nn.Module) -> dict[str, list[torch.nn.Parameter]]:
    """The parameters of each net that the law is about, in order; "" has those of the law's own boxes."""
    found: dict[str, list[torch.nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        argument = re.search(r"\bargument\d+x", name)
        found.setdefault(argument[0] if argument else "", []).append(parameter)
    return found


def placed(x: torch.Tensor, wire: Wire) -> torch.Tensor:
    """Random numbers as points of the spaces that the axes of a wire carry."""
    for place, axis in enumerate(reversed(wire.axes), start=1):
        if isinstance(axis, Axis) and axis.space is not None:
            x = axis.space.placed(x.movedim(-place, -1)).movedim(-1, -place)
    return x


def _random(wire: Wire, generator: torch.Generator) -> torch.Tensor:
    import torch

    shape = [3, *(a.size.value or 1 for a in wire.axes if isinstance(a, Axis))]  # with a batch of 3
    if wire.kind.name in ("Z", "Fin"):
        high = wire.kind.size.value if wire.kind.size is not None else None
        return torch.randint(0, high or 7, shape, generator=generator)
    if wire.kind.name == "Bool":
        return torch.rand(shape, generator=generator) < 0.5
    dtype = torch.complex128 if wire.kind.name == "C" else torch.float64
    return placed(torch.randn(shape, generator=generator, dtype=dtype), wire)


def _gap(a: torch.Tensor, b: torch.Tensor) -> float:
    if a.shape != b.shape:
        return float("inf")
    if a.numel() == 0:
        return 0.0
    wide = a.to(b.dtype) if a.dtype != b.dtype else a
    scale = max(float(wide.abs().max()), 1.0) if wide.is_floating_point() or wide.is_complex() else 1.0
    gap = float((wide - b).abs().max()) if b.dtype.is_floating_point or b.is_complex() else float((wide != b).any())
    return float("inf") if gap != gap else gap / scale
