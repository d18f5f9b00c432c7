"""E0801 to E0830: fibre bundles."""

from __future__ import annotations

from catnet.codes.entry import Code

_MOEBIUS = """bundle Moebius : circle -> R[1] under O(1) {
    charts a, b, c
    a -> b : 1
    b -> c : 1
    c -> a : [[-1]]
}
"""
_MONOPOLE = """bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}
"""
_TRIANGLE = "bundle E : complex -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : [[1]] }\n"
_CIRCLES = """bundle Plane : circle -> R[2] under SO(2) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : 1 }
net f : R[n, base(Plane)] @ R[n, 2] -> R[n, base(Plane)] @ R[n, Plane] = trivialise(Plane, total = 2)
"""
_SPLIT = "net g : R[n, 4] -> R[n, 2] @ R[n, Plane] = "
_SPLIT += 'trivialise(Plane, total = 4, form = "trained")\n'
_ZERO = "section zero : Moebius { a : 0  b : 0  c : 0 }\n"
_PLANE = """bundle Plane : circle -> R[2] under O(2) {
    charts a, b, c
    a -> b : 1
    b -> c : 1
    c -> a : [[1, 0], [0, -1]]
}
"""
_FLIP = "map flip : Plane -> Plane { a : [[2, 0], [0, -1]]  b : [[2, 0], [0, -1]]  c : [[2, 0], [0, -1]] }\n"
_BACK = "net back : R[base(Plane)] @ R[Plane] -> R[base(Plane)] @ R[Plane] = flip ^ -1\n"
_LINE = _MOEBIUS.replace("O(1)", "GL(1)")
_SHEAF = "bundle S : graph -> R[2] under O(2)\n"
_TWICE = """net f : (x: R[n, S, c], near: Fin(n)[2, e], a: R[e, S, S], far: Fin(n)[2, f], b: R[f, S, S])
    -> R[n, S, c] under gauge(S) {
    y = (x, near, a) >> diffuse(S)
    return (y, far, b) >> diffuse(S)
}
"""
_MESH = "bundle T : mesh -> R[2] under SO(2)\n"
_CONVOLUTION = """net f : R[n, V] @ Fin(n)[2, e] @ R[e, T] @ R[e, T, T] -> R[n, vector(SO(2))] under gauge(T) =
    gauge_conv(T, vector(SO(2)))
"""

_EXAMPLES = {
    "E0801": (_MOEBIUS.replace("circle", "cirle"), _MOEBIUS),
    "E0802": (_MOEBIUS.replace("    b -> c : 1\n", ""), _MOEBIUS),
    "E0803": (_MOEBIUS.replace("b -> c", "b -> d"), _MOEBIUS),
    "E0804": (_MOEBIUS.replace("    b -> c : 1\n", "    b -> c : 1\n    b -> c : [[-1]]\n"), _MOEBIUS),
    "E0805": (_MONOPOLE.replace("m * phi", "m * psi"), _MONOPOLE),
    "E0806": (_MOEBIUS.replace("[[-1]]", "[[1, 0], [0, -1]]"), _MOEBIUS),
    "E0807": (_MOEBIUS.replace("[[-1]]", "[[-2]]"), _LINE.replace("[[-1]]", "[[-2]]")),
    "E0808": (_TRIANGLE.replace("[[1]]", "[[-1]]"), _TRIANGLE),
    "E0809": (_LINE.replace("[[-1]]", "[[0]]"), _LINE),
    "E0810": (
        _MOEBIUS.replace("charts a, b, c", "charts a, b").replace("    b -> c : 1\n    c -> a : [[-1]]\n", ""),
        _MOEBIUS,
    ),
    "E0811": (_MOEBIUS + _ZERO.replace("b : 0", "b : [0, 0]"), _MOEBIUS + _ZERO),
    "E0812": (_MOEBIUS + _ZERO.replace("0", "1"), _MOEBIUS + _ZERO),
    "E0813": (_PLANE + _FLIP.replace("-1", "1").replace("0", "3"), _PLANE + _FLIP),
    "E0814": (
        _PLANE + _FLIP.replace("-1", "0") + _BACK,
        _PLANE + _FLIP + _BACK,
    ),
    "E0815": (_MONOPOLE.replace("m * phi", "m * phi / 2"), _MONOPOLE),
    "E0816": (
        _MOEBIUS + _MONOPOLE + "bundle E = Moebius + Monopole\n",
        _MOEBIUS + "bundle E = Moebius + dual(Moebius)\n",
    ),
    "E0820": (
        _MOEBIUS + "net f : R[n, Moebius, c] -> R[n, Moebius, c] under gauge(Moebius) = id\n",
        _SHEAF + "net f : R[n, S, c] -> R[n, S, c] under gauge(S) = id\n",
    ),
    "E0821": (_SHEAF + _TWICE.replace("[2, f]", "[2, e]").replace("R[f", "R[e"), _SHEAF + _TWICE),
    "E0822": (
        _MESH + "rep V = trivial(SO(2)) + vector(SO(2))*vector(SO(2))\n" + _CONVOLUTION,
        _MESH + "rep V = trivial(SO(2)) + vector(SO(2))\n" + _CONVOLUTION,
    ),
    "E0830": (
        _MOEBIUS + "net f : R[3, 8, 16] -> _ = strip_conv(2*regular(C(2)), 3)\n",
        _MOEBIUS
        + "net f : R[3*trivial(C(2)), across(Moebius, 8), along(Moebius, 16)] -> R[2*regular(C(2)), "
        + "across(Moebius, 8), along(Moebius, 16)] = strip_conv(2*regular(C(2)), 3)\n",
    ),
    "E0818": (
        _CIRCLES.replace("total = 2", "total = 1"),
        _CIRCLES,
    ),
    "E0819": (
        _CIRCLES.replace("c -> a : 1", "c -> a : [[-1, 0], [0, -1]]") + _SPLIT,
        _CIRCLES + _SPLIT,
    ),
    "E0817": (
        _MONOPOLE + "net f : R[n, Monopole(1)] -> R[n, Monopole(1)] = id\n",
        _MONOPOLE + "net f : C[n, Monopole(1)] -> C[n, Monopole(1)] = id\n",
    ),
}


def _code(code: str, title: str, explanation: str) -> Code:
    bad, good = _EXAMPLES[code]
    return Code(code, title, explanation, bad=bad, good=good)


CODES = (
    _code(
        "E0801",
        "a base, a fibre or a structure group with arguments that make none",
        """A chart has all coordinates of its space or none; an edge of a graph joins two nodes, a face of a mesh has
        three vertices. The structure group acts on the fibre: O(2) on R[2] and on the circle, U(1) on C and on the
        circle, GL(3) on R[3]. A Lie group acts by its natural representation; other representations make
        associated bundles. A parameter has a sort: angle, real, positive or integer.""",
    ),
    _code(
        "E0802",
        "a missing transition",
        """Wherever two charts overlap, a bundle says how their fibre coordinates are related: one matrix for each
        overlap, in either direction. The message lists the overlaps without one.""",
    ),
    _code(
        "E0803",
        "charts that do not overlap, or do not exist",
        """A transition is declared between two charts of the base that overlap; a section and a map of bundles
        have components over its charts. On a circle neighbouring arcs overlap, on a graph nodes with an edge.""",
    ),
    _code(
        "E0804",
        "definitions of one transition that disagree",
        """A transition a -> b may be given once; b -> a is its inverse. Where both are given, their product is one
        at every point of the overlap. The witness is a point at which it is not.""",
    ),
    _code(
        "E0805",
        "an entry of a transition that cannot be read",
        """Entries are made of exact numbers, parameters, the coordinates of the chart where the transition starts,
        sums, products, quotients and integer powers. An angle is known up to full turns only, so it stands
        under exp(I*...), cos or sin, times integers and integer parameters. A learned transition has no entries.""",
    ),
    _code(
        "E0806",
        "a transition of the wrong size",
        """A transition is a square matrix of the size of the fibre: 2 x 2 on R[2], one phase on C. Its rows are
        equally long.""",
    ),
    _code(
        "E0807",
        "a transition outside the structure group",
        """Under O(n) a transition satisfies g^T g = 1, under SO(n) det g = 1 too, under U(n) g^* g = 1, and under a
        finite group it is one of its matrices. The witness is a point of the overlap and by how much it fails.""",
    ),
    _code(
        "E0808",
        "a broken cocycle law",
        """Where three charts meet, going from the first to the second and on to the third is going to the third at
        once: T(b, c) T(a, b) = T(a, c). The witness names the charts and a point.""",
    ),
    _code(
        "E0809",
        "a transition that is singular somewhere",
        """A transition is defined and invertible at every point of its overlap. The message gives a point where a
        determinant or a denominator vanishes.""",
    ),
    _code(
        "E0810",
        "charts that do not cover",
        """The charts of a base cover it, and two of them overlap in a connected set: so a circle needs three arcs
        (two meet in two pieces), a sphere two charts, one without each pole. A point of data that lies in no chart
        of a learned cover is named.""",
    ),
    _code(
        "E0811",
        "a section of the wrong rank",
        """A section has over each chart as many components as the fibre has dimensions: two on R[2], and one
        complex number on C. No chart is left out, and over a real fibre all are real.""",
    ),
    _code(
        "E0812",
        "a section that does not agree on an overlap",
        """The components of a section over two charts are related by the transition: s_b = T(a, b) s_a. The witness
        is a point of the overlap where they are not.""",
    ),
    _code(
        "E0813",
        "a map of bundles that does not commute with the transitions",
        """A map of bundles has a matrix over each chart, of the sizes of both fibres, with
        T'(a, b) M_a = M_b T(a, b) on each overlap; maps are composed where one ends and the next begins.""",
    ),
    _code(
        "E0814",
        "the inverse of a map of bundles that is no isomorphism",
        """A map of bundles has an inverse where its matrix is invertible over every point of every chart.""",
    ),
    _code(
        "E0815",
        "a transition with more than one value",
        """A transition is a function on its overlap, so it comes back after a full turn of an angle: exp(I*m*phi)
        does for every integer m, exp(I*phi/2) does not.""",
    ),
    _code(
        "E0816",
        "bundles that cannot be combined",
        """Sums and tensor products are of vector bundles over one base, with declared transitions. A map of bases says
        into which chart each chart goes, and takes charts that overlap to one chart or to two that overlap. An
        associated bundle belongs to a representation of the structure group whose matrices are polynomials in
        those of the natural one.""",
    ),
    _code(
        "E0817",
        "a bundle's axis on a wire of another kind",
        """An axis that carries a bundle has the fibre coordinates: complex numbers over a complex fibre, so that its
        wire is C[n, E], and real ones over every other, R[n, E]. Points of a base are real, R[n, base(E)].""",
    ),
    _code(
        "E0818",
        "a trivialisation whose coordinates do not add up",
        """`trivialise(E, total = k)` maps k coordinates over each base point to those of the fibre, and what is left
        over to normal ones. So k is at least the dimension of the fibre: 1 of a circle, 2 of R[2], and 2 of C. With
        `form = "trained"` base points are among the outputs, and k is their coordinates and the fibre's together.""",
    ),
    _code(
        "E0819",
        "a trivialisation over the whole base of a bundle that changes frames",
        """`trivialise(E, total = k, form = "trained")` is one isomorphism for the whole base, so that its fibre
        coordinates are in one frame. A bundle with a transition other than 1 has another frame over the next chart;
        of a twisted one, such as the Moebius band, there is no trivialisation over the whole base at all.""",
    ),
    _code(
        "E0820",
        "a bundle without nodes, or of other vectors, where sections over a graph are asked",
        """`transport`, `diffuse` and the like join nodes along edges, and `gauge(S)` changes frames at all nodes: they
        take a bundle over a graph or a mesh, whose fibre is R[k]. Frames change by orthogonal matrices: O(k), SO(k), a
        finite group. Learned maps are those of a bundle without a body, in O(k), SO(k) or GL(k).""",
    ),
    _code(
        "E0821",
        "two lists of edges of one length",
        """`under gauge(S)` says that maps R[e, S, S] change with the frames at both ends of each edge. Which nodes
        these are is said by the list of edges Fin(n)[2, e] among the inputs, which is found by its length e: so there
        is one list of each length.""",
    ),
    _code(
        "E0822",
        "fields on a mesh that are no sum of irreducibles",
        """`gauge_conv` and `field_activation` know trivial(SO(2)), vector(SO(2)) and irrep(SO(2), m), each with a
        number of copies: the numbers, the vectors and the vectors of order m in the tangent planes.""",
    ),
    _code(
        "E0830",
        "no image on a strip",
        """A strip is a bundle of lines, R[1], over a circle or an interval. An image on it is
        R[V, across(E, h), along(E, l)]: the channels carry a representation V of the mirror, C(2), made of
        trivial(C(2)), irrep(C(2), 1) and regular(C(2)); both further axes name the same bundle.""",
    ),
)
