"""What a measurement of equivariance starts from: claims read at the sizes of the tensors that a module takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import Source, fail
from catnet.symmetry.groups import Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.turns import on_cells
from catnet.syntax import tree
from catnet.syntax.parser import parse_action, parse_type
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.signature import Port, Signature, read_signature
from catnet.types.spaces import Space
from catnet.types.static import describe, evaluate
from catnet.types.wires import Axis, Pack, Wire

if TYPE_CHECKING:
    from torch import Tensor

Parts = tuple[tuple[tuple[int, ...], Rep], ...]
"""What acts on a tensor: representations, each with its axes by their places from the end, in row-major order."""

USUAL = 6  # the size of an axis of which nothing says it


@dataclass(frozen=True)
class Claim:
    """A group, and what it does to the inputs and the outputs of a module at known sizes."""

    text: str
    group: Group
    axes: tuple[str, ...]
    inputs: tuple[Parts, ...]
    outputs: tuple[Parts, ...]


def read_type(text: str, names: Mapping[str, Any]) -> Signature:
    """A type `R[n, V] -> R[n, k]`; `names` says what names in it are: sizes, groups and representations."""
    import catnet.symmetry.words  # noqa: F401

    expr = parse_type(Source("<type>", text))
    if not isinstance(expr, tree.Arrow):
        fail("E0227", f"`{text}` says no outputs", expr.span, help="write R[n, d] -> R[k]")
    signature = read_signature(expr, (), names)
    if not all(isinstance(port, Wire) for port in (*signature.dom, *signature.cod)):
        fail("E0227", "an object variable is not the type of a tensor", expr.span)
    return signature


def read_group(under: str | Group, names: Mapping[str, Any]) -> tuple[Group, tuple[str, ...]]:
    """The group of a claim such as `S(n) on n`, and the names of the axes on which it acts."""
    if isinstance(under, Group):
        return under, ()
    clause = parse_action(Source("<under>", under))

    def lookup(name: str) -> Any:
        return names[name] if name in names else None if name[0].isupper() else Dim.sym(name)

    value = evaluate(clause.group, lookup, names)
    if not isinstance(value, Group):
        hint = "such as under='S(n) on n', or a group for a name: G = SO(3)"
        fail("E0730", f"a group is expected, not {describe(value)}", clause.group.span, help=hint)
    return value, clause.axes


def sizes_of(
    what: str, wires: Sequence[Port], tensors: Sequence[Tensor], known: Mapping[str, Dim] | None = None
) -> dict[str, Dim]:
    """The sizes that the names in the types of tensors have, besides those that are known.

    Raises `ValueError` where a tensor does not have its type; `what` says whether they are inputs or outputs.
    """
    if len(tensors) != len(wires):
        raise ValueError(f"the type has {len(wires)} {what}{'s' * (len(wires) != 1)}, and {len(tensors)} came")
    sizes = dict(known or {})
    pairs = [pair for wire, x in zip(wires, tensors, strict=True) for pair in _sizes(what, wire, x)]  # type: ignore[arg-type]
    for dim, size, _ in pairs:
        if dim.is_symbol is not None:
            sizes.setdefault(dim.is_symbol, Dim.const(size))
    for dim, size, wire in pairs:
        if (wanted := dim.subst(sizes)).value != size:
            raise ValueError(f"an axis of the {what} `{wire}` must be {wanted}, and a tensor came where it is {size}")
    return sizes


def _sizes(what: str, wire: Wire, x: Tensor) -> list[tuple[Dim, int, Wire]]:
    """The sizes of the axes behind a pack, as the type and as the tensor says."""
    found = []
    for place in range(-1, -len(wire.axes) - 1, -1):
        axis = wire.axes[place]
        if isinstance(axis, Pack):
            break
        if x.dim() < -place:
            shape = tuple(x.shape)
            raise ValueError(f"the {what} `{wire}` has {len(wire.axes)} axes, and a tensor of shape {shape} came")
        found.append((axis.size, x.shape[place], wire))
    return found


def usual_sizes(signature: Signature, claims: Sequence[tuple[Group, tuple[str, ...]]]) -> dict[str, Dim]:
    """Sizes for inputs that nobody gave: what the groups say of the axes that they move, and else six."""
    sizes = {}
    for group, axes in claims:
        if len(axes) == 1 and group.natural is not None and group.natural.dim.value is not None:
            sizes[axes[0]] = group.natural.dim
    return {**dict.fromkeys(signature.universals, Dim.const(USUAL)), **sizes}


def claim_at(signature: Signature, asked: tuple[Group, tuple[str, ...]], sizes: Mapping[str, Dim]) -> Claim:
    """A claim at known sizes. Raises `CatnetError`: E0732, E0733 where the group cannot act."""
    group, axes = asked
    text = f"{group} on {axes[0] if len(axes) == 1 else '(' + ', '.join(axes) + ')'}" if axes else str(group)
    group = group.subst(sizes)
    inputs, outputs = (
        tuple(parts_of(wire, group, axes, sizes) for wire in wires)  # type: ignore[arg-type]
        for wires in (signature.dom, signature.cod)
    )
    spaces = [axis.space for wire in signature.dom for axis in getattr(wire, "axes", ()) if isinstance(axis, Axis)]
    if not any(inputs) and all(getattr(space, "group", None) != group for space in spaces):
        shown = " @ ".join(map(str, signature.dom))
        fail("E0732", f"`{text}` acts on nothing in `{shown}`", help="name an axis of the type: under='S(n) on n'")
    return Claim(text, group, axes, inputs, outputs)


def parts_of(wire: Wire, group: Group, axes: Sequence[str], sizes: Mapping[str, Dim]) -> Parts:
    """What a group does to a wire: its natural action on the named axes, and what the type says of the others."""
    found: list[tuple[tuple[int, ...], Rep]] = []
    named: dict[str, list[int]] = {name: [] for name in axes}
    for place in range(-len(wire.axes), 0):
        axis = wire.axes[place]
        if isinstance(axis, Axis):
            rep = _carried(axis.space, sizes)
            if rep is not None and rep.group == group:
                found.append(((place,), rep))
            if axis.tag in named:
                named[axis.tag].append(place)
    if axes and all(named.values()):
        first = [named[name][0] for name in axes]
        natural = _natural(group, axes, [wire.axes[place].size.subst(sizes) for place in first])  # type: ignore[union-attr]
        places = [(place,) for place in named[axes[0]]] if len(axes) == 1 else [tuple(first)]  # R[n, n] holds pairs
        found += [(at, natural) for at in places]
    return tuple((places, rep) for places, rep in found if rep.kind is not Kind.TRIVIAL)


def _carried(space: Space | None, sizes: Mapping[str, Dim]) -> Rep | None:
    return space.subst(sizes) if isinstance(space, Rep) else None


def _natural(group: Group, axes: Sequence[str], sizes: Sequence[Dim]) -> Rep:
    """The natural action of a group on named axes of these sizes."""
    rep = on_cells(group, sizes, Facts()) or (group.natural if len(axes) == 1 else None)
    if rep is None:
        shown = f"`({', '.join(axes)})` of sizes {', '.join(map(str, sizes))}"
        fail("E0733", f"`{group}` has no natural action on {shown}", help="quarter turns act on squares")
    if len(axes) == 1 and rep.dim != sizes[0]:
        fail("E0733", f"`{group}` moves {rep.dim} points, and the axis `{axes[0]}` has {sizes[0]}")
    return rep
