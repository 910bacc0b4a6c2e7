// One task, answered by two people: both side by side, and the person says which counts. The other one is kept in a
// comment of the order.

import { h, when } from "./dom.js";
import { add, knownOf, remove, update } from "./queue.js";

const OUTCOMES = { passed: "Passed", failed: "Failed", open: "Not answered" };

function said({ outcome, number, answer, photo }, unit) {
  const value = number === null || number === undefined ? (OUTCOMES[outcome] ?? "") : `${number} ${unit}`.trim();
  return [value, answer, photo ? "with a photo" : ""].filter(Boolean).join(", ");
}

const mine = (entry) => said(entry.body, entry.unit);
const theirs = (entry) => said(entry.clash, entry.unit);
const whose = (entry) => entry.clash.by || "somebody";

export function drawClash(entry, send) {
  const at = entry.clash.at ? `, ${when(entry.clash.at)}` : "";
  return h(
    "div",
    { class: "field-clash" },
    h(
      "div",
      { class: "field-side" },
      h("h3", {}, `You, ${when(entry.made_at)}`),
      h("p", {}, mine(entry)),
      h("button", { class: "btn btn-primary", type: "button", onclick: () => useMine(entry).then(send) }, "Use mine"),
    ),
    h(
      "div",
      { class: "field-side" },
      h("h3", {}, `${whose(entry)}${at}`),
      h("p", {}, theirs(entry)),
      h("button", { class: "btn", type: "button", onclick: () => keepTheirs(entry).then(send) }, "Keep this one"),
    ),
  );
}

async function useMine(entry) {
  await comment(entry, `“${entry.task_text}”: ${mine(entry)} counts. It replaces what ${whose(entry)} found: ${theirs(entry)}.`);
  const body = { ...entry.body, known: knownOf(entry.clash) };
  await update(entry, { body, state: "waiting", refusal: null, clash: null, tried_at: null, tries: 0 });
}

async function keepTheirs(entry) {
  await comment(entry, `“${entry.task_text}”: ${theirs(entry)} of ${whose(entry)} counts. I had found, at ${when(entry.made_at)}: ${mine(entry)}.`);
  await remove(entry);
}

// An @ would call somebody.
function comment(entry, text) {
  return add({
    user: entry.user,
    order: entry.order,
    number: entry.number,
    kind: "comment",
    label: "Comment on two answers",
    method: "POST",
    path: "/api/maintenance/comments/",
    body: { work_order: entry.order, text: text.replaceAll("@", "@ ").slice(0, 2000) },
  });
}
