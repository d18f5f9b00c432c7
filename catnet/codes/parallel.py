"""E0901 to E0904: plans for several devices."""

from __future__ import annotations

from catnet.codes.entry import Code

_PLAN = "It comes from `catnet plan net.cat block`, and from `catnet.parallel` in Python."

CODES = (
    Code(
        "E0901",
        "there is no such part to cut",
        """Tensor parallelism cuts linear maps, and a part is named by its path, as in `named_modules`, with
        `*` for all steps of a repeat: --part 'layers.*.mlp'. The help line has the nearest path, or all of
        them.""",
        stage="command",
        how=_PLAN.replace("block`", "block --part PATH`"),
    ),
    Code(
        "E0902",
        "a number of ranks that does not divide the sizes",
        """Every rank gets an equal block of each axis that is cut: of the features between two linear maps,
        of the heads of an attention, of its groups of keys and values. So the number of ranks divides all
        of these sizes.

        Take fewer ranks, other sizes, or name the parts to cut.""",
        stage="command",
        how=_PLAN.replace("block`", "block --tensor 3`"),
        bad="net block : R[8] -> R[8] = linear(16) >> relu >> linear(8)\n",
        good="net block : R[8] -> R[8] = linear(18) >> relu >> linear(8)\n",
    ),
    Code(
        "E0903",
        "more pipeline stages than there are places for cuts",
        """A pipeline is cut between the steps of a repeat, and between the boxes and nets that stand beside
        it. All uses of one shared morphism stay in one stage, which has its weights, and only wires with
        batch axes go from one stage to the next.

        Ask for fewer stages. Where shared weights are in the way, give each place its own.""",
        stage="command",
        how=_PLAN.replace("block`", "block --stages 8`"),
        bad="net block : R[8] -> R[8] = linear(16) >> relu >> linear(8)\n",
        good="net block : R[8] -> R[8] = (linear(16) >> relu >> linear(8)) ^ 8\n",
    ),
    Code(
        "E0904",
        "a part that cannot be cut between ranks",
        """Between a linear map that is cut by its outputs and one that is cut by its inputs every rank has
        one block of an axis. Whatever stands there must act pointwise along that axis: an activation or a
        product of entries does, attention does along the heads; a normalisation or a softmax over the axis,
        or a cut through it, needs what other ranks have. Random boxes would draw other numbers than one
        process does, and weights that every rank holds whole would get the gradient of one block.""",
        stage="command",
        how=_PLAN.replace("block`", "block --part up`"),
        bad="net block : R[8] -> R[8] = up: linear(16) >> softmax >> down: linear(8)\n",
        good="net block : R[8] -> R[8] = up: linear(16) >> gelu >> down: linear(8)\n",
    ),
)
