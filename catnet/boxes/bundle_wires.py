"""The wires of bundles: points of the base, and fibre coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import REAL, Axis, Kind, Pack, Wire

if TYPE_CHECKING:
    from catnet.bundles import Bundle


def bundles_of(wire: Wire) -> list[Bundle]:
    """The bundles that the axes of a wire speak of. Only spaces of `catnet.bundles`, which is not loaded here, have
    one."""
    found = [getattr(axis.space, "bundle", None) for axis in wire.axes if isinstance(axis, Axis)]
    return [bundle for bundle in found if bundle is not None]


def has_points(bundle: Bundle) -> bool:
    """Whether points of the base are a wire, `R[base(E)]`."""
    from catnet.bundles.carried import coordinates_of  # here and below: only a spec with bundles asks

    return coordinates_of(bundle.base) is not None


def base_wire(bundle: Bundle) -> Wire:
    """`R[...s, base(E)]`."""
    from catnet.bundles.carried import BaseOf

    space = BaseOf(bundle)
    return Wire(REAL, (Pack("s"), Axis(space.dim, None, space)))


def fibre_wire(bundle: Bundle, *before: Dim) -> Wire:
    """`R[...s, E]`, with sizes before E."""
    from catnet.bundles.carried import FibreOf

    space = FibreOf(bundle)
    return Wire(Kind(space.entries), (Pack("s"), *map(Axis, before), Axis(space.dim, None, space)))


def need_points(box: str, bundle: Bundle) -> None:
    """Refuse a bundle over nodes, whose base is no wire."""
    if not has_points(bundle):
        raise reject(f"`{box}` takes points of the base, and those of a {bundle.base} have no coordinates",
                     code="E0801", help="its nodes are an axis: R[n, E]")  # fmt: skip
