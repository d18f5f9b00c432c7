"""E0750 to E0759: groups that move the cells of an image."""

from __future__ import annotations

from catnet.codes.entry import Code

CODES = (
    Code(
        "E0750",
        "a symmetry that does not hold exactly",
        """Every box lets the group through, but some do so up to something: shifts of an image are exact away from
        the border where zeros stand around it, finer turns than by 90 degrees are exact but for an error that
        was measured. `catnet prove` lists the boxes. Zeros in place of the other end of the image are what
        most networks have, and need no repair where that is known.""",
        bad="net f(k) : R[c, h, w] -> R[k, h, w] under translations(h, w) on (h, w) = conv(k, 3, padding = 1)\n",
        good="net f(k) : R[c, h, w] -> R[k, h, w] under translations(h, w) on (h, w) =\n"
        '    conv(k, 3, padding = 1, padding_mode = "circular")\n',
    ),
    Code(
        "E0751",
        "no such layer for this representation of a grid",
        """Exact kernels, batch norms and pools over fibres are made for the turns and mirrors of a square
        grid, C(4) and D(4), and for channels that these permute up to signs. For finer turns, C(8) or D(16),
        `conv` takes trivial and regular representations and planes `irrep(G, k)`, and is approximate.""",
        bad="group G = S(3)\nrep V = 4*vector(G)\n"
        "net f : R[3*trivial(G), h, w] -> R[V, h, w] = conv(V, 3, padding = 1)\n",
        good="group G = C(4)\nrep V = 4*regular(G)\n"
        "net f : R[3*trivial(G), h, w] -> R[V, h, w] where h == w under G on (h, w) = conv(V, 3, padding = 1)\n",
    ),
)
