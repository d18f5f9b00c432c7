"""Elimination modulo a prime, and the way back to exact numbers.

The nullity modulo p of an integer matrix is at least its nullity over the rationals; vectors that were
reconstructed and verified exactly are a lower bound. Where both agree, the answer is proved.

Rational reconstruction: P. Wang, A p-adic algorithm for univariate partial fractions (1981).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd, isqrt, lcm

from catnet.limits import spend

Row = dict[int, int]
"""A sparse row or vector modulo a prime: column to number, without zeros."""

PRIMES = (2**61 - 1, 2**127 - 1, 2**521 - 1)
"""Tried in this order: a greater one where the numbers of the answer are too large for a smaller one."""


def rank(rows: Iterable[Sequence[int]], prime: int = PRIMES[0]) -> list[int]:
    """The numbers of the rows that are independent of those before them, modulo a prime (dense rows).

    >>> rank([[1, 2], [2, 4], [0, 1]])
    [0, 2]
    """
    pivots: dict[int, list[int]] = {}  # first column of each reduced row
    found: list[int] = []
    for number, given in enumerate(rows):
        row = [x % prime for x in given]
        for column, pivot in pivots.items():
            factor = row[column]
            if factor:
                spend(1 + len(row) // 2)
                row = [(x - factor * y) % prime for x, y in zip(row, pivot, strict=True)]
        column = next((i for i, x in enumerate(row) if x), -1)
        if column >= 0:
            inverse = pow(row[column], -1, prime)
            pivots[column] = [x * inverse % prime for x in row]
            found.append(number)
    return found


class Merged:
    """Unknowns that two-term equations tie to each other, by union-find with factors: x[i] = factor * x[root]."""

    def __init__(self, columns: int, prime: int) -> None:
        self.parent = list(range(columns))
        self.factor = [1] * columns
        self.zero = bytearray(columns)
        self.prime = prime

    def root(self, i: int) -> tuple[int, int]:
        """The representative of an unknown and its factor; paths are made short on the way."""
        parent, factor, prime = self.parent, self.factor, self.prime
        path = []
        while parent[i] != i:
            path.append(i)
            i = parent[i]
        total = 1
        for node in reversed(path):
            total = factor[node] * total % prime
            factor[node], parent[node] = total, i
        return i, total

    def tie(self, i: int, a: int, j: int, b: int) -> None:
        """a x[i] + b x[j] = 0."""
        (i, f), (j, g) = self.root(i), self.root(j)
        a, b = a * f % self.prime, b * g % self.prime
        if i == j:
            if (a + b) % self.prime:
                self.zero[i] = 1
            return
        self.parent[j] = i
        self.factor[j] = -a * pow(b, -1, self.prime) % self.prime
        self.zero[i] |= self.zero[j]

    def vanish(self, i: int) -> None:
        """x[i] = 0."""
        self.zero[self.root(i)[0]] = 1

    def reduce(self, row: Row) -> Row:
        """The row in terms of representatives, without those that vanish."""
        spend(len(row))
        found: Row = {}
        for i, a in row.items():
            root, factor = self.root(i)
            if not self.zero[root]:
                found[root] = (found.get(root, 0) + a * factor) % self.prime
        return {i: a for i, a in found.items() if a}


def nullspace(rows: Iterable[Row], columns: int, prime: int) -> list[Row]:
    """A basis of the vectors that all rows send to zero, modulo a prime.

    Rows of one and two terms are merged first, in nearly linear time; the rest is eliminated, short rows first.

    >>> nullspace([{0: 1, 1: -1}, {2: 3}], 4, 7)
    [{0: 1, 1: 1}, {3: 1}]
    """
    merged = Merged(columns, prime)
    rest = _merge(list(rows), merged)
    pivots = _echelon(rest, prime)
    free = [i for i in range(columns) if merged.parent[i] == i and not merged.zero[i] and i not in pivots]
    vectors: dict[int, Row] = {i: {i: 1} for i in free}
    for pivot, row in pivots.items():
        for i, a in row.items():
            if i != pivot:
                vectors[i][pivot] = -a % prime
    members: dict[int, list[tuple[int, int]]] = {}
    for i in range(columns):
        root, factor = merged.root(i)
        if not merged.zero[root]:
            members.setdefault(root, []).append((i, factor))
    return [
        {j: a * factor % prime for i, a in vector.items() for j, factor in members[i]} for vector in vectors.values()
    ]


def _merge(rows: list[Row], merged: Merged) -> list[Row]:
    """The rows that are left when all rows of at most two terms are used up."""
    while True:
        longer: list[Row] = []
        for row in rows:
            if len(row) == 1:
                merged.vanish(next(iter(row)))
            elif len(row) == 2:
                (i, a), (j, b) = row.items()
                merged.tie(i, a, j, b)
            elif row:
                longer.append(row)
        if len(longer) == len(rows):
            return rows
        rows = [reduced for row in longer if (reduced := merged.reduce(row))]


def _echelon(rows: list[Row], prime: int) -> dict[int, Row]:
    """The reduced echelon form as {pivot column: its row}; each pivot column is in no other row."""
    pivots: dict[int, Row] = {}
    users: dict[int, set[int]] = {}  # column -> pivots whose row has it
    for given in sorted(rows, key=len):
        row = {i: a % prime for i, a in given.items()}
        for i in list(given):
            if i in pivots and (factor := row.get(i, 0)):
                _subtract(row, pivots[i], factor, prime)
        row = {i: a for i, a in row.items() if a}
        if not row:
            continue
        pivot = min(row, key=lambda i: (len(users.get(i, ())), i))
        inverse = pow(row[pivot], -1, prime)
        row = {i: a * inverse % prime for i, a in row.items()}
        for user in users.pop(pivot, set()):
            other = pivots[user]
            _subtract(other, row, other[pivot], prime)
            for i in row:
                if other.get(i) == 0:
                    del other[i]
                    users.get(i, set()).discard(user)
                elif i in other and i != user:
                    users.setdefault(i, set()).add(user)
        pivots[pivot] = row
        for i in row:
            if i != pivot:
                users.setdefault(i, set()).add(pivot)
    return pivots


def _subtract(row: Row, other: Row, factor: int, prime: int) -> None:
    spend(1 + len(other) // 2)
    for i, a in other.items():
        row[i] = (row.get(i, 0) - factor * a) % prime


def reduced(vectors: Sequence[Row], prime: int) -> list[Row]:
    """The reduced echelon basis of a span, by first columns: one span has one such basis.

    >>> reduced([{0: 2, 1: 2}, {0: 1, 1: 3}], 7)
    [{0: 1}, {1: 1}]
    """
    pivots: dict[int, Row] = {}
    for given in vectors:
        row = dict(given)
        for i in sorted(set(row) & set(pivots)):
            if factor := row.get(i, 0):
                _subtract(row, pivots[i], factor, prime)
        row = {i: a for i, a in row.items() if a}
        if not row:
            continue
        pivot = min(row)
        inverse = pow(row[pivot], -1, prime)
        row = {i: a * inverse % prime for i, a in row.items()}
        for key, other in pivots.items():
            if factor := other.get(pivot, 0):
                _subtract(other, row, factor, prime)
                pivots[key] = {i: a for i, a in other.items() if a}
        pivots[pivot] = row
    return [pivots[i] for i in sorted(pivots)]


def rational(residue: int, prime: int) -> Fraction | None:
    """The one fraction with numerator and denominator at most sqrt(p/2) in a residue class; None if there is none.

    >>> rational(pow(3, -1, PRIMES[0]) * 2, PRIMES[0])
    Fraction(2, 3)
    """
    bound = isqrt(prime // 2)
    r, s, t, u = prime, residue % prime, 0, 1
    while s > bound:
        q = r // s
        r, s, t, u = s, r - q * s, u, t - q * u
    if u == 0 or abs(u) > bound or gcd(s, u) != 1:
        return None
    return Fraction(s, u)


def integral(vector: dict[int, Fraction]) -> dict[int, int]:
    """The multiple of a rational vector with coprime integer entries, the first of them positive.

    >>> integral({0: Fraction(-1, 2), 3: Fraction(3, 4)})
    {0: 2, 3: -3}
    """
    scale = lcm(*(x.denominator for x in vector.values()))
    whole = {i: int(x * scale) for i, x in vector.items()}
    common = gcd(*whole.values())
    if whole[min(whole)] < 0:
        common = -common
    return {i: x // common for i, x in whole.items()}
