// One order: the job, what is to be done, and the buttons for it. Each press goes into the queue.

import { pill, statusPill } from "./card.js";
import { h, icon, onDay, size, when } from "./dom.js";
import { fileUrl } from "./store.js";

export function drawOrder(place, order, { timer, stored, act }) {
  const works = order.status === "in_progress";
  const parts = [
    h("a", { class: "field-back", href: "#" }, icon("arrow-left"), "My work"),
    h("p", { class: "field-card-head" }, order.number, statusPill(order), order.waits ? pill("Waits to be sent", "info") : null),
    h("h2", { tabindex: "-1" }, order.title),
    order.safety_notes ? h("p", { class: "alert alert-warning", role: "note" }, h("strong", {}, "Safety. "), order.safety_notes) : null,
    order.waiting_for ? h("p", {}, `It waits for: ${order.waiting_for}`) : null,
    buttons(order, timer, act),
    order.tasks.length ? checklist(order, works, act) : null,
    photos(order, stored, act),
    talk(order, act),
    job(order),
    works ? report(order, act) : null,
  ];
  place.replaceChildren(...parts.filter(Boolean));
}

const card = (title, ...children) => h("section", { class: "card field-section" }, h("h3", {}, title), ...children);

const button = (text, name, onclick, extra = "btn") => h("button", { class: extra, type: "button", onclick }, icon(name), text);

function buttons(order, timer, act) {
  if (order.status === "completed") return h("p", { class: "card field-empty" }, "Completed. It leaves this list once it is sent.");
  if (order.status !== "in_progress") {
    const name = order.status === "waiting" ? "resume" : "start";
    return h("div", { class: "field-actions" }, button(name === "start" ? "Start work" : "Resume work", "player-play", () => act.move(order, name), "btn btn-primary"));
  }
  const runs = timer?.order === order.id;
  return h(
    "div",
    { class: "field-actions" },
    runs
      ? button(`Pause (since ${when(timer.started_at)})`, "player-pause", () => act.pause(order), "btn btn-primary")
      : button("Start my timer", "player-play", () => act.go(order), "btn btn-primary"),
    h("a", { class: "btn", href: "#report", onclick: (event) => jump(event, "report") }, "Report and complete"),
    form(
      "Let it wait",
      (values) => act.wait(order, values.note),
      h("label", {}, "What it waits for", h("input", { class: "form-control", name: "note", required: true, maxlength: 300 })),
    ),
    form(
      "Write down time",
      (values) => act.time(order, Number(values.minutes), values.note ?? ""),
      h("label", {}, "Minutes", h("input", { class: "form-control", name: "minutes", type: "number", min: 1, max: 10080, required: true, inputmode: "numeric" })),
      h("label", {}, "Note", h("input", { class: "form-control", name: "note", maxlength: 300 })),
    ),
  );
}

function jump(event, id) {
  event.preventDefault();
  document.getElementById(id)?.scrollIntoView();
}

// A form behind its own word, closed until it is needed.
function form(title, send, ...fields) {
  return h("details", { class: "field-more" }, h("summary", {}, title), plainForm("Save", send, ...fields));
}

function plainForm(text, send, ...fields) {
  const element = h("form", { class: "field-form" }, ...fields, h("button", { class: "btn btn-primary", type: "submit" }, text));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(element));
    element.reset();
    send(values);
  });
  return element;
}

// -- Checklist ---------------------------------------------------------------------------------

function checklist(order, works, act) {
  const done = order.tasks.filter((task) => task.outcome !== "open").length;
  const several = order.assets.length > 1;
  return card(
    "Checklist",
    h("p", { class: "field-where" }, `${done} of ${order.tasks.length} done${works ? "" : ". It is answered during the work: start first."}`),
    h("ol", { class: "field-tasks" }, order.tasks.map((task) => h("li", { id: `task-${task.id}`, class: `field-task is-${task.outcome}` }, drawTask(order, task, several, works, act)))),
  );
}

function drawTask(order, task, several, works, act) {
  const answer = (values) => act.answer(order, task, values);
  return [
    h("p", {}, several ? h("span", { class: "field-where" }, `${task.asset}: `) : null, task.text, task.is_required ? null : h("span", { class: "field-where" }, " (if it fits)")),
    task.limits ? h("p", { class: "field-where" }, `Allowed: ${task.limits}`) : null,
    task.outcome === "open" ? null : found(task),
    works ? ways(task, answer) : null,
  ];
}

function found(task) {
  const word = { passed: "Passed", failed: "Failed" }[task.outcome];
  const value = task.number === null ? word : `${task.number} ${task.unit}`.trim();
  const parts = [value, task.answer, task.photo ? "photo" : ""].filter(Boolean).join(" · ");
  const text = `${parts} (${task.answered_by}, ${when(task.answered_at)})`;
  return h("p", { class: "field-found" }, icon(task.outcome === "failed" ? "x" : "check"), h("span", {}, text), task.waits ? pill("Waits", "info") : null);
}

function inputs(task, answer) {
  const note = task.outcome === "open" ? "" : task.answer;
  if (task.kind === "check") return h("div", { class: "field-actions" }, button("Done", "check", () => answer({ outcome: "passed", answer: note })));
  if (task.kind === "pass_fail") {
    return h("div", { class: "field-actions two" }, button("Pass", "check", () => answer({ outcome: "passed", answer: note })), button("Fail", "x", () => answer({ outcome: "failed", answer: note })));
  }
  if (task.kind === "photo") return photoInput("Take a photo", (file) => answer({ file, answer: note }));
  const label = `Answer: ${task.text}`;
  if (task.kind === "text") {
    return plainForm("Save", (values) => answer({ answer: values.answer }), h("textarea", { class: "form-control", name: "answer", required: true, rows: 2, "aria-label": label }));
  }
  return plainForm(
    "Save",
    (values) => answer({ number: Number(values.number), answer: note }),
    h("div", { class: "input-group" }, h("input", { class: "form-control", name: "number", type: "number", step: "any", required: true, inputmode: "decimal", "aria-label": label }), task.unit ? h("span", { class: "input-group-text" }, task.unit) : null),
  );
}

// What is answered already is changed behind one more press.
function ways(task, answer) {
  const rest = [];
  if (task.outcome !== "open" && task.kind !== "text") {
    rest.push(plainForm("Save the note", (values) => answer({ ...same(task), answer: values.note }), h("label", {}, "Note", h("input", { class: "form-control", name: "note", value: task.answer, maxlength: 500 }))));
  }
  if (task.kind !== "check" && task.kind !== "pass_fail") {
    rest.push(plainForm("Could not be done", (values) => answer({ outcome: "failed", answer: values.why }), h("label", {}, "Why it could not be done", h("input", { class: "form-control", name: "why", required: true, maxlength: 500 }))));
  }
  if (task.outcome !== "open") return h("details", { class: "field-more" }, h("summary", {}, "Change it"), inputs(task, answer), rest);
  return [inputs(task, answer), rest.length ? h("details", { class: "field-more" }, h("summary", {}, "Not possible?"), rest) : null];
}

const same = (task) => (task.number === null ? { outcome: task.outcome } : { number: task.number });

function photoInput(text, send) {
  const input = h("input", { class: "visually-hidden", type: "file", accept: "image/*", capture: "environment" });
  input.addEventListener("change", () => input.files[0] && send(input.files[0]));
  return h("label", { class: "btn field-photo" }, icon("camera"), text, input);
}

// -- Files, words, the job, the report ---------------------------------------------------------

function photos(order, stored, act) {
  const rows = order.files.map((file) => {
    if (file.waits) return h("li", {}, file.name, " ", pill("Waits", "info"));
    const here = Boolean(stored[file.id]);
    return h("li", {}, h("a", { href: fileUrl(file) }, file.name), h("span", { class: "field-where" }, ` ${size(file.size)}${here ? ", on this phone" : ", needs a connection"}`));
  });
  return card("Photos and documents", rows.length ? h("ul", { class: "field-files" }, rows) : h("p", { class: "field-where" }, "None yet."), photoInput("Add a photo", (file) => act.photo(order, file)));
}

function talk(order, act) {
  const rows = order.comments.map((one) => h("li", {}, h("p", { class: "field-where" }, `${one.by}, ${when(one.at)} `, one.waits ? pill("Waits", "info") : null), h("p", {}, one.text)));
  return card(
    "Comments",
    rows.length ? h("ul", { class: "field-files" }, rows) : null,
    plainForm("Comment", (values) => act.comment(order, values.text), h("textarea", { class: "form-control", name: "text", required: true, rows: 2, maxlength: 2000, "aria-label": "Your comment" })),
  );
}

const fact = (name, value) => (value ? h("div", {}, h("dt", {}, name), h("dd", {}, value)) : null);

function job(order) {
  return card(
    "The job",
    order.description ? h("p", { class: "field-text" }, order.description) : null,
    h("dl", { class: "facts" }, fact("Type", order.type), fact("Due", onDay(order.due_at)), fact("Planned", order.planned_start && when(order.planned_start)), fact("Estimated labor", `${order.estimated_minutes} min`), fact("Permits", order.permits.join(", ")), fact("Skills", order.skills.join(", ")), fact("Tools", order.tools.join(", "))),
    order.assets.map((asset) =>
      h("details", { class: "field-more" }, h("summary", {}, `${asset.tag} ${asset.name}`), h("dl", { class: "facts" }, fact("Site", asset.site), fact("Kind", asset.category), fact("Manufacturer", asset.manufacturer), fact("Model", asset.model), fact("Serial number", asset.serial_number), fact("Criticality", `${asset.criticality} of 5`))),
    ),
  );
}

const VERDICTS = { not_inspected: "Not inspected", confirmed: "Yes, it was there", false_alarm: "No, nothing was wrong" };
const RESULTS = { done: "Done", not_done: "Not done", defect: "Done, with a defect found" };

const select = (label, name, options, chosen) =>
  h("label", {}, label, h("select", { class: "form-select", name }, Object.entries(options).map(([value, text]) => h("option", { value, selected: value === chosen }, text))));

function report(order, act) {
  const open = order.tasks.filter((task) => task.is_required && task.outcome === "open").length;
  const section = card(
    "Report",
    open ? h("p", { class: "field-where" }, `${open} required ${open === 1 ? "task is" : "tasks are"} still open.`) : null,
    plainForm(
      "Complete",
      (values) => act.complete(order, values),
      h("label", {}, "What was done", h("textarea", { class: "form-control", name: "notes", rows: 3 })),
      order.asks_verdict ? select("Was the fault there?", "verdict", VERDICTS) : null,
      order.assets.length > 1 ? order.assets.map((asset) => select(`${asset.tag} ${asset.name}`, `result-${asset.id}`, RESULTS, asset.result)) : null,
      order.needs_signature && !order.signed_by ? h("label", {}, "Accepted by", h("input", { class: "form-control", name: "signed_by", required: true, maxlength: 200 })) : null,
    ),
  );
  section.id = "report";
  return section;
}
