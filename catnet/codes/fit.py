"""E0203 to E0207, E0224: compositions that do not fit, and demands on sizes."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0203",
        "two types do not fit",
        """The wire that comes and the wire that is expected differ in the size of an axis or in the number
        of axes. The message shows both types with the differing axis marked, and where the wire and the size
        come from. With names for sizes, one example in numbers shows that they are not always equal.

        The same code says that the body of a net does not give what its signature promises, that the two
        branches of an `if`, the two sides of a law or two uses of a shared morphism have different types,
        and that a net given as an argument is not of the type asked for.

        Often a `linear` between the two, or another number in the one before, is what was meant.""",
        bad="net mlp : R[64] -> R[10] = linear(32) >> relu >> block >> linear(10)\n"
        "net block : R[64] -> R[64] = linear(64) >> relu\n",
        good="net mlp : R[64] -> R[10] = linear(64) >> relu >> block >> linear(10)\n"
        "net block : R[64] -> R[64] = linear(64) >> relu\n",
    ),
    Code(
        "E0204",
        "wrong number of wires",
        """A box takes a certain number of wires, and another number comes; or a body gives another number of
        wires than its signature promises, or a statement has more names than wires.

        `(f, g)` gives its one input to both parts and yields two wires; `f @ g` takes two and yields two.
        `add`, `mul` and `concat` make one wire of several, `id` passes wires on, `drop` ends them in
        words.""",
        bad="net join : R[d] @ R[d] -> R[d] = linear(d)\n",
        good="net join : R[d] @ R[d] -> R[d] = add >> linear(d)\n",
    ),
    Code(
        "E0205",
        "the wrong kind of numbers",
        """Wires carry reals R, complex numbers C, integers Z, integers below a bound Fin(n), or booleans
        Bool, and a box takes one kind. PyTorch would fail only when the first tensor comes; here it is known
        before.

        Token indices become vectors by `embedding(n, d)` (trained) or `one_hot(n)` (fixed).""",
        bad="net tagger : Fin(100)[t] -> R[t, 5] = linear(5)\n",
        good="net tagger : Fin(100)[t] -> R[t, 5] = embedding(100, 16) >> linear(5)\n",
    ),
    Code(
        "E0206",
        "a demand on the sizes is not known to hold",
        """A box or a net asks something of the sizes: that heads divide the width, that a kernel fits, that
        two sizes are equal. Here it is neither proved nor ruled out, because the sizes are names.

        If it always holds in your use, state it: the help line has the `where` clause to add to the
        signature. Inside, it is then taken for granted; wherever your net is used, it is checked.""",
        bad="net halves : R[t, d] -> R[t, d] where d % 2 == 0 = linear(d)\n"
        "net block : R[t, d] -> R[t, d] = halves >> relu\n",
        good="net halves : R[t, d] -> R[t, d] where d % 2 == 0 = linear(d)\n"
        "net block : R[t, d] -> R[t, d] where d % 2 == 0 = halves >> relu\n",
    ),
    Code(
        "E0207",
        "a demand on the sizes is broken",
        """A box or a net asks something of the sizes that is false here, whatever the free sizes are: 30 is
        not divisible by 4. The label says what the names are in this place. Change the sizes, or the static
        arguments that the demand speaks of.

        It is also what a `where` gets whose clauses exclude each other: no sizes would satisfy them.""",
        bad="net heads(n) : R[t, d] -> R[t, d] where d % n == 0 = linear(d)\n"
        "net block : R[t, 30] -> R[t, 30] = heads(4)\n",
        good="net heads(n) : R[t, d] -> R[t, d] where d % n == 0 = linear(d)\n"
        "net block : R[t, 32] -> R[t, 32] = heads(4)\n",
    ),
    Code(
        "E0224",
        "a box refuses its input",
        """The wire is of the right kind, but this box cannot work on it, for a reason of its own that the
        message gives: a `rearrange` pattern that does not describe the wire, a wire with too few axes for
        a convolution, and so on.""",
        bad='net heads : R[t, 64] -> R[4, t, 16] = rearrange("t (h c) -> h t", h = 4)\n',
        good='net heads : R[t, 64] -> R[4, t, 16] = rearrange("t (h c) -> h t c", h = 4)\n',
    ),
)
