"""Pieces of generated text: docstrings, names for values, comments that say where a line comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from catnet.diagrams.graph import Graph, Node
from catnet.torch.names import identifier
from catnet.types.dims import Dim
from catnet.types.wires import Pack, Wire

INDENT = "    "


def wanted_names(graph: Graph) -> dict[int, str]:
    """The name that each value should have: its own, or that of the named value that it leads to."""
    uses: dict[int, int] = {}
    for node in graph.nodes:
        for value in node.inputs:
            uses[id(value)] = uses.get(id(value), 0) + 1
    for value in graph.outputs:
        uses[id(value)] = uses.get(id(value), 0) + 1
    hints: dict[int, str] = {}
    for node in reversed(graph.nodes):
        for value in node.outputs:
            if value.name is not None:
                hints[id(value)] = identifier(value.name)
        wanted = hints.get(id(node.outputs[0])) if len(node.outputs) == 1 else None
        if wanted is not None and len(node.inputs) == 1 and uses[id(node.inputs[0])] == 1:
            if node.inputs[0].node is not None:
                hints.setdefault(id(node.inputs[0]), wanted)
    return hints


def last_uses(graph: Graph) -> dict[int, int]:
    """For each value the index of the last node that uses it; outputs are used at the very end."""
    last: dict[int, int] = {}
    for index, node in enumerate(graph.nodes):
        for value in node.inputs:
            last[id(value)] = index
    for value in graph.outputs:
        last[id(value)] = len(graph.nodes)
    return last


def assigned(results: Sequence[str], value: str) -> str:
    return f"{', '.join(results)} = {value}" if results else value


def is_open(wire: Wire) -> bool:
    """Whether a wire has an axis pack, so that its batch axes cannot be told from its own."""
    return any(isinstance(a, Pack) for a in wire.axes)


def batch_of(name: str, wire: Wire) -> str:
    return f"{name}.shape[:-{len(wire.axes)}]" if wire.axes else f"{name}.shape"


def shape_reads(name: str, wire: Wire) -> Iterator[tuple[str, Dim]]:
    """The sizes of the trailing axes, with the code that reads each."""
    for back, axis in enumerate(reversed(wire.axes), start=1):
        if isinstance(axis, Pack):
            break
        yield f"{name}.shape[-{back}]", axis.size


def spec_line(node: Node) -> str:
    """The spec line that a statement came from, as a comment."""
    if node.span is None:
        return ""
    line, _ = node.span.source.position(node.span.start)
    return f"  # {_file_name(node.span.source.name)}:{line}"


@lru_cache(maxsize=64)
def _file_name(path: str) -> str:
    """The last part of a path, without what cannot be printed."""
    return "".join(c for c in path.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())


def indented(lines: list[str]) -> list[str]:
    return [INDENT + line if line else "" for line in lines]


def docstring(graph: Graph, inputs: Sequence[str], top: bool) -> list[str]:
    doc = [safe(line) for line in graph.doc]
    type_line = f"{safe(graph.type)}"
    if not top and not doc:
        return [f'"""`{type_line}`."""']
    lines = [*doc, ""] if doc else []
    lines.append(f"Type: {type_line}")
    if top:
        least, limit = graph.batch_needed, graph.batch_axes
        count = "Any number of" if limit is None else f"At most {limit}" if limit else "No"
        if least:
            count = f"Exactly {limit}" if limit == least else f"At least {least}"
        lines.append(f"{count} leading batch ax{'is' if limit == 1 else 'es'}.")
    if len(lines) == 1:
        return [f'"""{lines[0]}"""']
    return ['"""' + lines[0], *lines[1:], '"""']


def safe(text: str) -> str:
    """Text that cannot end a docstring or hide control characters in code."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown.replace("\\", "\\\\").replace('"""', "'''").replace('"', "'")


def numbered(parts: Sequence[str], first: int, count: int) -> str:
    """Some steps of a repeat, under the numbers that they have in the whole."""
    if len(parts) == 1:
        return f"nn.ModuleDict({{str(i): {parts[0]} for i in range({first}, {first + count})}})"
    return f"nn.ModuleDict({{{', '.join(f'{str(first + i)!r}: {part}' for i, part in enumerate(parts))}}})"


def result_type(graph: Graph) -> str:
    count = len(graph.outputs)
    if count == 1:
        return "Tensor"
    return f"tuple[{', '.join(['Tensor'] * count)}]" if count else "tuple[()]"


def returned(names: list[str]) -> str:
    return ", ".join(names) if names else "()"
