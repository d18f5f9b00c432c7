"""E0201 to E0213: names, and the static arguments of boxes and nets."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0201",
        "unknown name",
        """A name stands here that is no box of the language, no net of this file, no import, no parameter
        and no wire or dimension in scope. If it is nearly right, the help line offers what was probably
        meant.

        A net from another file must be imported by name: from "FILE.cat" import NAME. A box of your own is
        there once its Python module is imported: catnet check --boxes MODULE net.cat.""",
        bad="net head : R[d] -> R[10] = liner(10)\n",
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
    Code(
        "E0202",
        "a name is declared twice",
        """A file declares each net, box and law once, and what it imports counts too: otherwise it would
        depend on the order of the text which one is meant. Rename one of them.""",
        bad="net head : R[d] -> R[10] = linear(10)\nnet head : R[d] -> R[5] = linear(5)\n",
        good="net head : R[d] -> R[10] = linear(10)\nnet small : R[d] -> R[5] = linear(5)\n",
    ),
    Code(
        "E0209",
        "a wire or a shared morphism is never used",
        """In a braced body every named wire is used, so that nothing vanishes silently: an input or an
        intermediate result that is left out is usually a slip. If it is meant, say so in words: `_ = x >>
        drop`.

        A `share` that is never used would make parameters that nothing trains; leave it out.""",
        bad="net first : (x: R[d], y: R[d]) -> R[d] {\n    return x >> linear(d)\n}\n",
        good="net first : (x: R[d], y: R[d]) -> R[d] {\n    _ = y >> drop\n    return x >> linear(d)\n}\n",
    ),
    Code(
        "E0210",
        "a name is written twice",
        """A name in a braced body means one wire (or one shared morphism) from where it is written on. It
        cannot be written again, and it cannot hide a parameter or a dimension of the net.

        Choose another name for the second one, or chain the steps with >> and name only the result.""",
        bad="net two : (x: R[d]) -> R[d] {\n    y = x >> linear(d)\n    y = y >> relu\n    return y\n}\n",
        good="net two : (x: R[d]) -> R[d] {\n    y = x >> linear(d)\n    z = y >> relu\n    return z\n}\n",
    ),
    Code(
        "E0211",
        "a static argument is missing",
        """A box or a net was used without a static argument that has no default: the size, the pattern or
        the number that it needs before any tensor exists. The help line shows the form of the call.""",
        bad="net head : R[d] -> R[10] = linear\n",
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
    Code(
        "E0212",
        "a static argument or an expression is of the wrong sort",
        """There are diagrams (linear(8), f >> g), static values (integers, other numbers, true and false,
        texts, axes, tuples) and types, and each place takes one sort. The message says what was expected and
        what stands there: a text where an integer is wanted, a dimension where a diagram is wanted, and so
        on.

        `/` and `sqrt` give a number that is no integer, as for scale(1/sqrt(d)); for sizes, `//` divides
        integers.""",
        bad='net head : R[d] -> R[10] = linear("10")\n',
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
    Code(
        "E0213",
        "an unknown argument, one given twice, or too many",
        """The box or net has no static argument of this name, takes fewer of them, or gets one both by
        position and by name. `catnet explain linear` tells what that box takes; the help line offers
        the nearest name.""",
        bad="net head : R[d] -> R[10] = linear(10, basis = false)\n",
        good="net head : R[d] -> R[10] = linear(10, bias = false)\n",
    ),
)
