"""Pictures of the running app from the bytes it sends to a terminal: ``python -m tests.make_screenshots``.

A terminal emulator (pyte) turns the bytes into cells, and Pillow draws the cells with DejaVu Sans Mono. So a
picture shows what a terminal of so many colours shows, not what the app meant.
"""
