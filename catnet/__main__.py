"""`python -m catnet` is the command `catnet`."""

import sys

from catnet.cli import main

if __name__ == "__main__":
    sys.exit(main())
