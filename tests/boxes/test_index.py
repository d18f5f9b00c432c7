"""Finding, picking and ordering entries: types, mistakes, and values against torch."""

from __future__ import annotations

import pytest
import torch

from tests.boxes.helpers import compiled, mistake, mistakes, net, run, type_of


def test_extremes() -> None:
    x = torch.randn(2, 3, 4)
    assert type_of("R[t, d]", "argmax") == "Fin(d)[t]"
    assert type_of("R[t, d]", "argmin(axis = t)") == "Fin(t)[d]"
    assert torch.equal(run("R[3, 4]", "argmax", x, outputs="Fin(4)[3]"), x.argmax(-1))
    assert torch.equal(run("R[t, 4]", "argmin(axis = t)", x, outputs="Fin(t)[4]"), x.argmin(1))
    assert mistake("Z[3] -> _", "argmax").code == "E0205"
    assert mistake("R[3] -> _", "argmax(axis = 1)").code == "E0223"
    assert type_of("R[t, d]", "argmax >> one_hot(d)") == "R[t, d]"


def test_top_k() -> None:
    x = torch.randn(2, 6, 4)
    values, places = run("R[6, 4]", "top_k(2, axis = 0)", x, outputs="R[2, 4] @ Fin(6)[2, 4]")
    expected = x.topk(2, 1)
    assert torch.equal(values, expected.values)
    assert torch.equal(places, expected.indices)
    assert mistakes("R[t, 8] -> R[t, 2] @ Fin(8)[t, 2]", "top_k(2)") == []
    assert mistake("R[3] -> _ @ _", "top_k(4)").code == "E0207"
    assert mistake("R[3] -> _ @ _", "top_k(0)").code == "E0207"
    assert mistake("R[n] -> _ @ _", "top_k(2)").code == "E0206"


@pytest.mark.parametrize(("option", "descending"), [("", False), (", descending = true", True)])
def test_sort(option: str, descending: bool) -> None:
    x = torch.randint(0, 3, (2, 6, 4)).float()
    values, places = run("R[t, 4]", f"sort(axis = t{option})", x, outputs="R[t, 4] @ Fin(t)[t, 4]")
    expected = x.sort(dim=1, descending=descending, stable=True)
    assert torch.equal(values, expected.values)
    assert torch.equal(places, expected.indices)
    back = run("R[t, 4]", f"sort(axis = t{option}) >> (drop @ id)", x, outputs="Fin(t)[t, 4]")
    assert torch.equal(x.gather(1, back), values)


def test_gather() -> None:
    x, at = torch.randn(2, 5, 4), torch.randint(0, 4, (2, 5, 3))
    assert type_of("R[5, 4] @ Fin(4)[5, 3]", "gather") == "R[5, 3]"
    assert torch.equal(run("R[5, 4] @ Fin(4)[5, 3]", "gather", x, at, outputs="R[5, 3]"), x.gather(2, at))
    at = torch.randint(0, 5, (2, 7, 4))
    got = run("R[n, 4] @ Fin(n)[m, 4]", "gather(axis = n)", x, at, outputs="R[m, 4]")
    assert torch.equal(got, x.gather(1, at))
    assert mistake("R[5, 4] @ Fin(5)[5, 3] -> _", "gather").code == "E0205"
    assert mistake("R[5, 4] @ Fin(4)[6, 3] -> _", "gather").code == "E0203"
    assert mistake("R[5, 4] -> _", "gather").code == "E0204"


def test_take() -> None:
    x = torch.randn(2, 5, 4, 3)
    assert type_of("R[n, d] @ Fin(n)[m]", "take") == "R[m, d]"
    assert type_of("R[a, n, d] @ Fin(n)[m]", "take(axis = n)") == "R[a, m, d]"
    at = torch.randint(0, 4, (2, 7))
    got = run("R[5, n, 3] @ Fin(n)[m]", "take(axis = n)", x, at, outputs="R[5, m, 3]")
    assert torch.equal(got, torch.stack([x[i][:, at[i]] for i in range(2)]))
    table = compiled(net("Fin(6)[m] -> R[m, 3]", "(parameter((6, 3)) @ id) >> take"))
    (weight,) = table.parameters()
    at = torch.randint(0, 6, (2, 7))
    assert torch.equal(table(at), weight[at])
    assert torch.equal(table(at[0]), weight[at[0]])
    rows = run("R[7, 3]", "(id, positions) >> take", torch.ones(2, 7, 3), outputs="R[7, 3]")
    assert torch.equal(rows, torch.ones(2, 7, 3))
    assert mistake("R[n, d] @ Fin(d)[m] -> _", "take").code == "E0205"
    assert mistake("R[n, d] @ Fin(n)[m, k] -> _", "take").code == "E0203"


def test_cumsum() -> None:
    x = torch.randn(2, 3, 4)
    assert torch.equal(run("R[t, 4]", "cumsum(axis = t)", x, outputs="R[t, 4]"), x.cumsum(1))
    assert torch.equal(run("R[t, 4]", "cumsum", x, outputs="R[t, 4]"), x.cumsum(2))
    assert mistake("Z[3] -> _", "cumsum").code == "E0205"
