"""One use of each box, at sizes that are names: what the pages on boxes draw, cost and ask about symmetry.

The net to show is `use`. It is the example in the box's docstring, where that is a whole program, else it is made from
the box's signature; the others stand here.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import dataclass, replace

from catnet.diagnostics import CatnetError
from catnet.diagrams.box import REQUIRED, Box
from catnet.elaborate.program import Program

_O = "group G = O(3)\nrep V = 8*trivial(G) + 4*vector(G)\nrep W = 16*trivial(G) + 8*vector(G)\n"
_Y = 'group G = O(3)\nrep Y = trivial(G) + irrep(G, 1, "o") + irrep(G, 2, "e")\n'
_E = "bundle E : circle -> R[1] under O(1) {\n    charts a, b, c\n    a -> b : 1\n    b -> c : 1\n    c -> a : -1\n}\n"
_D = "group G = D(4)\nrep V = 3*regular(G)\nrep W = 8*regular(G)\n"

# By the inputs; what the body names and the inputs do not is a parameter of the net.
_BODIES = {
    "R[t, d]": [
        "scale(0.5)", "pow(3)", "clamp(-1, 1)", "threshold(0.1, 0.5)", "stochastic_depth(0.1)", "chunk(2)",
        "window_mask(n)", 'repeat("t d -> n t d", n = 4)', 'rearrange("t d -> d t")', 'reduce("t d -> d", "mean")',
        "sum(over = t)", "mean(over = t)", "max(over = t)", "min(over = t)",
    ],
    "R[t, d] @ R[u, d]": ['einsum("t d, u d -> t u")', "concat(axis = 0)"],
    "R[t, d] @ R[t, d]": ["add", "mul", "stack"],
    "R[t, d] @ R[u]": ["swap"],
    "R[c, h, w]": [
        "conv(channels, 3, padding = 1)", "conv_transpose(channels, 2, stride = 2)", "max_pool(2)", "avg_pool(2)",
        "adaptive_avg_pool(2)", "adaptive_max_pool(2)", "global_avg_pool", "global_max_pool", "upsample(2)",
        "resize(64)", "batch_norm", "group_norm(groups)", "instance_norm",
    ],
    "()": ["parameter((t, d))", "zeros((t, d))", "ones((t, d))", "constant(0.5, (t, d))"],
    "R[t, n] @ Fin(n)[t, k]": ["gather"],
    "R[n, d] @ Fin(n)[m]": ["take"],
    "R[n, n, c]": ["permutation_linear(channels)"],
    "Bool[t, d] @ R[t, d] @ R[t, d]": ["choose"],
    "R[n, n]": ["radial_basis(8, cutoff = 4.0)"],
}  # fmt: skip

_TEXTS = {
    "drop": "net use : R[t, d] @ R[k] -> R[t, d] = id @ drop",
    "split": "net use(a, b) : R[t, a + b] -> R[t, a] @ R[t, b] = split((a, b))",
    "scan": "net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy\n"
    "net use(h) : R[t, d] @ R[h] -> R[t, h] @ R[h] = scan(cell(h), over = t)",
    "trace": "net step(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy\n"
    "net use(h) : R[d] -> R[h] = trace(step(h), steps = 4)",
    "flow": "net field(h) : R[d] @ R -> R[d] =\n"
    "    (id @ time_features(8)) >> concat >> linear(h) >> silu >> linear(d)\n"
    "net use(h) : R[d] -> R[d] = flow(field(h))",
    "intertwiner": _O + "net use : R[n, V] -> R[n, W] = linear(W)",
    "forget": _O + "net use : R[n, d] -> R[n, d] = invariant(G) >> forget(G)",
    "norm": _O + "net use : R[n, V] -> R[n, 12*trivial(G)] = norm",
    "norm_activation": _O + "net use : R[n, V] -> R[n, V] = norm_activation",
    "equivariant_norm": _O + "net use : R[n, V] -> R[n, V] = equivariant_norm",
    "gate": _O + "net use : R[n, 12*trivial(G)] @ R[n, V] -> R[n, V] = gate",
    "invariant": _O + "net use : R[n, 5] -> R[n, 5*trivial(G)] = invariant(G)",
    "tensor_product": _O + "net use : R[n, V] @ R[n, vector(G)] -> R[n, W] = tensor_product(W)",
    "spherical_harmonics": _Y + "net use : R[n, vector(G)] -> R[n, Y] = spherical_harmonics(2)",
    "symmetrise": "group G = D(4)\nnet any : R[8] -> R[1] = linear(32) >> relu >> linear(1)\n"
    "net use : R[regular(G)] -> R[trivial(G)] = symmetrise(any, trivial(G))",
    "canonicalise": "group G = O(3)\nnet shape : R[n, 3] -> R[16] = linear(64) >> relu >> sum(over = n) >> linear(16)\n"
    "net use : R[n, vector(G)] -> R[16*trivial(G)] = canonicalise(shape, 16*trivial(G))",
    "group_conv": _D + "net use : R[V, h, w] -> R[W, h, w] where h == w under G on (h, w) = conv(W, 3, padding = 1)",
    "fibre_batch_norm": _D + "net use : R[V, h, w] -> R[V, h, w] = fibre_batch_norm",
    "fibre_relu": _D + "net use : R[V, h, w] -> R[V, h, w] = fibre_relu",
    "strip_conv": _E + "rep V = 4*regular(C(2))\n"
    "net use : R[trivial(C(2)), across(E, h), along(E, l)] -> R[V, across(E, h), along(E, l)] = strip_conv(V, 3)",
    "strip_relu": _E + "rep V = 4*regular(C(2))\n"
    "net use : R[V, across(E, h), along(E, l)] -> R[V, across(E, h), along(E, l)] = strip_relu",
    "strip_pool": _E + "rep V = 4*regular(C(2))\n"
    "net use : R[V, across(E, h), along(E, l)] -> R[4] where l >= 1 = strip_pool",
    "project": _E + "net use : R[n, base(E)] @ R[n, E] -> R[n, base(E)] = project(E)",
    "trivialise": _E + "net use : R[n, base(E)] @ R[n, 1] -> R[n, base(E)] @ R[n, E] = trivialise(E, total = 1)",
    "invariant_pool": _D + "net use : R[V, h, w] -> R[3*trivial(G), h, w] = invariant_pool",
}


@dataclass(frozen=True)
class Use:
    """A net that is nothing but the box: its body and inputs, what stands before it, and what it asks of sizes."""

    body: str
    dom: str
    before: str = ""
    cod: str = "_"
    where: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The program. Names in the body that the inputs do not have are parameters."""
        words = re.findall(r"\b[a-z]\w*\b", re.sub(r'"[^"]*"|\w+ =|\w+\(|^\w+|[@>] \w+', " ", self.body))
        inputs = re.findall(r"\w+", self.dom)
        params = [w for w in dict.fromkeys(words) if w not in (*inputs, "true", "false")] if not self.before else []
        given = f"({', '.join(params)})" if params else ""
        clause = f" where {', '.join(self.where)}" if self.where else ""
        return f"{self.before}net use{given} : {self.dom} -> {self.cod}{clause} = {self.body}"


def use_of(cls: type[Box]) -> str:
    """A program whose net `use` uses the box; the empty text where none is known.

    >>> from catnet.boxes import VOCABULARY
    >>> use_of(VOCABULARY["linear"])
    'net use(features) : R[s, d] -> R[s, features] = linear(features)'
    """
    if cls.name in _TEXTS:
        return _TEXTS[cls.name] if _right(_TEXTS[cls.name]) else ""
    return _documented(cls) or next(filter(None, map(_completed, _candidates(cls))), "")


def _documented(cls: type[Box]) -> str:
    """The example in the docstring, where it is a whole program; its last net is then the use."""
    blocks = re.findall(r"(?:^    .*\n?|^\n)+", inspect.getdoc(cls) or "", re.MULTILINE)
    text = "\n\n".join(textwrap.dedent(block).strip("\n") for block in blocks if block.strip())
    head, net, rest = text.rpartition("net ")
    text = re.sub(r"^\w+", f"{head}net use", rest) if net else ""
    return text if text and _right(text) else ""


def _right(text: str) -> bool:
    try:
        return not any(d.is_error for d in Program.from_text(text).check())
    except CatnetError:
        return False


def _candidates(cls: type[Box]) -> list[Use]:
    found = [Use(b, d) for d, bodies in _BODIES.items() for b in bodies if re.match(rf"{cls.name}\b", b)]
    needed = [p for p in cls.params() if p.default is REQUIRED]
    body = f"{cls.name}({', '.join(p.name for p in needed)})" if needed else str(cls.name)
    if all(p.sort == "int" for p in needed):
        own = [cls.signature.split(" ->")[0].replace("...s", "s")] if cls.signature else []
        found += [Use(body, dom) for dom in (*own, "R[t, d]", "R[t, d] @ R[t, d]", "Z[t]")]
    return found


def _completed(use: Use) -> str:
    """The program with its output type as it is inferred, and with the demands that the checker asks for."""
    for cod in ("_", "_ @ _", "_ @ _ @ _"):
        tried = replace(use, cod=cod)
        for _ in range(4):
            try:
                program = Program.from_text(tried.text)
                errors = [d for d in program.check() if d.is_error]
            except CatnetError:
                break
            if not errors:
                holes = [d.message.removeprefix("this hole is `").removesuffix("`") for d in program.check()]
                return replace(tried, cod=" @ ".join(holes)).text
            asked = [m[1] for d in errors if (m := re.search(r"\bwhere (.*)$", d.help)) is not None]
            if len(asked) < len(errors):
                break
            tried = replace(tried, where=tuple(dict.fromkeys((*tried.where, *asked))))
    return ""
