"""``python -m mtui`` is the same as the ``mtui`` command."""

import sys

from mtui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
