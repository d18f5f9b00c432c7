"""E073x: groups, representations, and nets that should commute with them."""

from __future__ import annotations

from catnet.codes.entry import Code

_V = "group G = O(3)\nrep V = 4*trivial(G) + 2*vector(G)\n"

CODES = (
    Code(
        "E0730",
        "no group or no representation",
        """After `group NAME =` stands a group: S(n), C(n), D(n), SO(3), a product of groups. After `rep NAME =`
        stands a representation of one: sums, multiples and products of trivial(G), vector(G) and the like. After
        `under` stands a group.""",
        bad="group G = SO(3)\nrep V = G\nnet f : R[n, 3] -> R[n, 3] = id\n",
        good="group G = SO(3)\nrep V = 4*vector(G)\nnet f : R[n, V] -> R[n, V] under G = id\n",
    ),
    Code(
        "E0731",
        "a box that does not commute with the group",
        """Equivariant maps compose: a net commutes with a group if each of its boxes does. Here one does not,
        and the message says why, what acts on its input, and what can stand in its place.

        Nonlinear functions of single entries commute with permutations alone; free weights along an axis on
        which the group acts must be those of `linear(W)` for a representation W; what is reduced must be a whole
        orbit. Where a symmetry is meant to end, `forget(G)` says so.""",
        bad=_V + "net layer : R[n, V] -> R[n, V] under G = linear(V) >> relu\n",
        good=_V + "net layer : R[n, V] -> R[n, V] under G = linear(V) >> id + linear(V)\n",
    ),
    Code(
        "E0732",
        "the group acts on nothing",
        """`under G on n` needs an input that has an axis called n, and `under G` one that carries a
        representation of G in its type.""",
        bad="net total : R[n, d] -> R[d] under S(n) on m = sum(over = n)\n",
        good="net total : R[n, d] -> R[d] under S(n) on n = sum(over = n)\n",
    ),
    Code(
        "E0733",
        "an axis of the wrong length for the group",
        """The natural action of a group moves a certain number of points or coordinates: S(n) and C(n) move n,
        SO(3) three. An axis on which it acts by that action must be just as long.""",
        bad="net total : R[n, 4] -> R[4] under S(5) on n = sum(over = n)\n",
        good="net total : R[n, 4] -> R[4] under S(n) on n = sum(over = n)\n",
    ),
    Code(
        "E0734",
        "the output does not transform as its type says",
        """Every box commutes with the group, but the output does something else than its type says. An axis
        keeps its action where it keeps its name; an output without that name must be invariant, and an axis that
        carries a representation must be acted on by just that one.""",
        bad="net points(k) : R[n, d] -> R[m, k] where m == n under S(n) on n = linear(k)\n",
        good="net points(k) : R[n, d] -> R[n, k] under S(n) on n = linear(k)\n",
    ),
    Code(
        "E0735",
        "a box between representations meets something else",
        """`linear(W)` for a representation W maps from another representation of the same group, which the last
        axis of its input carries. A plain axis carries none: its numbers may be anything.""",
        bad=_V + "net embed : R[n, 7] -> R[n, V] = linear(V)\n",
        good=_V + "net embed : R[n, V] -> R[n, 2*V] = linear(2*V)\n",
    ),
    Code(
        "E0736",
        "no map but zero",
        """Between these two representations no linear map commutes with the group but the one that gives 0
        everywhere (their Hom is 0). A layer would be built, and would output zeros.""",
        bad="group G = SO(3)\nnet f : R[n, vector(G)] -> R[n, trivial(G)] = linear(trivial(G))\n",
        good="group G = SO(3)\nnet f : R[n, vector(G)*vector(G)] -> R[n, trivial(G)] = linear(trivial(G))\n",
    ),
    Code(
        "E0737",
        "two representations that are not the same",
        """An axis that carries a representation fits only the same one, with the same basis and layout: data of
        the right size in the wrong representation would be accepted by every library that looks at sizes alone,
        and the result would be wrong. A plain axis is no representation either.""",
        bad=_V + "net f : R[n, V] -> R[n, 10*trivial(G)] = id\n",
        good=_V + "net f : R[n, V] -> R[n, 2*V] = linear(2*V)\n",
    ),
    Code(
        "E0739",
        "what has no place in a formula",
        """A box written as a formula, `box f(x: R[V], a = 0.5) = ...`, is made of its wires (the parameters that
        have a type), its numbers, `+ - * / ^`, `dot`, `norm` and `sum` along the last axis, and functions of one
        entry. A wire with fewer axes is repeated along the further axes of the other.""",
        bad="box f(x: R[d], y: R[k]) = x + y\nnet g : R[d] @ R[k] -> R[d] = f\n",
        good="box f(x: R[d], y: R) = x + y\nnet g : R[d] @ R -> R[d] = f\n",
    ),
    Code(
        "E0738",
        "a symmetry that is not one question for all sizes",
        """The net recurses, or chooses between parts by its static arguments, so that it is a different diagram
        for different sizes, and some argument has no default. `catnet prove` answers for sizes that you give.""",
        bad="net f(n) : R[m, d] -> R[m, d] under S(m) on m = if n == 0 then id else relu >> f(n - 1)\n",
        good="net f(n = 3) : R[m, d] -> R[m, d] under S(m) on m = if n == 0 then id else relu >> f(n - 1)\n",
    ),
)
