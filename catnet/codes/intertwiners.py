"""E0720 to E0723: bases of equivariant maps."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0720",
        "a space of equivariant maps that is too large to solve for",
        """A basis of the maps from V to W is found in one of several ways (the tier), and the message says
        which one, and how large the problem is there. Where both are tensor powers of natural
        representations of S(n), O(n) and the like, diagrams are listed; where both permute a basis, orbits;
        otherwise equations are solved, which is the dearest.

        Give a larger budget (`--budget`, or `hom(V, W, budget=...)`), or write the representation as a sum
        of smaller ones: each pair of summands is solved for itself, and equal pairs once.""",
        stage="command",
        how='It comes from `catnet basis`, such as `catnet basis "C(200)" "V*V*V -> V"`, and from layers that need '
        "a basis.",
    ),
    Code(
        "E0721",
        "an exact basis with numbers that are too large",
        """The equations are solved modulo a prime, and exact numbers are reconstructed and verified. Primes
        of up to 521 bits were not enough: some number in the basis has hundreds of digits. Change to a
        basis in which the matrices of the representation have small entries.""",
        stage="command",
        how="It comes from `catnet basis` and from layers, for representations given by matrices.",
    ),
    Code(
        "E0722",
        "two counts of equivariant maps that disagree",
        """The dimension of every space of equivariant maps is found twice: by solving, and by the characters
        of the representations. Where the two differ, one of the matrices, relations or characters is wrong,
        and nothing is built on it.

        For representations of catnet's own this is a mistake in catnet: please report it.""",
        stage="command",
        how="It comes from `catnet basis` and from layers.",
    ),
    Code(
        "E0723",
        "not a group, or not a map of representations",
        """`catnet basis` takes two texts: a group such as S(n), SO(3) or S(n) * O(3), and a map SOURCE ->
        TARGET between two of its representations. In the map, V is the natural representation, G the group,
        and a number stands for that many trivial representations: 2*V + 1 is not one of them, but
        2*V + trivial(G) is.""",
        stage="command",
        how='It comes from `catnet basis`, such as `catnet basis "SO(3)" "V*V"`.',
    ),
)
