"""What is different between two files: which nets are new, gone, renamed or changed, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from catnet.analysis.diff import Difference, Figures, diff
from catnet.analysis.diff_words import figures_data, figures_text
from catnet.diagnostics import CatnetError
from catnet.diagrams.box import REQUIRED
from catnet.diagrams.terms import Diagram
from catnet.elaborate.evaluate import net_params, quantified
from catnet.elaborate.program import Net, Program
from catnet.limits import large_work
from catnet.syntax import tree
from catnet.types.dims import Dim

LONGEST = 44  # characters of a figure
SIGNS = {"same": "=", "changed": "~", "added": "+", "removed": "-", "renamed": "~"}


@dataclass(frozen=True)
class NetChange:
    """What became of one net. `headers` are its signatures where they differ; `found` is the difference, where both
    nets can be built without further arguments."""

    kind: Literal["same", "changed", "added", "removed", "renamed"]
    name: str
    before: str
    headers: tuple[str, str] = ("", "")
    found: Difference | None = None


def names_of(net: Net) -> list[str]:
    """The static parameters of a net and the sizes that its type names."""
    return [p.name for p in net_params(net.declaration)] + list(quantified(net.declaration))


def diagrams(old: Net, new: Net, given: Mapping[str, Any]) -> tuple[Diagram, Diagram]:
    """The diagrams of two nets with arguments; each takes those that it knows.

    Integers without a default stay open, and a size that has another name in the new net goes by the old one. Raises
    `CatnetError` where a net cannot be built so.
    """
    ours, theirs = _open(old), _open(new)
    if len(ours) == len(theirs):
        theirs = dict(zip(theirs, ours.values(), strict=True))
    unknown = given.keys() - {*names_of(old), *names_of(new)}
    left = {k: v for k, v in given.items() if k in names_of(old) or k in unknown}
    right = {k: v for k, v in given.items() if k in names_of(new)}
    made = old(**{**ours, **left}), new(**{**theirs, **right})
    for diagram in made:
        _ = diagram.graph  # the mistakes that these sizes bring
    return made


def _open(net: Net) -> dict[str, Dim]:
    """Symbols for the integers that a net must be given, and for the sizes that its type names."""
    needed = [p.name for p in net_params(net.declaration) if p.sort == "int" and p.default is REQUIRED]
    return {name: Dim.sym(name) for name in (*needed, *quantified(net.declaration))}


@large_work()
def diff_files(old: Program, new: Program, given: Mapping[str, Any] | None = None) -> list[NetChange]:
    """The nets of two programs: by their names, and where a name is gone, by what they are."""
    found: list[NetChange] = []
    texts = _Texts(old, new)
    gone = [name for name in old.names if name not in new.names]
    for name in new.names:
        if name in old.names:
            found.append(_compared(old[name], new[name], given or {}, texts))
            continue
        same = next((other for other in gone if texts.same(old[other], new[name])), None)
        if same is None:
            found.append(NetChange("added", name, "", ("", header(new[name]))))
        else:
            gone.remove(same)
            found.append(NetChange("renamed", name, same))
    return [*found, *(NetChange("removed", name, name, (header(old[name]), "")) for name in gone)]


def _compared(old: Net, new: Net, given: Mapping[str, Any], texts: _Texts) -> NetChange:
    """Two nets of one name: as diagrams, or as they are written where they cannot be built without arguments."""
    name = new.declaration.name
    headers = (header(old), header(new)) if header(old) != header(new) else ("", "")
    if texts.same(old, new):
        return NetChange("same", name, name)
    try:
        found = diff(*diagrams(old, new, given))
    except CatnetError:
        return NetChange("changed", name, name, headers)
    same = found.equal and _called_alike(old.declaration, new.declaration)
    return NetChange(
        "same" if same and found.keys.loads else "changed", name, name, ("", "") if same else headers, found
    )


def _called_alike(old: Any, new: Any) -> bool:
    """Whether two nets of one type take the same arguments under the same conditions; names of sizes do not count."""
    if old.params != new.params or len(getattr(old, "where", ())) != len(getattr(new, "where", ())):
        return False
    return quantified(old) != quantified(new) or getattr(old, "where", ()) == getattr(new, "where", ())


def header(net: Net) -> str:
    """A net's name, parameters and type as they are written, on one line.

    >>> header(Program.from_text("net f(k):R[d]->R[k] where k>=1 = linear(k)")["f"])
    'f(k) : R[d] -> R[k] where k >= 1'
    """
    from catnet.syntax.formatter import format_source

    declaration = net.declaration
    source, body = declaration.span.source, declaration.body.span  # type: ignore[union-attr]
    text = source.text[declaration.span.start : body.start]  # type: ignore[union-attr]
    plain = " ".join(line.split("#")[0] for line in text.rstrip(" \n={").splitlines())
    shown, problems = format_source(type(source)("<header>", f"{plain} = id\n"))
    shown = re.sub(r"(?<=\()\n\s*|\n\s*(?=\))", "", shown)  # a long list of parameters has lines of its own
    return " ".join(("" if problems else shown).split()).removeprefix("net ").removesuffix("= id").strip() or plain


class _Texts:
    """Nets compared as they are written, with all that they use: formatting and comments take no part."""

    def __init__(self, old: Program, new: Program) -> None:
        self.old, self.new = old, new
        self.known: dict[tuple[int, int], bool] = {}

    def same(self, ours: Net, theirs: Net) -> bool:
        """Whether two nets are written alike, but for their names."""
        return self._alike(ours.module, ours.declaration, theirs.module, theirs.declaration)

    def _alike(self, home: Any, one: Any, other_home: Any, other: Any) -> bool:
        key = (id(one), id(other))
        if key in self.known:
            return self.known[key]
        self.known[key] = True  # a cycle is alike where everything else is
        names = ("params", "type", "where", "under", "body") if isinstance(one, tree.Net) else None
        alike = type(one) is type(other) and (
            all(getattr(one, n) == getattr(other, n) for n in names) if names else one == other
        )
        if alike:
            alike = all(self._named_alike(home, other_home, name) for name in _names(one))
        self.known[key] = alike
        return alike

    def _named_alike(self, home: Any, other_home: Any, name: str) -> bool:
        ours, theirs = home.find(name), other_home.find(name)
        if ours is None or theirs is None:
            return ours is None and theirs is None
        return ours[1] is theirs[1] or self._alike(*ours, *theirs)


def _names(declaration: object) -> Iterator[str]:
    """The names that stand in a declaration."""
    seen: set[str] = set()
    stack: list[object] = [declaration]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name) and node.id not in seen:
            seen.add(node.id)
            yield node.id
        elif isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, tree.Node):
            stack.extend(getattr(node, s) for s in node.__dataclass_fields__ if s not in ("span", "comments"))


# -- words ---------------------------------------------------------------------------------------------------


def overview_lines(changes: list[NetChange]) -> Iterator[str]:
    """The nets of two files as text, those that are as before last."""
    same = [change.name for change in changes if change.kind == "same"]
    other = [change for change in changes if change.kind != "same"]
    for change in other:
        yield from _net_lines(change)
    if other and same:
        yield ""
    if same:
        yield f"{len(same)} net{'s' * (len(same) != 1)} as before: {', '.join(same)}"
    if not changes:
        yield "Neither file declares a net."


def _net_lines(change: NetChange) -> Iterator[str]:
    sign = SIGNS[change.kind]
    if change.kind in ("added", "removed"):
        yield f"{sign} {change.headers[0] or change.headers[1]}"
        return
    if change.kind == "renamed":
        yield f"{sign} {change.before} -> {change.name}: the same net under another name"
        return
    yield f"{sign} {change.name}"
    if change.headers[0]:
        yield f"    - {change.headers[0]}"
        yield f"    + {change.headers[1]}"
    found = change.found
    if found is None:
        yield "      written otherwise; give its arguments with -p to see the figures"
        return
    if found.equal:
        yield "      the same diagram" + ("" if found.keys.loads else ", under other keys of the state dict")
    alike = not found.equal
    for word, figures in (("parameters", found.parameters), ("FLOPs", found.flops)):
        if figures.old != figures.new:
            alike = False
            yield f"      {figures_text(word, figures, LONGEST)}"
    if alike:
        yield "      other parts or other wires, at the same cost"


def overview_data(changes: list[NetChange]) -> list[dict[str, Any]]:
    """The nets of two files as JSON has them."""
    return [
        {
            "kind": change.kind,
            "net": change.name,
            "before": change.before,
            "signature": {"old": change.headers[0], "new": change.headers[1]},
            **({} if change.found is None else _cost(change.found.parameters, change.found.flops)),
        }
        for change in changes
    ]


def _cost(parameters: Figures, flops: Figures) -> dict[str, Any]:
    return {"parameters": figures_data(parameters), "flops": figures_data(flops)}
