"""`catnet lsp`: the language server."""

from __future__ import annotations

import gc
from argparse import Namespace
from pathlib import Path

from catnet.cli import FINE
from catnet.diagnostics import fail


def serve(options: Namespace) -> int:
    """Answer an editor over standard input and output; raises `CatnetError` (E0609) where pygls is missing."""
    try:
        from catnet.editor import server
    except ImportError as error:
        if error.name is not None and error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        fail("E0609", "the language server needs the package pygls", help="pip install 'catnet[lsp]'")
    gc.enable()  # other commands end before it would pay; this one stays for the day
    server.serve([Path(root) for root in options.root], options.budget)
    return FINE
