"""The trivialisation of a bundle as a box, its inverse, and what reads the same weights: density and samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from catnet.boxes.axes import one_of, real_wire
from catnet.boxes.bundle_wires import base_wire, fibre_wire, need_points
from catnet.diagrams import terms
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, Kept, MapKind, Site, box
from catnet.diagrams.printing import static_tree
from catnet.diagrams.shards import Answer, Cut
from catnet.symmetry.kinds import Kind
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
MOST = {"total": 4096, "layers": 1000}
"""How many coordinates and layers are counted out at most."""

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
        first = [shape for name, shape in self.main.shapes() if ".trivialisations.0." in name and len(shape) == 2]
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
    readings: ClassVar[bool] = True

    @property
    def main(self) -> Trivialise:
        return self

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
        if self.over.base.kind == "torus" and "second" in self.over.base.loops:
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
        if (self.total.value or 0) < self.fibre_dim:
            raise reject(
                f"the fibre of `{self.over.name}` has dimension {self.fibre_dim} and does not fit into "
                f"{self.total} coordinate{'s' * (self.total != 1)}",
                code="E0818",
                help=f"total = {self.fibre_dim}, or more",
            )

    def ends(self) -> tuple[Object, Object]:
        """The inputs and the outputs."""
        from catnet.bundles.carried import FibreOf

        over, rest = self.over, self.total - self.fibre_dim
        normal = (Wire(REAL, (*POINTS, Axis(rest))),) if rest != 0 else ()
        space = FibreOf(over).named(getattr(self.bundle, "label", ""))
        fibre = fibre_wire(over).with_axes((*POINTS, Axis(space.dim, None, space)))
        return (base_wire(over), Wire(REAL, (*POINTS, Axis(self.total)))), (base_wire(over), fibre, *normal)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        self.check()
        return typing.inference.apply(Signature(*self.ends()), inputs, {})[0]

    def inverse(self, inputs: Object) -> Box:
        return Generate(terms.Leaf(self))

    # the module

    def constructed(self, site: Site) -> str:
        """The expression that constructs the module."""
        from catnet.bundles.torch_text import places_text

        made = site.need(MAKER)
        places = site.need("python:catnet.nn.bundles.by_chart:Places")
        fibre = {"circle": "circle", "line": "vector", "vectors": "vector"}[self.kind]
        fibre = "interval" if self.prior == "interval" else fibre
        args = [f"{places}{places_text(self.over.base)}", f'"{fibre}"', f"total={site.static(self.total)}"]
        if fibre == "vector" and self.fibre_dim > 1:
            args.append(f"size={self.fibre_dim}")
        if self.over.fibre.field == "C":
            args.append('field="C"')
        args.append(f"transitions={self._transitions()}")
        args += [f'flow="{self.flow}"'] if self.flow != "spline" else []
        args += [f"{n}={site.static(v)}" for n, v in (("layers", self.layers), ("width", self.width))]
        return f"{made}({', '.join(args)})"

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
        base = int(base_wire(self.over).axes[-1].size.value)  # type: ignore[union-attr, arg-type]
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

    def shapes(self) -> Iterator[tuple[str, tuple[Dim, ...]]]:
        """The parameters by name."""
        for chart in range(len(self.over.base.charts)):
            for inputs, outputs, place in self.steps():
                path = f"atlas.trivialisations.{chart}.isomorphism.layers.{place}.conditioner"
                sizes = (Dim.const(inputs), self.width, self.width, Dim.const(outputs))
                for name, before, after in zip(("first", "second", "last"), sizes, sizes[1:], strict=False):
                    yield f"{path}.{name}.weight", (after, before)
                    yield f"{path}.{name}.bias", (after,)


class Reading(OverPoints):
    """Another map with the weights of a trivialisation `of`."""

    of: terms.Diagram

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
        self.main.check()
        return typing.inference.apply(Signature(self.main.ends()[0][: len(inputs)], outputs), inputs, {})[0]


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


@box("log_density", "bundles")
class LogDensity(Reading):
    """The logarithm of the density of points given their base points, by a trivialisation t: with
    `share t = trivialise(E, total = k)` it is `log_density(t)`: R[base(E)] @ R[k] -> R, with the weights of t.

    The density over a base point is the mixture of those of the charts that hold it, with a partition of unity as
    weights. Its mean, made large, is the likelihood: `log_density(t) >> neg` is a loss for each point.
    """

    of: terms.Diagram

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return self._points(typing, inputs, (Wire(REAL, POINTS),))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        answer = super().shards(inputs, outputs, cut)
        return answer if isinstance(answer, str) else tuple(place + 1 for place in answer if place is not None)

    def code(self, site: Site) -> str:
        return f"{site.module}.log_density({', '.join(site.args)})"


@box("sample", "bundles")
class Sample(Reading):
    """`count` random points over each base point, by a trivialisation t: `sample(t, count = n)`: R[base(E)] -> R[n, k],
    with the weights of t = trivialise(E, total = k). `thickness` scales the normal coordinates: 0 gives points of the
    fibre itself, where they hold the noise of training."""

    of: terms.Diagram
    count: Dim
    thickness: float = 1.0
    arity = 1
    effect = "random"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return self._points(typing, inputs, (Wire(REAL, (*POINTS, Axis(self.count), Axis(self.main.total))),))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return super().act(acting)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        answer = super().shards(inputs, outputs, cut)
        return answer if isinstance(answer, str) else tuple(place - 1 for place in answer if place is not None)

    def code(self, site: Site) -> str:
        thin = f", {self.thickness!r}" if self.thickness != 1.0 else ""
        return f"{site.module}.sample({site.args[0]}, {site.size(self.count)}{thin})"


@box("consistency", "bundles")
class Consistency(Reading):
    """How far a trivialisation t is from the transitions of its bundle: `consistency(t)`: R[n, base(E)] @ R[n, k] -> R.

    The mean square, over the points and each two charts that overlap, of v_b - g v_a, where v_a is the fibre vector of
    the point in chart a and g the declared transition from a to b. A term of the loss, and afterwards the residual to
    report beside the word `trained`. With `fitted`, g is the element of O(n) (of SO(n), if that is the structure group)
    that fits the points best: neighbours then differ by some constant element, and how the bundle is twisted is found.
    """

    of: terms.Diagram
    fitted: bool = False

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if self.fitted:
            self.group()
        return self._points(typing, [real_wire(typing, w, i) for i, w in enumerate(inputs)], (Wire(REAL, ()),))  # type: ignore[arg-type]

    def gives_batch(self, site: Site) -> bool:
        return False

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return f"`{self.name}` takes the mean over the axis that is cut"

    def group(self) -> str:
        """The orthogonal group in which transitions are looked for; refuses a bundle whose own is not orthogonal."""
        acts = self.main.over.structure
        if acts.field == "C" or not acts.rep.kind.within(Kind.ORTHOGONAL):
            raise reject(f"`{self.name}` fits orthogonal transitions, and `{self.main.over.name}` is under {acts}",
                         help="leave `fitted` out: the declared ones are taken")  # fmt: skip
        return f"{'SO' if acts.connected and acts.size > 1 else 'O'}({acts.size})"

    def code(self, site: Site) -> str:
        group = f', "{self.group()}"' if self.fitted else ""
        return f"{site.module}.consistency({', '.join(site.args)}{group})"


def reading(box: Box, span: Any = None) -> terms.Diagram:
    """A box as a term: one that reads a shared trivialisation is a use of it."""
    of = getattr(box, "of", None)
    if not isinstance(box, Reading) or not isinstance(of, terms.Use):
        return terms.Leaf(box, span)
    made = type(box)(**{**box.statics(), "of": of.shared.body})
    return terms.Use(of.shared, span=span, reading=made)
