"""Comparing particle sets and writing the result, in child processes that can be killed."""

from __future__ import annotations

import asyncio
import json

import numpy as np

from mtui.settings import IntersectSettings, to_argv, to_json
from mtui.tui.child import module_command, run_child
from mtui.tui.comparison import Comparison


class IntersectionError(Exception):
    """Two sets could not be compared, or the result not be written; the text is for people."""


def comparing_command(settings: IntersectSettings) -> list[str]:
    """The child that compares: settings as JSON in, one line of JSON and then the distances out."""
    return module_command("mtui.jobs.compare", to_json(settings))


async def compare_sets(settings: IntersectSettings) -> Comparison:
    """Pair the species' particles with the new set's.

    Cancelling the task that waits for it kills the child.

    Raises:
        IntersectionError: with the reason and the remedy.
    """
    output = await run_child(comparing_command(settings))
    if output.exit_code:
        raise IntersectionError(output.last_words)
    # A thread, since sorting a million distances takes longer than a key may wait.
    return await asyncio.to_thread(parse_comparison, output.stdout)


def parse_comparison(data: bytes) -> Comparison:
    """A comparison from what the child wrote."""
    header, _, distances = data.partition(b"\n")
    values = json.loads(header)
    return Comparison(
        distances_ang=np.sort(np.frombuffer(distances, dtype="<f4").astype(np.float64)),
        n_old=values["n_old"],
        n_new=values["n_new"],
        n_rows=values["n_rows"],
        coords_angpix=values["coords_angpix"],
        shifts_angpix=values["shifts_angpix"],
        unmatched=tuple(values["unmatched"]),
        remarks=tuple(values["remarks"]),
        other_both=values["other_both"],
        counted_at_ang=values["counted_at"],
    )


async def write_result(settings: IntersectSettings, seen_version: str) -> str:
    """Write the new version of the species by the same command that the form copies, and say what it did.

    It is refused if the species is not at ``seen_version`` any more. The child is left to finish whatever
    happens to the app.

    Raises:
        IntersectionError: with the reason and the remedy.
    """
    command, *words = to_argv(settings)
    ours = (command, "--json", f"--if-version={seen_version}", *words)
    output = await run_child(module_command("mtui", *ours), kill=False)
    if output.exit_code:
        raise IntersectionError(output.last_words)
    values = json.loads(output.stdout)
    if not values["committed"]:
        return f"{values['kept']:,} particles, the same as before: nothing was written."
    return f"{values['old']:,} -> {values['kept']:,} particles. z puts them back."
