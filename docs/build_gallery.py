"""`python docs/build_gallery.py`: draw every model and every bundle of `examples/` into `docs/gallery.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catnet.diagrams.box import REQUIRED
from catnet.draw import draw
from catnet.draw.nerve import draw_nerve
from catnet.draw.words import sentence, unwrapped
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.program import Program
from catnet.syntax import tree

DOCS = Path(__file__).parent
EXAMPLES = DOCS.parent / "examples"
PICTURES = DOCS / "pictures" / "gallery"
HEAD = """\
# Gallery

Every model and every bundle of `examples/`, drawn by `catnet render FILE NAME -o NAME.svg` and written by
`python docs/build_gallery.py`. A picture opens on a click; then boxes and wires tell their types, parameters and FLOPs
under the pointer. Nets are opened as deep as a page stays readable (`--depth` chooses). A frame is a part, `x 12` a
repeat; equal letters share weights; dashed boxes draw random numbers, dotted ones keep a state.
"""
FOLDERS = {
    "models": "Real models",
    "digits": "Digits",
    "symmetry": "Symmetry",
    "bundles": "Bundles",
    "distributed": "Several devices",
}


@dataclass(frozen=True)
class Picture:
    """One picture: its file, what is drawn, and a sentence that says what is seen."""

    file: str
    name: str
    svg: str
    words: str


def main() -> None:
    """Write the page and its pictures, and remove pictures of models that are gone."""
    made = {file: drawn(file) for file in files()}
    pictures = [picture for part in made.values() for picture in part]
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.svg"):
        if old.name not in {picture.file for picture in pictures}:
            old.unlink()
    for picture in pictures:
        (PICTURES / picture.file).write_text(picture.svg, encoding="utf-8", newline="\n")
    (DOCS / "gallery.md").write_text(page(made), encoding="utf-8", newline="\n")
    print(f"{len(pictures)} pictures, {sum(len(picture.svg) for picture in pictures):,} characters")


def files() -> list[Path]:
    """The specs of the examples, folder by folder as the page has them."""
    return [file for folder in FOLDERS for file in sorted((EXAMPLES / folder).rglob("*.cat"))]


def drawn(file: Path) -> list[Picture]:
    """The pictures of one spec: its models, then its bundles."""
    program = Program(file)
    program.raise_errors()
    stem = "-".join(file.relative_to(EXAMPLES).with_suffix("").parts)
    made = []
    for name in models(program):
        diagram = program[name]()
        made.append(Picture(f"{stem}-{name}.svg", name, draw(diagram), sentence(unwrapped(diagram.graph), name)))
    for name, item in program.module.declarations.items():
        if isinstance(item, tree.Bundle) and all(param.default is not None for param in item.params):
            bundle = program.bundle(name)
            made.append(Picture(f"{stem}-{name}.svg", name, draw_nerve(bundle), str(bundle)))
    return made


def models(program: Program) -> list[str]:
    """The nets that can be called without arguments and are no part of another of them."""
    graphs = {}
    for name in program.names:
        net = program[name]
        if all(param.default is not REQUIRED for param in net_params(net.declaration)):
            graphs[name] = net().graph
    parts = {
        node.box.name
        for name, graph in graphs.items()
        for _, node in graph.walk()
        if node.box.family == "net" and node.box.name != name
    }
    return [name for name in graphs if name not in parts]


def page(made: dict[Path, list[Picture]]) -> str:
    """The page in Markdown."""
    lines = [HEAD]
    for folder, title in FOLDERS.items():
        lines.append(f"## {title}\n")
        for file, pictures in made.items():
            if file.relative_to(EXAMPLES).parts[0] != folder or not pictures:
                continue
            lines.append(f"### {file.relative_to(EXAMPLES).as_posix()}\n")
            for picture in pictures:
                address = f"pictures/gallery/{picture.file}"
                words = picture.words.replace("[", "\\[").replace("]", "\\]")
                lines.append(f"**{picture.name}**\n\n[![{words}]({address})]({address})\n")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
