"""%zoo_runs: the runs of the notebook's folder: listed, compared, replayed, exported, named. No Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics import defaults, fit
from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.kinds import FLAG, NEW_NAME, PLACE, text
from zoo_lab.magics.notes import Note
from zoo_lab.widgets import comparison, exports, runfiles, twin, wording
from zoo_lab.widgets.runfiles import RunFile

FOLDER = ".zoo_lab/runs"
_SHOWN = 30

COMMAND = Command(
    "zoo_runs",
    "List the runs of this notebook's folder, or compare, replay, export and name some. It needs no Spark.",
    (
        Option("runs", text("A,B"), "numbers of the list, names, tags or files, with commas between them.", "all"),
        Option("--compare", FLAG, "draw their curves into one picture and show in what they differ"),
        Option("--metric", text("NAME"), "what to compare beside the loss", "the first that they have"),
        Option("--replay", FLAG, "show each as its monitor did at its end"),
        Option(
            "--export", PLACE, "write them into this file, which ends with .svg, .png, .csv, .html, or .py for one run"
        ),
        Option("--rename", text("TEXT"), "call the one run this"),
        Option("--tag", text("TEXT"), "give them this tag", many=True),
        Option("--untag", text("TEXT"), "take this tag from them", many=True),
        Option("--folder", PLACE, "where the run files lie", FOLDER),
        Option("-o", NEW_NAME, "keep the list under this name, as a pandas DataFrame"),
    ),
    "%zoo_runs 1,2 --compare",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Do what is asked for; without anything, list."""
    folder = Path(values.get("folder") or defaults.defaults_of(fit.COMMAND, shell.user_ns).get("runs") or FOLDER)
    everything, problems = runfiles.list_runs(folder)
    words = [word.strip() for word in values.get("runs", "").split(",") if word.strip()]
    chosen = runfiles.pick(everything, words) if words else everything
    if _label(chosen, values, chose=bool(words)):
        everything, problems = runfiles.list_runs(folder)
        chosen = [run for run in everything if run.path in {one.path for one in chosen}]
    if "o" in values:
        import pandas as pd

        shell.user_ns[values["o"]] = pd.DataFrame([run.row(everything.index(run) + 1) for run in chosen])
    _show(everything, chosen, values, folder)
    for problem in problems:
        print(problem)


def _label(runs: list[RunFile], values: dict[str, Any], chose: bool) -> bool:
    """Rename and tag; tell whether anything was changed."""
    name, add, remove = values.get("rename"), values.get("tag", ()), values.get("untag", ())
    if name is None and not add and not remove:
        return False
    if not chose or (name is not None and len(runs) != 1):
        msg = "%zoo_runs: Expected which runs to name or tag (one run for --rename), such as %zoo_runs 1 --tag best."
        raise ArgumentError(msg)
    for run in runs:
        runfiles.label(run, name, add, remove)
    return True


def _show(everything: list[RunFile], chosen: list[RunFile], values: dict[str, Any], folder: Path) -> None:
    if not chosen:
        print(f"There are no runs in {folder}. A run is kept there when %zoo_fit trains.")
        return
    if "export" in values:
        print(f"Written: {exports.export(chosen, Path(values['export']))}")
    if "replay" in values:
        for run in chosen[:_SHOWN]:
            _display(twin.bundle(run.curves))
    if "compare" in values:
        drawn = chosen[: comparison.MOST]
        if len(drawn) < len(chosen):
            print(f"The newest {comparison.MOST} of {len(chosen)} runs; name others to see them.")
        _display({"image/svg+xml": comparison.picture(drawn, values.get("metric")), "text/plain": ""})
        _display({"text/html": comparison.as_html(drawn), "text/plain": comparison.as_text(drawn)})
    if not {"export", "replay", "compare"} & set(values):
        rows = [run.row(everything.index(run) + 1) for run in chosen[:_SHOWN]]
        _display({"text/html": _as_html(rows, chosen), "text/plain": _as_text(rows)})
        if len(chosen) > _SHOWN:
            print(f"… and {len(chosen) - _SHOWN} older ones.")


def _display(bundle: dict[str, Any]) -> None:
    with Note() as note:
        note.show(bundle)


_COLUMNS = ("number", "name", "state", "started", "batch_size", "workers", "epochs", "seconds", "best", "tags")


def _words(row: dict[str, Any]) -> list[str]:
    shown = {**row, "seconds": wording.duration(row["seconds"]), "best": _best(row)}
    return [wording.UNKNOWN if shown[name] is None else str(shown[name]) for name in _COLUMNS]


def _best(row: dict[str, Any]) -> str:
    return wording.UNKNOWN if row["best"] is None else f"{row['metric'].replace('_', ' ')} {wording.value(row['best'])}"


def _as_text(rows: list[dict[str, Any]]) -> str:
    table = [
        ["#", "name", "state", "started", "batch", "workers", "epochs", "time", "best", "tags"],
        *map(_words, rows),
    ]
    widths = [max(len(line[at]) for line in table) for at in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(word.ljust(wide) for word, wide in zip(line, widths, strict=True)).rstrip() for line in table
    )


def _as_html(rows: list[dict[str, Any]], runs: list[RunFile]) -> str:
    heads = ("#", "name", "state", "started", "batch", "workers", "epochs", "time", "best", "tags", "loss")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(word)}</td>' for word in _words(row))}"
        f"<td>{wording.spark(list(run.curves.values['loss']), 24)}</td></tr>"
        for row, run in zip(rows, runs, strict=False)
    )
    return f'<table class="zoo-runs"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
