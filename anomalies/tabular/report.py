"""One page about one scored table: charts drawn here, no script, nothing fetched."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from anomalies.tabular.picture import LISTED, Picture, Span

WIDTH, HEIGHT = 1000.0, 200.0
"""Of a chart, in units that are stretched to the place it has."""

MOST_CHARTS = 24
HIGHEST_SCORE = 5.0
"""A chart of scores ends here at the latest, so that one huge score hides no other."""

GAP_STEPS = 10.0

Floats = NDArray[np.float64]

STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --ink: #1f2933; --soft: #5c6b7a;
  --line: #d5dce3; --value: #1864ab; --usual: #2b8a3e; --flag: #e03131; --wash: #ffe3e3; }
@media (prefers-color-scheme: dark) { :root { --page: #15191e; --ink: #e6eaee; --soft: #a3b0bd;
  --line: #38424d; --value: #74b9f5; --usual: #69d68a; --flag: #ff8787; --wash: #5a2328; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--page);
  color: var(--ink); font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; margin: 0 0 .25rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; color: var(--soft); }
.chart { position: relative; border: 1px solid var(--line); border-radius: .25rem; }
.chart svg { display: block; width: 100%; height: 11rem; }
.chart.low svg { height: 7rem; }
.chart span, .times { font-size: .8rem; color: var(--soft); }
.chart span { position: absolute; left: .25rem; padding: 0 .25rem; background: var(--page);
  border-radius: .2rem; opacity: .85; }
.top { top: .2rem; } .bottom { bottom: .2rem; }
.times { display: flex; justify-content: space-between; gap: 1rem; }
.times span:last-child { text-align: right; }
path, line { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.range { fill: var(--value); stroke: var(--value); stroke-width: 1; }
.usual { stroke: var(--usual); } .score { stroke: var(--ink); }
.limit { stroke: var(--flag); stroke-dasharray: 6 4; }
.flag { fill: var(--wash); stroke: var(--flag); stroke-width: 1; }
.key { display: inline-block; width: .9rem; height: .6rem; border-radius: .15rem;
  margin: 0 .3rem 0 .8rem; background: var(--value); }
.key:first-child { margin-left: 0; }
.key.u { background: var(--usual); } .key.f { background: var(--wash);
  border: 1px solid var(--flag); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { color: var(--soft); font-weight: 600; } .n { text-align: right; }
"""


def page(title: str, picture: Picture) -> str:
    """A complete HTML document. Readable on a phone, in light and dark, and without JavaScript."""
    table = _with_gaps(picture.table())
    across = _across(table[:, 0])
    flags = _flags(across, table[:, 2] > 0)
    c = len(picture.columns)
    parts = [_head(title, picture)]
    for i, column in enumerate(picture.columns[:MOST_CHARTS]):
        low, high, usual = (table[:, 3 + i + k * c] for k in range(3))
        parts.append(f"<h2>{escape(column)}</h2>")
        parts.append(_values(across, low, high, usual, flags, picture, column))
    if c > MOST_CHARTS:
        parts.append(f"<p>{c - MOST_CHARTS} more columns are in the table, without a chart.</p>")
    parts.append("<h2>Score</h2>")
    parts.append(_scores(across, table[:, 1], flags, picture))
    parts.append(_spans(picture))
    parts.append("</body></html>\n")
    return "\n".join(parts)


def _with_gaps(table: Floats) -> Floats:
    """The same with an empty bucket where there is no row for ten usual steps."""
    steps = np.diff(table[:, 0])
    if not np.any(steps > 0):
        return table
    gaps = np.flatnonzero(steps > GAP_STEPS * np.median(steps[steps > 0]))
    empty = np.full((len(gaps), table.shape[1]), np.nan)
    empty[:, 0] = table[gaps, 0]
    return np.insert(table, gaps + 1, empty, axis=0)


def _head(title: str, picture: Picture) -> str:
    share = 100 * picture.flagged / max(picture.rows, 1)
    usual = '<i class="key u"></i>expected' if _has_expected(picture) else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}: anomalies</title><style>{STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>{picture.rows:,} rows, {escape(picture.first_time)} to {escape(picture.last_time)};
{picture.flagged:,} flagged ({share:.2g} %).</p>
<p><i class="key"></i>value{usual}<i class="key f"></i>flagged</p>"""


def _has_expected(picture: Picture) -> bool:
    return bool(np.isfinite(picture.table()[:, 3 + 2 * len(picture.columns) :]).any())


def _across(times: Floats) -> Floats:
    """Places from left to right: by time, or by row where times do not rise."""
    if len(times) > 1 and np.all(np.diff(times) >= 0) and times[-1] > times[0]:
        return np.asarray((times - times[0]) / (times[-1] - times[0]) * WIDTH)
    return np.linspace(0.0, WIDTH, max(len(times), 2))[: len(times)]


def _flags(across: Floats, flagged: NDArray[np.bool_]) -> str:
    """Bands over the whole height, one for each stretch of flagged buckets."""
    step = WIDTH / max(len(across), 1)
    starts = np.flatnonzero(np.diff(flagged, prepend=False) & flagged)
    ends = np.flatnonzero(np.diff(flagged, append=False) & flagged)
    d = "".join(
        f"M{across[a]:.1f} 0H{max(across[b], across[a] + step):.1f}V{HEIGHT:.0f}H{across[a]:.1f}Z"
        for a, b in zip(starts, ends, strict=True)
    )
    return f'<path class="flag" d="{d}"/>' if d else ""


def _values(
    across: Floats,
    low: Floats,
    high: Floats,
    usual: Floats,
    flags: str,
    picture: Picture,
    column: str,
) -> str:
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return "<p>No values.</p>"
    bottom, top = float(low[known].min()), float(high[known].max())
    room = (top - bottom) or abs(top) or 1.0
    usual = np.where((usual > bottom - room / 2) & (usual < top + room / 2), usual, np.nan)
    shown = usual[np.isfinite(usual)]
    bottom, top = min([bottom, *shown]), max([top, *shown])

    def down(values: Floats) -> Floats:
        return _down(values, bottom, top)

    band = _band(across, down(low), down(high), known)
    line = _line(across, down(usual))
    drawn = f'{flags}<path class="range" d="{band}"/><path class="usual" d="{line}"/>'
    return _chart(drawn, f"{column} over time", f"{top:.6g}", f"{bottom:.6g}", picture)


def _scores(across: Floats, score: Floats, flags: str, picture: Picture) -> str:
    top = min(max(1.25, float(np.nanmax(score)) * 1.05), HIGHEST_SCORE)
    limit = HEIGHT * (1 - 1 / top)
    line = _line(across, _down(np.minimum(score, top), 0.0, top))
    drawn = (
        f'{flags}<line class="limit" x1="0" x2="{WIDTH:.0f}" y1="{limit:.1f}" y2="{limit:.1f}"/>'
        f'<path class="score" d="{line}"/>'
    )
    return _chart(drawn, "score over time", f"{top:.3g}", "0 (1 is the line)", picture, "low")


def _down(values: Floats, bottom: float, top: float) -> Floats:
    """From the value at `bottom`, near the lower edge, to the one at `top`, near the upper."""
    if top <= bottom:
        return np.where(np.isfinite(values), HEIGHT / 2, np.nan)
    share = values / (top - bottom) - bottom / (top - bottom)
    return np.asarray(HEIGHT * (0.97 - 0.94 * share))


def _line(across: Floats, down: Floats) -> str:
    parts = []
    drawing = False
    for x, y in zip(across, down, strict=True):
        if not np.isfinite(y):
            drawing = False
            continue
        parts.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = True
    return "".join(parts)


def _band(across: Floats, low: Floats, high: Floats, known: NDArray[np.bool_]) -> str:
    """The area between lowest and highest, broken where there are no values."""
    starts = np.flatnonzero(np.diff(known, prepend=False) & known)
    ends = np.flatnonzero(np.diff(known, append=False) & known)
    parts = []
    for a, b in zip(starts, ends, strict=True):
        over = [f"{x:.1f} {y:.1f}" for x, y in zip(across[a : b + 1], high[a : b + 1], strict=True)]
        back = [f"{x:.1f} {y:.1f}" for x, y in zip(across[a : b + 1], low[a : b + 1], strict=True)]
        parts.append("M" + "L".join([*over, *reversed(back)]) + "Z")
    return "".join(parts)


def _chart(drawn: str, label: str, top: str, bottom: str, picture: Picture, kind: str = "") -> str:
    return f"""<div class="chart {kind}"><svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}"
preserveAspectRatio="none" role="img" aria-label="{escape(label)}">{drawn}</svg>
<span class="top">{top}</span><span class="bottom">{bottom}</span></div>
<div class="times"><span>{escape(picture.first_time)}</span>
<span>{escape(picture.last_time)}</span></div>"""


def _spans(picture: Picture) -> str:
    spans = picture.strongest()
    if not spans:
        return "<h2>Flagged</h2><p>Nothing stands out.</p>"
    named = any(span.about for span in spans)
    more = ""
    if picture.span_count > len(spans):
        more = f"<p>The {LISTED} with the highest scores, of {picture.span_count:,}.</p>"
    head = "<th>From</th><th>To</th><th class=n>Rows</th><th class=n>Highest score</th>"
    head += "<th>Contributing</th>" if named else ""
    rows = "\n".join(_row(span, named=named) for span in spans)
    return (
        f'<h2>Flagged</h2>{more}<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(span: Span, *, named: bool) -> str:
    about = f"<td>{escape(span.about)}</td>" if named else ""
    return (
        f"<tr><td>{escape(span.start)}</td><td>{escape(span.end)}</td>"
        f"<td class=n>{span.rows:,}</td><td class=n>{span.peak:.3g}</td>{about}</tr>"
    )
