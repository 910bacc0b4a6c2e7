// Draws every element with data-chart="series|timeline|ranking|bars|columns" (templates/components/chart.html).
// The data is JSON, from the address in data-url or from <script type="application/json"> with the id
// in data-source. Times are ISO 8601 with an offset, or milliseconds since 1970; they are shown in the
// page's time zone. severity is low, medium, high or critical. Fields marked ? may be absent.
//
// series    { label, unit?, points: [[time, value|null], …] (null: a gap), empty?: text when there are none,
//             limits?: [{label, value, severity?}], now?: time,
//             anomalies?: [{start, end|null (still open), severity, label, url?}],
//             forecast?: {points: [[time, point, lower, upper], …], coverage?: 0.95} }
// timeline  { start, end, lanes: [{label, url?}], empty?,
//             spans: [{lane: index, start, end|null, severity, label, url?}] }
// ranking   { items: [{label, value, severity, url?, note?}] (highest first), max?: 100, unit?, empty? }
// bars      { categories: [{label, url?}], parts: [{label, values: [one per category]}], max?, unit?, empty? }
// columns   { categories: [label, …], bars: {label, values}, line?: {label, values} (a step over the
//             bars), unit?, summary: the sentence under it, empty? }
//
// Each chart also writes one sentence under itself that says what it shows.
(() => {
  const library = document.currentScript.dataset.echarts;
  const drawn = new Map(); // element -> {chart, data}
  let loading = null;

  // -- Colors and words ------------------------------------------------------------------------

  const probe = document.createElement("span");

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

  // -- The kinds: each gives {option, summary, height?, link(event)} -----------------------------

  const kinds = {
    series(data, element) {
      const points = data.points.map(([time, value]) => [wall(time), value]);
      const values = points.map(([, value]) => value).filter((value) => value !== null);
      const last = points.at(-1)?.[0] ?? wall(data.now ?? 0);
      const anomalies = data.anomalies ?? [];
      const forecast = (data.forecast?.points ?? []).map(([time, ...rest]) => [wall(time), ...rest]);
      const limits = data.limits ?? [];
      const accent = color("tblr-primary");
      const lows = [...values, ...limits.map((limit) => limit.value)];

      const series = [{
        name: data.label,
        type: "line",
        data: points,
        showSymbol: false,
        sampling: "minmax", // Keeps every peak, which an average would hide.
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
          data: anomalies.map((anomaly) => [
            {
              name: anomaly.label,
              xAxis: wall(anomaly.start),
              itemStyle: { color: fill(anomaly.severity, 0.18), borderColor: fill(anomaly.severity, 0.5), borderWidth: 1 },
              label: { show: false },
              url: anomaly.url,
              note: anomaly.label,
            },
            { xAxis: anomaly.end === null ? last : wall(anomaly.end) },
          ]),
        },
      }];
      if (forecast.length) {
        const band = { type: "line", stack: "band", stackStrategy: "all", showSymbol: false, silent: true, lineStyle: { opacity: 0 } };
        series.push(
          { ...band, data: forecast.map(([time, , lower]) => [time, lower]) },
          {
            ...band,
            name: `${Math.round((data.forecast.coverage ?? 0.95) * 100)}% interval`,
            itemStyle: { color: color("tblr-primary", 0.3) },
            areaStyle: { color: color("tblr-primary", 0.16) },
            data: forecast.map(([time, , lower, upper]) => [time, upper - lower]),
          },
          {
            name: "Forecast",
            type: "line",
            showSymbol: false,
            data: forecast.map(([time, point]) => [time, point]),
            lineStyle: { width: 1.5, type: [5, 4], color: accent },
            itemStyle: { color: accent },
          },
        );
      }

      const option = base();
      if (forecast.length) {
        addLegend(option, element, [data.label, series[2].name, { name: "Forecast", icon: DASHES }]);
        option.grid.top += 16; // Room for the word "Now".
      }
      Object.assign(option, {
        xAxis: timeAxis(),
        yAxis: axis({ type: "value", scale: true, min: lows.length ? undefined : 0 }),
        dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false }],
        series,
      });
      option.tooltip.trigger = "axis";
      option.tooltip.formatter = (hits) => {
        const time = hits[0].value[0];
        const at = forecast.find((row) => row[0] === time);
        const own = hits.find((hit) => hit.seriesIndex === 0 && hit.value[1] !== null);
        const rows = [];
        if (own) rows.push([data.label, withUnit(own.value[1], data.unit)]);
        if (at) rows.push(["Forecast", withUnit(at[1], data.unit)], ["Interval", `${number.format(at[2])} to ${withUnit(at[3], data.unit)}`]);
        const inside = anomalies.find((one) => wall(one.start) <= time && (one.end === null || time <= wall(one.end)));
        return tip(say(time, last), rows, inside?.label);
      };

      const summary = [];
      if (values.length) {
        const low = values.reduce((a, b) => Math.min(a, b));
        const high = values.reduce((a, b) => Math.max(a, b));
        summary.push(
          `${data.label}, ${say(points[0][0], last)} to ${say(last, points[0][0])}: between ${number.format(low)} and ${withUnit(high, data.unit)}, ` +
          `latest ${withUnit(values.at(-1), data.unit)}; ${anomalies.length ? plural(anomalies.length, "anomaly", "anomalies") : "no anomalies"}.`,
        );
      }
      if (forecast.length) {
        summary.push(`Forecast for ${say(forecast.at(-1)[0])}: ${withUnit(forecast.at(-1)[1], data.unit)}.`);
      }
      return {
        option,
        isEmpty: !values.length && !forecast.length,
        summary: summary.join(" "),
        link: (event) => event.componentType === "markArea" && event.data?.url,
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
    const { data } = drawn.get(element);
    const { option, summary, height, isEmpty, link } = kinds[element.dataset.chart](data, element);
    element.closest("figure")?.querySelector(".chart-summary")?.replaceChildren(isEmpty ? "" : summary);
    if (isEmpty) {
      note(element, data.empty ?? "Nothing to show for this period.");
      return;
    }
    if (height) element.style.minHeight = `${height}px`;
    element.querySelector(".chart-note")?.remove();
    let { chart } = drawn.get(element);
    if (!chart) {
      const canvas = element.appendChild(document.createElement("div"));
      canvas.className = "chart-canvas";
      chart = window.echarts.init(canvas);
      chart.on("click", (event) => {
        const href = drawn.get(element)?.link(event);
        if (href) location.assign(href);
      });
    }
    drawn.set(element, { chart, data, link });
    chart.resize();
    chart.setOption(option, { notMerge: true });
  }

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
