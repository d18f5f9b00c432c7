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


def shape_of(dom: str) -> list[int]:
    """The sizes of a wire of known sizes: `R[3, 4]` has 3 and 4."""
    return [int(n) for n in dom.partition("[")[2][:-1].split(",") if n]


def node_of(dom: str, body: str) -> Any:
    """The one node of a net that is a single box."""
    graph = program(net(f"{dom} -> _", body))["f"]().graph
    (node,) = [n for _, n in graph.walk() if not n.graphs]
    return node


def flops_of(dom: str, body: str) -> int:
    """The operations that a box counts for one input without batch axes."""
    node = node_of(dom, body)
    return int(node.box.flops(node.dom, node.cod).value)


def agrees(dom: str, body: str, reference: torch.nn.Module, batch: tuple[int, ...] = (3,)) -> None:
    """A body has the type, the parameters, the outputs and the gradients of a layer of torch, to the last bit."""
    x = torch.randn(*batch, *shape_of(dom))
    cod = f"R[{', '.join(map(str, reference(x).shape[len(batch) :]))}]"
    assert type_of(dom, body) == cod
    node = node_of(dom, body)
    shapes = {k: tuple(d.value for d in v) for k, v in node.box.parameters(node.dom, node.cod).items()}
    assert shapes == {k: tuple(v.shape) for k, v in reference.named_parameters()}
    module = compiled(net(f"{dom} -> {cod}", f"it: {body}"))
    module.load_state_dict({f"it.{k}": v for k, v in reference.state_dict().items()}, strict=True)
    for training in (True, False):
        module.train(training)
        reference.train(training)
        torch.manual_seed(1)
        got = gradients(module, x)
        torch.manual_seed(1)
        for mine, theirs in zip(got, gradients(reference, x), strict=True):
            assert torch.equal(mine, theirs)


def gradients(module: torch.nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """The output of a module, and the gradients of its input and its parameters."""
    x = x.clone().requires_grad_()
    y = module(x)
    weight = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    wanted = [x, *module.parameters()]
    return [y, *torch.autograd.grad((y * weight).sum(), wanted, materialize_grads=True)]


def leaf(dom: str, body: str, outputs: str = "_") -> Any:
    """The one node of a body without inner nets."""
    (node,) = [n for _, n in program(net(f"{dom} -> {outputs}", body))["f"]().graph.walk() if not n.graphs]
    return node


__all__ = [
    "CatnetError",
    "agrees",
    "compiled",
    "flops_of",
    "gradients",
    "mistake",
    "mistakes",
    "net",
    "node_of",
    "program",
    "run",
    "shape_of",
    "type_of",
]
