"""What is shown of the thing under the pointer."""

from __future__ import annotations

from catnet.editor import describe
from catnet.editor.names import Occurrence, Symbol
from catnet.editor.pieces import nodes
from catnet.editor.places import Place
from catnet.editor.view import Item, View
from catnet.elaborate.loading import Declaration
from catnet.syntax import tree


def hover(view: View, offset: int) -> tuple[Place, str] | None:
    """Markdown about the name or the part at a character, with the place that it speaks of.

    It says what is declared and documented, and the type that it has here, for all sizes.
    """
    found = view.name_at(offset)
    if found is not None:
        item, occurrence = found
        text = _about(view, item, occurrence)
        typed = _typed(view, item, offset) if occurrence.symbol.kind in ("declared", "box", "share", "label") else None
        if typed is not None and not (occurrence.defines and occurrence.symbol.kind == "declared"):
            text += f"\n\nhere: `{typed[1]}`"
        return item.of(occurrence), text
    item_there = view.item_at(offset)
    if item_there is None:
        return None
    hole = _hole(view, item_there, offset)
    part = hole or _typed(view, item_there, offset)
    return (part[0], describe.fenced(part[1])) if part is not None else None


def wire_type(view: View, item: Item, name: str) -> str | None:
    """The type of a named wire of a body, as far as it was found."""
    types = view.types(item)
    if types is None or not isinstance(item.item, tree.Net):
        return None
    parts = item.item.type.dom.parts if isinstance(item.item.type.dom, tree.Fan) else (item.item.type.dom,)
    for part in parts:
        if isinstance(part, tree.Label) and part.name == name and part.body.span is not None:
            return part.body.span.text
    for statement in nodes(item.item.body):
        if isinstance(statement, tree.Assign) and name in statement.targets and statement.value.span is not None:
            outputs = types.outputs(statement.value.span)
            number = statement.targets.index(name)
            if outputs is not None and len(outputs) == len(statement.targets):
                return types.shown(outputs[number : number + 1])
    return None


def _about(view: View, item: Item, occurrence: Occurrence) -> str:
    symbol = occurrence.symbol
    if symbol.kind == "declared":
        return _declared(view, symbol)
    if symbol.kind == "box":
        return describe.box(symbol.name)
    if symbol.kind == "argument":
        return describe.argument(symbol.name, symbol.owner)
    if symbol.kind == "parameter":
        return _parameter(view, symbol)
    if symbol.kind == "wire":
        known = wire_type(view, item, symbol.name)
        return describe.fenced(f"{symbol.name}: {known}") if known is not None else f"`{symbol.name}`: a wire"
    words = {
        "size": f"`{symbol.name}`: a size of `{symbol.owner}`, any natural number",
        "pack": f"`...{symbol.name}`: any number of axes",
        "type": f"`{symbol.name}`: any wires",
        "share": f"`{symbol.name}`: one morphism, whose uses have the same weights",
        "index": f"`{symbol.name}`: the index of `seq`",
        "label": f"`{symbol.name}`: the name of this part, hence of its entries in the state dict",
        "chart": f"`{symbol.name}`: a chart of `{symbol.owner}`",
        "coordinate": f"`{symbol.name}`: a coordinate of `{symbol.owner}`",
        "kind": f"`{symbol.name}`: {KINDS.get(symbol.name, '')}",
        "file": f'the file "{symbol.name}"',
    }
    return words[symbol.kind]


KINDS = {
    "R": "real numbers",
    "C": "complex numbers",
    "Z": "integers",
    "Bool": "truth values",
    "Fin": "indices: `Fin(n)` are the integers from 0 to n - 1",
}


def _declared(view: View, symbol: Symbol) -> str:
    found = view.declaration(symbol)
    if found is None:
        return f"`{symbol.name}`"
    module, declaration = found
    text = describe.declaration(declaration)
    if isinstance(declaration, tree.Net) and any(isinstance(n, tree.Hole) for n in nodes(declaration.type)):
        types = view.program.types(declaration)
        if types is not None:
            text += f"\n\nits type is found to be `{types.whole}`"
    if module is not view.program.module:
        text += f"\n\nfrom {module.path.name}"
    return text


def _parameter(view: View, symbol: Symbol) -> str:
    found = view.declaration(symbol)
    text = f"`{symbol.name}`: a static parameter of `{symbol.owner}`"
    if found is None or not isinstance(found[1], Declaration):
        return text
    written = next((p for p in getattr(found[1], "params", ()) if p.name == symbol.name), None)
    if written is not None and written.span is not None and (written.annotation or written.default):
        return f"{describe.fenced(written.span.text)}\n\n{text}"
    sorts = {p.name: p.sort for p in describe.parameters(found[1])}
    return f"{text}, {describe.SORT_WORDS[sorts[symbol.name]]}" if symbol.name in sorts else text


def _hole(view: View, item: Item, offset: int) -> tuple[Place, str] | None:
    """What a `_` was found to be, by the report that says so."""
    for diagnostic in view.diagnostics:
        place = view.place(diagnostic.span)
        if diagnostic.code in ("E0230", "E0231") and place is not None and place.path == view.path:
            if place.start <= offset <= place.end:
                return place, diagnostic.message.partition("`")[2].rpartition("`")[0] or diagnostic.message
    return None


def _typed(view: View, item: Item, offset: int) -> tuple[Place, str] | None:
    """The smallest part around a character that has a type, and its type."""
    types = view.types(item)
    if types is None:
        return None
    at = offset - item.start
    around = [(end - start, start, end) for start, end in types.by_place if start <= at <= end]
    if not around:
        return None
    _, start, end = min(around)
    shown = types.of(start, end)
    assert shown is not None
    return Place(view.path, item.start + start, item.start + end), f"{shown[0]} -> {shown[1]}"
