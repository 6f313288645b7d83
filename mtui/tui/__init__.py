"""The terminal front end.

Textual reads its environment once, when it is imported. Importing anything of this package comes first, so
the remedies for slow links are in place before that.
"""

import os

from mtui.tui.terminal import prepare_environment

prepare_environment(os.environ)
