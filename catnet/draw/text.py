"""The picture for a terminal: from top to bottom, one row for each box, wires as rails on the left.

A branch is a rail beside the others, and ends where its box takes it in. An open net or repeat is a frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from catnet.boxes.iterate import Iteration
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.repeat import Loop
from catnet.draw.looks import call, circle_sign, inside, repeats
from catnet.draw.measure import clean
from catnet.draw.rails import Rails, fitted, in_ascii
from catnet.types.wires import Object

WIDTH = 100
NARROWEST = 40
OPEN_BUDGET = 4000  # boxes inside frames, all in all
LONGEST_TYPE, LONGEST_NAME = 34, 100
SIGNS = {"+": "⊕", "−": "⊖", "×": "⊗"}
WORDS = {"+": "sum", "−": "difference", "×": "product"}
WEIGHTS, PLAIN, RANDOM, STATE = "■", "□", "◇", "◆"
MEANING = {WEIGHTS: "has weights", PLAIN: "has none", RANDOM: "random in training", STATE: "keeps a state"}


def write(graph: Graph, heading: str, depth: int, width: int = WIDTH, ascii: bool = False) -> str:
    """The picture of a graph with `depth` levels of boxes, in rows of at most `width` characters.

    >>> from catnet.boxes.linear import Linear
    >>> from catnet.diagrams.terms import Leaf
    >>> from catnet.types.dims import Dim
    >>> graph = (Leaf(Linear(Dim.const(8))) >> Leaf(Linear(Dim.const(2)))).typed("R[4]")
    >>> print(write(graph, "two", 1, width=40))
    two
    <BLANKLINE>
      ╷ R[4]
      ■ linear(8)                       R[8]
      ■ linear(2)                       R[2]
      ▼ R[2]
    <BLANKLINE>
    ■ has weights
    """
    text = _Text(graph, max(NARROWEST, width), ascii).text(graph, heading, depth)
    return in_ascii(text) if ascii else text


class _Text:
    """One writing run. `at` has the column of each value, `cut` the number of each for which there was no column."""

    def __init__(self, graph: Graph, width: int, ascii: bool) -> None:
        self.rails = Rails(width)
        self.ascii = ascii
        self.at: dict[int, int] = {}
        self.cut: dict[int, int] = {}
        self.branches: dict[int, list[int]] = {}  # columns that a box took beside the wire in a column
        self.budget = OPEN_BUDGET
        self.seen: dict[str, None] = {}  # signs and marks to be explained
        self.letters: dict[int, str] = {}
        self.shared = Counter(id(node.owner) for _, node in graph.walk() if node.owner is not None)

    def text(self, graph: Graph, heading: str, depth: int) -> str:
        """The whole picture."""
        self.rails.lines += [fitted(clean(heading), self.rails.width), ""]
        self._whole(graph, 1, depth, {}, {})
        legend = "   ".join(f"{sign} {words}" for sign, words in MEANING.items() if sign in self.seen)
        notes = [note for note in (legend, *_notes(self.seen)) if note]
        return "\n".join([*self.rails.lines, *([""] if notes else []), *notes])

    def _whole(self, graph: Graph, base: int, depth: int, ins: Mapping[int, str], outs: Mapping[int, str]) -> None:
        """A graph with its ends: `ins` and `outs` say more of some of them."""
        uses = _uses(graph)
        for number, value in enumerate(graph.inputs):
            name = f"{clean(value.name)}: " if value.name else ""
            unused = "" if uses[id(value)] else "[not used]"
            words = "  ".join(filter(None, (f"{name}{clean(str(value.wire))}", ins.get(number), unused)))
            column = self._settle(value, uses[id(value)], base - 1)
            self.rails.row({column: "╷"} if column >= 0 else {}, words + self._numbered(value))
        self._body(graph, uses, base, depth)
        ends: dict[int, list[int]] = {}
        for number, value in enumerate(graph.outputs):
            ends.setdefault(self.at.get(id(value), -1), []).append(number)
        for column, numbers in sorted(ends.items(), reverse=True):
            if column >= 0:
                self.rails.take(column, 0)
            for number in numbers:
                value = graph.outputs[number]
                which = f"{number + 1}: " if len(graph.outputs) > 1 else ""
                words = "  ".join(filter(None, (f"{which}{clean(str(value.wire))}", outs.get(number))))
                self.rails.row({max(column, base): "▼"}, self._from(value) + words)

    def _body(self, graph: Graph, uses: Counter[int], base: int, depth: int) -> None:
        for node in graph.nodes:
            many = isinstance(node.box, Iteration)
            inner, title = inside(node, LONGEST_NAME) if depth > 1 and not many else (None, "")
            if inner is not None and self._opens(node, inner):
                self._frame(node, inner, title, uses, base, depth)
                continue
            self._box(node, uses, base)
            if many and depth > 1 and node.graphs and self._opens(node, node.graphs[0]):
                self._step(node, depth)

    def _opens(self, node: Node, inner: Graph) -> bool:
        """Whether there is room for a frame."""
        column = len(self.rails.uses) + 2 * len(node.inputs) + 1
        if len(inner.nodes) > self.budget or column >= self.rails.most or 2 * column + 20 > self.rails.edge:
            return False
        self.budget -= len(inner.nodes)
        return True

    # -- values ----------------------------------------------------------------------------------------------

    def _settle(self, value: Value, uses: int, after: int) -> int:
        """Give a value the first free column after one; a number where there is none. -1: it has no column."""
        self.at.pop(id(value), None)
        self.cut.pop(id(value), None)
        column = self.rails.free(after)
        if not uses:
            return max(column, 0)
        if column < 0:
            self.cut[id(value)] = len(self.cut) + 1
            return -1
        self.at[id(value)] = column
        self.rails.take(column, uses)
        return column

    def _numbered(self, value: Value) -> str:
        """Where a value goes on that has no column."""
        if id(value) not in self.cut:
            return ""
        self.seen["cut"] = None
        return f"  →({self.cut[id(value)]})"

    def _from(self, *values: Value) -> str:
        """Which values come by number; `1..4` are four."""
        runs: list[list[int]] = []
        for number in (self.cut[id(v)] for v in values if id(v) in self.cut):
            if runs and runs[-1][-1] + 1 == number:
                runs[-1].append(number)
            else:
                runs.append([number])
        return "".join(f"({run[0]}..{run[-1]})→ " if len(run) > 1 else f"({run[0]})→ " for run in runs)

    def _taken(self, node: Node) -> list[int]:
        """The columns of a node's inputs, in order; the uses are counted down. -1 for one without a column."""
        columns = [self.at.get(id(v), -1) for v in node.inputs]
        for column in columns:
            if column >= 0:
                self.rails.uses[column] -= 1
        return columns

    # -- boxes -----------------------------------------------------------------------------------------------

    def _box(self, node: Node, uses: Counter[int], base: int) -> None:
        """A closed box: one row, and another where several wires come out."""
        rails = self.rails
        columns = self._taken(node)
        here = sorted({c for c in columns if c >= 0})
        ended = [c for c in here if not rails.uses[c]]
        home = self._home(here, ended, base)
        marks = {c: _joint(c, here, home, c in ended) for c in here}
        marks[home] = self._sign(node)
        for column in ended:
            self.branches.pop(column, None)
        self.branches.pop(home, None)
        outs = [self._settle(v, uses[id(v)], home - 1) for v in node.outputs]
        live = [c for c, v in zip(outs, node.outputs, strict=True) if uses[id(v)] and c >= 0]
        after = {c: rails.uses[c] for c in live}
        for column in live[1:]:  # they begin in the next row
            rails.uses[column] = 0
        rails.row(marks, self._words(node, columns, uses), _type_shown(node), joined=True)
        for column, count in after.items():
            rails.take(column, count)
        if len(live) > 1:
            rails.row({c: "├" if c == live[0] else "╮" if c == live[-1] else "┬" for c in live}, joined=True)

    def _home(self, here: list[int], ended: list[int], base: int) -> int:
        """The column of a box whose wires come in columns `here`, some of which end there.

        A branch stands right of its wire, and the last of several right of the others, so that they keep their order.
        Where they meet, the box goes as far to the left as it is free.
        """
        rails = self.rails
        siblings = [c for c in self.branches.get(here[0], ()) if rails.live(c)] if len(here) == 1 else []
        if ended and not siblings:
            home = ended[0]
            while len(here) > 1 and home > base and not rails.live(home - 1):
                home -= 1
            return home
        home = rails.free(max([base - 1, *here, *siblings]))
        if here and home >= 0:
            self.branches.setdefault(here[0], []).append(home)
        return home if home >= 0 else ended[0] if ended else rails.most

    def _sign(self, node: Node) -> str:
        sign = circle_sign(node)
        if sign is not None:
            return SIGNS[sign]
        effect = node.box.effect
        found = RANDOM if effect == "random" else STATE if effect == "stateful" else WEIGHTS if node.fresh else PLAIN
        self.seen[found] = None
        return found

    def _words(self, node: Node, columns: list[int], uses: Counter[int]) -> str:
        """What stands beside a box: its name, where its inputs come from, and where its outputs go."""
        parts = [self._from(*node.inputs) + self._name(node)]  # empty for a sign
        ports = sorted((c, port) for port, c in enumerate(columns) if c >= 0)
        order = [str(port + 1) for _, port in ports]
        unclear = order != sorted(order, key=int) or 0 < len(order) < len(columns)
        if unclear and circle_sign(node) not in ("+", "×"):
            parts.append(f"[in {' '.join(order)}]")
            self.seen["in"] = None
        unused = [str(port + 1) for port, v in enumerate(node.outputs) if not uses[id(v)]]
        if unused:
            parts.append("[not used]" if len(unused) == len(node.outputs) else f"[out {' '.join(unused)} not used]")
        return "  ".join(filter(None, parts)) + "".join(map(self._numbered, node.outputs))

    def _name(self, node: Node) -> str:
        sign = circle_sign(node)
        if sign is not None:
            return WORDS[sign] if self.ascii else ""
        loop = isinstance(node.box, Loop)
        text = inside(node, LONGEST_NAME)[1] or clean(node.label or "steps") if loop else call(node.box)
        if node.label is not None and not loop and text != clean(node.label):
            text = f"{clean(node.label)}: {text}"
        return "  ".join(filter(None, (text, f"x {node.count}" if loop else "", self._letter(node))))

    def _letter(self, node: Node) -> str:
        """The mark of a part that is used more than once."""
        key = id(node.owner)
        if node.owner is None or self.shared[key] < 2:
            return ""
        self.seen["shared"] = None
        number = len(self.letters)
        letter = self.letters.setdefault(key, chr(ord("a") + number % 26) + (str(number // 26) if number > 25 else ""))
        return f"({letter})"

    # -- frames ----------------------------------------------------------------------------------------------

    def _frame(self, node: Node, inner: Graph, title: str, uses: Counter[int], base: int, depth: int) -> None:
        """A net or a repeat that is shown open. Its wires keep their columns."""
        rails = self.rails
        start = self._route(node)
        name = "  ".join(filter(None, (title, repeats(node), self._letter(node))))
        ins = [start + i for i in range(len(node.inputs))]
        rails.open(start - 1, ins, name)
        own = _uses(inner)
        for column, value in zip(ins, inner.inputs, strict=True):
            self.at[id(value)] = column
            self.cut.pop(id(value), None)
            rails.take(column, own[id(value)])
        self._body(inner, own, start, depth - 1)
        columns = [self.at.get(id(v), -1) for v in inner.outputs]
        for column in columns:
            if column >= 0:
                rails.uses[column] = 0
        rails.close(start - 1, [c for c in columns if c >= 0], _type_shown(node))
        for column, value, result in zip(columns, inner.outputs, node.outputs, strict=True):
            self._passed(column, value, result, uses[id(result)])

    def _passed(self, column: int, value: Value, result: Value, uses: int) -> None:
        """A result of a frame goes on in the column, or under the number, that it had inside."""
        self.at.pop(id(result), None)
        self.cut.pop(id(result), None)
        if column < 0:
            self.cut[id(result)] = self.cut[id(value)]
        elif uses:
            self.at[id(result)] = column
            self.rails.uses += [0] * (column + 1 - len(self.rails.uses))
            self.rails.uses[column] += uses

    def _route(self, node: Node) -> int:
        """Lead a node's inputs into columns side by side with a free one before them; returns the first of these."""
        rails = self.rails
        columns = self._taken(node)
        ended = all(c >= 0 and not rails.uses[c] for c in columns) and columns == sorted(set(columns))
        start = rails.last() + 2
        if ended and columns and columns[-1] - columns[0] == len(columns) - 1 and columns[0] >= start:
            start = columns[0]  # as they are
        elif len(columns) != 1 and not (ended and all(c <= start + i for i, c in enumerate(columns))):
            start = max(start, max(columns, default=0) + 2)  # where none is in the way of another
        waiting = Counter(c for c in columns if c >= 0)
        for column in waiting:
            rails.uses[column] += waiting[column]
        for port in reversed(range(len(columns))):
            self._move(node.inputs[port], columns[port], start + port)
        return start

    def _move(self, value: Value, source: int, target: int) -> None:
        """Lead a wire from one column into another."""
        rails = self.rails
        if source >= 0:
            rails.uses[source] -= 1
        if source < 0:
            rails.row({target: "╷"}, self._from(value))
        elif source != target:
            stays = rails.uses[source] > 0
            ends = "├╰" if source < target else "┤╯"
            rails.row({source: ends[not stays], target: "╮" if source < target else "╭"}, joined=True)
        rails.take(target, 1)

    def _step(self, node: Node, depth: int) -> None:
        """What a box runs many times, in a frame beside its wires."""
        inner = node.graphs[0]
        fed = node.box.feedback(node.dom, inner) if isinstance(node.box, Iteration) else ()
        border = self.rails.last() + 1
        self.rails.open(border, (), "one step" if fed else "inside")
        ins = {i: "from the step before" for _, i in fed}
        outs = {o: "to the next step" for o, _ in fed}
        self._whole(inner, border + 1, depth - 1, ins, outs)
        self.rails.close(border, (), "")


def _uses(graph: Graph) -> Counter[int]:
    """How often each value is used, by identity."""
    found = Counter(id(v) for node in graph.nodes for v in node.inputs)
    found.update(map(id, graph.outputs))
    return found


def _joint(column: int, here: list[int], home: int, ended: bool) -> str:
    """How a wire in a column meets the line to its box."""
    if column == min(here[0], home):
        return "╰" if ended else "├"
    if column == max(here[-1], home):
        return "╯" if ended else "┤"
    return "┴" if ended else "┼"


def _type_shown(node: Node) -> str:
    """The types that come out, where they are others than those that go in."""
    if set(node.cod) <= set(node.dom):
        return ""
    return fitted(_object(node.cod), LONGEST_TYPE)


def _object(wires: Object) -> str:
    if len(wires) > 1 and len(set(wires)) == 1:
        return f"{len(wires)} of {clean(str(wires[0]))}"
    return " @ ".join(clean(str(w)) for w in wires)


def _notes(seen: Mapping[str, None]) -> list[str]:
    """What the marks mean that stand in a picture."""
    notes = []
    if "shared" in seen:
        notes.append("Parts with one letter share their weights.")
    if "in" in seen:
        notes.append("[in 2 1]: the lines from the left are the inputs 2 and 1.")
    if "cut" in seen:
        notes.append("A wire that ends at →(n) goes on at (n)→.")
    return notes
