r"""Geometry as TikZ: a LaTeX document that a plain `pdflatex` sets on a page of the picture's size.

The coordinates, shapes and colours are those of the SVG. A picture for a paper is what stands between
`\begin{tikzpicture}` and `\end{tikzpicture}`, with the lines before `\begin{document}` in the preamble.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from catnet.diagrams.repeat import Loop
from catnet.draw.acted import pieces
from catnet.draw.flow import LABEL, TITLE
from catnet.draw.geometry import Label, Link, Panel, Placed, Point, Turn
from catnet.draw.looks import LOOKS, PLAIN_LOOK, circle_sign, look_of
from catnet.draw.measure import clean, text_width
from catnet.draw.shapes import corners
from catnet.draw.svg import CABLE, CARD, HEADING, INK, MUTED, page_size, shared_marks
from catnet.draw.tex_text import escaped

POINT = 0.75  # big points of a unit, which is a pixel of the SVG
LARGEST = 15_000.0  # units; TeX counts to 16,383 points
LETTERS = 1.06  # Computer Modern is small for its size
DASHES = {"random": "dash pattern=on 3.75bp off 2.25bp", "stateful": "dash pattern=on 1.1bp off 1.9bp"}


def write(panel: Panel, heading: str, description: str) -> str:
    """The LaTeX document of a panel."""
    return _Document(panel, heading).text(description)


class _Document:
    """One writing run: the scale, the marks of shared parts, and the looks that are used."""

    def __init__(self, panel: Panel, heading: str) -> None:
        width, height = page_size(panel)
        width = max(width, text_width(heading, 13) + 36)
        self.scale = min(1.0, LARGEST / max(width, height))
        self.paper = f"{{{self._bp(width + 2)},{self._bp(height + 2)}}}"
        self.bounds = f"(0,0) rectangle {self._at(width, height)}"
        self.marks = shared_marks(panel)
        self.looks: dict[str, None] = {}
        title = self._words((14, 22), "base west", f"\\textbf{{{escaped(heading)}}}", 13)
        self.body = "\n".join([title, *self._panel(panel, 0, HEADING)])

    def text(self, description: str) -> str:
        """The whole document."""
        about = textwrap.wrap(clean(description), 110, initial_indent="% ", subsequent_indent="% ")
        return "\n".join([*about, self._preamble(), self._styles(), self._picture()])

    def _preamble(self) -> str:
        return f"""\\RequirePackage{{fix-cm}}
\\documentclass{{article}}
\\usepackage[papersize={self.paper},margin=0bp]{{geometry}}
\\usepackage{{amssymb}}
\\usepackage{{tikz}}
\\pagestyle{{empty}}
\\topskip=0pt
\\parindent=0pt"""

    def _styles(self) -> str:
        """The colours and styles that the picture uses."""
        colours = {"ink": INK, "muted": MUTED}
        styles = [
            f"cn/.style={{x={POINT}bp,y=-{POINT}bp,line width={self._bp(1.3)},line cap=round,line join=round}}",
            "cn wire/.style={draw=cn-ink}",
            f"cn turn/.style={{cn wire,rounded corners={self._bp(8)}}}",
            "cn frame/.style={draw=cn-muted}",
            "cn words/.style={inner sep=0pt,outer sep=0pt,font=\\sffamily}",
        ]
        for name in self.looks:
            look = LOOKS.get(name, PLAIN_LOOK)
            colours |= {f"{name}-fill": look.fill, f"{name}-line": look.line}
            styles.append(f"cn {name}/.style={{fill=cn-{name}-fill,draw=cn-{name}-line}}")
        defined = [f"\\definecolor{{cn-{name}}}{{HTML}}{{{code[1:].upper()}}}" for name, code in colours.items()]
        return "\n".join([*defined, "\\tikzset{", ",\n".join(f"  {style}" for style in styles), "}"])

    def _picture(self) -> str:
        return f"""\\begin{{document}}
\\begin{{tikzpicture}}[cn]
\\useasboundingbox {self.bounds};
{self.body}
\\end{{tikzpicture}}
\\end{{document}}
"""

    # -- numbers ---------------------------------------------------------------------------------------------

    def _n(self, value: float) -> str:
        """A coordinate; two decimals where the picture had to be made smaller."""
        text = f"{value * self.scale:.{1 if self.scale == 1 else 2}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    def _at(self, x: float, y: float) -> str:
        return f"({self._n(x)},{self._n(y)})"

    def _bp(self, units: float) -> str:
        return f"{units * POINT * self.scale:.2f}bp"

    # -- panels ----------------------------------------------------------------------------------------------

    def _panel(self, panel: Panel, x: float, y: float) -> Iterator[str]:
        yield f"\\begin{{scope}}[shift={{{self._at(x, y)}}}]"
        for link in panel.links:
            yield f"\\draw[cn wire{self._thick(link.count)}] {self._curve(link)};"
        for turn in panel.turns:
            yield f"\\draw[cn turn{self._thick(turn.count)}] {self._corners(turn)};"
        for at_x, at_y in panel.ends:
            x, y = (5, 0) if panel.down else (0, 5)
            yield f"\\draw[cn wire] {self._at(at_x - x, at_y - y)} -- {self._at(at_x + x, at_y + y)};"
        for dot in panel.dots:
            yield f"\\fill[cn-ink] {self._at(*dot)} circle[radius={self._n(3)}];"
        for box in panel.boxes:
            yield from self._box(box)
        for label in panel.labels:
            yield self._label(label)
        yield "\\end{scope}"

    def _curve(self, link: Link) -> str:
        along = 1 if link.down else 0
        start, before, *curve, end = (self._at(*point) for point in link.path)
        if abs(link.start[1 - along] - link.end[1 - along]) < 0.05:
            return f"{start} -- {end}"
        lead = f"{start} -- " if link.bends[0] > link.start[along] else ""
        bend = f".. controls {curve[0]} and {curve[1]} .. {curve[2]}"
        return f"{lead}{before} {bend}" + (f" -- {end}" if link.end[along] > link.bends[1] else "")

    def _thick(self, count: int) -> str:
        """The style of several wires drawn as one."""
        return f",line width={self._bp(CABLE)}" if count > 1 else ""

    def _corners(self, turn: Turn) -> str:
        return " -- ".join(self._at(x, y) for x, y in turn.corners)

    def _label(self, label: Label) -> str:
        shown = "".join(
            f"\\textbf{{\\textcolor{{cn-ink}}{{{escaped(text)}}}}}" if acted else escaped(text)
            for text, acted in pieces(label)
        )
        return self._words((label.x, label.y), "base west", shown, LABEL, "muted")

    def _words(self, at: Point, anchor: str, tex: str, size: float, colour: str = "ink") -> str:
        letters = self._bp(size * LETTERS)
        font = f"\\fontsize{{{letters}}}{{{letters}}}\\selectfont "
        return f"\\node[cn words,anchor={anchor},text=cn-{colour}] at {self._at(*at)} {{{font}{tex}}};"

    # -- boxes -----------------------------------------------------------------------------------------------

    def _box(self, box: Placed) -> Iterator[str]:
        if isinstance(box.node.box, Loop):
            yield self._card(box)
        if box.panel is not None:
            yield from self._frame(box, box.panel)
        else:
            yield from self._shape(box)
            yield from self._face(box)
        mark = self.marks.get(id(box.node.owner))
        if mark is not None:
            x, y = box.x + box.width, box.y
            yield f"\\draw[{self._style('python')}] {self._at(x, y)} circle[radius={self._n(7)}];"
            yield self._words((x, y + 3.2), "base", mark, 9)

    def _card(self, box: Placed) -> str:
        """What stands behind a repeat: the edge of a further copy."""
        right, low = box.x + box.width, box.y + box.height
        corners = [(box.x + CARD, box.y), (box.x + CARD, box.y - CARD), (right + CARD, box.y - CARD)]
        edge = [*corners, (right + CARD, low), (right, low)]
        return f"\\draw[cn frame] {' -- '.join(self._at(x, y) for x, y in edge)};"

    def _frame(self, box: Placed, panel: Panel) -> Iterator[str]:
        style = self._dashed("cn frame", box)
        yield f"\\draw[{style},rounded corners={self._bp(6)}] {self._rectangle(box)};"
        yield self._words((box.x + box.title_x, box.y + 16), "base west", f"\\textbf{{{escaped(box.title)}}}", 11)
        yield from self._panel(panel, box.x, box.y + TITLE)

    def _face(self, box: Placed) -> Iterator[str]:
        face = box.face
        x, y = box.x + box.width / 2, box.y + box.height / 2
        if face.small:
            yield self._words((x, y - 1.5), "base", escaped(face.text), 12)
            yield self._words((x, y + 12), "base", escaped(face.small), 9.5, "muted")
        else:
            size = 15 if circle_sign(box.node) is not None else 12
            yield self._words((x, y + size * 0.35), "base", escaped(face.text), size)

    def _style(self, look: str) -> str:
        self.looks[look] = None
        return f"cn {look}"

    def _dashed(self, style: str, box: Placed) -> str:
        return ",".join(filter(None, (style, DASHES.get(box.node.box.effect, ""))))

    def _rectangle(self, box: Placed, by: float = 0.0) -> str:
        corner = self._at(box.x + box.width - by, box.y + box.height - by)
        return f"{self._at(box.x + by, box.y + by)} rectangle {corner}"

    def _polygon(self, points: Iterable[Point]) -> str:
        return " -- ".join(self._at(x, y) for x, y in points) + " -- cycle"

    def _shape(self, box: Placed) -> Iterator[str]:
        """The outline of a closed box."""
        look = look_of(box.node.box)
        style = self._dashed(self._style(next((k for k, v in LOOKS.items() if v is look), "plain")), box)
        x, y, right, low = box.x, box.y, box.x + box.width, box.y + box.height
        middle = y + box.height / 2
        if circle_sign(box.node) is not None:
            yield f"\\draw[{style}] {self._at(x + box.width / 2, middle)} circle[radius={self._n(box.width / 2)}];"
        elif points := corners(look.shape, box):
            yield f"\\draw[{style}] {self._polygon(points)};"
            if look.shape == "fold":
                yield f"\\draw[{style}] {self._at(right - 10, y)} |- {self._at(right, y + 10)};"
        else:
            radius = min(box.height / 2, 12.0) if look.shape == "pill" else 3.0
            yield f"\\draw[{style},rounded corners={self._bp(radius)}] {self._rectangle(box)};"
            if look.shape == "bars":
                for bar in (x + 5, right - 5):
                    yield f"\\draw[{style}] {self._at(bar, y)} -- {self._at(bar, low)};"
            elif look.shape == "double":
                yield f"\\draw[{style},rounded corners={self._bp(2)}] {self._rectangle(box, 3)};"
