"""The one check of a compiled module: do the tensors that came have the types that the spec states?

What was proved when compiling is not asked again; what can still fail is the kind, the number of axes, sizes
that are fixed, sizes that must agree, and what `where` assumes of sizes that stay dynamic.
"""

from __future__ import annotations

from collections.abc import Sequence

from catnet.diagrams.graph import Graph
from catnet.torch.sizes import python
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.wires import Axis, Pack, Wire

INPUT_ERROR = '''class InputError(ValueError):
    """An input does not have the type that the spec states."""

    def __init__(self, wire, expected, got, reason):
        shape = f"{str(got.dtype).removeprefix('torch.')} of shape {tuple(got.shape)}"
        super().__init__(f"`{wire}` must be {expected} (after any batch axes), but a tensor {shape} came: {reason}")
'''

_KIND_TESTS = {
    "R": ("not {0}.is_floating_point()", "it must be real (floating point)"),
    "C": ("not {0}.is_complex()", "it must be complex"),
    "Z": ("{0}.is_floating_point() or {0}.is_complex()", "it must hold integers"),
    "Fin": ("{0}.is_floating_point() or {0}.is_complex()", "it must hold integers"),
    "Bool": ("{0}.dtype != torch.bool", "it must be boolean"),
}


def check_lines(graph: Graph, names: Sequence[str]) -> list[str]:
    """The body of the check, as lines without indentation."""
    lines: list[str] = []
    known: dict[str, str] = {}  # a dynamic size: the expression that reads it
    later: list[tuple[int, str, Wire, Dim, str]] = []
    for name, value in zip(names, graph.inputs, strict=True):
        wire = value.wire
        lines += _shape_lines(name, wire)
        for back, axis in enumerate(reversed(wire.axes), start=1):
            if isinstance(axis, Pack):
                break
            here = f"{name}.shape[-{back}]"
            symbol = axis.size.is_symbol
            if axis.size.value is not None:
                lines += _unless(f"{here} != {axis.size}", name, wire, f"axis -{back} must be {axis.size}")
            elif symbol is not None and symbol not in known:
                known[symbol] = here
            else:
                later.append((back, name, wire, axis.size, here))
    for back, name, wire, size, here in later:
        if size.symbols <= known.keys():
            wanted = python(size, known)
            lines += _unless(f"{here} != {wanted}", name, wire, f"axis -{back} must be {size}")
    lines += _batch_lines(graph, names)
    return lines + _where_lines(graph, names, known)


def _shape_lines(name: str, wire: Wire) -> list[str]:
    test, reason = _KIND_TESTS.get(wire.kind.name, ("", ""))
    lines = _unless(test.format(name), name, wire, reason) if test else []
    rank = sum(isinstance(a, Axis) for a in wire.axes)
    if rank:
        words = f"it needs at least {rank} ax{'i' if rank == 1 else 'e'}s"
        lines += _unless(f"{name}.dim() < {rank}", name, wire, words)
    return lines


def _batch_lines(graph: Graph, names: Sequence[str]) -> list[str]:
    """All inputs must have the same batch axes, and no more than the boxes take."""
    lines: list[str] = []
    wires = [v.wire for v in graph.inputs]
    if any(isinstance(a, Pack) for w in wires for a in w.axes):
        return lines
    limit = graph.batch_axes
    for name, wire in zip(names, wires, strict=True):
        if limit is not None:
            most = limit + len(wire.axes)
            words = f"at most {limit} batch ax{'i' if limit == 1 else 'e'}s"
            lines += _unless(f"{name}.dim() > {most}", name, wire, f"it may have {words}")
    if len(wires) > 1:
        first = _batch(names[0], wires[0])
        for name, wire in zip(names[1:], wires[1:], strict=True):
            lines += _unless(
                f"{_batch(name, wire)} != {first}", name, wire, f"its batch axes must be those of `{names[0]}`"
            )
    return lines


def _batch(name: str, wire: Wire) -> str:
    return f"{name}.shape[:-{len(wire.axes)}]" if wire.axes else f"{name}.shape"


def _where_lines(graph: Graph, names: Sequence[str], known: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for clause in graph.where:
        if not isinstance(clause, Pred) or not clause.symbols or not clause.symbols <= known.keys():
            continue
        text = f"{python(clause.left, known)} {clause.op} {python(clause.right, known)}"
        reader = known[sorted(clause.symbols)[0]].split(".")[0]
        at = list(names).index(reader)
        lines += _unless(f"not ({text})", names[at], graph.inputs[at].wire, f"the spec assumes {clause}")
    return lines


def _unless(test: str, name: str, wire: Wire, reason: str) -> list[str]:
    return [f"if {test}:", f"    raise InputError({name!r}, {str(wire)!r}, {name}, {reason!r})"]
