"""The colours of the static picture: plain CSS rules for light pages, the same again for dark ones.

No CSS variables, as Inkscape (nbconvert to PDF) does not know them. Every rule is scoped to `.zoo-run`, as nbconvert
may put several pictures into one page.
"""

from __future__ import annotations

_LIGHT = {
    "background": "#ffffff",
    "edge": "#dcdcdc",
    "grid": "#ececec",
    "axis": "#bdbdbd",
    "ink": "#212121",
    "quiet": "#616161",
    "series": ("#1976d2", "#e65100", "#388e3c", "#8e24aa", "#00838f", "#d32f2f"),
}
_DARK = {
    "background": "#1e1e1e",
    "edge": "#424242",
    "grid": "#333333",
    "axis": "#616161",
    "ink": "#e8e8e8",
    "quiet": "#a8a8a8",
    "series": ("#42a5f5", "#ffa726", "#66bb6a", "#ce93d8", "#4dd0e1", "#ef5350"),
}
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif"


def style_sheet() -> str:
    """Return the text of the picture's style element."""
    shapes = (
        f".zoo-run text{{{_FONT};font-size:12px}}.zoo-run .tick{{font-size:11px}}"
        ".zoo-run .name{font-size:15px;font-weight:600}"
        ".zoo-run .line,.zoo-run .faint,.zoo-run .dashed{fill:none;stroke-width:2;stroke-linejoin:round}"
        ".zoo-run .faint{stroke-width:1;opacity:.35}.zoo-run .dashed{stroke-width:1.4;stroke-dasharray:5 4}"
        ".zoo-run .box{fill:none;stroke-width:1.6}.zoo-run .true{stroke-dasharray:4 2}"
    )
    return f"{shapes}{_colours(_LIGHT)}@media (prefers-color-scheme:dark){{{_colours(_DARK)}}}"


def _colours(palette: dict) -> str:
    rules = [
        ("text", f"fill:{palette['ink']}"),
        (".quiet", f"fill:{palette['quiet']}"),
        (".tick", f"fill:{palette['quiet']}"),
        (".card", f"fill:{palette['background']};stroke:{palette['edge']}"),
        (".grid", f"stroke:{palette['grid']}"),
        (".axis", f"stroke:{palette['axis']}"),
    ]
    for index, colour in enumerate(palette["series"]):
        rules.append((f".s{index}", f"stroke:{colour}"))
        rules.append((f".dot.s{index}", f"fill:{colour};stroke:{palette['background']}"))
        rules.append((f".key.s{index}", f"fill:{colour};stroke:none"))
    return "".join(f".zoo-run {selector}{{{declarations}}}" for selector, declarations in rules)
