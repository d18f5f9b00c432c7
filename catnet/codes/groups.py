"""E0701 to E0713: groups, and the representations built of them."""

from __future__ import annotations

from catnet.codes.entry import Code

_NET = "net f : R[n, 3] -> R[n, 3] = id\n"

CODES = (
    Code(
        "E0701",
        "a group or a representation with arguments that make none",
        """Sizes are positive integers: S(n), C(n), D(n), O(n) and so on. Sp(n) acts on an even number of
        coordinates, p4 and p4m on a square grid. alt2 of a one-dimensional representation is zero, an
        infinite group has no regular representation, and a product of groups no natural one (`outer` joins those
        of its factors). Words of `relations` are written in the generators g1, g2, ...: "(g1*g2)^5".""",
        bad="group G = p4(8, 6)\n" + _NET,
        good="group G = p4(8, 8)\n" + _NET,
    ),
    Code(
        "E0702",
        "a group of another order than declared",
        """Generators are easily mistyped, and then generate some other group. So the order of a group from
        generators is counted (by the algorithm of Schreier and Sims), and compared with what `order = ...`
        says.""",
        bad='group G = permutations("(1 2 3 4)", "(1 3)", order = 24)\n' + _NET,
        good='group G = permutations("(1 2 3 4)", "(1 3)", order = 8)\n' + _NET,
    ),
    Code(
        "E0703",
        "matrices that break a relation of the group",
        """A representation gives one matrix to each generator of the group, and they must satisfy what the
        generators satisfy: the relations of a finite group (r^n = 1 in C(n)), the brackets of a Lie algebra,
        and that a full turn is the identity, which spinors do not do for SO(3). The message names the relation
        and says by how much it fails.""",
        bad="group G = C(3)\nrep V = representation(G, [[[0, -1], [1, 0]]])\n" + _NET,
        good="group G = C(3)\nrep V = representation(G, [[[0, -1], [1, -1]]])\n" + _NET,
    ),
    Code(
        "E0704",
        "matrices that do not preserve the declared form",
        """`preserves = B` says that every matrix M of the group or the representation satisfies M^T B M = B (for
        complex matrices with the conjugate transpose): a metric or a symplectic form. The message names a
        generator that does not, and an entry of the form that it changes.""",
        bad="group G = matrices([[0, 1], [1, 0]], preserves = [[1, 0], [0, -1]])\n" + _NET,
        good="group G = matrices([[1, 0], [0, -1]], preserves = [[1, 0], [0, -1]])\n" + _NET,
    ),
    Code(
        "E0705",
        "matrices of the wrong shape or number",
        """A representation needs one matrix for each generator, all square of one size and invertible; the
        rows of a matrix are equally long.""",
        bad="group G = D(4)\nrep V = representation(G, [[[0, -1], [1, 0]]])\n" + _NET,
        good="group G = D(4)\nrep V = representation(G, [[[0, -1], [1, 0]], [[1, 0], [0, -1]]])\n" + _NET,
    ),
    Code(
        "E0706",
        "a number that is not exact",
        """Relations and bases are decided exactly, so matrices hold exact numbers: integers, fractions, sqrt(3)/2,
        cosine(1, 5) (that is cos(2 pi/5)). A decimal such as 0.866 only comes near one. NaN and infinities are no
        numbers.""",
        bad="group G = matrices([[-1/2, -0.866], [0.866, -1/2]])\n" + _NET,
        good="group G = matrices([[-1/2, -sqrt(3)/2], [sqrt(3)/2, -1/2]])\n" + _NET,
    ),
    Code(
        "E0707",
        "a group or a representation that is too large, or infinite",
        """Some questions need a list: of the elements of a group (for its regular representation), of its
        conjugacy classes, of the images of a vector (to know that a matrix group is finite). Lists have bounds.
        Where matrices generate an infinite group, the message gives the proof.""",
        bad="group G = matrices([[1, 1], [0, 1]])\n" + _NET,
        good="group G = matrices([[1, 1], [0, -1]])\n" + _NET,
    ),
    Code(
        "E0708",
        "a symbolic size where a number is needed",
        """S(n), O(n) and their tensor products are understood for every n at once. Matrices, elements and
        lists of conjugacy classes need a number: substitute one, `V.subst({"n": 4})` in Python.""",
        stage="command",
        how="It comes from Python and from `catnet basis`, where a size is a name and no diagrams are known.",
    ),
    Code(
        "E0709",
        "representations of two groups",
        """Sums, tensor products and linear maps join representations of one group. To let two groups act at
        once, take their product: outer(V, W) is a representation of G * H, and inflate(V, G * H) lets H do
        nothing.""",
        bad="rep V = outer(vector(S(3)), vector(O(3)))\nrep W = inflate(vector(O(3)), S(3) * O(3)) + vector(O(3))\n"
        + _NET,
        good="rep V = outer(vector(S(3)), vector(O(3)))\nrep W = inflate(vector(O(3)), S(3) * O(3)) + V\n" + _NET,
    ),
    Code(
        "E0710",
        "not known as a subgroup",
        """restrict(V, H) looks at V through the elements of H alone. H may be a factor of a product, SO(n) in
        O(n), or any group whose natural representation acts on the same space by elements of the whole:
        C(n), D(n), A(n) in S(n), permutations(...) in S(n), matrices(...) in O(n).""",
        bad="rep V = restrict(vector(A(4)), C(4))\n" + _NET,
        good="rep V = restrict(vector(S(4)), C(4))\n" + _NET,
    ),
    Code(
        "E0711",
        "no such irreducible representation",
        """irrep(SO(3), l) has the dimension 2*l + 1; irrep(O(3), l, parity) needs a parity too, "e" (even) or "o"
        (odd); irrep(SU(2), k) is the spin k/2; irrep(C(n), k) and irrep(D(n), k) turn the plane by k/n of a circle,
        k < n/2, and the one-dimensional ones of D(n) are "A1", "A2" and, for even n, "B1" and "B2".""",
        bad="group G = O(3)\nrep V = irrep(G, 2)\n" + _NET,
        good='group G = O(3)\nrep V = irrep(G, 2, "e")\n' + _NET,
    ),
    Code(
        "E0712",
        "not a permutation",
        """Permutations are written in cycles, "(1 2 3)(4 5)", of points counted from 1, each at most once; from
        Python also as the list of the images, points counted from 0.""",
        bad='group G = permutations("(1 2 3)(3 4)")\n' + _NET,
        good='group G = permutations("(1 2 3)(4 5)")\n' + _NET,
    ),
    Code(
        "E0713",
        "weights that are not known",
        """The number of equivariant maps is counted by characters. For this representation they are not known on
        every part of the group: for S(n), n > 24, only fixed points are counted, which signs and squares do
        not depend on alone.""",
        stage="command",
        how="It comes from `catnet.symmetry.characters.count` in Python; bases are then counted another way.",
    ),
)
