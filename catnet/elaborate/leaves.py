"""Leaves of a program: a net's parameter in a generic check, and boxes written in PyTorch."""

from __future__ import annotations

import keyword
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import fail
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, Site
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.nets import Declared
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.signature import Signature
from catnet.types.static import Unknown
from catnet.types.wires import Kind, Object, ObjectVar, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class NetParam(Box):
    """A net's parameter `f: X -> X` in a generic check: a box of which only the type is known."""

    family = "net"
    effect = "stateful"  # it may own parameters: never merged

    def __init__(self, name: str, signature: Signature) -> None:
        self.name = name  # type: ignore[misc]
        self.written = signature
        self.arity = len(signature.dom)

    def statics(self) -> dict[str, Any]:
        return {}

    def key(self) -> Hashable:
        return ("parameter", self.name)

    def expression(self) -> tree.Expr:
        return tree.Name(self.name)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        outputs, _ = typing.inference.apply(self.written, inputs)
        return outputs


def opaque_object(ports: tuple[Any, ...]) -> tuple[Wire, ...]:
    """A domain as it looks inside a generic check: an object variable is one wire of its own kind."""
    return tuple(Wire(Kind(p.name, variable=True)) if isinstance(p, ObjectVar) else p for p in ports)


class PythonBox(Declared):
    """A leaf written in PyTorch: `box NAME : TYPE = python "package.module:Callable"`.

    The text is never imported while checking; compiling imports it, from modules that the caller allows.
    """

    family = "python"
    effect = "stateful"  # nothing is known of its inside
    declaration: tree.BoxDecl

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return self.apply(typing, inputs)[0]

    def act(self, acting: Acting) -> tuple[Action, ...]:
        from catnet.elaborate.proving import assumed

        return ((),) * len(acting.outputs) if acting.trivial else assumed(self, acting)

    def target(self) -> tuple[str, str]:
        """The module and the name in it. Both end up in generated code, so nothing but dotted names passes."""
        module, _, name = self.declaration.target.partition(":")
        for part in (*module.split("."), *name.split(".")):
            if not part.isidentifier() or keyword.iskeyword(part) or part.startswith("__"):
                fail("E0503", f'"{self.declaration.target}" does not name a callable', self.declaration.span,
                     help='write python "package.module:Callable"')  # fmt: skip
        return module, name

    def module(self, site: Site) -> str | None:
        module, name = self.target()
        own = name.split(".")[0]
        alias = site.need(f"python:{module}:{name}") or own
        rest = name[len(own) :]
        args = ", ".join(f"{k}={_literal(v, site)}" for k, v in self.args.items())
        return f"{alias}{rest}({args})"


def _literal(value: Any, site: Site) -> str:
    if isinstance(value, Dim):
        return str(site.static(value))
    if isinstance(value, tuple):
        return "(" + "".join(f"{_literal(v, site)}, " for v in value) + ")"
    return repr(value)


def generic_statics(params: tuple[tree.Param, ...]) -> tuple[dict[str, Any], dict[str, int]]:
    """The values of static parameters in a generic check, and lower bounds for the integers.

    Integers are symbols: the check holds for every value. A size is at least 0, or its default if that is
    negative.
    """
    values: dict[str, Any] = {}
    lower: dict[str, int] = {}
    declaration = tree.Net("", params, tree.Arrow(tree.Unit(), tree.Unit()), (), (), tree.Unit())
    for param in net_params(declaration):
        if param.sort == "int":
            values[param.name] = Dim.sym(param.name)
            default = param.default.value if isinstance(param.default, Dim) else 0
            lower[param.name] = min(0, default if default is not None else 0)
        elif param.sort == "ints":
            values[param.name] = tuple(Dim.sym(f"{param.name}{i}") for i in range(len(param.default)))
        elif param.sort != "net":
            values[param.name] = Unknown(param.name, param.sort)
    return values, lower
