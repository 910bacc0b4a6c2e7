// The queue: what is not on the server yet, and what to do about what the server refused.

import { drawClash } from "./clash.js";
import { ask, h, icon, when } from "./dom.js";
import { remove, update } from "./queue.js";

// `send` is called after each decision: what waited behind it goes on.
export function drawWaiting(place, entries, send) {
  const held = new Set();
  const rows = entries.map((entry) => {
    const isHeld = held.has(entry.order);
    if (entry.state === "refused") held.add(entry.order);
    return h("li", {}, row(entry, isHeld, send));
  });
  place.replaceChildren(
    h("a", { class: "field-back", href: "#" }, icon("arrow-left"), "My work"),
    h("h2", { tabindex: "-1" }, "Not on the server yet"),
    rows.length
      ? h("ul", { class: "field-list" }, rows)
      : h("p", { class: "card field-empty" }, "Everything is sent. What you do without a connection waits here."),
  );
}

function row(entry, isHeld, send) {
  const isRefused = entry.state === "refused";
  return h(
    "article",
    { class: `card field-entry ${isRefused ? "is-refused" : ""}` },
    h("p", { class: "field-card-head" }, h("a", { href: `#order-${entry.order}` }, entry.number), h("time", {}, when(entry.made_at))),
    h("strong", {}, entry.label),
    h("p", {}, isRefused ? reason(entry) : isHeld ? "Waits for the one above it." : "Is sent as soon as there is a connection."),
    isRefused && entry.clash ? drawClash(entry, send) : null,
    isRefused && !entry.clash ? actions(entry, send) : null,
  );
}

const reason = (entry) => (entry.clash ? "Somebody answered otherwise in the meantime. Which answer is right?" : entry.refusal);

function actions(entry, send) {
  return h(
    "div",
    { class: "field-actions" },
    h("button", { class: "btn btn-primary", type: "button", onclick: () => again(entry).then(send) }, "Send again"),
    h("button", { class: "btn", type: "button", onclick: () => giveUp(entry).then(send) }, "Delete"),
  );
}

// A new key: under the old one the server may remember something else.
const again = (entry) =>
  update(entry, { key: crypto.randomUUID(), state: "waiting", refusal: null, tried_at: null, tries: 0 });

async function giveUp(entry) {
  const text = `“${entry.label}” on ${entry.number} is then nowhere. It was not on the server.`;
  if (await ask("Delete what you wrote?", text, "Delete")) await remove(entry);
}
