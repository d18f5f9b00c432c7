"""E074x: boxes between representations that meet the wrong one, where a size alone would fit."""

from __future__ import annotations

from catnet.codes.entry import Code

_V = "group G = O(3)\nrep V = 4*trivial(G) + 2*vector(G)\n"

CODES = (
    Code(
        "E0740",
        "a representation without lengths",
        """The box divides by, or acts on, the length of each copy of a representation. Only where the matrices are
        orthogonal does the group preserve the sum of squares. A Lorentz vector has an invariant square, but it may be
        negative; a symplectic vector has none with itself.

        A bilinear invariant of two wires is `tensor_product(trivial(G))`, for every form that the group preserves.""",
        bad="group G = SO(1, 3)\nnet f : R[n, vector(G)] -> R[n, trivial(G)] = norm\n",
        good="group G = SO(1, 3)\n"
        "net f : R[n, vector(G)] -> R[n, trivial(G)] = (id, id) >> tensor_product(trivial(G))\n",
    ),
    Code(
        "E0741",
        "not one number for each copy or path",
        """`gate` takes a factor for each copy that the representation is a sum of: 6 for 4*trivial(G) + 2*vector(G),
        whose dimension is 10. `tensor_product(W, shared = false)` takes a weight for each path; `paths(U, V, W)` is
        their number.""",
        bad=_V + "net f : R[n, V] -> R[n, V] = (norm >> linear(10), id) >> gate\n",
        good=_V + "net f : R[n, V] -> R[n, V] = (norm >> linear(6), id) >> gate\n",
    ),
    Code(
        "E0742",
        "a single number that is normalised",
        """`equivariant_norm` takes the mean off the invariant numbers m*trivial(G), as `layer_norm` does. With
        m = 1 the mean is the number itself: 0 would be left, whatever comes in.""",
        bad=_V + "net f : R[n, V + trivial(G)] -> R[n, V + trivial(G)] = equivariant_norm\n",
        good=_V + "net f : R[n, V + 2*trivial(G)] -> R[n, V + 2*trivial(G)] = equivariant_norm\n",
    ),
    Code(
        "E0743",
        "a factor that is not invariant",
        """Factors of a gate and weights of a tensor product multiply vectors of a representation. What is not
        invariant, such as a pseudoscalar or a component of a vector, would change how the product transforms.""",
        bad=_V + "net f : R[n, 6*sign(G)] @ R[n, V] -> R[n, V] = gate\n",
        good=_V + "net f : R[n, 6*trivial(G)] @ R[n, V] -> R[n, V] = gate\n",
    ),
    Code(
        "E0744",
        "not a vector of space",
        """Spherical harmonics are functions of a vector with the coordinates x, y, z, which is vector(O(3)) or
        vector(SO(3)). The irreducible of degree 1 has the coordinates in the order y, z, x; an axial vector, such as a
        magnetic field, keeps its sign under reflections: its harmonics would be of the wrong parity.""",
        bad='group G = O(3)\nnet f : R[n, irrep(G, 1, "o")] -> R[n, n] = spherical_harmonics(1) >> pairs >> dot\n',
        good='group G = O(3)\nnet f : R[n, irrep(G, 1, "o")] -> R[n, n] = '
        "linear(vector(G)) >> spherical_harmonics(1) >> pairs >> dot\n",
    ),
    Code(
        "E0745",
        "a representation on complex numbers",
        """The box computes with real numbers, and the representation acts on complex ones: the odd irreducibles of
        SU(2) and the natural one of U(n) have no real form of their dimension.""",
        bad="group G = SU(2)\nnet f : R[n, irrep(G, 1)] -> R[n, irrep(G, 1)] = linear(irrep(G, 1))\n",
        good="group G = SO(3)\nnet f : R[n, irrep(G, 1)] -> R[n, irrep(G, 1)] = linear(irrep(G, 1))\n",
    ),
    Code(
        "E0746",
        "no way to make a net equivariant for this group",
        """`symmetrise` averages over all elements of a group, of which there must be at most 1024. `canonicalise` turns
        a cloud of points of space into its own axes, for O(3) and SO(3), and gives invariants or vectors.""",
        bad="group G = SO(2)\nnet any : R[2] -> R[1] = linear(1)\n"
        "net f : R[vector(G)] -> R[trivial(G)] = symmetrise(any, trivial(G))\n",
        good="group G = C(4)\nnet any : R[2] -> R[1] = linear(1)\n"
        "net f : R[irrep(G, 1)] -> R[trivial(G)] = symmetrise(any, trivial(G))\n",
    ),
    Code(
        "E0747",
        "a part of a representation that nothing reads",
        """No linear map that commutes with the group leads from this part of the input to the output, so it was
        computed for nothing. This is a warning: the net is right, and a part of it is idle.""",
        bad=_V + "net f : R[n, V] -> R[n, trivial(G)] = linear(trivial(G))\n",
        good=_V + "net f : R[n, V] -> R[n, 4*trivial(G)] = norm >> linear(4*trivial(G))\n",
    ),
    Code(
        "E0748",
        "a part of a representation that is the same for every input",
        """No map that commutes with the group leads from the input to this part of the output but the one that is 0:
        zeros come out there, or what a bias adds to them, whatever comes in. This is a warning: it may be what is
        meant, as in `id + linear(V)`. Where nothing of the output is reached, it is an error, E0736.""",
        bad=_V + "net f : R[n, 4*trivial(G)] -> R[n, V] = linear(V)\n",
        good=_V + "net f : R[n, 4*trivial(G)] -> R[n, 4*trivial(G)] = linear(4*trivial(G))\n",
    ),
)
