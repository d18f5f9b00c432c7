"""What reads the weights of a trivialisation: density, samples, consistency, residual."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import real_wire
from catnet.boxes.trivialise import FORMS, POINTS, Reading
from catnet.diagrams import terms
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Site, box
from catnet.diagrams.shards import Answer, Cut
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import REAL, Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


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
    fibre itself, where they hold the noise of training; the trained form has none."""

    of: terms.Diagram
    count: Dim
    thickness: float = 1.0
    arity = 1
    effect = "random"
    forms: ClassVar[tuple[str, ...]] = FORMS
    takes: ClassVar[tuple[int, ...]] = (0,)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return self._points(typing, inputs, (Wire(REAL, (*POINTS, Axis(self.count), Axis(self.main.total))),))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return super().act(acting)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        answer = super().shards(inputs, outputs, cut)
        return answer if isinstance(answer, str) else tuple(place - 1 for place in answer if place is not None)

    def code(self, site: Site) -> str:
        thin = f", {self.thickness!r}" if self.thickness != 1.0 and not self.main.trained else ""
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
        elif self.main.over.base.learned:
            raise reject(f"`{self.main.over.name}` is learned: it declares no transitions to be consistent with",
                         help=f"{self.name}(t, fitted = true)")  # fmt: skip
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


@box("residual", "bundles")
class Residual(Reading):
    """How far a trivialisation t of the trained form is from lying over the base: `residual(t)`:
    R[k] @ R[base(E)] -> R, with the weights of t = trivialise(E, total = k, form = "trained").

    The distance of the first component of t from the given base point, at each point. Its mean is the law of the
    projection as a term of the loss, and afterwards the figure to report beside the word `trained`.
    """

    of: terms.Diagram
    forms: ClassVar[tuple[str, ...]] = ("trained",)
    takes: ClassVar[tuple[int, ...]] = (1, 0)
    instead: ClassVar[str] = "of the exact form the base point passes as it is: there is no residual"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return self._points(typing, inputs, (Wire(REAL, POINTS),))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        answer = super().shards(inputs, outputs, cut)
        return answer if isinstance(answer, str) else tuple(place + 1 for place in answer if place is not None)

    def code(self, site: Site) -> str:
        return f"{site.module}.residual({', '.join(site.args)})"
