"""Groups acting on tensors, and how far a map is from commuting with them. Everything here runs PyTorch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from catnet.symmetry.elements import Element, Flow
from catnet.symmetry.error_claims import Parts

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from catnet.symmetry.error_claims import Claim

TRIES = 32  # draws after which the identity is taken for an answer


def moved(x: Tensor, parts: Parts, element: Element) -> Tensor:
    """What a group element does to a tensor, worked out in double precision; integers and truths are permuted."""
    return _applied(x, [(places, rep.matrix(element)) for places, rep in parts])


def tangent(x: Tensor, parts: Parts, flow: Flow) -> Tensor:
    """What an element of the Lie algebra does to a tensor: the sum of what it does along each part."""
    import torch

    total = torch.zeros_like(x)
    for places, rep in parts:
        total = total + _applied(x, [(places, rep.derivative(flow))])
    return total


def _applied(x: Tensor, matrices: Sequence[tuple[tuple[int, ...], Tensor]]) -> Tensor:
    import torch

    y = x if x.dtype.is_complex else x.double()
    for places, matrix in matrices:
        last = tuple(range(-len(places), 0))
        y = y.movedim(places, last)
        shape = y.shape
        wide = torch.promote_types(y.dtype, matrix.dtype)
        y = (y.flatten(-len(places)).to(wide) @ matrix.to(wide).to(y.device).mT).reshape(shape).movedim(last, places)
    return y.to(x.dtype) if _is_number(x) else y.round().to(x.dtype)


def difference(a: Tensor, b: Tensor) -> float:
    """`|a - b| / max(|a|, |b|)` in the Euclidean norm: 0 for equal tensors, at most 2, infinite for no numbers.

    Of integers and truths, the share of entries that differ.
    """
    if not _is_number(a):
        return float((a != b).double().mean()) if a.numel() else 0.0
    if a.numel() == 0:
        return 0.0
    if not (a.isfinite().all() and b.isfinite().all()):
        return math.inf
    a, b = (x if x.dtype.is_complex else x.double() for x in (a, b))
    size = max(float(a.norm()), float(b.norm()))
    return float((a - b).norm()) / size if size else 0.0


def sampled(claim: Claim, count: int, seed: int) -> list[Element]:
    """Random elements of a group, that do something where the group does."""
    rng = random.Random(seed)
    reps = [rep for parts in claim.inputs for _, rep in parts]
    found: list[Element] = []
    for _ in range(count):
        for _ in range(TRIES):
            element = claim.group.sample(rng)
            if any(_moves(rep.matrix(element)) for rep in reps):
                break
        found.append(element)
    return found


def _moves(matrix: Tensor) -> bool:
    import torch

    return not torch.allclose(matrix, torch.eye(len(matrix), dtype=matrix.dtype), atol=1e-9)


def outputs_of(run: Callable[..., Any], inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The output tensors of a module, without a history. Gradients stay on: some modules take them inside."""
    return tuple(y.detach() for y in listed(run(*inputs)))


def lie_derivative(run: Callable[..., Any], inputs: Sequence[Tensor], claim: Claim) -> float:
    """The greatest `|drho'(A) f(x) - Df(x) drho(A) x| / |f(x)|` over the generators A of the Lie algebra.

    By forward-mode differentiation. Raises `NotImplementedError` or `RuntimeError` where the module has a step that
    PyTorch cannot differentiate so.
    """
    return max(_along(run, inputs, claim, Flow(((i, 1.0),))) for i in range(len(claim.group.algebra)))


def _along(run: Callable[..., Any], inputs: Sequence[Tensor], claim: Claim, flow: Flow) -> float:
    import torch
    from torch.autograd import forward_ad
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with _plain_attention(), sdpa_kernel(SDPBackend.MATH), forward_ad.dual_level():
        pairs = zip(inputs, claim.inputs, strict=True)
        made = run(*(forward_ad.make_dual(x, tangent(x, parts, flow)) if parts else x for x, parts in pairs))
        duals = [forward_ad.unpack_dual(y) if _is_number(y) else None for y in listed(made)]
    if all(dual is None or dual.tangent is None for dual in duals):
        raise RuntimeError("the derivative reaches no output (is there a `detach`?)")
    worst = 0.0
    for dual, parts in zip(duals, claim.outputs, strict=True):
        if dual is not None:
            value = dual.primal.detach()
            slope = torch.zeros_like(value) if dual.tangent is None else dual.tangent.detach()
            gap, size = (tangent(value, parts, flow) - slope).norm().item(), value.norm().item()
            found = gap / size if size else math.inf if gap else 0.0
            worst = max(worst, found if math.isfinite(found) else math.inf)  # a NaN would lose every comparison
    return worst


def listed(made: Any) -> Sequence[Tensor]:
    """What a module gives, as a sequence also where it is one tensor."""
    return made if isinstance(made, (tuple, list)) else (made,)


def _is_number(x: Tensor) -> bool:
    return x.dtype.is_floating_point or x.dtype.is_complex


@contextmanager
def _plain_attention() -> Iterator[None]:
    """PyTorch's own transformer layers without their fused form, which has no forward-mode derivative."""
    import torch

    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """The module in evaluation mode, and afterwards as it was."""
    from torch import nn

    parts = list(module.modules()) if isinstance(module, nn.Module) else []
    before = [part.training for part in parts]
    try:
        if parts:
            module.eval()
        yield
    finally:
        for part, training in zip(parts, before, strict=True):
            part.training = training


@contextmanager
def overheard(module: Any) -> Iterator[dict[str, Tensor]]:
    """What the submodules give, by name, while this lasts; later uses of one are `name (2)` and so on."""
    from torch import nn

    heard: dict[str, torch.Tensor] = {}

    def listener(name: str) -> Callable[..., None]:
        def listen(_part: nn.Module, _inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, (tuple, list)) and output else output
            uses = sum(key == name or key.startswith(f"{name} (") for key in heard)
            if hasattr(first, "detach"):
                heard[f"{name} ({uses + 1})" if uses else name] = first.detach()

        return listen

    named = module.named_modules() if isinstance(module, nn.Module) else ()
    hooks = [part.register_forward_hook(listener(name)) for name, part in named if name]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def random_inputs(signature: Any, sizes: Any, module: Any, seed: int) -> tuple[Tensor, ...]:
    """Standard normal numbers, or what else the kinds of the inputs ask for, with a batch axis of two."""
    import torch
    from torch import nn

    numbers = [*module.parameters(), *module.buffers()] if isinstance(module, nn.Module) else []
    like = next((p for p in numbers if p.dtype.is_floating_point), torch.zeros((), dtype=torch.float64))
    generator = torch.Generator().manual_seed(seed)
    found = []
    for wire in signature.dom:
        shape = (2, *(axis.size.subst(sizes).value for axis in wire.axes if hasattr(axis, "size")))
        name = wire.kind.name
        if name in ("R", "C"):
            dtype = like.dtype if name == "R" else torch.promote_types(like.dtype, torch.complex64)
            x = torch.randn(shape, generator=generator, dtype=torch.complex128 if name == "C" else torch.float64)
            found.append(x.to(like.device, dtype))
        else:
            below = wire.kind.size.subst(sizes).value if wire.kind.size is not None else 2
            x = torch.randint(0, below, shape, generator=generator)
            found.append((x.bool() if name == "Bool" else x).to(like.device))
    return tuple(found)
