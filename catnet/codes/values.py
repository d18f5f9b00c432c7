"""E0214, E0222, E0223, E0225 to E0227: sizes, static values and types."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0214",
        "a size that must be known when compiling is not",
        """A module's parameters have fixed shapes, and a chain has a fixed number of steps. Sizes that only
        the data has (a sequence length, an image's width) may stay open; those that shape a parameter may
        not.

        Give the size with -p NAME=VALUE on the command line, or by keyword in Python: program["net"](d =
        64).""",
        stage="compile",
        how="It comes when a net is compiled: here, `catnet compile net.cat block` without `-p d=64`.",
        bad="net block : R[t, d] -> R[t, d] = linear(d) >> relu\n",
        good="net block : R[t, 64] -> R[t, 64] = linear(64) >> relu\n",
    ),
    Code(
        "E0222",
        "a static value depends on a condition that is not decided",
        """A net is checked once, for all values of its parameters. An `if` that chooses between diagrams is
        fine: both are checked. An `if` that chooses between numbers would leave later types without a size,
        so its condition must be decided by what is known in that place.

        Choose between diagrams instead, or make the number a parameter of its own.""",
        bad="net head(big = true) : R[d] -> R[k] = linear(if big then 2*k else k) >> linear(k)\n",
        good="net head(big = true) : R[d] -> R[k] =\n"
        "    (if big then linear(2*k) >> linear(k) else linear(k) >> linear(k))\n",
    ),
    Code(
        "E0223",
        "there is no such axis",
        """Axes are given by index (-1 is the last, -2 the one before) or by the name that their size has in
        the signature. The wire here has no axis of that index or name, or two of that name.

        Types speak of trailing axes only: batch axes have no name and no index.""",
        bad="net pool : R[t, d] -> R[d] = mean(over = -3)\n",
        good="net pool : R[t, d] -> R[d] = mean(over = t)\n",
    ),
    Code(
        "E0225",
        "a number or a dimension that cannot be worked out",
        """Division by zero, a number that is not finite, or a dimension so large that no tensor could
        have it: dimensions have bounds (their bits, and the number of their terms), so that checking
        ends.""",
        bad="net shrink : R[d] -> R[d] = linear(d // 0)\n",
        good="net shrink : R[d] -> R[d] = linear(d // 2) >> linear(d)\n",
    ),
    Code(
        "E0226",
        "a type that nothing determines",
        """A capitalised name in a signature stands for whatever wires come in. One that stands only in
        the output would stand for anything at all, so what follows cannot be checked. Write the type in
        full, or let the same name stand in the input or in the type of a net argument.""",
        bad='box load : R[d] -> X = python "mine:Load"\nnet use : R[8] -> R[8] = load\n',
        good='box load : R[d] -> R[d] = python "mine:Load"\nnet use : R[8] -> R[8] = load\n',
    ),
    Code(
        "E0227",
        "this is not a type",
        """Types are R[...], C[...], Z[...], Bool[...] and Fin(n)[...], with sizes in the brackets and at
        most one pack `...s` of any axes; `A @ B` for several wires; `()` for none; a capitalised name for
        any wires; `_` for a type to be found. In a domain either all wires have a name, `(x: A, y: B)`,
        or none has.""",
        bad="net head : Float[d] -> R[10] = linear(10)\n",
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
)
