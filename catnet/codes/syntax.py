"""E01xx: reading the text."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0101",
        "the text does not follow the grammar",
        """A word, a bracket or an operator stands where the language has no use for it. The message says
        what was found and what could have stood there; where a bracket was left open, a note shows which
        one.

        Each broken declaration is told once, and the declarations after it are read as usual. If the
        place looks right, look just before it: the end of a declaration often comes too early because a
        bracket is missing.""",
        bad="net head : R[d] -> R[10] = linear(10\n",
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
    Code(
        "E0102",
        "brackets or expressions are nested too deep",
        """Reading, checking and compiling take bounded memory, so an expression may nest only so deep. No
        diagram needs the depth that is allowed: long chains of >>, @, + and * count as one level.

        Give an inner part a name by declaring it as a net of its own, and use the name.""",
        bad="net deep : R[d] -> R[d] = " + "(" * 201 + "id" + ")" * 201 + "\n",
        good="net deep : R[d] -> R[d] = ((id))\n",
    ),
    Code(
        "E0103",
        "a character that means nothing here",
        """The text has a character that the language does not use, or a name that Python would read as
        another name (catnet writes Python classes, so its names must be Python's).

        Common cases: strings stand in double quotes, `and` and `or` are words, and names are made of
        letters, digits and `_`. The Unicode forms that are accepted are ⊗ for @, → for -> and ℝ for R.""",
        bad="net head : R[d] -> R[10] = linear(10, bias = !true)\n",
        good="net head : R[d] -> R[10] = linear(10, bias = false)\n",
    ),
    Code(
        "E0104",
        "a number or a string that cannot be read",
        """Integers are written 64, other numbers 0.5, 2.0 or 1e-5, strings in double quotes on one line.
        There is no implicit product: `3d` is `3*d`. Inside a string a backslash is written \\\\ and a
        quote \\".""",
        bad="net wide : R[d] -> R[3*d] = linear(3d)\n",
        good="net wide : R[d] -> R[3*d] = linear(3*d)\n",
    ),
    Code(
        "E0106",
        "the file is too large",
        """A .cat file may have 16 MiB. Files of this size come from programs that write .cat text: let
        them write repeats as `f ^ n` or `seq(i in 0..n, f(i))`, or several files that import each other.""",
        stage="command",
        how="It comes when a file of more than 16 MiB is read.",
    ),
    Code(
        "E0107",
        "the formatter found a mistake of its own",
        """`catnet fmt` reads what it wrote before it keeps it. If that is not the same program with the
        same comments, the file is left as it was. Nothing is wrong with the file: please report it, with
        the file.""",
        stage="fmt",
        how="It should never come.",
    ),
)
