"""The child process that writes a demo project and names its population.

Run as ``python -m mtui.tui.demo_child FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mtui.errors import MtuiError


def main(folder: str) -> int:
    """Write the project unless it is there; the reason for a refusal goes to stderr."""
    from mtui.demo.project import find_demo, write_demo

    try:
        project = find_demo(Path(folder)) or write_demo(Path(folder))
    except MtuiError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return error.exit_code
    print(project.population)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
