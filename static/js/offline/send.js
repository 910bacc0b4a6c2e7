// Sends the queue: in order within an order, one at a time, by one page or the service worker at a time.
// Sent twice it counts once: a POST by its Idempotency-Key, the answer to a task by being the same.

import { keep, kept } from "./db.js";
import { entriesOf, knownOf, settle, update } from "./queue.js";
import { reached, refresh } from "./store.js";
import { laidOver } from "./overlay.js";

const PATIENCE = 30_000;
const PATIENCE_WITH_FILE = 180_000;
const MOST_FAILURES = 5;
// The server remembers an Idempotency-Key for 24 hours.
const KEY_LASTS = 23 * 3_600_000;
const LATER = new Set([408, 425, 429, 502, 503, 504]);
const STALE =
  "This was sent before, and whether it arrived is not known. Look at the order: if it is there, delete it here;" +
  " if not, send it again.";
const FAILED = "The server failed at this several times. Try again later, or tell your administrator.";

// "sent" (nothing waits), "later" (no connection, or the server has a problem), "signed-out", or "stopped" (what is
// left needs a person).
export function sendAll() {
  return navigator.locks.request("opssight-send", attempt);
}

async function attempt() {
  let sent = 0;
  for (;;) {
    const stored = await kept("stored");
    if (!stored) return "signed-out";
    const entries = await entriesOf(stored.user.id);
    const next = firstToSend(entries);
    if (!next) {
      if (sent) await refresh();
      return entries.length ? "stopped" : "sent";
    }
    const outcome = await send(next, stored);
    if (outcome === "later" || outcome === "signed-out") return outcome;
    if (outcome === "sent") sent += 1;
  }
}

function firstToSend(entries) {
  const held = new Set(entries.filter((entry) => entry.state === "refused").map((entry) => entry.order));
  return entries.find((entry) => !held.has(entry.order));
}

async function send(entry, stored) {
  if (entry.method === "POST" && entry.tried_at && Date.now() - Date.parse(entry.tried_at) > KEY_LASTS) {
    return refuse(entry, STALE);
  }
  if (entry.known_from) entry.body.known = knownTo(stored, entry);
  await update(entry, { known_from: null, tried_at: entry.tried_at ?? new Date().toISOString(), tries: entry.tries + 1 });
  let response = await post(entry, stored.csrf);
  if (response && [401, 403].includes(response.status)) {
    // The sign-in may have ended, or its token for forms may be another by now.
    const outcome = await refresh();
    if (outcome !== "done") return outcome === "signed-out" ? "signed-out" : "later";
    const now = await kept("stored");
    if (now.user.id !== entry.user) return "signed-out";
    response = await post(entry, now.csrf);
  }
  await reached(Boolean(response) && !LATER.has(response.status));
  if (!response || LATER.has(response.status)) return "later";
  if (response.status >= 500) return entry.tries < MOST_FAILURES ? "later" : refuse(entry, FAILED);
  const answer = await response.json().catch(() => ({}));
  if (response.ok) {
    await keepEffect(entry, answer);
    await settle(entry, answer);
    return "sent";
  }
  if (answer.code === "idempotency_in_progress") return "later";
  const clash = entry.kind === "answer" && response.status === 409 ? await clashOf(entry) : null;
  return refuse(entry, words(answer, response.status), clash);
}

async function post(entry, csrf) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrf };
  if (entry.method === "POST") headers["Idempotency-Key"] = entry.key;
  let body;
  if (entry.file) {
    body = new FormData();
    for (const [name, value] of Object.entries(entry.body)) body.append(name, value);
    body.append("file", entry.file, entry.file_name);
  } else {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(entry.body);
  }
  const signal = AbortSignal.timeout(entry.file ? PATIENCE_WITH_FILE : PATIENCE);
  try {
    return await fetch(entry.path, { method: entry.method, headers, body, signal });
  } catch {
    return null;
  }
}

async function refuse(entry, refusal, clash = null) {
  await update(entry, { state: "refused", refusal, clash });
  return "refused";
}

function words(answer, status) {
  const details = (answer.errors ?? []).map((error) => error.detail).filter(Boolean);
  return details.join(" ") || answer.detail || `The server refused this with status ${status}.`;
}

// The answer that stands there, where it is another than the one that was known.
async function clashOf(entry) {
  const response = await fetch(entry.path.replace(/answer\/$/, "")).catch(() => null);
  if (!response?.ok) return null;
  const theirs = await response.json();
  const isSame = JSON.stringify(knownOf(theirs)) === JSON.stringify(knownOf(entry.body.known));
  return isSame ? null : { ...knownOf(theirs), by: theirs.answered_by_name, at: theirs.answered_at };
}

// The answer before this one was taken in the moment in which this one was written.
function knownTo(stored, entry) {
  const order = stored.orders.find((one) => one.id === entry.order);
  const task = order?.tasks.find((one) => one.id === entry.task);
  return task ? knownOf(task) : entry.body.known;
}

// What was sent is shown until the orders are read anew, also if that fails.
async function keepEffect(entry, answer) {
  const stored = await kept("stored");
  if (stored?.user.id !== entry.user) return;
  const taken = (task) => (entry.kind === "answer" && task.id === entry.task ? { ...task, ...knownOf(answer) } : task);
  const orders = stored.orders.map((order) => {
    if (order.id !== entry.order) return order;
    const now = settled(laidOver(order, [entry]));
    return { ...now, tasks: now.tasks.map(taken) };
  });
  await keep("stored", { ...stored, orders });
}

function settled(order) {
  const plain = ({ waits, entry, ...rest }) => rest;
  return { ...plain(order), tasks: order.tasks.map(plain), comments: order.comments.map(plain), files: order.files.map(plain) };
}
