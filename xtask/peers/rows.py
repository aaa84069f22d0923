"""A line for the table: `row`, who, how, and how it went, with tabs between."""

import json
import os
import pathlib
import traceback


def kit():
    return json.loads(os.environ["PEERS"])


def scene():
    return json.loads((pathlib.Path(kit()["work"]) / "scene.json").read_text())


async def row(peer, way, act):
    """Awaits `act`, which gives a remark, and tells how it went."""
    try:
        verdict, remark = "ok", await act
    except Exception as error:
        verdict, remark = "FAILED", "; ".join(traceback.format_exception_only(innermost(error)))
    print("row", peer, way, verdict, " ".join(str(remark).split()), sep="\t", flush=True)


def innermost(error):
    """What was wrong, out of the groups that it came in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def expect(told, words):
    assert words in told, f"no {words} in {told}"
