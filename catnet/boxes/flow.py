"""Iteration along a vector field: neural ordinary differential equations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.boxes.axes import ONE, is_unknown
from catnet.boxes.iterate import Iteration, batch_of, inside
from catnet.boxes.states import state_changes
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, Site, box
from catnet.diagrams.graph import Graph
from catnet.diagrams.terms import Diagram
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import TypeProblem, reject
from catnet.types.wires import REAL, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

_METHODS = {
    "euler": ["{k1} = {f}({x}, {t})", "{x} = {x} + {dt} * {k1}"],
    "midpoint": [
        "{k1} = {f}({x}, {t})",
        "{k2} = {f}({x} + {half} * {k1}, {t} + {half})",
        "{x} = {x} + {dt} * {k2}",
    ],
    "rk4": [
        "{k1} = {f}({x}, {t})",
        "{k2} = {f}({x} + {half} * {k1}, {t} + {half})",
        "{k3} = {f}({x} + {half} * {k2}, {t} + {half})",
        "{k4} = {f}({x} + {dt} * {k3}, {t} + {dt})",
        "{x} = {x} + {sixth} * ({k1} + 2 * {k2} + 2 * {k3} + {k4})",
    ],
}


@box("flow", "iterate")
class Flow(Iteration):
    """Follow a vector field `f : X @ R -> X` from time `start` to `stop`: a neural ODE (Chen et al., 2018).

    X -> X, solved in `steps` equal steps of "euler", "midpoint" or "rk4" (Runge-Kutta of order 1, 2, 4). Its
    inverse is the flow from `stop` to `start`, exact up to the error of the solver.
    """

    f: Diagram
    start: float = 0.0
    stop: float = 1.0
    steps: Dim = Dim.const(32)
    method: str = "rk4"
    arity = 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.method, str) and self.method not in _METHODS:
            raise reject(
                f'`method` of `flow` is {", ".join(map(repr, _METHODS))}, not "{self.method}"'.replace("'", '"'),
                help='write method = "rk4"',
            )
        if len(inputs) != 1:
            raise reject(f"`flow` takes 1 wire, but {len(inputs)} come", code="E0204")
        typing.inference.demand(Pred(">=", self.steps, ONE), "`flow` needs steps >= 1")
        wire = typing.inference.wire(inputs[0])
        if is_unknown(wire):
            return (wire,)
        graph = inside(typing, "f", self.f, (wire, Wire(REAL)))
        problem = f"the vector field of `flow` must be `{wire} @ R -> {wire}`; here it is `{graph.type}`"
        if len(graph.cod) != 1:
            raise reject(problem, code="E0204")
        try:
            typing.inference.unify(graph.cod[0], wire)
        except TypeProblem:
            raise reject(problem, code="E0203", help=f"end it with what gives `{wire}`") from None
        return (typing.inference.wire(wire),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The vector field must transform as the point does; then so does the flow."""
        (after,) = acting.inner(acting.graphs[0], (acting.actions[0], ()))
        if after != acting.actions[0]:
            raise state_changes(self.name, acting, 0, after)
        return (after,)

    def inverse(self, inputs: Object) -> Box | None:
        return type(self)(self.f, self.stop, self.start, self.steps, self.method)

    def feedback(self, inputs: Object, graph: Graph) -> tuple[tuple[int, int], ...]:
        return ()  # what the field gives is a direction; the solver takes the step

    def calls(self, inputs: Object) -> Dim:
        return self.steps * {"euler": 1, "midpoint": 2, "rk4": 4}[self.method]

    def statements(self, site: Site) -> list[str]:
        steps = site.static(self.steps)
        dt = (self.stop - self.start) / steps
        step, time = site.fresh("step"), site.fresh("t")
        x = site.results[0]
        names = {k: site.fresh(k) for k in ("k1", "k2", "k3", "k4")}
        sizes = {"dt": repr(dt), "half": repr(dt / 2), "sixth": repr(dt / 6)}
        words = {"f": site.inner[0], "x": x, "t": time, **sizes}
        moment = f"{self.start!r} + {step} * {dt!r}" if self.start else f"{step} * {dt!r}"
        return [
            *([f"{x} = {site.args[0]}"] if x != site.args[0] else []),
            f"for {step} in range({steps}):",
            f"    {time} = {x}.new_full({batch_of(x, site.inputs[0])}, {moment})",
            *(f"    {line.format(**words, **names)}" for line in _METHODS[self.method]),
        ]
