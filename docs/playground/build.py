"""Build the playground, a static page: python docs/playground/build.py [FOLDER]   (default: build/playground)

Pyodide comes from the npm registry; catnet and its parser, lark, are packed from this checkout and its environment.
Serve the folder with any web server, such as `python -m http.server -d build/playground`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

PYODIDE = "314.0.7"
PYODIDE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLES = {
    "residual digits": "digits/digits.cat",
    "GPT-2": "models/gpt2.cat",
    "U-Net": "models/unet.cat",
    "DeepSets": "models/deep_sets.cat",
    "vision transformer": "models/vit.cat",
    "digits on a Moebius strip": "bundles/strip/strips.cat",
}
WITHOUT = {"nn", "torch", "editor", "__pycache__"}  # rooms that nothing here asks


def pyodide(folder: Path) -> None:
    """The Pyodide distribution, as the npm package has it."""
    with tempfile.TemporaryDirectory() as place:
        command = ["npm", "pack", "--silent", f"pyodide@{PYODIDE}"]
        subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(place).glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="data")
        folder.mkdir(parents=True)
        for name in PYODIDE_FILES:
            shutil.copy(Path(place, "package", name), folder / name)


def sources() -> Iterator[tuple[Path, str]]:
    """Every file that the page's Python needs, with its place in the archive."""
    for path in sorted((ROOT / "catnet").rglob("*")):
        place = path.relative_to(ROOT)
        if path.suffix in (".py", ".cat") and not WITHOUT & set(place.parts[1:-1]):
            yield path, str(place)
    yield ROOT / "grammar" / "catnet.lark", "catnet/syntax/catnet.lark"
    yield HERE / "reading.py", "reading.py"
    for name in distribution("lark").files or ():
        if name.suffix in (".py", ".lark") or "LICENSE" in name.name:
            yield Path(str(name.locate())), str(name)


def pack(target: Path) -> None:
    """Write the archive; equal sources give equal bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, place in sources():
            archive.writestr(zipfile.ZipInfo(place), path.read_bytes(), zipfile.ZIP_DEFLATED)


def build(folder: Path) -> None:
    """Build into a new folder beside the wanted one, and put it in its place when it is whole."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    kept = folder / "pyodide"
    if kept.is_dir() and (kept / "version").is_file() and (kept / "version").read_text() == PYODIDE:
        shutil.copytree(kept, fresh / "pyodide")
    else:
        pyodide(fresh / "pyodide")
        (fresh / "pyodide" / "version").write_text(PYODIDE)
    pack(fresh / "catnet.zip")
    texts = {name: (ROOT / "examples" / path).read_text("utf-8") for name, path in EXAMPLES.items()}
    (fresh / "examples.json").write_text(json.dumps(texts), "utf-8")
    for name in ("index.html", "playground.css", "playground.js", "worker.js"):
        shutil.copy(HERE / name, fresh / name)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the playground, a static page.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "playground")
    folder = parser.parse_args().folder.resolve()
    if shutil.which("npm") is None:
        sys.exit("the playground needs npm, which comes with Node.js: apt-get install npm")
    build(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"wrote {folder} ({size / 1e6:.0f} MB): serve it with python3 -m http.server -d {folder}")


if __name__ == "__main__":
    main()
