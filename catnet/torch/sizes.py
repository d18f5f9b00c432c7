"""Dimensions as Python code."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from catnet.types.dims import Dim


def python(dim: Dim, reads: Mapping[str, str]) -> str:
    """A dimension as a Python expression; `reads` gives the code that reads each name.

    >>> python((Dim.sym("h") + 1) // 2, {"h": "x.shape[-2]"})
    '(x.shape[-2] + 1) // 2'
    """
    tree = ast.parse(str(dim).replace("^", "**"), mode="eval")

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return ast.parse(reads[node.id], mode="eval").body if node.id in reads else node

    return ast.unparse(Put().visit(tree))
