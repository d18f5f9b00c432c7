"""What the tests of boxes share: the type of an expression, its mistakes, and running it."""

from __future__ import annotations

from typing import Any

import torch

from catnet.diagnostics import CatnetError, Diagnostic
from catnet.elaborate.program import Program


def program(text: str) -> Program:
    """A program that must have no mistakes."""
    made = Program.from_text(text)
    assert [d.render() for d in made.check() if d.is_error] == []
    return made


def net(signature: str, body: str, params: str = "") -> str:
    """The text of a net `f`."""
    return f"net f{params} : {signature} = {body}"


def type_of(dom: str, body: str, params: str = "") -> str:
    """The codomain that is inferred for a body on a domain."""
    found = Program.from_text(net(f"{dom} -> _", body, params)).check()
    assert [d.render() for d in found if d.is_error] == []
    (hole,) = [d for d in found if d.code == "E0230"]
    return hole.message.removeprefix("this hole is `").removesuffix("`")


def mistakes(signature: str, body: str, params: str = "") -> list[Diagnostic]:
    """The mistakes of a net, but for holes that they leave open."""
    made = Program.from_text(net(signature, body, params))
    return [d for d in made.check() if d.is_error and d.code != "E0232"]


def mistake(signature: str, body: str, params: str = "") -> Diagnostic:
    """The one mistake of a net."""
    (found,) = mistakes(signature, body, params)
    return found


def compiled(text: str, **sizes: int) -> Any:
    """The module of the last net of a text."""
    made = program(text)
    torch.manual_seed(0)
    return made[made.names[-1]](**sizes).compile()


def run(dom: str, body: str, *inputs: torch.Tensor, outputs: str = "_", **sizes: int) -> Any:
    """What a body gives on tensors; `_` for one output wire."""
    return compiled(net(f"{dom} -> {outputs}", body), **sizes)(*inputs)


__all__ = ["CatnetError", "compiled", "mistake", "mistakes", "net", "program", "run", "type_of"]
