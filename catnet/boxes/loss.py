"""Losses: morphisms to a scalar, the mean over everything that comes, batch axes too.

With `reduction = "sum"` it is the sum, with "none" one number per entry (or per vector of scores), which keeps its
batch axes and can be weighted and summed by other boxes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import refuse_on, shifted
from catnet.boxes.axes import trailing
from catnet.diagrams.acting import Acting, Action, Refusal, ordered, without
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.joining import absolute, compared
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

_REDUCTIONS = ("mean", "sum", "none")


class Loss(Box):
    """A number that says how far the first wire is from the second, the target; no batch axes are left."""

    reduction: str
    arity = 2
    map_kind: ClassVar[MapKind] = "smooth"
    broadcasts: ClassVar[bool] = False
    operations: ClassVar[int] = 3  # counted per entry

    def domain(self) -> str:
        """The types of scores and targets."""
        return self.signature.partition(" -> ")[0]

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.reduction, str) and self.reduction not in _REDUCTIONS:
            listed = ", ".join(f'"{r}"' for r in _REDUCTIONS)
            raise reject(
                f'`reduction` of `{self.name}` is one of {listed}, not "{self.reduction}"',
                help="the mean is over all entries and all samples",
            )
        single = self.signature.partition(" -> ")[2]
        text = f"{self.domain()} -> {single if self.reduction == 'none' else 'R'}"
        signature, _ = self.type_rule(text)
        return typing.inference.apply(signature, inputs)[0]

    def gives_batch(self, site: Site) -> bool:
        return self.reduction == "none" and any(site.batched)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) * self.operations

    def option(self) -> str:
        """The reduction as an argument."""
        return "" if self.reduction == "mean" else f", reduction={self.reduction!r}"


class Entrywise(Loss):
    """A loss of two wires of one type, entry by entry."""

    signature: ClassVar[str] = "R[...s] @ R[...s] -> R[...s]"
    call: ClassVar[str] = ""
    even: ClassVar[bool] = True  # the same for the opposites of both

    @property
    def passes(self) -> Kind:
        return Kind.SIGNED_PERMUTATION if self.even else Kind.PERMUTATION

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Invariant, or without a reduction acted on by the absolute values, where the signs are lost."""
        if self.reduction == "none":
            after = compared(self.name, acting, self.passes)
            return (ordered(tuple(part.on(absolute(part.rep)) for part in after)),)
        compared(self.name, acting, self.reduced)
        return ((),)

    @property
    def reduced(self) -> Kind:
        """The matrices, alike on both wires, that leave the mean of all entries alone."""
        return self.passes

    def code(self, site: Site) -> str:
        site.need("F")
        return f"F.{self.call}({site.args[0]}, {site.args[1]}{self.option()})"


@box("mse", "loss")
class MeanSquaredError(Entrywise):
    """The squared difference. R[...s] @ R[...s] -> R."""

    reduction: str = "mean"
    call: ClassVar[str] = "mse_loss"

    @property
    def reduced(self) -> Kind:
        return Kind.ORTHOGONAL


@box("mae", "loss")
class MeanAbsoluteError(Entrywise):
    """The absolute difference. R[...s] @ R[...s] -> R."""

    reduction: str = "mean"
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "l1_loss"


@box("huber", "loss")
class Huber(Entrywise):
    """Half the squared difference where it is below `delta`, else a line of slope delta (Huber, 1964).
    R[...s] @ R[...s] -> R."""

    delta: float = 1.0
    reduction: str = "mean"
    call: ClassVar[str] = "huber_loss"

    def option(self) -> str:
        return super().option() + ("" if self.delta == 1.0 else f", delta={self.delta!r}")


@box("bce_with_logits", "loss")
class BinaryCrossEntropy(Entrywise):
    """The cross-entropy of a coin with log-odds x, for targets between 0 and 1:
    -y log sigmoid(x) - (1 - y) log sigmoid(-x). R[...s] @ R[...s] -> R, log-odds first."""

    reduction: str = "mean"
    call: ClassVar[str] = "binary_cross_entropy_with_logits"
    even: ClassVar[bool] = False
    operations: ClassVar[int] = 6


class Classified(Loss):
    """A loss of scores of k classes and the number of the right one."""

    ignore: tuple[Dim, ...]
    signature: ClassVar[str] = "R[...s, k] @ Fin(k)[...s] -> R[...s]"
    operations: ClassVar[int] = 5
    call: ClassVar[str] = ""

    def domain(self) -> str:
        """With a number to ignore, which need not be a class, targets are any integers."""
        return "R[...s, k] @ Z[...s]" if self.ignore else super().domain()

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if len(self.ignore) > 1:
            raise reject(f"`ignore` of `{self.name}` is one integer", help="for example ignore = -100")
        return super().rule(typing, inputs)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Scores and targets must be permuted alike on their common axes."""
        what = "takes the score that the target names along an axis"
        refuse_on(self.name, acting, (-1,), what, "take `mse` or `kl` to a target on the same axis")
        spread = replace(acting, inputs=acting.inputs[:1] * 2, flat=lambda port: frozenset())
        spread.actions = (acting.actions[0], shifted(acting.actions[1], 0, 1))
        met = compared(self.name, spread, Kind.PERMUTATION)
        return (shifted(met, -1, -1) if self.reduction == "none" else (),)

    def code(self, site: Site) -> str:
        site.need("F")
        scores, target = site.args
        given = self.option() + (f", ignore_index={site.static(self.ignore[0])}" if self.ignore else "")
        classes = site.size(trailing(site.inputs[0])[-1].size)
        value = f"F.{self.call}({scores}.reshape(-1, {classes}), {target}.reshape(-1){given})"
        return f"{value}.reshape({target}.shape)" if self.reduction == "none" else value


@box("cross_entropy", "loss")
class CrossEntropy(Classified):
    """Minus the logarithm of the softmax of the right class: R[...s, k] @ Fin(k)[...s] -> R, scores first.

    `smoothing` mixes the target with the uniform distribution (Szegedy et al., 2016). Targets equal to `ignore`
    take no part, in the mean neither; they are then any integers, Z[...s].
    """

    smoothing: float = 0.0
    ignore: tuple[Dim, ...] = ()
    reduction: str = "mean"
    call: ClassVar[str] = "cross_entropy"

    def option(self) -> str:
        return super().option() + (f", label_smoothing={self.smoothing!r}" if self.smoothing else "")


@box("nll", "loss")
class NegativeLogLikelihood(Classified):
    """Minus the log-probability of the right class: R[...s, k] @ Fin(k)[...s] -> R, for what `log_softmax` gives.

    Targets equal to `ignore` take no part; they are then any integers, Z[...s].
    """

    ignore: tuple[Dim, ...] = ()
    reduction: str = "mean"
    map_kind: ClassVar[MapKind] = "linear"
    call: ClassVar[str] = "nll_loss"
    operations: ClassVar[int] = 1


@box("kl", "loss")
class KullbackLeibler(Loss):
    """The divergence KL(p || q) = sum of p (log p - log q) over the last axis (Kullback and Leibler, 1951), for
    log-probabilities log q first, then probabilities p: R[...s, k] @ R[...s, k] -> R.

    The mean is over all vectors, as `reduction="batchmean"` of PyTorch on a matrix.
    """

    reduction: str = "mean"
    signature: ClassVar[str] = "R[...s, k] @ R[...s, k] -> R[...s]"
    operations: ClassVar[int] = 4

    def act(self, acting: Acting) -> tuple[Action, ...]:
        met = compared(self.name, acting, Kind.PERMUTATION)
        if self.reduction != "none":
            return ((),)
        summed = [part for part in met if -1 in part.axes]
        if any(part.axes != (-1,) for part in summed):
            raise Refusal(f"`{self.name}` sums over some of the axes on which `{summed[0].rep}` acts together")
        return (shifted(without(met, -1), -1, -1),)

    def code(self, site: Site) -> str:
        site.need("F")
        value, target = site.args
        if self.reduction == "none":
            return f'F.kl_div({value}, {target}, reduction="none").sum(-1)'
        if self.reduction == "sum":
            return f'F.kl_div({value}, {target}, reduction="sum")'
        k = site.size(trailing(site.inputs[0])[-1].size)
        return f'F.kl_div({value}.reshape(-1, {k}), {target}.reshape(-1, {k}), reduction="batchmean")'
