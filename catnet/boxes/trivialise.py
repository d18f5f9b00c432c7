"""The trivialisation of a bundle as a box, its inverse, and what is common to all that reads the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from catnet.boxes.axes import one_of
from catnet.boxes.bundle_wires import base_wire, fibre_wire, need_points
from catnet.diagrams import terms
from catnet.diagrams.box import Box, Kept, MapKind, Site, box
from catnet.diagrams.printing import static_tree
from catnet.diagrams.shards import Answer, Cut
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.signature import Signature
from catnet.types.spaces import Space
from catnet.types.wires import REAL, Axis, Object, Pack, Wire

if TYPE_CHECKING:
    from catnet.bundles import Bundle
    from catnet.diagrams.typing import Typing

POINTS = (Pack("s"),)
MAKER = "python:catnet.nn.bundles.declared:BundleAtlas"
GLOBAL = "python:catnet.nn.bundles.global_trivialisations:GlobalTrivialisation"
LEARNED = "python:catnet.nn.bundles.learned_covers:LearnedCover"
MOST = {"total": 4096, "layers": 1000}
"""How many coordinates and layers are counted out at most."""

FORMS = ("exact", "trained")
PRIORS = {"circle": ("uniform",), "line": ("normal", "interval"), "vectors": ("normal",)}


class OverPoints(Box):
    """What treats points of a bundle one by one, over the leading axes, with the weights of one trivialisation."""

    arity: int | None = 2
    map_kind: ClassVar[MapKind] = "none"

    @property
    def main(self) -> Trivialise:
        """The trivialisation whose weights are used."""
        raise NotImplementedError  # each of them knows its own

    def module(self, site: Site) -> str:
        return self.main.constructed(site)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return dict(self.main.shapes())

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        """The products of the conditioners of one chart, at each point."""
        one = f"{self.main.isomorphisms()[0]}."
        first = [shape for name, shape in self.main.shapes() if name.startswith(one) and len(shape) == 2]
        points = Dim.const(1)
        for axis in inputs[0].axes[:-1]:
            points = points * getattr(axis, "size", 1)
        return sum((a * b for a, b in first), Dim.const(0)) * points * 2

    def kept(self, inputs: Object, outputs: Object) -> Kept:
        """The inputs, and for each conditioner of a chart its hidden activations."""
        before = inputs[0].axes[:-1]
        hidden = Wire(REAL, (*before, Axis(self.main.width)))
        return Kept(inputs=tuple(range(len(inputs))), extra=(hidden,) * (4 * len(self.main.steps())))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        places = {place for place in cut if place is not None}
        if len(places) != 1 or None in cut or max(places) >= -1:
            return f"`{self.name}` takes whole points along the axis that is cut"
        return (places.pop(),) * len(outputs)


@box("trivialise", "bundles")
class Trivialise(OverPoints):
    """A trivialisation of points over a base: an isomorphism, over each base point, of R[total] with the fibre.

    R[base(E)] @ R[total] -> R[base(E)] @ R[E], and with a third wire R[total - d] of normal coordinates where `total`
    is more than the dimension d of the fibre (a circle has 1). The base point passes as it is, so that the projection
    of the inverse is the first component exactly. Over each chart of E stands an isomorphism of its own, conditioned on
    the base point; a point is read by its home chart, and the transitions of E are those between neighbours as far as
    `consistency` was trained to be small.

        net generate : R[n, base(E)] @ R[n, E] @ R[n, 2] -> R[n, base(E)] @ R[n, 3] = trivialise(E, total = 3) ^ -1

    With `form = "trained"` it is R[total] -> R[b] @ R[E], total = b + d, one isomorphism over the whole base: b numbers
    that training brings near the base point (`residual(t)` is the distance) but that lie on no base by themselves, so
    they are a plain axis. One isomorphism has one frame, so all transitions of E are 1.

        net split : R[n, 3] -> R[n, 2] @ R[n, Cylinder] = trivialise(Cylinder, total = 3, form = "trained")

    Over a base that is learned, `bundle E : learned(k, n) -> ...`, the charts are fitted before training, by
    `model.PATH.cover.fit(points)`.

    `flow` is "spline" (Durkan et al., 2019; of a circle Rezende et al., 2020) or "affine" (Dinh et al., 2017), in
    `layers` steps with conditioners of `width`. `prior` is how the fibre is sampled: "normal", on a line "interval"
    (uniform on [-1, 1]), on a circle "uniform". After Courts and Kvinge, "Bundle networks", 2022, with charts that
    overlap.
    """

    bundle: Space
    total: Dim
    flow: str = "spline"
    layers: Dim = Dim.const(2)
    width: Dim = Dim.const(32)
    prior: str = ""
    form: str = "exact"
    readings: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.trained:
            object.__setattr__(self, "arity", 1)

    @property
    def main(self) -> Trivialise:
        return self

    @property
    def trained(self) -> bool:
        """Whether that it lies over the base is left to training."""
        return self.form == "trained"

    @property
    def over(self) -> Bundle:
        from catnet.bundles.carried import bundle_behind  # only a spec with bundles asks

        return bundle_behind(self.name, self.bundle)

    @property
    def kind(self) -> str:
        """What the fibre is: a circle, a line or vectors."""
        fibre = self.over.fibre
        if fibre.kind == "circle":
            return "circle"
        return "line" if (fibre.size, fibre.field) == (1, "R") else "vectors"

    @property
    def fibre_dim(self) -> int:
        """The number of real coordinates of the fibre as a space: 1 of a circle."""
        fibre = self.over.fibre
        return 1 if self.kind == "circle" else fibre.size * (2 if fibre.field == "C" else 1)

    def check(self) -> None:
        """Refuse what makes no trivialisation; raises `TypeProblem`."""
        need_points(self.name, self.over)
        one_of(self.name, "form", self.form, FORMS)
        if self.over.base.kind == "torus" and "second" in self.over.base.loops and not self.trained:
            raise reject(f"`{self.name}` takes annuli for the charts of a torus, not a grid of them", code="E0801")
        if self.over.fibre.kind == "group":
            raise reject(f"`{self.name}` has no sampler for the fibre {self.over.fibre}", code="E0801")
        one_of(self.name, "flow", self.flow, ("spline", "affine"))
        if self.prior:
            one_of(self.name, "prior", self.prior, PRIORS[self.kind])
        for name in ("total", "layers", "width"):
            value = getattr(self, name).value
            if value is None or value < 1:
                raise reject(f"`{name}` of `{self.name}` is a known number above 0, not `{getattr(self, name)}`")
            if name in MOST and value > MOST[name]:
                raise reject(f"`{name}` of `{self.name}` is {value}, and at most {MOST[name]}")
        if self.trained:
            self._check_trained()
        elif (self.total.value or 0) < self.fibre_dim:
            raise reject(
                f"the fibre of `{self.over.name}` has dimension {self.fibre_dim} and does not fit into "
                f"{self.total} coordinate{'s' * (self.total != 1)}",
                code="E0818",
                help=f"total = {self.fibre_dim}, or more",
            )

    def _check_trained(self) -> None:
        """One isomorphism for the whole base: the coordinates add up, and there is one frame."""
        over, fits = self.over, self.base_dim + self.fibre_dim
        if self.total != fits:
            raise reject(
                f"a point of the base of `{over.name}` has {self.base_dim} coordinate{'s' * (self.base_dim > 1)} and "
                f"the fibre {self.fibre_dim}: an isomorphism with both has {fits}, not {self.total}",
                code="E0818",
                help=f"total = {fits}",
            )
        for a, b in over.directions:
            if over.transition(a, b) != over.transition(a, a):
                raise reject(
                    f'`form = "trained"` is one isomorphism, with one frame for the whole base, and `{over.name}` '
                    f"changes frames: {a} -> {b} is {over.transition(a, b).text}",
                    code="E0819",
                    help="leave `form` out: then each chart has an isomorphism of its own",
                )

    @property
    def base_dim(self) -> int:
        """The number of coordinates of a base point."""
        return int(base_wire(self.over).axes[-1].size.value)  # type: ignore[union-attr, arg-type]

    def ends(self) -> tuple[Object, Object]:
        """The inputs and the outputs."""
        from catnet.bundles.carried import FibreOf

        over, rest = self.over, self.total - self.fibre_dim
        space = FibreOf(over).named(getattr(self.bundle, "label", ""))
        fibre = fibre_wire(over).with_axes((*POINTS, Axis(space.dim, None, space)))
        if self.trained:
            return (self.point,), (Wire(REAL, (*POINTS, Axis(rest))), fibre)
        normal = (Wire(REAL, (*POINTS, Axis(rest))),) if rest != 0 else ()
        return (base_wire(over), self.point), (base_wire(over), fibre, *normal)

    @property
    def point(self) -> Wire:
        """A point of the total space."""
        return Wire(REAL, (*POINTS, Axis(self.total)))

    def rule(self, typing: Typing, inputs: Object) -> Object:
        self.check()
        return typing.inference.apply(Signature(*self.ends()), inputs, {})[0]

    def inverse(self, inputs: Object) -> Box:
        return Generate(terms.Leaf(self))

    # the module

    def constructed(self, site: Site) -> str:
        """The expression that constructs the module."""
        fibre = {"circle": "circle", "line": "vector", "vectors": "vector"}[self.kind]
        fibre = "interval" if self.prior == "interval" else fibre
        if self.trained:
            args = [str(self.base_dim), f'"{fibre}"']
        else:
            args = [self._places(site), f'"{fibre}"', f"total={site.static(self.total)}"]
        if fibre == "vector" and self.fibre_dim > 1:
            args.append(f"size={self.fibre_dim}")
        if self.over.fibre.field == "C":
            args.append('field="C"')
        if self.over.directions and not self.trained:
            args.append(f"transitions={self._transitions()}")
        args += [f'flow="{self.flow}"'] if self.flow != "spline" else []
        args += [f"{n}={site.static(v)}" for n, v in (("layers", self.layers), ("width", self.width))]
        return f"{site.need(GLOBAL if self.trained else MAKER)}({', '.join(args)})"

    def _places(self, site: Site) -> str:
        """The charts: where they lie, or how many there are to be fitted."""
        from catnet.bundles.torch_text import places_text

        if self.over.base.learned:
            return f"{site.need(LEARNED)}({self.over.base.learned[0]}, {self.over.base.learned[1]})"
        return f"{site.need('python:catnet.nn.bundles.by_chart:Places')}{places_text(self.over.base)}"

    def _transitions(self) -> str:
        """The transitions by pairs of charts, each in the coordinates of the first."""
        from catnet.bundles.torch_text import over_text

        over = self.over
        rows = []
        for a, b in over.directions:
            rows.append(f'("{a}", "{b}"): {over_text(over.base, a, over.transition(a, b).rows)}')
        return "{" + ", ".join(rows) + "}"

    def steps(self) -> list[tuple[int, int, int]]:
        """What each layer of one chart has: inputs of its conditioner, outputs, and its place among the layers."""
        base = 0 if self.trained else self.base_dim
        total, found, place = self.total.value or 1, [], 1
        line = 23 if self.flow == "spline" else 2
        loop = self.kind == "circle"
        for layer in range(self.layers.value or 1):
            if total > 1 and not (loop and layer):
                found.append((base, total * (total - 1) // 2 + total, place))
                found += [] if loop else [(base, 2 * total, place + 1)]
                place += 2
            if loop:
                parts = [(base + total - 1, 25)] if self.flow == "spline" or total == 1 else []
                parts += [(base + 2, line * (total - 1))] if total > 1 else []
            elif total > 1:
                passive = sum((i + layer) % 2 for i in range(total))
                parts = [(base + passive, line * (total - passive))]
            else:
                parts = [(base, 2), (base, line)]
            found += [(inputs, outputs, place + k) for k, (inputs, outputs) in enumerate(parts)]
            place += len(parts)
        return found

    def isomorphisms(self) -> list[str]:
        """The paths of its isomorphisms in the module: one for each chart, or one for all."""
        if self.trained:
            return ["trivialisation.isomorphism"]
        charts = self.over.base.learned[1] if self.over.base.learned else len(self.over.base.charts)
        return [f"atlas.trivialisations.{chart}.isomorphism" for chart in range(charts)]

    def shapes(self) -> Iterator[tuple[str, tuple[Dim, ...]]]:
        """The parameters by name."""
        for isomorphism in self.isomorphisms():
            for inputs, outputs, place in self.steps():
                path = f"{isomorphism}.layers.{place}.conditioner"
                if not inputs:
                    yield f"{path}.constant", (Dim.const(outputs),)
                    continue
                sizes = (Dim.const(inputs), self.width, self.width, Dim.const(outputs))
                for name, before, after in zip(("first", "second", "last"), sizes, sizes[1:], strict=False):
                    yield f"{path}.{name}.weight", (after, before)
                    yield f"{path}.{name}.bias", (after,)


class Reading(OverPoints):
    """Another map with the weights of a trivialisation `of`."""

    of: terms.Diagram
    forms: ClassVar[tuple[str, ...]] = ("exact",)
    takes: ClassVar[tuple[int, ...]] = (0, 1)  # 0 is the base point, 1 the point above it
    instead: ClassVar[str] = "of the trained form there are t ^ -1, residual(t) and sample(t, ...)"

    @property
    def main(self) -> Trivialise:
        found = self.of.box if isinstance(self.of, terms.Leaf) else None
        if isinstance(found, Generate):
            found = found.main
        if not isinstance(found, Trivialise):
            raise reject(f"`{self.name}` reads a trivialisation", code="E0212",
                         help=f"share t = trivialise(E, total = 3), then {self.name}(t)")  # fmt: skip
        return found

    def key(self) -> Any:
        rest = [value for name, value in self.statics().items() if name != "of"]
        return (type(self).__name__, tuple(self.main.statics().values()), *rest)

    def _points(self, typing: Typing, inputs: Object, outputs: Object) -> Object:
        """The type of a map of the base point and the point above it, in the order of this box."""
        main = self.main
        main.check()
        if main.form not in self.forms:
            wanted, has = self.forms[0], main.form
            raise reject(f"`{self.name}` reads a trivialisation of the {wanted} form, and this is of the {has} form",
                         code="E0212", help=self.instead)  # fmt: skip
        ends: Object = (base_wire(main.over), main.point)
        taken = tuple(ends[i] for i in self.takes)
        return typing.inference.apply(Signature(taken, outputs), inputs, {})[0]


class Generate(Reading):
    """The inverse of a trivialisation: the point over each base point that has these coordinates."""

    name = "trivialise"
    family = "bundles"
    readings: ClassVar[bool] = True

    def __init__(self, of: terms.Diagram) -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "arity", len(self.main.ends()[1]) if self.main.total.value is not None else None)

    def statics(self) -> dict[str, Any]:
        return {"of": self.of}

    def expression(self) -> tree.Expr:
        return tree.Power(static_tree(self.of), tree.Negate(tree.Number(1)))

    def rule(self, typing: Typing, inputs: Object) -> Object:
        self.main.check()
        dom, cod = self.main.ends()
        return typing.inference.apply(Signature(cod, dom), inputs, {})[0]

    def inverse(self, inputs: Object) -> Box:
        return self.main

    def code(self, site: Site) -> str:
        return f"{site.module}.inverse({', '.join(site.args)})"

    def sign(self) -> str:
        return "trivialise^-1"


def reading(box: Box, span: Any = None) -> terms.Diagram:
    """A box as a term: one that reads a shared trivialisation is a use of it."""
    of = getattr(box, "of", None)
    if not isinstance(box, Reading) or not isinstance(of, terms.Use):
        return terms.Leaf(box, span)
    made = type(box)(**{**box.statics(), "of": of.shared.body})
    return terms.Use(of.shared, span=span, reading=made)
