"""Where an axis goes that is cut between ranks: what most boxes answer, for their method `shards`.

An axis is named by its place from the end (-1 is the last), so that further axes in front change nothing. A cut is
into equal blocks of neighbours, one for each rank.
"""

from __future__ import annotations

Cut = tuple[int | None, ...]
"""For each wire the axis that is cut, None for a wire that every rank has whole."""

Answer = Cut | str
"""Where the cut axes come out, or why the box does not act pointwise along them."""


def together(name: str, cut: Cut) -> Answer:
    """Wires that are joined entry by entry: the same axis must be cut in all of them.

    >>> together("add", (-1, -1)), together("add", (-1, None))
    ((-1,), '`add` joins a wire that is cut with one that is whole')
    """
    axes = set(cut)
    if None in axes and len(axes) > 1:
        return f"`{name}` joins a wire that is cut with one that is whole"
    if len(axes) > 1:
        return f"`{name}` joins wires that are cut along different axes"
    return cut[:1]


def beside(name: str, cut: Answer, axis: int, does: str, change: int = 0, wires: int = 1) -> Answer:
    """A box that takes the vectors along one axis of its first input as a whole: every other axis passes.

    `does` says what it does along that axis; `change` is how many axes its outputs have more in this place.

    >>> beside("softmax", (-3,), -1, "normalises over")
    (-3,)
    >>> beside("softmax", (-1,), -1, "normalises over")
    '`softmax` normalises over the axis that is cut'
    >>> beside("sum", (-3,), -2, "sums over", change=-1)
    (-2,)
    """
    if isinstance(cut, str):
        return cut
    at = cut[0]
    if at == axis:
        return f"`{name}` {does} the axis that is cut"
    return (at if at is None else passing(at, axis, change),) * wires


def passing(at: int, axis: int, change: int) -> int:
    """The place of an axis in a wire that has `change` axes more, those at place `axis`.

    >>> passing(-3, -2, -1), passing(-1, -2, -1), passing(-1, -1, 1)
    (-2, -1, -2)
    """
    return at if at > axis else at - change
