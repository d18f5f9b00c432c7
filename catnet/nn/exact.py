"""Constants that are exact to float64 in every dtype, and weights that are assembled once for evaluation."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

_GETATTR = nn.Module.__getattr__
Dense = tuple[Tensor, Tensor | None]  # a weight and a bias


class Exact(nn.Module):
    """A module whose constant tensors are cast from float64 masters, once for each dtype.

    A constant is a non-persistent buffer: it moves with the module and is no part of the `state_dict`. `.double()`
    and `.float()` cast the master again, so no precision is lost on the way through a smaller dtype.

    >>> class Third(Exact):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.constant("third", torch.tensor(1 / 3, dtype=torch.float64))
    >>> Third().half().double().third.item() == 1 / 3
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._masters: dict[str, Tensor] = {}

    def constant(self, name: str, master: Tensor) -> None:
        """Register a tensor as the constant `name` on PyTorch's default device; float64 is cast to the default dtype.

        Indices (int64) keep their dtype. Raises TypeError for others: their precision is lost already.
        """
        if master.dtype not in (torch.float64, torch.int64):
            raise TypeError(f"the master of a constant is float64, not {master.dtype}")
        self._masters[name] = master.detach().cpu()
        first = torch.empty(0)
        self.register_buffer(name, master.to(first if master.is_floating_point() else first.device), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        for name, master in self._masters.items():
            setattr(self, name, master.to(getattr(self, name)))
        return self


class Assembled(Exact):
    """A module whose weight and bias are fixed linear functions of fewer free parameters.

    Subclasses write `assemble()`. `assembled()` keeps its result while nothing can make it wrong: in eval mode, where
    no gradient of a parameter is asked for and nothing is traced, and as long as the parameters are unchanged. A change
    is seen by their identities, addresses and version counters, on the CPU by their bytes. On other devices a write
    through `parameter.data` is invisible to PyTorch's counters: call `.train()` and `.eval()` after one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: _Kept | None = None

    def assemble(self) -> Dense:
        """The weight and the bias (or None) as differentiable functions of the parameters."""
        raise NotImplementedError

    def assembled(self) -> Dense:
        """The weight and the bias, assembled or kept from an earlier call."""
        if self.training or torch.compiler.is_compiling() or _is_traced():
            return self.assemble()
        kept = self._kept
        if kept is not None and kept.holds(self):
            return kept.dense
        seen = _watched(self)
        if seen is None:
            return self.assemble()
        device = seen[0].parameter.device.type
        with torch.inference_mode(False), torch.no_grad(), torch.autocast(device, enabled=False):
            self._kept = kept = _Kept(self, seen, self.assemble())
        return kept.dense

    def train(self, mode: bool = True) -> Self:
        """Set the mode, and forget the kept weight."""
        self._kept = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self._kept = None
        return super()._apply(fn, recurse)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}


class _Seen(NamedTuple):
    """What a parameter was when the weight was assembled; `storage` holds its memory, so that no other takes it."""

    holder: dict[str, nn.Parameter | None]
    name: str
    parameter: nn.Parameter
    storage: Tensor
    address: int
    version: int
    shape: torch.Size
    stride: tuple[int, ...]
    bytes: bytearray | None
    memory: object


def _seen(holder: dict[str, nn.Parameter | None], name: str, p: nn.Parameter) -> _Seen:
    stored, live = None, None
    if p.device.type == "cpu":  # compared as bytes, in place: torch.equal takes ten times as long
        live = (ctypes.c_char * p.nbytes).from_address(p.data_ptr())
        stored = bytearray(live)
    return _Seen(holder, name, p, p.detach(), p.data_ptr(), p._version, p.shape, p.stride(), stored, live)


class _Kept:
    """An assembled weight, and what the parameters were that it was assembled from."""

    def __init__(self, owner: Assembled, seen: list[_Seen], dense: Dense) -> None:
        self.owner, self.seen, self.dense = weakref.ref(owner), seen, dense
        self.device = dense[0].device.type

    def holds(self, module: Assembled) -> bool:
        """Whether the weight is that of the module still, and no gradient of it is asked for.

        One flat loop, as it runs at each call of a layer. The address is compared before the bytes: elsewhere they
        may be gone.
        """
        if module is not self.owner() or _is_captured(self.device):  # a replica has the attributes of the original
            return False
        grad = torch.is_grad_enabled()
        for holder, name, parameter, _, address, version, shape, stride, stored, live in self.seen:
            if (
                holder.get(name) is not parameter
                or (grad and parameter.requires_grad)
                or parameter.data_ptr() != address
                or parameter._version != version
                or parameter.shape != shape
                or parameter.stride() != stride
                or stored != live
            ):
                return False
        return True


def _watched(module: nn.Module) -> list[_Seen] | None:
    """The parameters of a module as they are now; None where its weight may depend on more, or they are not ordinary:
    parametrised, pruned, replicas, handed over by a transform, or asked for gradients."""
    found: list[_Seen] = []
    for part in module.modules():
        if hasattr(part, "parametrizations") or any(isinstance(value, Tensor) for value in vars(part).values()):
            return None
        for name, parameter in part._parameters.items():
            if parameter is not None:
                if not _can_be_watched(parameter):
                    return None
                found.append(_seen(part._parameters, name, parameter))
    return found or None


def _can_be_watched(parameter: Tensor) -> bool:
    if type(parameter) is not nn.Parameter or parameter.is_inference() or not parameter.is_contiguous():
        return False
    if parameter.device.type == "meta" or _is_captured(parameter.device.type):
        return False
    return not (torch.is_grad_enabled() and parameter.requires_grad)


def _is_captured(device: str) -> bool:
    """Whether a CUDA graph is recorded, in which a kept weight would stay for ever."""
    return device == "cuda" and torch.cuda.is_current_stream_capturing()


def _is_traced() -> bool:
    """Whether `torch.jit` or `torch.fx` writes down what is computed, where a kept weight would become a constant.
    `torch.fx` puts a function of its own in the place of `nn.Module.__getattr__` meanwhile."""
    return torch.jit.is_tracing() or nn.Module.__getattr__ is not _GETATTR  # type: ignore[attr-defined]
