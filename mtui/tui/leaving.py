"""What Textual's driver leaves on terminals that have no second screen: the Linux console, GNU screen."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

_ERASE = "\x1b[H\x1b[J"


class LeavingDriver(LinuxDriver):
    """A driver that wipes what it drew before it gives the terminal back."""

    def stop_application_mode(self) -> None:
        """Leave an empty window where the one from before does not come back by itself."""
        self.write(_ERASE)
        super().stop_application_mode()
