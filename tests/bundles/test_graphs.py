"""Sections over graphs in the language: bundles without a body, boxes that join nodes, and what comes at run time."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from catnet.analysis.cost import Costs
from catnet.diagnostics import Source
from catnet.elaborate.program import Program
from catnet.nn.bundles import EdgeMaps, Graph, StructureGroup, diffuse, sheaf_laplacian, transport
from catnet.syntax.formatter import format_file
from catnet.syntax.parser import parse
from tests.bundles.frames import ring

torch.set_num_threads(1)

SHEAF = "bundle S : graph -> R[2] under SO(2)\n"
GENERAL = "bundle S : graph -> R[2] under GL(2)\n"
DATA = "(x: R[n, S, c], edges: Fin(n)[2, e], maps: R[e, S, S])"
RING = """bundle Ring : graph -> R[2] under SO(2) {
    charts p, q, r, s
    p -> q : 1
    q -> r : [[0, -1], [1, 0]]
    r -> p : [[cos(pi/5), -sin(pi/5)], [sin(pi/5), cos(pi/5)]]
    r -> s : 1
}
"""


def net(text: str, **sizes: int) -> torch.nn.Module:
    made: torch.nn.Module = Program.from_text(text)["f"](**sizes).compile().double()
    return made


def body(box: str, result: str = "R[n, S, c]", declared: str = SHEAF) -> str:
    return f"{declared}net f : {DATA} -> {result} = {{ return (x, edges, maps) >> {box} }}"


def data(nodes: int = 6, more: int = 5, group: str = "SO(2)", channels: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    edges, found = ring(nodes, more), StructureGroup(group)
    maps = found.matrices(torch.randn(edges.shape[1], found.parameters, dtype=torch.float64))
    return torch.randn(nodes, 2, channels, dtype=torch.float64), edges, maps


# -- declarations ------------------------------------------------------------------------------------------------------


def test_a_bundle_without_a_body_is_printed_as_it_is_written() -> None:
    text = "# The sheaf.\nbundle S : graph -> R[2] under O(2)\n\nbundle T : mesh -> R[2] under SO(2)\n"
    tree, _ = parse(Source("<text>", text))
    assert format_file(tree) == text
    assert parse(Source("<text>", format_file(tree)))[0] == tree


def test_it_says_that_it_comes_as_data() -> None:
    program = Program.from_text(SHEAF)
    found = program.bundle("S")
    assert found.base.data == "S"
    assert "come as data" in found.describe()
    assert found.json()["facts"] is None


def test_two_bundles_of_one_shape_are_two() -> None:
    """A section over one graph does not fit another, though both are R[2] at each node."""
    text = SHEAF + "bundle T : graph -> R[2] under SO(2)\nnet f : R[n, S, c] -> R[n, T, c] = id"
    assert [d.code for d in Program.from_text(text).check()] == ["E0737"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bundle S : circle -> R[2] under SO(2)", "E0801"),
        ("bundle S : mesh -> R[2] under SO(2) { charts a, b  a -> b : 1 }", "E0801"),
        ("bundle S : graph -> R[2] under SO(3)", "E0801"),
        ("bundle S : graph -> R[2]", "E0801"),
        (SHEAF + "net f : R[n, S, c] -> R[n, S, c] = transport(S)", "E0204"),
        (body("diffuse(S, time = 2.5)"), "E0224"),
        (body("diffuse(S, steps = 0)"), "E0207"),
        (body("diffuse(vector(SO(2)))"), "E0801"),
        (RING + "net f : R[5, Ring, c] -> R[5, Ring, c] = diffuse(Ring)", "E0203"),
        (RING + "net f : R[n, 3] @ Fin(n)[2, e] -> R[e, Ring, Ring] = edge_maps(Ring)", "E0820"),
        (SHEAF + 'net f : R[n, 3] @ Fin(n)[2, e] -> R[e, S, S] = edge_maps(S, rotations = "given")', "E0224"),
        (body("diffuse(S)").replace("maps: R[e, S, S]", "maps: R[e, 2, 2]"), "E0737"),
        (body("diffuse(S)").replace("Fin(n)", "Fin(m)"), "E0205"),
        ("bundle C : graph -> C under U(1)\nnet f : C[n, C, c] -> C[n, C, c] = diffuse(C)", "E0820"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    assert {d.code for d in Program.from_text(text).check()} == {code}


# -- what the boxes compute --------------------------------------------------------------------------------------------


def test_the_boxes_are_the_functions() -> None:
    x, edges, maps = data()
    g = Graph.of(6, edges.T)
    assert torch.equal(net(body("sheaf_laplacian(S)"))(x, edges, maps), sheaf_laplacian(x, g, maps))
    steps = net(body("diffuse(S, time = 2.5, steps = 4)"))(x, edges, maps)
    assert torch.equal(steps, diffuse(x, g, maps, None, 2.5, 4, True))
    arrived = net(body("transport(S)", "R[e, S, c]"))(x, edges, maps)
    assert torch.equal(arrived, maps @ x[edges[0]])
    both = body("id @ id @ id", "R[n, S, c]").replace("id @ id @ id", "transport(S)")
    added = both.replace("{ return ", "{\n    m = ").replace(" }", "\n    return (m, edges) >> collect(S)\n}")
    assert torch.allclose(net(added)(x, edges, maps), transport(x, g, maps))
    mean = net(added.replace("collect(S)", "collect(S, mean = true)"))(x, edges, maps)
    count = torch.bincount(edges[1], minlength=6).double().clamp_min(1)
    assert torch.allclose(mean * count[:, None, None], transport(x, g, maps))


def test_maps_that_change_lengths_are_normalised_by_blocks() -> None:
    x, edges, maps = data(group="GL(2)")
    found = net(body("diffuse(S, time = 2.5, steps = 4)", declared=GENERAL))(x, edges, maps)
    assert torch.allclose(found, diffuse(x, Graph.of(6, edges.T), maps, None, 2.5, 4))


def test_a_declared_graph_is_one_that_comes() -> None:
    """Its charts are the nodes and its transitions the maps, in their order."""
    x, _, _ = data(nodes=4)
    bundle = Program.from_text(RING).bundle("Ring")
    names = list(bundle.base.charts)
    edges = torch.tensor([[names.index(a), names.index(b)] for a, b in bundle.transitions]).T
    fifth = torch.tensor(torch.pi / 5, dtype=torch.float64)
    turn = torch.stack([torch.stack([fifth.cos(), -fifth.sin()]), torch.stack([fifth.sin(), fifth.cos()])])
    one = torch.eye(2, dtype=torch.float64)
    maps = torch.stack([one, torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64), turn, one])
    made = net(RING + "net f(c = 3) : R[4, Ring, c] -> R[4, Ring, c] = diffuse(Ring, time = 3.0, steps = 5)")
    assert torch.allclose(made(x), net(body("diffuse(S, time = 3.0, steps = 5)"))(x, edges, maps), atol=1e-14)
    both = net(RING + "net f(c = 3) : R[4, Ring, c] -> R[4, Ring, c] = transport(Ring) >> collect(Ring)")
    assert torch.allclose(both(x), transport(x, Graph.of(4, edges.T), maps), atol=1e-14)
    assert both(x.expand(5, 4, 2, 3)).shape == (5, 4, 2, 3)
    assert set(made.state_dict()) == set(), "the graph is part of the source"
    assert torch.equal(pickle.loads(pickle.dumps(made))(x), made(x))
    in_float = Program.from_text(RING + "net f : R[4, Ring, 3] -> R[4, Ring, 3] = diffuse(Ring)")["f"]().compile()
    assert in_float(x.float()).dtype == torch.float32


@pytest.mark.parametrize("box", ["transport(S)", "sheaf_laplacian(S)", "diffuse(S, steps = 2)"])
def test_batches(box: str) -> None:
    """Side by side as one graph, one graph for many samples, a graph for each sample, and further axes in the type."""
    result = "R[e, S, c]" if "transport" in box else "R[n, S, c]"
    made = net(body(box, result))
    x, edges, maps = data()
    once = made(x, edges, maps)
    many = torch.stack([x, 2 * x, -x])
    expanded = made(many, edges.expand(3, *edges.shape), maps.expand(3, *maps.shape))
    assert torch.allclose(expanded, torch.stack([once, 2 * once, -once]))
    back, other = edges.flip(0), maps.mT
    each = made(torch.stack([x, x]), torch.stack([edges, back]), torch.stack([maps, other]))
    assert torch.allclose(each, torch.stack([once, made(x, back, other)]))
    union = made(torch.cat([x, x]), torch.cat([edges, back + 6], 1), torch.cat([maps, other]))
    assert torch.allclose(union, torch.cat([once, made(x, back, other)]))
    front = net(body(box, result).replace("(x: R[n", "(x: R[b, n").replace(f"-> {result}", f"-> R[b, {result[2:]}"))
    assert torch.allclose(front(many, edges, maps), expanded)
    nested = front(torch.stack([many, many]), torch.stack([edges, back]), torch.stack([maps, other]))
    assert torch.allclose(nested[0], expanded)
    assert torch.allclose(nested[1, 0], made(x, back, other))


def test_batches_are_collected() -> None:
    made = net(SHEAF + "net f : (x: R[e, S, c], edges: Fin(n)[2, e], y: R[n, S, c]) -> R[n, S, c] =\n"
               "    { return ((x, edges) >> collect(S, mean = true)) + y }")  # fmt: skip
    x, edges = torch.randn(11, 2, 3, dtype=torch.float64), data()[1]
    zero = torch.zeros(6, 2, 3, dtype=torch.float64)
    each = made(torch.stack([x, x]), torch.stack([edges, edges.flip(0)]), torch.stack([zero, zero]))
    assert torch.allclose(each, torch.stack([made(x, edges, zero), made(x, edges.flip(0), zero)]))


# -- learned maps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotations", ["exp", "cayley"])
@pytest.mark.parametrize("group", ["SO(2)", "O(3)", "SO(3)", "GL(2)", "O(1)"])
def test_learned_maps_are_in_the_group_for_all_weights(group: str, rotations: str) -> None:
    k = group[-2]
    text = f"bundle S : graph -> R[{k}] under {group}\nnet f : R[n, 4] @ Fin(n)[2, e] -> R[e, S, S] ="
    made = net(f'{text} edge_maps(S, hidden = 8, rotations = "{rotations}")')
    (layer,) = [m for m in made.modules() if isinstance(m, EdgeMaps)]
    torch.manual_seed(1)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, 0, 0.6)
    edges, features = ring(6, 5), torch.randn(6, 4, dtype=torch.float64)
    maps = made(features, edges)
    assert StructureGroup(group).distance(maps).max() < 1e-12
    assert torch.allclose(made(features, edges.flip(0)), torch.linalg.inv(maps), atol=1e-9)
    many = made(torch.stack([features, features]), torch.stack([edges, edges.flip(0)]))
    assert torch.allclose(many[1], torch.linalg.inv(maps), atol=1e-9)
    same = made(torch.stack([features, features]), edges.expand(2, *edges.shape))
    assert torch.allclose(same[1], maps)
    node = Program.from_text(f"{text} edge_maps(S, hidden = 8)")["f"]().graph.nodes[0]
    graph = node.graphs[0].nodes[0] if node.graphs else node
    ours = {k: tuple(d.value for d in v) for k, v in graph.box.parameters(graph.dom, graph.cod).items()}
    assert ours == {k: tuple(p.shape) for k, p in layer.named_parameters()}


def test_the_net_of_the_standard_library_learns() -> None:
    """Signs along edges that plain diffusion cannot see: the loss falls to a third within a few steps."""
    text = f'{SHEAF}from "std/bundles.cat" import sheaf_diffusion\nnet f : R[n, S, 4] @ Fin(n)[2, e] -> R[n, S, 4] ='
    torch.manual_seed(0)
    made = Program.from_text(f"{text} sheaf_diffusion(S, hidden = 8)")["f"]().compile()
    edges, x = ring(20, 20), torch.randn(20, 2, 4)
    wanted = torch.randn(20, 2, 4)
    optimiser = torch.optim.Adam(made.parameters(), 3e-2)
    losses = []
    for _ in range(30):
        loss = (made(x, edges) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in made.parameters())


# -- what comes at run time --------------------------------------------------------------------------------------------


def test_an_edge_that_names_no_node_is_told() -> None:
    x, edges, maps = data()
    made = net(body("diffuse(S)"))
    with pytest.raises(
        ValueError, match=r"`edges` must be Fin\(n\).*edge 4, 4 -> 6, names a node that is not one of 0 to 5"
    ):
        made(x, edges.where(torch.arange(11) != 4, torch.tensor([[4], [6]])), maps)
    with pytest.raises(ValueError, match=r"edge 0, -1 -> 1, names a node .* in sample 1"):
        made(
            *(torch.stack([t, t]) for t in (x,)),
            torch.stack([edges, edges.where(edges > 0, -1)]),
            torch.stack([maps, maps]),
        )
    made.check_inputs = False
    with pytest.raises((IndexError, RuntimeError)):
        made(x, edges + 6, maps)


@pytest.mark.parametrize(
    ("declared", "change", "said"),
    [
        ("SO(2)", lambda m: 1.1 * m, r"the map of edge 0 is no element of SO\(2\): off by 0.21"),
        ("SO(2)", lambda m: m.flip(-1), r"no element of SO\(2\)"),
        ("O(2)", lambda m: m.index_fill(0, torch.tensor([3]), 0.5), r"the map of edge 3 is no element of O\(2\)"),
        ("GL(2)", lambda m: m * 0, r"no element of GL\(2\)"),
        ("O(2)", lambda m: m * float("nan"), r"no element of O\(2\)"),
        ("Q", lambda m: m, r"no element of the structure group"),
    ],
)  # fmt: skip
def test_a_map_that_leaves_the_group_is_told(declared: str, change: object, said: str) -> None:
    assert callable(change)
    x, edges, maps = data()
    text = f"group Q = matrices([[0, -1], [1, 0]])\nbundle S : graph -> R[2] under {declared}\n"
    made = net(body("diffuse(S)", declared=text))
    if declared != "Q":
        made(x, edges, maps)
    with pytest.raises(ValueError, match=said):
        made(x, edges, change(maps))


def test_maps_of_the_wrong_size_are_told() -> None:
    x, edges, maps = data()
    made = net(body("diffuse(S)"))
    with pytest.raises(ValueError, match="axis -3 must be e"):
        made(x, edges, maps[:-1])
    with pytest.raises(ValueError, match="axis -2 must be 2"):
        made(x, edges, maps[:, :1])


def test_it_compiles_and_exports() -> None:
    x, edges, maps = data()
    made = net(body("diffuse(S, steps = 2)"))
    once = made(x, edges, maps)
    n, e = torch.export.Dim("n", min=2), torch.export.Dim("e", min=2)
    exported = torch.export.export(made, (x, edges, maps), dynamic_shapes=({0: n}, {1: e}, {0: e}))
    assert torch.allclose(exported.module()(x, edges, maps), once)
    larger = data(9, 8)
    assert torch.allclose(exported.module()(*larger), made(*larger))


# -- cost --------------------------------------------------------------------------------------------------------------

COSTED = ["transport(S)", "sheaf_laplacian(S)", "diffuse(S, time = 2.0, steps = 3)"]


@pytest.mark.parametrize("declared", [SHEAF, GENERAL], ids=["SO(2)", "GL(2)"])
@pytest.mark.parametrize("box", COSTED)
def test_cost_is_linear_in_edges_and_what_pytorch_counts(box: str, declared: str) -> None:
    result = "R[e, S, c]" if "transport" in box else "R[n, S, c]"
    diagram = Program.from_text(body(box, result, declared))["f"]()
    (node,) = [node for _, node in diagram.graph.walk() if node.box.name == box.split("(")[0]]
    said = Costs().node_flops(node)
    linear = said.linear_in("e")
    assert linear is not None
    assert "e" not in linear[0].symbols
    x, edges, maps = data(group="SO(2)" if declared is SHEAF else "GL(2)")
    made = diagram.compile().double()
    made.check_inputs = False  # it multiplies as well
    with FlopCounterMode(display=False) as counter:
        made(x, edges, maps)
    known = said.subst({"n": 6, "e": 11, "c": 3}).value
    assert known is not None
    assert counter.get_total_flops() <= known <= counter.get_total_flops() + 20 * 3 * (x.numel() + 11 * 6)


def test_a_hundred_thousand_edges() -> None:
    x, edges, maps = data(20_000, 80_000, channels=4)
    made = net(body("diffuse(S, steps = 2)"))
    assert made(x, edges, maps).shape == x.shape
