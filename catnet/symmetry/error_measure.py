"""How far a module is from commuting with a group: a measurement, for symmetry that is built in or learned.

What it says is `tested`, never `proved`: it saw some elements, at some inputs. `catnet prove` argues for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from catnet.symmetry.error_claims import Claim, Parts, claim_at, parts_of, read_group, read_type, sizes_of, usual_sizes
from catnet.symmetry.groups import Group
from catnet.types.dims import Dim
from catnet.types.signature import Signature
from catnet.types.wires import Axis

if TYPE_CHECKING:
    from torch import Tensor

SAMPLES = 8


@dataclass(frozen=True)
class LayerError:
    """The error of the map from the inputs of a module to what one of its submodules gives."""

    name: str
    largest: float
    mean: float


@dataclass(frozen=True)
class ClaimError:
    """What was measured of one claim.

    `largest` and `mean` are relative errors over `samples` group elements. `derivative` is the greatest Lie derivative,
    None for a group without a Lie algebra and where PyTorch could not differentiate (`remark` says why).
    `unmeasured` names the submodules of which nothing says how their outputs should transform.
    """

    claim: str
    largest: float
    mean: float
    samples: int
    derivative: float | None = None
    remark: str = ""
    layers: tuple[LayerError, ...] = ()
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Errors:
    """What was measured of a module, claim by claim. `repr` is a text with bars, `draw()` the same as SVG."""

    claims: tuple[ClaimError, ...]

    @property
    def largest(self) -> float:
        """The greatest relative error of all claims."""
        return max(claim.largest for claim in self.claims)

    @property
    def mean(self) -> float:
        """The mean relative error, over the elements of all claims."""
        return sum(c.mean * c.samples for c in self.claims) / sum(c.samples for c in self.claims)

    @property
    def derivative(self) -> float | None:
        """The greatest Lie derivative of all claims; None where none was taken."""
        found = [claim.derivative for claim in self.claims if claim.derivative is not None]
        return max(found, default=None)

    def draw(self) -> str:
        """The error over the layers as an SVG picture, on a logarithmic scale."""
        from catnet.symmetry.error_chart import draw

        return draw(self)

    def __repr__(self) -> str:
        from catnet.symmetry.error_chart import text

        return text(self)


def error(
    module: Callable[..., Any],
    under: str | Group | Sequence[str | Group] | None = None,
    *,
    type: str | None = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
    samples: int = SAMPLES,
    layers: Mapping[str, str] | None = None,
    seed: int = 0,
    **names: Any,
) -> Errors:
    """Measure how far a module is from commuting with groups, in evaluation mode and at the precision that it has.

    For sampled elements g the relative error is `|f(rho(g) x) - rho'(g) f(x)|` over the greater of both norms: 0 for
    an equivariant map, about 1.4 for outputs that have nothing to do with each other. For Lie groups comes the Lie
    derivative `|drho'(A) f(x) - Df(x) drho(A) x| / |f(x)|` for each generator A, the error of the first order for one
    unit (a radian) of the motion; it is exact, by forward-mode differentiation (after Gruver et al., 2023, who use it
    to measure learned equivariance).

    - `under` says which groups act, as a net does: `"S(n) on n"`, `"C(4) on (h, w)"`, or a group alone, which acts on
      the axes that carry its representations. A module that was compiled from a net with an `under` knows it.
    - `type` is the type of the module, `"R[n, 3] -> R[k]"`; a module compiled from such a net knows it too. An output
      transforms as its axes say: one that has none of the names, and carries nothing, should be invariant.
    - `inputs` are the tensors at which to measure, with any batch axes in front; random ones otherwise.
    - `layers` gives the types of outputs of submodules, by patterns of their names: `{"body.*": "R[n, k]"}`. Where the
      input carries no representation, an output with as many axes, and the same sizes where it is acted on, is measured
      without that: it is taken to move as the input does.
    - `names` says what names in `under` and `type` are: sizes (those that nothing says are 6), groups, representations.

    Raises `CatnetError` for a wrong claim (E0730, E0732, E0733) and `ValueError` for tensors that do not have the type.

    >>> import torch
    >>> from catnet import symmetry
    >>> total = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU()).double()
    >>> errors = symmetry.error(total, under="S(n) on n", type="R[n, 3] -> R[n, 8]", n=5)
    >>> errors.largest < 1e-12, len(errors.claims[0].layers)
    (True, 2)
    >>> turned = symmetry.error(total, type="R[vector(O(3))] -> R[k]", under="O(3)")
    >>> turned.largest > 0.1, turned.derivative > 0.1
    (True, True)
    """
    from catnet.symmetry.error_actions import evaluating, random_inputs

    said_type, said_under = getattr(module, "symmetry_type", None), getattr(module, "symmetry_under", ())
    if (type := type or said_type) is None:
        raise TypeError("say the type of the module: type='R[n, 3] -> R[k]'")
    if not (asked := said_under if under is None else [under] if isinstance(under, (str, Group)) else under):
        raise TypeError("say which group acts: under='S(n) on n'")
    names = {name: Dim.const(value) if isinstance(value, int) else value for name, value in names.items()}
    signature = read_type(type, names)
    groups = [read_group(claim, names) for claim in asked]
    if inputs is None:
        inputs = random_inputs(signature, usual_sizes(signature, groups), module, seed)
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    sizes = sizes_of("input", signature.dom, given)
    measure = _Measure(module, given, signature, samples, seed, layers or {}, names)
    with evaluating(module):
        return Errors(tuple(measure.claim(claim_at(signature, group, sizes), sizes) for group in groups))


@dataclass(frozen=True)
class _Measure:
    """One module at one set of inputs."""

    module: Callable[..., Any]
    inputs: tuple[Tensor, ...]
    signature: Signature
    samples: int
    seed: int
    layers: Mapping[str, str]
    names: Mapping[str, Any]

    def claim(self, claim: Claim, sizes: Mapping[str, Dim]) -> ClaimError:
        """The errors of one claim."""
        from catnet.symmetry.error_actions import difference, moved, outputs_of, overheard, sampled

        with overheard(self.module) as before:
            plain = outputs_of(self.module, self.inputs)
        sizes_of("output", self.signature.cod, plain, sizes)
        known = {name: self._hidden(name, y, claim, sizes) for name, y in before.items()}
        found: dict[str, list[float]] = {"": [], **{name: [] for name, parts in known.items() if parts is not None}}
        for element in sampled(claim, self.samples, self.seed):
            pairs = zip(self.inputs, claim.inputs, strict=True)
            with overheard(self.module) as after:
                made = outputs_of(self.module, [moved(x, parts, element) for x, parts in pairs])
            triples = zip(made, plain, claim.outputs, strict=True)
            found[""].append(max(difference(y, moved(z, parts, element)) for y, z, parts in triples))
            for name, parts in known.items():
                if parts is not None:
                    found[name].append(difference(after[name], moved(before[name], parts, element)))
        whole = found.pop("")
        layers = tuple(LayerError(name, max(e), _mean(e)) for name, e in found.items())
        derivative, remark = self._derivative(claim)
        unmeasured = tuple(name for name, parts in known.items() if parts is None)
        return ClaimError(claim.text, max(whole), _mean(whole), len(whole), derivative, remark, layers, unmeasured)

    def _derivative(self, claim: Claim) -> tuple[float | None, str]:
        from catnet.symmetry.error_actions import lie_derivative

        if not claim.group.algebra:
            return None, ""
        try:
            return lie_derivative(self.module, self.inputs, claim), ""
        except (NotImplementedError, RuntimeError) as problem:
            return None, f"no Lie derivative: {str(problem).splitlines()[0]}"

    def _hidden(self, name: str, y: Tensor, claim: Claim, sizes: Mapping[str, Dim]) -> Parts | None:
        """What should act on the output of a submodule; None where nothing says it."""
        plain = name.partition(" (")[0]
        for pattern, text in self.layers.items():
            if fnmatchcase(plain, pattern):
                signature = read_type(f"{text} -> {text}", {**self.names, **sizes})
                own = sizes_of("output", signature.dom, [y], sizes)
                return parts_of(signature.dom[0], claim.group, claim.axes, own)  # type: ignore[arg-type]
        for x, wire, parts in zip(self.inputs, self.signature.dom, claim.inputs, strict=True):
            carried = any(isinstance(axis, Axis) and axis.space is not None for axis in wire.axes)  # type: ignore[union-attr]
            places = [place for axes, _ in parts for place in axes]
            alike = y.dim() == x.dim() and all(y.shape[place] == x.shape[place] for place in places)
            if parts and alike and not carried:
                return parts
        return None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
