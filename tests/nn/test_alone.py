"""The layers are usable without the language."""

from __future__ import annotations

import subprocess
import sys


def test_the_layers_load_nothing_of_the_language() -> None:
    code = "import sys, catnet.nn; print(*sorted({m.split('.')[1] for m in sys.modules if m.startswith('catnet.')}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["nn"]
