// Looking closer at a chart of charts.js: what is seen is asked for again, as finely as the window allows.
// By wheel, fingers, buttons and keys; with a table of what is seen.
//
// drawn: element -> state ({chart, data, range, clock, zoom?, …}); kinds: what makes the option of a chart
// from its data; wall, long, withUnit and plural: times and numbers in words. Returns what adds the tools.
window.chartZoom = ({ drawn, kinds, wall, long, withUnit, plural }) => {
  const WAIT = 250; // Until the reader has stopped moving.
  const MOST_ROWS = 200;
  const MOVES = {
    in: { text: "+", label: "Zoom in", keys: ["+", "="], move: ([from, to], span) => [from + span / 4, to - span / 4] },
    out: { text: "−", label: "Zoom out", keys: ["-", "_"], move: ([from, to], span) => [from - span / 2, to + span / 2] },
    earlier: { text: "‹", label: "Earlier", keys: ["ArrowLeft"], move: ([from, to], span) => [from - span / 4, to - span / 4] },
    later: { text: "›", label: "Later", keys: ["ArrowRight"], move: ([from, to], span) => [from + span / 4, to + span / 4] },
    whole: { text: "Whole", label: "Show the whole time", keys: ["0", "Home"], move: (_, __, range) => range },
  };

  function addTools(element, state) {
    const make = (tag, properties, attributes = {}) => {
      const made = Object.assign(document.createElement(tag), properties);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    const bar = make("div", { className: "chart-tools" }, { role: "toolbar", "aria-label": `${element.getAttribute("aria-label")}: look closer` });
    for (const [name, { text, label }] of Object.entries(MOVES)) {
      const button = make("button", { type: "button", className: "btn btn-sm", textContent: text, title: label }, { "aria-label": label, "data-move": name });
      button.addEventListener("click", () => move(element, name));
      bar.append(button);
    }
    const said = bar.appendChild(make("output", { className: "chart-range" }));
    element.after(bar);
    // Lines have a table on their page.
    const table = state.data.points && make("details", { className: "chart-table" });
    if (table) {
      table.append(make("summary", { textContent: "As a table" }), make("div", { className: "table-responsive" }));
      table.addEventListener("toggle", () => fillTable(element));
      element.closest("figure")?.append(table);
    }
    Object.assign(element, { tabIndex: 0 });
    element.setAttribute("role", "group");
    element.setAttribute("aria-roledescription", "chart");
    element.setAttribute("aria-keyshortcuts", "+ - ArrowLeft ArrowRight 0");
    element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const name = Object.keys(MOVES).find((key) => MOVES[key].keys.includes(event.key));
      if (!name) return;
      event.preventDefault();
      move(element, name);
    });
    state.chart.on("datazoom", () => {
      const { startValue, endValue } = state.chart.getOption().dataZoom[0];
      look(element, [startValue, endValue]);
    });
    Object.assign(state, { tools: bar, said, table, whole: state.data });
    tell(state);
  }

  function move(element, name) {
    const { chart, zoom, range, clock } = drawn.get(element);
    const seen = zoom ?? range;
    let [from, to] = MOVES[name].move(seen, seen[1] - seen[0], range);
    if (to - from < clock.shortest) [from, to] = seen;
    const shift = Math.max(range[0] - from, 0) || Math.min(range[1] - to, 0);
    [from, to] = [Math.max(from + shift, range[0]), Math.min(to + shift, range[1])];
    chart.dispatchAction({ type: "dataZoom", startValue: from, endValue: to });
  }

  function look(element, [from, to]) {
    const state = drawn.get(element);
    const slack = (state.range[1] - state.range[0]) / 1000;
    state.zoom = from - state.range[0] < slack && state.range[1] - to < slack ? null : [from, to];
    clearTimeout(state.timer);
    state.asking?.abort();
    state.timer = setTimeout(() => refine(element), WAIT);
    tell(state, "Loading…");
  }

  async function refine(element) {
    const state = drawn.get(element);
    if (!state || !element.isConnected) return;
    if (!state.zoom) {
      show(element, state.whole);
      return;
    }
    const [from, to] = state.zoom;
    // Half as much again on each side, so that a small step shows something at once.
    const side = (to - from) / 2;
    const address = new URL(element.dataset.url, location.href);
    address.searchParams.set("from", Math.floor(state.clock.back(from - side)));
    address.searchParams.set("to", Math.ceil(state.clock.back(to + side)));
    state.asking = new AbortController();
    element.dataset.loading = "";
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: state.asking.signal });
      if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
      const closer = await answer.json();
      show(element, merged(state.whole, closer));
    } catch (error) {
      if (error.name === "AbortError") return;
      console.error("chart", address.href, error);
      tell(state, "Finer readings could not be loaded. Zoom again to try once more.");
    } finally {
      delete element.dataset.loading;
    }
  }

  // What was read closely in its window, around it what was read first.
  function merged(whole, closer) {
    const { start, end } = closer.window;
    const ms = ([time]) => (typeof time === "number" ? time : Date.parse(time));
    const pieced = (before, points) => [
      ...before.filter((point) => ms(point) < start),
      ...points,
      ...before.filter((point) => ms(point) >= end),
    ];
    if (!whole.lines) {
      return {
        ...whole,
        made_of: closer.made_of,
        faults: closer.faults ?? whole.faults,
        points: pieced(whole.points, closer.points),
      };
    }
    if (closer.lines.length !== whole.lines.length) throw new Error("the lines changed");
    return {
      ...whole,
      lines: whole.lines.map((line, index) => ({ ...line, points: pieced(line.points, closer.lines[index].points) })),
    };
  }

  function show(element, data) {
    const state = drawn.get(element);
    state.data = data;
    const { option } = kinds[element.dataset.chart](data, element);
    // Only the lines: a hand that still drags is not disturbed.
    state.chart.setOption({ series: option.series, tooltip: option.tooltip }, { replaceMerge: ["series"] });
    tell(state);
    fillTable(element);
  }

  function tell(state, text) {
    const [from, to] = state.zoom ?? state.range;
    const made = state.data.made_of ? `, ${state.data.made_of}` : "";
    state.said.textContent = text ?? `${state.clock.say(from, to)} to ${state.clock.say(to, from)}${made}`;
    state.tools.querySelector('[data-move="whole"]').disabled = !state.zoom;
  }

  function fillTable(element) {
    const { table, data, zoom, range } = drawn.get(element);
    if (!table?.open) return;
    const [from, to] = zoom ?? range;
    const seen = data.points.filter(([time, value]) => value !== null && wall(time) >= from && wall(time) <= to);
    const every = Math.ceil(seen.length / MOST_ROWS);
    const rows = seen.filter((_, index) => index % every === 0);
    const isEnvelope = rows.some((row) => row.length > 2);
    const body = document.createElement("table");
    body.className = "table table-sm";
    const add = (parent, tag, text) => parent.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
    add(body, "caption", every > 1 ? `Each ${every}th of ${plural(seen.length, "point")}. Zoom in to see all.` : plural(seen.length, "point"));
    const head = body.createTHead().insertRow();
    for (const text of ["Time", ...(isEnvelope ? ["Mean", "Lowest", "Highest"] : ["Value"])]) add(head, "th", text).scope = "col";
    const lines = body.createTBody();
    for (const [time, ...numbers] of rows) {
      const line = lines.insertRow();
      add(line, "td", long.format(wall(time)));
      const cells = isEnvelope && numbers.length === 1 ? [numbers[0], numbers[0], numbers[0]] : numbers;
      for (const value of cells) add(line, "td", withUnit(value, data.unit)).className = "numeric";
    }
    table.querySelector("div").replaceChildren(body);
  }

  return addTools;
};
