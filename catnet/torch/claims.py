"""What the class of a compiled net says of its symmetry, for `catnet.symmetry.error` to measure."""

from __future__ import annotations

from collections.abc import Container, Mapping

from catnet.boxes.bundle_wires import bundles_of
from catnet.diagrams.terms import Diagram, Leaf
from catnet.elaborate.nets import NetBox
from catnet.elaborate.symmetries import acting, symbols
from catnet.torch.modules import listed
from catnet.types.dims import Dim
from catnet.types.signature import Port
from catnet.types.wires import Axis, AxisLike, Kind, Wire


def claim_lines(diagram: Diagram) -> list[str]:
    """The class attributes `symmetry_type` and `symmetry_under`, as code; none for what says no `under`."""
    box = diagram.box if isinstance(diagram, Leaf) else None
    if not isinstance(box, NetBox) or not box.declaration.under or box.written.holes:
        return []
    sizes = {**symbols(box.declaration, box.written.universals), **box.sizes}
    claims = acting(box.declaration.under, box.home, sizes)
    claims = [claim for claim in claims if not claim[0].local]  # one element is what is measured
    ports = (*box.written.dom, *box.written.cod)
    if not claims or any(isinstance(port, Wire) and bundles_of(port) for port in ports):
        return []  # the text of a type cannot name a bundle outside of its file
    named = {name for _, clause in claims for name in clause.axes}
    dom, cod = (
        " @ ".join(_port(port, named, box.sizes) for port in ports) for ports in (box.written.dom, box.written.cod)
    )
    under = [str(group) + _on(clause.axes) for group, clause in claims]
    return [
        f"symmetry_type = {f'{dom} -> {cod}'!r}",
        *listed("symmetry_under", [repr(text) for text in under], "()", "measured by `catnet.symmetry.error`"),
    ]


def _on(axes: tuple[str, ...]) -> str:
    names = ", ".join(axes)
    return (f" on ({names})" if len(axes) > 1 else f" on {names}") if axes else ""


def _port(port: Port, named: Container[str | None], sizes: Mapping[str, Dim]) -> str:
    """A wire as the language writes it: by name where a claim names the axis, else by what it carries or its size."""
    if not isinstance(port, Wire):
        return str(port)
    kind = Kind(port.kind.name, port.kind.size and port.kind.size.subst(sizes))
    axes = ", ".join(_axis(axis, named, sizes) for axis in port.axes)
    return f"{kind}[{axes}]" if axes else str(kind)


def _axis(axis: AxisLike, named: Container[str | None], sizes: Mapping[str, Dim]) -> str:
    if not isinstance(axis, Axis):
        return str(axis)
    if axis.space is not None:
        return str(axis.space.subst(sizes))
    return str(axis.tag if axis.tag in named else axis.size.subst(sizes))
