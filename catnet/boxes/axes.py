"""What the families share: finding an axis, partly known wires, numbers as code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catnet.diagrams.box import Site
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.infer import Inference, TypeProblem, reject
from catnet.types.spelling import nearest
from catnet.types.static import AxisRef
from catnet.types.wires import REAL, Axis, AxisLike, Object, Pack, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

ONE = Dim.const(1)
ZERO = Dim.const(0)
LAST = AxisRef(index=-1)


def trailing(wire: Wire) -> tuple[Axis, ...]:
    """The axes after the axis pack (all of them, where there is none)."""
    found: list[Axis] = []
    for axis in reversed(wire.axes):
        if isinstance(axis, Pack):
            break
        found.append(axis)
    return tuple(reversed(found))


def has_pack(wire: Wire) -> bool:
    """Whether the number of axes is open."""
    return any(isinstance(a, Pack) for a in wire.axes)


def is_unknown(wire: Wire) -> bool:
    """Whether nothing is known of the wire's axes yet: what stands there after a mistake, or a free input."""
    return len(wire.axes) == 1 and is_open(wire)


def is_open(wire: Wire) -> bool:
    """Whether the number of axes is still to be inferred."""
    return any(isinstance(a, Pack) and a.name.startswith("?") for a in wire.axes)


def opened(inference: Inference, wire: Wire, least: int) -> Wire:
    """The wire with at least `least` trailing axes: one whose number of axes is open gets new ones."""
    if len(trailing(wire)) >= least or not is_open(wire):
        return wire
    axes: list[AxisLike] = [Axis(inference.fresh_dim()) for _ in range(least)]
    inference.unify(wire, Wire(wire.kind, (Pack(inference.fresh("s")), *axes)))
    return inference.wire(wire)


def only_wire(box: str, inputs: Object, typing: Typing) -> Wire:
    """The one input of a box, as far as it is known."""
    count(box, inputs, 1)
    return typing.inference.wire(inputs[0])


def count(box: str, inputs: Object, wanted: int) -> None:
    """Refuse another number of wires."""
    if len(inputs) != wanted:
        raise reject(
            f"`{box}` takes {wanted or 'no'} wire{'s' * (wanted != 1)}, "
            f"but {len(inputs)} come{'s' * (len(inputs) == 1)}",
            code="E0204",
        )


def real_wire(typing: Typing, wire: Wire, port: int = 0) -> Wire:
    """Ask that a wire carry reals, whatever its axes are."""
    typing.inference.unify(wire, Wire(REAL, wire.axes), port)
    return typing.inference.wire(wire)


def known_axes(box: str, wire: Wire, port: int = 0) -> tuple[Axis, ...]:
    """All axes of a wire; refuses one whose number of axes is open."""
    if has_pack(wire):
        raise reject(
            f"`{box}` needs to know all axes, and `{wire}` has an open number of them",
            help="name the axes in the signature: R[c, h, w] instead of R[...s]",
            port=port,
        )
    return trailing(wire)


def located(typing: Typing, wire: Wire, ref: AxisRef, *, box: str, port: int = 0) -> tuple[Wire, int] | None:
    """The wire and where the axis stands in it, counted from the end; None where this is not known yet."""
    if ref.index is not None and ref.index < 0:
        wire = opened(typing.inference, wire, -ref.index)
    try:
        return wire, axis_position(wire, ref, typing.inference.facts, box=box, port=port)
    except TypeProblem:
        if is_open(wire):
            return None
        raise


def axis_position(wire: Wire, ref: AxisRef, facts: Facts | None = None, *, box: str = "", port: int = 0) -> int:
    """Where the axis stands, counted from the end (-1 is the last).

    A name is looked for among the axes' names, then among their sizes. Raises `TypeProblem` (E0223) where
    there is no such axis, or more than one.
    """
    if ref.index is not None:
        return _by_index(wire, ref.index, box, port)
    axes = trailing(wire)
    named = [i for i, a in enumerate(axes) if a.tag == ref.name]
    if len(named) != 1 and ref.size is not None:
        among = named or range(len(axes))
        equal = [i for i in among if axes[i].size == ref.size]
        if not equal and facts is not None:
            equal = [i for i in among if facts.equal(axes[i].size, ref.size)]
        named = equal or named
    if len(named) == 1:
        return named[0] - len(axes)
    if named:
        raise reject(
            f"`{wire}` has {len(named)} axes `{ref}`", code="E0223", port=port,
            help=f"say which by its place: {', '.join(str(i - len(axes)) for i in named)}",
        )  # fmt: skip
    raise _no_axis(wire, ref, box, port)


def _by_index(wire: Wire, index: int, box: str, port: int) -> int:
    axes = trailing(wire)
    if index < 0 and -index <= len(axes):
        return index
    if index >= 0 and not has_pack(wire) and index < len(axes):
        return index - len(axes)
    if index >= 0 and has_pack(wire):
        raise reject(
            f"axis {index} of `{wire}` cannot be told: the number of axes before it is open",
            code="E0223",
            help="count from the end, -1 is the last axis, or use the axis' name",
            port=port,
        )
    raise _no_axis(wire, AxisRef(index=index), box, port)


def _no_axis(wire: Wire, ref: AxisRef, box: str, port: int) -> Exception:
    axes = trailing(wire)
    listed = ", ".join(f"`{a}` ({i - len(axes)})" for i, a in enumerate(axes))
    where = f" for `{box}`" if box else ""
    return reject(
        f"`{wire}` has no axis `{ref}`{where}",
        code="E0223",
        help=f"its axes are {listed}" if listed else "it has no axes of its own; batch axes have no name",
        port=port,
    )


def per_axis(box: str, name: str, values: Sequence[Dim], axes: int) -> tuple[Dim, ...]:
    """One value per spatial axis: a single one stands for all."""
    if len(values) not in (1, axes):
        raise reject(
            f"`{name}` of `{box}` has {len(values)} numbers, for {axes} axes",
            help=f"give one number, or {axes}",
        )
    return tuple(values) * axes if len(values) == 1 else tuple(values)


def ints_text(site: Site, values: Sequence[Dim]) -> str:
    """Integers as code: one number where all are equal, else a tuple."""
    numbers = [site.static(v) for v in values]
    return str(numbers[0]) if len(set(numbers)) == 1 else f"({', '.join(map(str, numbers))})"


def shape_text(site: Site, values: Sequence[Dim]) -> str:
    """A shape as arguments: `3, 4`, or `()` for a scalar."""
    return ", ".join(str(site.static(v)) for v in values) or "()"


def product(values: Sequence[Dim]) -> Dim:
    """The product of sizes."""
    total = ONE
    for value in values:
        total = total * value
    return total


def options(**given: tuple[object, object]) -> str:
    """Keyword arguments as code, each behind a comma, without those that have PyTorch's own default."""
    return "".join(f", {name}={value!r}" for name, (value, default) in given.items() if value != default)


def one_of(box: str, argument: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a text argument that is not one of a few words; one that is not known yet passes."""
    if not isinstance(value, str) or value in allowed:
        return
    words = [f'"{word}"' for word in allowed]
    listed = f"{', '.join(words[:-1])} or {words[-1]}"
    raise reject(
        f'`{argument}` of `{box}` is {listed}, not "{value}"',
        help=nearest(value, allowed) or f"write {argument} = {words[-1]}",
    )
