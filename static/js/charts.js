// Draws every element with data-chart="series|lines|timeline|ranking|bars|columns|calibration" (templates/components/chart.html).
// The data is JSON, from the address in data-url or from <script type="application/json"> with the id
// in data-source. Times are ISO 8601 with an offset, or milliseconds since 1970; they are shown in the
// page's time zone. severity is low, medium, high or critical. Fields marked ? may be absent.
//
// series    { label, unit?, points: [[time, value|null], or [time, mean, lowest, highest], …] (null: a gap),
//             made_of?: what a point is, empty?: text when there are none, summary?: instead of the usual one,
//             limits?: [{label, value, severity?}], now?: time,
//             anomalies?: [{start, end|null (still open), severity, label, url?}],
//             faults?: [{start, end|null, label}] (the data is not to be trusted),
//             forecast?: {points: [[time, point, lower, upper, …the ends of narrower intervals], …] (null: a gap),
//             coverage?: 0.95, inner?: [0.8, 0.5] (levels of the narrower ones), calendar?: [{start, end, label}],
//             reached?: [{label, value, time|null (with a chance of half), possible, chance}]},
//             past?: {points: [[time, point, lower, upper], …]} (what was forecast earlier),
//             expected?: {points: as of a forecast} (what was usual; there is one of the two),
//             window?: {start, end} (the reader may look closer: data-url with from and to, in
//             milliseconds since 1970, then answers with points, made_of, faults and window of that time) }
// lines     { lines: [{label, unit?, points: as above}], unit?, around?: true (times are seconds from an event),
//             empty?, window?: as above, in the times of the points; then data-url answers with lines and window }
// timeline  { start, end, lanes: [{label, url?}], empty?,
//             spans: [{lane: index, start, end|null, severity, label, url?}] }
// ranking   { items: [{label, value, severity, url?, note?}] (highest first), max?: 100, unit?, empty? }
// bars      { categories: [{label, url?}], parts: [{label, values: [one per category]}], max?, unit?, empty? }
// columns   { categories: [label, …], bars: {label, values}, line?: {label, values} (a step over the
//             bars), unit?, summary: the sentence under it, empty? }
// calibration { said, came: words for the axes, points: [[said, came, cases], …] in percent,
//             summary: the sentence under it, empty? }; the dashed line is where both are the same
//
// Each chart also writes one sentence under itself that says what it shows. Looking closer: charts-zoom.js.
(() => {
  const library = document.currentScript.dataset.echarts;
  const drawn = new Map(); // element -> {chart, data}
  let loading = null;

  // -- Colors and words ------------------------------------------------------------------------

  const probe = document.createElement("span");

  const PAST_LABEL = "Forecast two days ago";
  const HOUR = 3_600_000;
  const share = (level) => `${Math.round(level * 100)}% interval`;
  const DASHES = "path://M0 3h5v2H0zM8 3h5v2H8z";

  // A canvas needs a resolved color; a custom property alone gives back light-dark(…).
  function color(token, alpha = 1) {
    probe.hidden = true;
    document.body.append(probe);
    probe.style.color = `var(--${token})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g);
    probe.remove();
    return `rgba(${r}, ${g}, ${b}, ${alpha})`;
  }

  const fill = (severity, alpha) => color(`fill-${severity ?? "neutral"}`, alpha);
  const PART_FILLS = ["tblr-primary", "fill-high", "fill-medium", "fill-success", "fill-neutral"];

  const number = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
  const withUnit = (value, unit = "") => `${number.format(value)}${unit === "" || unit === "%" ? "" : " "}${unit}`;
  const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

  // -- Time: shift into the page's zone, then let the library believe it is UTC ----------------

  const zone = document.documentElement.dataset.timezone || "UTC";
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  });
  const QUARTER = 15 * 60 * 1000; // No zone changes its offset off a quarter of an hour.
  const offsets = new Map();

  function wall(time) {
    const ms = typeof time === "number" ? time : Date.parse(time);
    const quarter = Math.floor(ms / QUARTER) * QUARTER;
    if (!offsets.has(quarter)) {
      const part = Object.fromEntries(clock.formatToParts(quarter).map((p) => [p.type, Number(p.value)]));
      const shown = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
      offsets.set(quarter, shown - quarter);
    }
    return ms + offsets.get(quarter);
  }

  // The moment at which the page's zone shows this wall time.
  function moment(wallTime) {
    const guess = wallTime - (wall(wallTime) - wallTime);
    return wallTime - (wall(guess) - guess);
  }

  const stamp = { timeZone: "UTC", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const short = new Intl.DateTimeFormat("en-US", stamp);
  const long = new Intl.DateTimeFormat("en-US", { ...stamp, year: "numeric" });
  const year = (wallTime) => new Date(wallTime).getUTCFullYear();
  // The year is said only where it is not the one of `reference`.
  const say = (wallTime, reference = wallTime) => (year(wallTime) === year(reference) ? short : long).format(wallTime);

  // -- What all kinds share ---------------------------------------------------------------------

  // Built from nodes: text is never read as markup, and no style attribute is needed.
  function tip(title, rows = [], note = "") {
    const box = document.createElement("div");
    box.className = "chart-tip";
    const add = (tag, text) => box.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
    add("strong", title);
    for (const [term, text] of rows) {
      add("span", term);
      add("span", text);
    }
    if (note) add("p", note);
    return box;
  }

  function base() {
    const text = color("tblr-secondary");
    return {
      animation: false,
      useUTC: true,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
      grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true },
      tooltip: {
        confine: true,
        backgroundColor: color("tblr-bg-surface"),
        borderColor: color("tblr-border-color"),
        textStyle: { color: color("tblr-body-color"), fontSize: 12 },
      },
      legend: {
        show: false, top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8,
        textStyle: { color: text },
      },
    };
  }

  // The library wraps a long legend but keeps no room for it: count its rows here.
  function addLegend(option, element, labels) {
    const rows = Math.ceil(labels.reduce((width, label) => width + (label.name ?? label).length * 6.5 + 26, 0) / element.clientWidth);
    Object.assign(option.legend, { show: true, data: labels });
    option.grid.top = 12 + rows * 22;
  }

  function axis(extra) {
    const line = color("tblr-border-color");
    return {
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: color("tblr-secondary"), hideOverlap: true },
      splitLine: { lineStyle: { color: line, opacity: 0.7 } },
      ...extra,
    };
  }

  const timeAxis = (extra) => axis({
    type: "time",
    splitLine: { show: false },
    axisLabel: {
      color: color("tblr-secondary"),
      hideOverlap: true,
      formatter: { year: "{yyyy}", month: "{MMM} {yyyy}", day: "{MMM} {d}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" },
    },
    ...extra,
  });

  const names = (items) => axis({
    type: "category",
    inverse: true,
    triggerEvent: true,
    data: items.map((item) => item.label),
    axisLabel: { color: color("tblr-body-color"), width: 120, overflow: "truncate" },
    splitLine: { show: false },
  });

  // From the lowest to the highest of each point: two lines, of which the second stands on the first.
  function envelope(points, token) {
    const part = { type: "line", stack: `envelope ${token}`, stackStrategy: "all", showSymbol: false, silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false }, z: 1 };
    return [
      { ...part, data: points.map(([time, value, low = value]) => [time, low]) },
      { ...part, areaStyle: { color: color(token, 0.22) }, data: points.map(([time, value, low = value, high = value]) => [time, value === null ? null : high - low]) },
    ];
  }

  // "2 d 3 h", of seconds from an event.
  function span(seconds) {
    const sizes = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    const at = sizes.findIndex(([size]) => Math.abs(seconds) >= size);
    if (at < 0) return "the event";
    const [size, name] = sizes[at];
    const whole = Math.trunc(Math.abs(seconds) / size);
    const [next, nextName] = sizes[at + 1] ?? [1, ""];
    const rest = Math.round((Math.abs(seconds) - whole * size) / next);
    return `${seconds < 0 ? "−" : "+"}${whole} ${name}${rest && nextName ? ` ${rest} ${nextName}` : ""}`;
  }

  // From the times of points to the axis and back, how they are told, and the shortest window to look at.
  const CLOCK = { at: wall, back: moment, say, shortest: 10_000 };
  // Counted in days, hours or minutes, of which the library's round numbers are round for people, too.
  function fromEvent(window) {
    const length = window ? window.end - window.start : 86_400;
    const unit = [86_400, 3600, 60].find((size) => length >= 4 * size) ?? 1;
    return { at: (time) => time / unit, back: (x) => x * unit, say: (x) => span(Math.round(x * unit)), shortest: 10 / unit };
  }

  // -- The kinds: each gives {option, summary, height?, range?, clock?, link(event)} -------------

  // An area between the values at `place` and after it; rows as of a forecast.
  function band(rows, place, stack, area, name, swatch) {
    const line = { type: "line", stack, stackStrategy: "all", showSymbol: false, silent: true, lineStyle: { opacity: 0 } };
    return [
      { ...line, data: rows.map((row) => [row[0], row[place]]) },
      {
        ...line,
        name,
        itemStyle: { color: swatch ?? area },
        areaStyle: { color: area },
        data: rows.map((row) => [row[0], row[place] === null ? null : row[place + 1] - row[place]]),
      },
    ];
  }

  const kinds = {
    series(data, element) {
      const points = data.points.map(([time, ...rest]) => [wall(time), ...rest]);
      const values = points.map(([, value]) => value).filter((value) => value !== null);
      const isEnvelope = points.some((point) => point.length > 2);
      const last = points.at(-1)?.[0] ?? wall(data.now ?? 0);
      const anomalies = data.anomalies ?? [];
      const faults = data.faults ?? [];
      const foreseen = data.forecast ?? data.expected;
      const [foreseenLabel, bandLabel] = data.forecast
        ? ["Forecast", share(data.forecast.coverage ?? 0.95)] : ["Expected", "Usual range"];
      const forecast = (foreseen?.points ?? []).map(([time, ...rest]) => [wall(time), ...rest]);
      const unusual = data.forecast?.calendar ?? [];
      const reached = data.forecast?.reached ?? [];
      const past = (data.past?.points ?? []).map(([time, ...rest]) => [wall(time), ...rest]);
      const limits = data.limits ?? [];
      const accent = color("tblr-primary");
      const lows = [...values, ...limits.map((limit) => limit.value)];

      const series = [{
        name: data.label,
        type: "line",
        data: points.map(([time, value]) => [time, value]),
        showSymbol: false,
        connectNulls: false,
        lineStyle: { width: 1.5, color: accent },
        itemStyle: { color: accent },
        markLine: {
          symbol: "none",
          silent: true,
          label: { position: "insideStartTop", color: color("tblr-secondary"), fontSize: 11 },
          data: [
            ...limits.map((limit) => ({
              yAxis: limit.value,
              lineStyle: { color: fill(limit.severity ?? "high"), type: "dashed" },
              label: { formatter: `${limit.label} ${withUnit(limit.value, data.unit)}` },
            })),
            ...(data.now ? [{
              xAxis: wall(data.now),
              lineStyle: { color: color("tblr-secondary"), type: "dotted" },
              label: { formatter: "Now", position: "end", rotate: 0 },
            }] : []),
          ],
        },
        markArea: {
          data: [...faults, ...unusual, ...anomalies].map((span) => [
            {
              name: span.label,
              xAxis: wall(span.start),
              itemStyle: { color: fill(span.severity, 0.18), borderColor: fill(span.severity, 0.5), borderWidth: 1, borderType: span.severity ? "solid" : "dashed" },
              label: { show: false },
              url: span.url,
              note: span.label,
            },
            { xAxis: span.end === null ? last : wall(span.end) },
          ]),
        },
      }];
      if (forecast.length) {
        const tone = data.forecast ? "tblr-primary" : "tblr-secondary";
        series.push(
          ...band(forecast, 2, "band", color(tone, 0.16), bandLabel, color(tone, 0.3)),
          {
            name: foreseenLabel,
            type: "line",
            showSymbol: false,
            data: forecast.map(([time, point]) => [time, point]),
            lineStyle: { width: 1.5, type: [5, 4], color: color(tone) },
            itemStyle: { color: color(tone) },
            markPoint: {
              symbol: "diamond",
              symbolSize: 12,
              silent: true,
              label: { show: false },
              data: reached.filter((one) => one.time).map((one) => ({
                coord: [wall(one.time), one.value],
                itemStyle: { color: fill(limits.find((limit) => limit.value === one.value)?.severity ?? "high") },
              })),
            },
          },
          ...(data.forecast?.inner ?? []).flatMap((_, index) => band(forecast, 4 + 2 * index, `band${index}`, color(tone, 0.14))),
        );
      }
      if (past.length) {
        const tone = color("fill-medium");
        series.push(...band(past, 2, "past", color("fill-medium", 0.16)), {
          name: PAST_LABEL,
          type: "line",
          showSymbol: false,
          data: past.map(([time, point]) => [time, point]),
          lineStyle: { width: 1.5, type: [2, 3], color: tone },
          itemStyle: { color: tone },
        });
      }

      if (isEnvelope) series.push(...envelope(points, "tblr-primary"));

      const option = base();
      if (forecast.length) {
        addLegend(option, element, [
          data.label, series[2].name, { name: foreseenLabel, icon: DASHES }, ...(past.length ? [{ name: PAST_LABEL, icon: DASHES }] : []),
        ]);
        option.grid.top += 16; // Room for the word "Now".
      }
      const range = data.window && [
        Math.min(wall(data.window.start), points[0]?.[0] ?? Infinity),
        Math.max(wall(data.window.end), last, forecast.at(-1)?.[0] ?? 0),
      ];
      Object.assign(option, {
        xAxis: timeAxis(range && { min: range[0], max: range[1] }),
        yAxis: axis({ type: "value", scale: true, min: lows.length ? undefined : 0 }),
        dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false }],
        series,
      });
      option.tooltip.trigger = "axis";
      option.tooltip.formatter = (hits) => {
        const time = hits[0].value[0];
        const at = forecast.find((row) => row[0] === time);
        const own = hits.find((hit) => hit.seriesIndex === 0 && hit.value[1] !== null);
        const whole = own && isEnvelope && points.find((row) => row[0] === time && row.length > 2);
        const rows = [];
        if (own) rows.push([whole ? "Mean" : data.label, withUnit(own.value[1], data.unit)]);
        if (whole) rows.push(["Lowest to highest", `${number.format(whole[2])} to ${withUnit(whole[3], data.unit)}`]);
        if (at && at[1] !== null) {
          rows.push([foreseenLabel, withUnit(at[1], data.unit)], [bandLabel, `${number.format(at[2])} to ${withUnit(at[3], data.unit)}`]);
          (data.forecast?.inner ?? []).forEach((level, index) => {
            rows.push([share(level), `${number.format(at[4 + 2 * index])} to ${withUnit(at[5 + 2 * index], data.unit)}`]);
          });
        }
        const before = past.find((row) => row[0] === time);
        if (before && before[1] !== null) rows.push([PAST_LABEL, withUnit(before[1], data.unit)]);
        const inside = [...anomalies, ...faults, ...unusual].find((one) => wall(one.start) <= time && (one.end === null || time <= wall(one.end)));
        return tip(say(time, last), rows, inside?.label);
      };

      const summary = [];
      if (values.length) {
        const low = points.reduce((a, [, value, lowest]) => (value === null ? a : Math.min(a, lowest ?? value)), Infinity);
        const high = points.reduce((a, [, value, , highest]) => (value === null ? a : Math.max(a, highest ?? value)), -Infinity);
        summary.push(
          `${data.label}, ${say(points[0][0], last)} to ${say(last, points[0][0])}: between ${number.format(low)} and ${withUnit(high, data.unit)}, ` +
          `latest ${withUnit(values.at(-1), data.unit)}; ${anomalies.length ? plural(anomalies.length, "anomaly", "anomalies") : "no anomalies"}.`,
        );
        if (faults.length) summary.push(`${plural(faults.length, "time")} of data that is not to be trusted.`);
      }
      if (data.forecast && forecast.length) {
        const known = forecast.findLast(([, point]) => point !== null);
        if (known) summary.push(`Forecast for ${say(known[0])}: ${withUnit(known[1], data.unit)}, ${bandLabel} ${number.format(known[2])} to ${withUnit(known[3], data.unit)}.`);
        for (const one of reached) {
          const what = `${one.label} of ${withUnit(one.value, data.unit)}`;
          summary.push(one.time
            ? `${what}: more likely than not reached by ${say(wall(one.time))}.`
            : `${what}: reached with a chance of ${Math.round(one.chance * 100)}%, from ${say(wall(one.possible))} on.`);
        }
        summary.push(...unusual.map((one) => one.label));
      }
      if (data.past && !past.length) summary.push("No forecast of two days ago is kept.");
      if (past.length) {
        const hours = new Map(); // hour -> [sum, count]
        for (const [time, value] of points) {
          const [sum, count] = hours.get(Math.floor(time / HOUR)) ?? [0, 0];
          if (value !== null) hours.set(Math.floor(time / HOUR), [sum + value, count + 1]);
        }
        const judged = past.filter(([time, point]) => point !== null && hours.has(Math.floor(time / HOUR))).map(([time, , low, high]) => {
          const [sum, count] = hours.get(Math.floor(time / HOUR));
          return [sum / count, low, high];
        });
        const held = judged.filter(([value, low, high]) => low <= value && value <= high).length;
        if (judged.length) summary.push(`Of what came since, ${held} of ${plural(judged.length, "hour")} lay in the interval forecast two days ago.`);
      }
      return {
        option,
        range,
        isEmpty: !values.length && !forecast.length,
        summary: data.summary ?? summary.join(" "),
        link: (event) => event.componentType === "markArea" && event.data?.url,
      };
    },

    lines(data, element) {
      const clock = data.around ? fromEvent(data.window) : CLOCK;
      const { at, say: sayTime } = clock;
      const option = base();
      const drawnLines = data.lines.map((line, index) => {
        const token = PART_FILLS[index % PART_FILLS.length];
        const points = line.points.map(([time, ...rest]) => [at(time), ...rest]);
        return { ...line, token, points, isEnvelope: data.lines.length === 1 && points.some((point) => point.length > 2) };
      });
      // The axis cannot tell hours from an event: a plain number gets its words here.
      const range = data.window && [at(data.window.start), at(data.window.end)];
      const [first, last] = range ?? [undefined, undefined];
      const axisOfEvent = axis({
        type: "value", min: first, max: last, splitLine: { show: false },
        axisLabel: { color: color("tblr-secondary"), hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: sayTime },
      });
      const units = [...new Set(data.lines.map((line) => data.unit ?? line.unit ?? ""))];
      Object.assign(option, {
        xAxis: data.around ? axisOfEvent : timeAxis(range && { min: first, max: last }),
        // What has no axis of its own shares the one on the right.
        yAxis: (units.length > 2 ? [units[0], units.slice(1).join(", ")] : units).map((unit) => axis({
          type: "value", scale: true, name: unit, nameTextStyle: { color: color("tblr-secondary") }, axisLine: { onZero: false },
        })),
        dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false }],
        series: [
          ...drawnLines.map((line, index) => ({
            name: line.label,
            type: "line",
            data: line.points.map(([time, value]) => [time, value]),
            yAxisIndex: Math.min(units.indexOf(data.unit ?? line.unit ?? ""), 1),
            showSymbol: false,
            connectNulls: false,
            // Not by color alone.
            lineStyle: { width: 1.5, color: color(line.token), type: ["solid", "dashed", "dotted"][Math.floor(index / PART_FILLS.length) % 3] },
            itemStyle: { color: color(line.token) },
            markLine: data.around && index === 0 ? {
              symbol: "none", silent: true, data: [{ xAxis: 0 }],
              lineStyle: { color: color("tblr-secondary"), type: "dotted" },
              label: { formatter: "Event", position: "end", rotate: 0, color: color("tblr-secondary") },
            } : undefined,
          })),
          ...drawnLines.filter((line) => line.isEnvelope).flatMap((line) => envelope(line.points, line.token)),
        ],
      });
      addLegend(option, element, drawnLines.map((line) => line.label));
      option.grid.top += 16;
      option.tooltip.trigger = "axis";
      option.tooltip.formatter = (hits) => {
        const own = hits.filter((hit) => hit.seriesIndex < drawnLines.length && hit.value[1] !== null);
        if (!own.length) return "";
        return tip(sayTime(own[0].value[0]), own.map((hit) => {
          const line = drawnLines[hit.seriesIndex];
          return [line.label, withUnit(hit.value[1], data.unit ?? line.unit)];
        }));
      };
      const filled = drawnLines.filter((line) => line.points.some(([, value]) => value !== null));
      return {
        option,
        range,
        clock,
        isEmpty: !filled.length,
        summary: `${plural(data.lines.length, "line")}: ` + drawnLines.map((line) => {
          const values = line.points.map(([, value]) => value).filter((value) => value !== null);
          if (!values.length) return `${line.label} has no readings here`;
          const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
          return `${line.label} between ${number.format(low)} and ${withUnit(high, data.unit ?? line.unit)}`;
        }).join("; ") + ".",
        link: () => undefined,
      };
    },

    timeline(data) {
      const start = wall(data.start);
      const end = wall(data.end);
      const spans = data.spans.map((span) => ({
        ...span, from: Math.max(wall(span.start), start), to: span.end === null ? end : Math.min(wall(span.end), end),
      }));
      const option = base();
      Object.assign(option, {
        xAxis: timeAxis({ min: start, max: end, position: "top", splitLine: { show: true, lineStyle: { color: color("tblr-border-color"), opacity: 0.5 } } }),
        yAxis: names(data.lanes),
        series: [{
          type: "custom",
          encode: { x: [1, 2], y: 0 },
          data: spans.map((span) => ({ value: [span.lane, span.from, span.to], itemStyle: { color: fill(span.severity, 0.85) } })),
          renderItem(params, api) {
            const [x, y] = api.coord([api.value(1), api.value(0)]);
            const [right] = api.coord([api.value(2), api.value(0)]);
            const height = Math.min(14, api.size([0, 1])[1] * 0.6);
            // A short anomaly stays wide enough to see and to click.
            const shape = { x, y: y - height / 2, width: Math.max(right - x, 5), height, r: 2 };
            return { type: "rect", shape, style: { fill: api.visual("color") }, cursor: "pointer" };
          },
        }],
      });
      option.tooltip.formatter = ({ dataIndex }) => {
        const span = spans[dataIndex];
        const until = span.end === null ? "still open" : say(wall(span.end));
        return tip(data.lanes[span.lane].label, [["Severity", span.severity], ["From", say(wall(span.start))], ["Until", until]], span.label);
      };
      return {
        option,
        isEmpty: !spans.length,
        height: 44 + data.lanes.length * 26,
        summary: `${plural(spans.length, "span")} on ${plural(data.lanes.length, "asset")}, ${say(start)} to ${say(end)}; ` +
          `${spans.filter((span) => span.end === null).length} still open.`,
        link: (event) => (event.componentType === "yAxis"
          ? data.lanes.find((lane) => lane.label === event.value)?.url
          : spans[event.dataIndex]?.url),
      };
    },

    ranking(data) {
      const option = base();
      Object.assign(option, {
        xAxis: axis({ type: "value", min: 0, max: data.max ?? 100 }),
        yAxis: names(data.items),
        series: [{
          type: "bar",
          barWidth: 12,
          cursor: "pointer",
          data: data.items.map((item) => ({ value: item.value, itemStyle: { color: fill(item.severity, 0.9), borderRadius: [0, 3, 3, 0] } })),
          label: { show: true, position: "right", color: color("tblr-body-color"), formatter: ({ value }) => withUnit(value, data.unit) },
        }],
      });
      option.grid.right = 44;
      option.tooltip.formatter = ({ dataIndex }) => {
        const item = data.items[dataIndex];
        return tip(item.label, [[item.severity, withUnit(item.value, data.unit)]], item.note);
      };
      const [first] = data.items;
      return {
        option,
        isEmpty: !first,
        height: 40 + data.items.length * 26,
        summary: first ? `${plural(data.items.length, "asset")}; the highest is ${first.label} with ${withUnit(first.value, data.unit)}.` : "",
        link: (event) => data.items[event.componentType === "yAxis" ? data.items.findIndex((item) => item.label === event.value) : event.dataIndex]?.url,
      };
    },

    columns(data, element) {
      const option = base();
      const line = data.line?.values;
      Object.assign(option, {
        xAxis: axis({ type: "category", data: data.categories, splitLine: { show: false } }),
        yAxis: axis({ type: "value", min: 0, name: data.unit, nameTextStyle: { color: color("tblr-secondary") } }),
        series: [
          {
            name: data.bars.label,
            type: "bar",
            barMaxWidth: 24,
            data: data.bars.values.map((value, index) => ({
              value,
              itemStyle: { color: line && value > line[index] ? fill("high", 0.9) : color("tblr-primary", 0.9) },
            })),
            itemStyle: { color: color("tblr-primary", 0.9) },
          },
          ...(line ? [{
            name: data.line.label,
            type: "line",
            step: "middle",
            showSymbol: false,
            data: line,
            lineStyle: { width: 1.5, color: color("tblr-secondary") },
            itemStyle: { color: color("tblr-secondary") },
          }] : []),
        ],
      });
      addLegend(option, element, [data.bars.label, ...(line ? [data.line.label] : [])]);
      if (data.unit) option.grid.top += 16;
      option.tooltip.trigger = "axis";
      option.tooltip.axisPointer = { type: "shadow", shadowStyle: { color: color("tblr-secondary", 0.08) } };
      option.tooltip.formatter = (hits) => tip(
        data.categories[hits[0].dataIndex],
        hits.map((hit) => [hit.seriesName, withUnit(hit.value, data.unit)]),
      );
      return { option, isEmpty: Boolean(data.empty), summary: data.summary, link: () => undefined };
    },

    calibration(data) {
      const option = base();
      const scale = (name) => axis({
        type: "value", min: 0, max: 100, name: `${name}, %`, nameLocation: "middle", nameGap: 30,
        nameTextStyle: { color: color("tblr-secondary") },
      });
      Object.assign(option, {
        xAxis: scale(data.said),
        yAxis: scale(data.came),
        series: [
          {
            type: "line", silent: true, showSymbol: false, data: [[0, 0], [100, 100]],
            lineStyle: { width: 1.5, type: "dashed", color: color("tblr-secondary") },
          },
          {
            type: "line", symbol: "circle", symbolSize: 9, data: data.points,
            lineStyle: { width: 2, color: color("tblr-primary") },
            itemStyle: { color: color("tblr-primary") },
          },
        ],
      });
      Object.assign(option.grid, { left: 28, bottom: 34 });
      option.tooltip.trigger = "item";
      option.tooltip.formatter = ({ value }) => tip(plural(value[2], "case"), [
        [data.said, withUnit(value[0], "%")],
        [data.came, withUnit(value[1], "%")],
      ]);
      return { option, isEmpty: !data.points.length, summary: data.summary, link: () => undefined };
    },

    bars(data, element) {
      const option = base();
      const sums = data.categories.map((_, index) => data.parts.reduce((sum, part) => sum + part.values[index], 0));
      Object.assign(option, {
        xAxis: axis({ type: "value", min: 0, max: data.max }),
        yAxis: names(data.categories),
        series: data.parts.map((part, index) => ({
          name: part.label,
          type: "bar",
          stack: "all",
          barMaxWidth: 16,
          data: part.values,
          itemStyle: { color: color(PART_FILLS[index % PART_FILLS.length], 0.9) },
        })),
      });
      addLegend(option, element, data.parts.map((part) => part.label));
      option.tooltip.trigger = "axis";
      option.tooltip.axisPointer = { type: "shadow", shadowStyle: { color: color("tblr-secondary", 0.08) } };
      option.tooltip.formatter = (hits) => tip(
        data.categories[hits[0].dataIndex].label,
        [...hits.map((hit) => [hit.seriesName, withUnit(hit.value, data.unit)]), ["Total", withUnit(sums[hits[0].dataIndex], data.unit)]],
      );
      return {
        option,
        isEmpty: !data.categories.length,
        height: option.grid.top + 40 + data.categories.length * 28,
        summary: data.categories.slice(0, 3).map(({ label }, row) => `${label}: ` +
          data.parts.map((part) => `${part.label.toLowerCase()} ${number.format(part.values[row])}`).join(", ")).join("; ") +
          (data.categories.length > 3 ? "; and so on." : "."),
        link: (event) => data.categories[event.componentType === "yAxis" ? data.categories.findIndex((one) => one.label === event.value) : event.dataIndex]?.url,
      };
    },
  };

  // -- Life of a chart -------------------------------------------------------------------------

  function note(element, text) {
    const line = element.querySelector(".chart-note") ?? element.appendChild(document.createElement("p"));
    line.className = "chart-note";
    line.textContent = text;
  }

  function load() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: library, onload: resolve, onerror: () => reject(new Error("library")) });
      document.head.append(script);
    });
    return loading;
  }

  async function read(element) {
    if (!element.dataset.url) return JSON.parse(document.getElementById(element.dataset.source).textContent);
    const answer = await fetch(element.dataset.url, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  function draw(element) {
    const state = drawn.get(element);
    const { option, summary, height, isEmpty, link, range, clock = CLOCK } = kinds[element.dataset.chart](state.data, element);
    element.closest("figure")?.querySelector(".chart-summary")?.replaceChildren(isEmpty ? "" : summary);
    if (isEmpty) {
      note(element, state.data.empty ?? "Nothing to show for this period.");
      return;
    }
    if (height) element.style.minHeight = `${height}px`;
    element.querySelector(".chart-note")?.remove();
    if (!state.chart) {
      const canvas = element.appendChild(document.createElement("div"));
      canvas.className = "chart-canvas";
      state.chart = window.echarts.init(canvas);
      state.chart.on("click", (event) => {
        const href = drawn.get(element)?.link(event);
        if (href) location.assign(href);
      });
    }
    Object.assign(state, { link, range, clock });
    if (range && !state.tools) addTools(element, state);
    if (state.zoom) Object.assign(option.dataZoom[0], { startValue: state.zoom[0], endValue: state.zoom[1] });
    state.chart.resize();
    state.chart.setOption(option, { notMerge: true });
  }

  const addTools = window.chartZoom({ drawn, kinds, wall, long, withUnit, plural });

  async function start(element) {
    if (drawn.has(element)) return;
    drawn.set(element, { data: null });
    note(element, "Loading…");
    try {
      const [data] = await Promise.all([read(element), load()]);
      if (!element.isConnected) return;
      drawn.set(element, { data });
      draw(element);
      resizes.observe(element);
    } catch (error) {
      console.error("chart", element.dataset.url ?? element.dataset.source, error);
      note(element, "This chart could not be loaded. Reload the page to try again.");
    }
  }

  const resizes = new ResizeObserver((entries) => {
    for (const { target } of entries) drawn.get(target)?.chart?.resize();
  });
  // Only what comes near the screen is fetched and drawn.
  const sights = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      sights.unobserve(target);
      start(target);
    }
  }, { rootMargin: "300px" });

  function find(root) {
    if (root.matches?.("[data-chart]")) sights.observe(root);
    for (const element of root.querySelectorAll("[data-chart]")) sights.observe(element);
  }

  function forget() {
    for (const [element, { chart }] of drawn) {
      if (element.isConnected) continue;
      chart?.dispose();
      resizes.unobserve(element);
      drawn.delete(element);
    }
  }

  document.addEventListener("DOMContentLoaded", () => find(document));
  document.addEventListener("htmx:load", (event) => find(event.detail.elt));
  document.addEventListener("htmx:afterSettle", forget);
  document.documentElement.addEventListener("themechange", () => {
    for (const [element, { chart }] of drawn) if (chart) draw(element);
  });
})();
