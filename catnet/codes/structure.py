"""E0215 to E0221, E0228 to E0232: labels, recursion, repeats, sharing, holes."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0215",
        "a label is used twice",
        """A label names the submodule, and so the keys in the state_dict: `q: linear(d)` gives q.weight and
        q.bias. Two parts of one net with one label would write to the same keys.

        Give each its own label. If both should have the same weights, `share` one morphism and use it
        twice.""",
        bad="net mix : R[d] -> R[d] = q: linear(d) >> q: linear(d)\n",
        good="net mix : R[d] -> R[d] = q: linear(d) >> k: linear(d)\n",
    ),
    Code(
        "E0216",
        "a label that cannot name a submodule",
        """Labels become attributes of a torch.nn.Module. A Python keyword (`class`), a name that
        nn.Module has itself (`forward`, `train`, `to`) or one that starts with `_` would break the module
        that is made.""",
        bad="net mix : R[d] -> R[d] = forward: linear(d)\n",
        good="net mix : R[d] -> R[d] = onward: linear(d)\n",
    ),
    Code(
        "E0217",
        "recursion without end",
        """A net may use itself, on a static argument that gets smaller, with an `if` that ends it. This one
        uses itself whatever its arguments are, or with the same arguments, or more than 256 levels deep. The
        note names the chain of nets.

        Guard it: if n == 0 then ... else ..., with n - 1 in the recursive use.

        A net hides the box of its name: in a net called `gelu`, `gelu` is that net. Call it something
        else to use the box.""",
        bad="net tower(n) : R[d] -> R[d] = linear(d) >> tower(n - 1)\n",
        good="net tower(n) : R[d] -> R[d] = if n == 0 then id else linear(d) >> tower(n - 1)\n",
    ),
    Code(
        "E0218",
        "the expansion is over its budget",
        """Nets inside nets and chains of changing steps are written out when they are checked and compiled.
        There is a budget, so that a short text cannot fill the memory. A repeat `f ^ n` whose type stays the
        same counts once, however large n is; `seq(i in 0..n, f(i))` counts each step, because its steps may
        differ.

        Where the steps do not differ, write `f ^ n`. A program may import at most 256 files.""",
        bad="net long : R[8] -> R[8] = seq(i in 0..300000, linear(8))\n",
        good="net long : R[8] -> R[8] = linear(8) ^ 300000\n",
    ),
    Code(
        "E0219",
        "a repeat that does not keep its type",
        """`f ^ n` puts f after f, so the type that comes out must go in again. With a known n each step is
        checked by itself. With a parameter for n, the type must stay the same, or change by the same step
        each time (d, d + 8, d + 16, or d, 2*d, 4*d), so that the type after n steps can be written down.

        End the repeated part with the type that it starts with, or fix n.""",
        bad="net stack(n) : R[d] -> R[8] = linear(8) ^ n\n",
        good="net stack(n) : R[d] -> R[8] = linear(8) >> linear(8) ^ n\n",
    ),
    Code(
        "E0220",
        "this has no inverse",
        """`f ^ -1` exists where f is known to be an isomorphism: id, swap, rearrange, scale by a number
        other than 0, flow, and what >>, @ and ^ make of them. A `linear` may be invertible for some
        weights, but nothing says so.""",
        bad="net back : R[d] -> R[d] = linear(d) ^ -1\n",
        good="net back : R[d] -> R[d] = scale(2.0) ^ -1\n",
    ),
    Code(
        "E0221",
        "this has no transpose",
        """`transpose(f)` uses the weights of one linear box the other way round, as tied embeddings and
        tied autoencoders do. A single `linear` or `embedding` has a transpose; a chain of boxes, a
        nonlinearity or a whole net has none.""",
        bad="net tied : (x: R[d]) -> R[d] {\n    share w = linear(8) >> relu\n    return x >> w >> transpose(w)\n}\n",
        good="net tied : (x: R[d]) -> R[d] {\n    share w = linear(8)\n    return x >> w >> relu >> transpose(w)\n}\n",
    ),
    Code(
        "E0228",
        "a wire or a shared morphism that is out of reach",
        """A labelled part, a repeated part and a net given as an argument become modules of their own: they
        see what they are given as input, and no wire of the body around them. In the same way a shared
        morphism belongs to the body that declares it.

        Pass the wire as another input of the part, or use it outside.""",
        bad="net skip : (x: R[d]) -> R[d] {\n    y = x >> linear(d)\n    return x >> inner: (id @ y >> add)\n}\n",
        good="net skip : (x: R[d]) -> R[d] {\n    y = x >> linear(d)\n"
        "    return (x, y) >> inner: (linear(d) @ id >> add)\n}\n",
    ),
    Code(
        "E0230",
        "what a hole is",
        """Not a mistake: `_` in a type asks catnet what belongs there, and this is the answer. `catnet
        check` prints it and still ends with success. Write the answer in the place of the hole, or leave
        the hole where you do not want to repeat what follows from the body.""",
        bad="net head : R[d] -> R[_] = linear(10)\n",
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
    Code(
        "E0231",
        "a diagram is missing",
        """`_` in the place of a diagram marks what is still to be written. The message says which wires
        it receives. Everything around it is checked; the file counts as wrong until the diagram is there.""",
        bad="net mlp : R[64] -> R[10] = linear(32) >> _ >> linear(10)\n",
        good="net mlp : R[64] -> R[10] = linear(32) >> relu >> linear(10)\n",
    ),
    Code(
        "E0232",
        "nothing says what this hole is",
        """`_` in a type is found from the body and from how its wires are used. Here anything would do,
        so there is no answer. Write the type; a name such as `d` says that any size will do.""",
        bad="net head : R[_] -> R[10] = linear(10)\n",
        good="net head : R[d] -> R[10] = linear(10)\n",
    ),
)
