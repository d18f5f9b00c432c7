"""The one check of a compiled module: do the tensors that came have the types that the spec states?

What was proved when compiling is not asked again; what can still fail is the kind, the number of axes, sizes
that are fixed, sizes that must agree, and what `where` assumes of sizes that stay dynamic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from catnet.diagrams.graph import Graph
from catnet.torch.bundle_checks import graph_lines
from catnet.torch.sizes import python
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.wires import Axis, Pack, Wire

INPUT_ERROR = '''class InputError(ValueError):
    """An input does not have the type that the spec states."""

    def __init__(self, wire, expected, got, reason):
        if not isinstance(got, str):
            got = f"{str(got.dtype).removeprefix('torch.')} of shape {tuple(got.shape)}"
        super().__init__(wire, expected, got, reason)

    def __str__(self):
        wire, expected, got, reason = self.args
        return f"`{wire}` must be {expected} (after any batch axes), but a tensor {got} came: {reason}"
'''

ZERO = Dim.const(0)
_NO_INTEGERS = "{0}.is_floating_point() or {0}.is_complex() or {0}.dtype == torch.bool"
_KIND_TESTS = {
    "R": ("not {0}.is_floating_point()", "it must be real (floating point)"),
    "C": ("not {0}.is_complex()", "it must be complex"),
    "Z": (_NO_INTEGERS, "it must hold integers"),
    "Fin": (_NO_INTEGERS, "it must hold integers"),
    "Bool": ("{0}.dtype != torch.bool", "it must be boolean"),
}


def check_lines(graph: Graph, names: Sequence[str], need: Callable[[str], str]) -> list[str]:
    """The body of the check, as lines without indentation; `need` asks for an import."""
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
    readers = {symbol: here.split(".")[0] for symbol, here in known.items()}
    while later:
        # those that follow from known sizes first, then one that a single unknown size explains: R[3*t]
        at = next((i for i, row in enumerate(later) if row[3].symbols <= known.keys()), None)
        if at is not None:
            back, name, wire, size, here = later.pop(at)
            lines += _unless(f"{here} != {python(size, known)}", name, wire, f"axis -{back} must be {size}")
            continue
        at = next((i for i, row in enumerate(later) if _unknown(row[3], known) is not None), None)
        if at is None:
            break
        back, name, wire, size, here = later.pop(at)
        symbol, factor, rest = _unknown(size, known) or ("", size, size)
        room = here if rest == ZERO else f"({here} - {_bracketed(python(rest, known))})"
        by = _bracketed(python(factor, known))
        if factor.value is None:
            lines += _unless(f"{by} < 1", name, wire, f"axis -{back} must be {size}, for any {symbol}")
        if factor.value != 1:
            lines += _unless(f"{room} % {by} != 0", name, wire, f"axis -{back} must be {size}")
        if rest != ZERO:
            lines += _unless(f"{room} < 0", name, wire, f"axis -{back} must be {size}")
        known[symbol] = room if factor.value == 1 else f"{room} // {by}"
        readers[symbol] = name
    lines += _batch_lines(graph, names)
    return lines + graph_lines(graph, names, known, need) + _where_lines(graph, names, known, readers)


def _unknown(size: Dim, known: Mapping[str, str]) -> tuple[str, Dim, Dim] | None:
    """`(n, a, b)` for a size `a*n + b` where n alone is not known yet, and a number a is at least 1."""
    names = [n for n in size.symbols if n not in known]
    linear = size.linear_in(names[0]) if len(names) == 1 else None
    if linear is None or (linear[0].value is not None and linear[0].value < 1):
        return None
    return names[0], *linear


def _bracketed(code: str) -> str:
    return code if code.isalnum() else f"({code})"


def _shape_lines(name: str, wire: Wire) -> list[str]:
    test, reason = _KIND_TESTS.get(wire.kind.name, ("", ""))
    lines = _unless(test.format(name), name, wire, reason) if test else []
    rank = sum(isinstance(a, Axis) for a in wire.axes)
    if rank:
        words = f"it needs at least {rank} ax{'i' if rank == 1 else 'e'}s"
        lines += _unless(f"{name}.dim() < {rank}", name, wire, words)
    return lines


def _batch_lines(graph: Graph, names: Sequence[str]) -> list[str]:
    """All inputs must have the same batch axes, and as many as the boxes take."""
    lines: list[str] = []
    wires = [v.wire for v in graph.inputs]
    least, limit = graph.batch_needed, graph.batch_axes
    first: dict[str, str] = {}  # an axis pack in front ("": none): the code that reads it with the batch axes
    for name, wire in zip(names, wires, strict=True):
        packs = [i for i, a in enumerate(wire.axes) if isinstance(a, Pack)]
        if not packs and least:
            exactly, test = ("exactly ", "!=") if least == limit else ("", "<")
            words = f"it needs {exactly}{least} batch ax{'i' if least == 1 else 'e'}s"
            lines += _unless(f"{name}.dim() {test} {least + len(wire.axes)}", name, wire, words)
        if not packs and limit is not None and limit != least:
            most = limit + len(wire.axes)
            words = f"at most {limit} batch ax{'i' if limit == 1 else 'e'}s"
            lines += _unless(f"{name}.dim() > {most}", name, wire, f"it may have {words}")
        if packs and packs[0] != 0:
            continue
        pack = str(wire.axes[0]) if packs else ""
        here = _front(name, len(wire.axes) - len(packs))
        if pack in first:
            other = first[pack].split(".")[0]
            reason = f"`{pack}` must be as in `{other}`" if pack else f"its batch axes must be those of `{other}`"
            lines += _unless(f"{here} != {first[pack]}", name, wire, reason)
        first.setdefault(pack, here)
    return lines


def _front(name: str, rank: int) -> str:
    return f"{name}.shape[:-{rank}]" if rank else f"{name}.shape"


def _where_lines(graph: Graph, names: Sequence[str], known: Mapping[str, str], readers: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for clause in graph.where:
        if not isinstance(clause, Pred) or not clause.symbols or not clause.symbols <= known.keys():
            continue
        text = f"{python(clause.left, known)} {clause.op} {python(clause.right, known)}"
        at = list(names).index(readers[sorted(clause.symbols)[0]])
        lines += _unless(f"not ({text})", names[at], graph.inputs[at].wire, f"the spec assumes {clause}")
    return lines


def _unless(test: str, name: str, wire: Wire, reason: str) -> list[str]:
    return [f"if {test}:", f"    raise InputError({name!r}, {str(wire)!r}, {name}, {reason!r})"]
