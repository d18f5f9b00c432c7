"""Declared sections and maps of bundles as boxes: `section s : E { ... }` and `map f : E -> F { ... }`.

Over a base whose points have coordinates, what is declared is a morphism over the base: the base point passes, and
beside it comes the value there. Over a graph or a complex a node is its own chart, and no base wire is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.bundle_wires import base_wire, fibre_wire, has_points
from catnet.bundles.carried import FibreOf
from catnet.bundles.torch_text import places_text, values_text
from catnet.diagrams import terms
from catnet.diagrams.box import Box, MapKind, Site, elements
from catnet.diagrams.shards import Answer, Cut
from catnet.diagrams.structural import Drop, Identity
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.signature import Signature
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from collections.abc import Hashable

    from catnet.bundles import Bundle, BundleMap, Section
    from catnet.diagrams.typing import Typing

FIBRE, BASE = terms.Tensor((terms.Leaf(Identity()), terms.Leaf(Drop()))), terms.Leaf(Identity())


def nodes(bundle: Bundle) -> Dim:
    """The number of charts."""
    return Dim.const(len(bundle.base.charts))


class Declared(Box):
    """What is declared over each chart of a bundle, as a function on base points; `word` is its name."""

    family = "bundles"
    arity = None
    map_kind: ClassVar[MapKind] = "none"

    def __init__(self, word: str, value: Section | BundleMap) -> None:
        self.name = word  # type: ignore[misc]
        self.value = value
        self.arity = len(self.bundles()) - (not has_points(self.bundles()[0].bundle))

    def key(self) -> Hashable:
        """Equal values are equal boxes, whatever they are called."""
        return (type(self).__name__, str(self.bundles()), str(self.rows()))

    def bundles(self) -> tuple[FibreOf, ...]:
        raise NotImplementedError  # each of the two says its own

    def rows(self) -> dict[str, tuple[tuple[object, ...], ...]]:
        """The entries over each chart, row by row."""
        raise NotImplementedError  # each subclass says its own

    def expression(self) -> tree.Expr:
        return tree.Name(self.name)

    def statics(self) -> dict[str, object]:
        return {}

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        """Points are treated one by one, each by what stands over its own chart."""
        places = {place for place in cut if place is not None}
        whole = 1 if has_points(self.bundles()[0].bundle) else 2
        if len(places) != 1 or None in cut or max(places) >= -whole:
            return f"`{self.name}` takes whole points along the axis that is cut"
        return (places.pop(),)


class SectionValues(Declared):
    """The values of a section: R[...s, base(E)] -> R[...s, E], in the frame of the home chart of each point."""

    value: Section

    def bundles(self) -> tuple[FibreOf, ...]:
        return (FibreOf(self.value.bundle),)

    def rows(self) -> dict[str, tuple[tuple[object, ...], ...]]:
        return {chart: m.transpose().rows for chart, m in self.value.components.items()}

    def rule(self, typing: Typing, inputs: Object) -> Object:
        over = self.value.bundle
        if has_points(over):
            signature = Signature((base_wire(over),), (fibre_wire(over),))
        else:
            plain = fibre_wire(over, nodes(over))
            signature = Signature((), (plain.with_axes(plain.axes[1:]),))
        return typing.inference.apply(signature, inputs, {})[0]

    def module(self, site: Site) -> str | None:
        if not has_points(self.value.bundle):
            return None
        return self._constructed(site, "Section")

    def _constructed(self, site: Site, name: str) -> str:
        made = site.need(f"python:catnet.nn.bundles.by_chart:{name}")
        places = site.need("python:catnet.nn.bundles.by_chart:Places")
        over = self.value.bundle
        field = ', "C"' if over.fibre.field == "C" else ""
        return f"{made}({places}{places_text(over.base)}, {values_text(over.base, self._single())}{field})"

    def _single(self) -> dict[str, tuple[object, ...]]:
        return {chart: rows[0] for chart, rows in self.rows().items()}

    def code(self, site: Site) -> str:
        if has_points(self.value.bundle):
            return super().code(site)
        return f"torch.tensor({values_text(self.value.bundle.base, self._single())})"

    def gives_batch(self, site: Site) -> bool:
        return has_points(self.value.bundle) and any(site.batched)


class FibreMap(Declared):
    """The linear map of fibres over each point: R[...s, base(E)] @ R[...s, E] -> R[...s, F]; over a graph or a complex
    R[n, E] -> R[n, F] and R[n, E, c] -> R[n, F, c], where n is the number of nodes."""

    value: BundleMap
    map_kind: ClassVar[MapKind] = "none"

    def bundles(self) -> tuple[FibreOf, ...]:
        return FibreOf(self.value.source), FibreOf(self.value.target)

    def rows(self) -> dict[str, tuple[tuple[object, ...], ...]]:
        return {chart: m.rows for chart, m in self.value.matrices.items()}

    def rule(self, typing: Typing, inputs: Object) -> Object:
        source, target = self.value.source, self.value.target
        if has_points(source):
            signature = Signature((base_wire(source), fibre_wire(source)), (fibre_wire(target),))
            return typing.inference.apply(signature, inputs, {})[0]
        dom, cod = fibre_wire(source, nodes(source)), fibre_wire(target, nodes(source))
        if len(inputs) == 1 and _channels(typing.inference.wire(inputs[0])):
            channel = Axis(typing.inference.fresh_dim("c"))
            dom, cod = (w.with_axes((*w.axes, channel)) for w in (dom, cod))
        return typing.inference.apply(Signature((dom,), (cod,)), inputs, {})[0]

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * self.value.source.fibre.size * 2

    def inverse(self, inputs: Object) -> Box:
        verdict = self.value.isomorphism()
        if not verdict.holds:
            raise reject(
                f"`{self.name}` is no isomorphism from `{self.value.source.name}` to `{self.value.target.name}`, so "
                f"that it has no inverse: {verdict.witness or verdict.method}",
                code="E0814",
                help="its matrix must be invertible over every point of every chart",
            )
        return FibreMap(f"{self.name}_inverse", self.value.inverse())

    def module(self, site: Site) -> str:
        over = self.value.source.base
        field = ', "C"' if "C" in (self.value.source.fibre.field, self.value.target.fibre.field) else ""
        if not has_points(self.value.source):
            made = site.need("python:catnet.nn.bundles.by_chart:NodeMap")
            channels = ", channels=True" if _channels(site.inputs[0]) else ""
            return f"{made}({values_text(over, self.rows())}{field}{channels})"
        made = site.need("python:catnet.nn.bundles.by_chart:FibreMap")
        places = site.need("python:catnet.nn.bundles.by_chart:Places")
        return f"{made}({places}{places_text(over)}, {values_text(over, self.rows())}{field})"


def _channels(wire: Wire) -> bool:
    """Whether the bundle is on the axis before the last."""
    axes = [a for a in wire.axes if isinstance(a, Axis)]
    return len(axes) > 1 and isinstance(axes[-2].space, FibreOf) and axes[-1].space is None


class OverBase(Box):
    """A morphism over the base: the base point passes, and beside it comes what `values` gives there."""

    family = "bundles"
    arity = None

    def __init__(self, values: Declared) -> None:
        self.values = values
        self.name = values.name  # type: ignore[misc]
        self.arity = 1 if isinstance(values, SectionValues) else 2

    def statics(self) -> dict[str, object]:
        return {}

    def key(self) -> Hashable:
        return ("over the base", self.values.key())

    def expression(self) -> tree.Expr:
        return self.values.expression()

    def rule(self, typing: Typing, inputs: Object) -> Object:
        node = typing.node
        assert node is not None
        if len(inputs) != self.arity:
            wanted = "R[base(E)]" if self.arity == 1 else "R[base(E)] @ R[E]"
            raise reject(f"`{self.name}` takes {wanted}, that is {self.arity} wire{'s' * (self.arity == 2)}, "
                         f"and {len(inputs)} come", code="E0204")  # fmt: skip
        kept = BASE if self.arity == 1 else FIBRE
        body = terms.Fan((kept, terms.Leaf(self.values, node.span)))
        graph = typing.subgraph(self.name, body, inputs)
        node.graphs = (graph,)
        return graph.cod

    def inverse(self, inputs: Object) -> Box | None:
        return OverBase(self.values.inverse(())) if isinstance(self.values, FibreMap) else None  # type: ignore[arg-type]
