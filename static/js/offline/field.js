// The page My work: draws what is stored, queues what is done, sends when it can.

import { drawList } from "./card.js";
import { drop, keep, kept, onChange } from "./db.js";
import { ask, h } from "./dom.js";
import { drawOrder } from "./forms.js";
import { laidOver } from "./overlay.js";
import { add, entriesOf, knownOf } from "./queue.js";
import { isBusy, remember, watchPresses } from "./redraw.js";
import { sendAll } from "./send.js";
import { drawState, stateOf } from "./state.js";
import { refresh, storeFiles } from "./store.js";
import { drawWaiting } from "./waiting.js";

const AGAIN = 20_000;
const ORDERS = "/api/maintenance/work-orders/";
const place = document.getElementById("field");
const bar = document.getElementById("field-state");
const user = Number(document.body.dataset.user);
const timerKey = `timer-${user}`;
let sending = 0;

// -- Drawing -----------------------------------------------------------------------------------

let drawn = "";
let queued = false;

// Many changes at once are drawn once.
function soon() {
  if (queued) return;
  queued = true;
  setTimeout(async () => {
    queued = false;
    await draw();
  }, 30);
}

async function draw() {
  const [stored, entries, timer, files] = await Promise.all([kept("stored"), entriesOf(user), kept(timerKey), kept("files")]);
  drawState(bar, await stateOf(entries, sending > 0));
  if (!stored || stored.user.id !== user) return;
  const orders = stored.orders.map((order) => laidOver(order, entries));
  const view = location.hash;
  const number = /^#order-(\d+)$/.exec(view)?.[1];
  const order = orders.find((one) => one.id === Number(number));
  // Nothing is drawn under somebody's fingers; the next change draws it.
  const now = JSON.stringify([view, orders, entries.map(({ file, ...rest }) => rest), timer, files]);
  if (now === drawn || (isBusy(place) && drawn && JSON.parse(drawn)[0] === view)) return;
  const isNewView = !drawn || JSON.parse(drawn)[0] !== view;
  drawn = now;
  const putBack = isNewView ? null : remember(place);
  if (view === "#waiting") drawWaiting(place, entries, send);
  else if (order) drawOrder(place, order, { timer, stored: files ?? {}, act });
  else if (number) place.replaceChildren(h("a", { class: "field-back", href: "#" }, "My work"), h("p", { class: "card field-empty" }, "This order is not stored on this phone. It may be done, or somebody else's. With a connection, open it under Work orders."));
  else drawList(place, orders, timer);
  putBack?.();
  if (isNewView) {
    scrollTo(0, 0);
    if (view) place.querySelector("h2")?.focus();
  }
}

// -- What can be done --------------------------------------------------------------------------

async function queue(order, kind, label, path, body, more = {}) {
  document.activeElement?.blur();
  let row;
  try {
    row = await add({ user, order: order.id, number: order.number, kind, label, method: "POST", path, body, ...more });
  } catch (error) {
    await ask("This was not kept", `“${label}” does not fit on this phone. Free some space, or send what waits, and do it again.`, "I see", "");
    throw error;
  }
  const registration = await navigator.serviceWorker?.getRegistration();
  // Browsers without Background Sync send when the page is looked at.
  await registration?.sync?.register("opssight-queue").catch(() => {});
  send();
  return row;
}

const labels = { start: "Start work", resume: "Resume work" };

const act = {
  async move(order, name) {
    await queue(order, name, labels[name], `${ORDERS}${order.id}/${name}/`, { happened_at: new Date().toISOString() });
    await act.go(order);
  },
  async go(order) {
    const timer = await kept(timerKey);
    if (timer && timer.order !== order.id) await act.pause({ id: timer.order, number: timer.number });
    await keep(timerKey, { order: order.id, number: order.number, started_at: new Date().toISOString() });
    soon();
  },
  async pause(order) {
    const timer = await kept(timerKey);
    if (timer?.order !== order.id) return;
    await drop(timerKey);
    const minutes = Math.round((Date.now() - Date.parse(timer.started_at)) / 60_000);
    if (minutes >= 1) await act.time(order, minutes, "", timer.started_at);
    soon();
  },
  time: (order, minutes, note, startedAt) =>
    queue(order, "time", `${minutes} min of work`, "/api/maintenance/labor-entries/", {
      work_order: order.id, minutes, note, started_at: startedAt ?? new Date(Date.now() - minutes * 60_000).toISOString(),
    }),
  async wait(order, note) {
    await act.pause(order);
    await queue(order, "wait", `Let it wait: ${note}`, `${ORDERS}${order.id}/wait/`, { note, happened_at: new Date().toISOString() });
  },
  async answer(order, task, { file, ...values }) {
    const photo = file && (await act.photo(order, file));
    const { photo: before, entry, ...now } = await taskNow(order, task);
    const body = { ...values, known: knownOf({ ...now, photo: before }), answered_at: new Date().toISOString() };
    if (typeof before === "number" && !photo) body.photo = before;
    if (typeof body.known.photo !== "number") body.known.photo = null;
    await queue(order, "answer", `${task.text}: ${shown(values, task.unit)}`, `/api/maintenance/work-order-tasks/${task.id}/answer/`, body, {
      method: "PUT", task: task.id, task_text: task.text, unit: task.unit, known_from: entry ?? null, photo_from: photo?.key ?? null,
    });
  },
  photo: (order, file) =>
    queue(order, "photo", `Photo ${file.name}`, "/api/maintenance/attachments/", { work_order: order.id }, { file, file_name: file.name }),
  comment: (order, text) =>
    queue(order, "comment", `Comment: ${text.slice(0, 60)}`, "/api/maintenance/comments/", { work_order: order.id, text }),
  async complete(order, { notes, verdict, signed_by: signedBy, ...results }) {
    await act.pause(order);
    const body = { notes, happened_at: new Date().toISOString() };
    if (verdict) body.verdict = verdict;
    if (signedBy) body.signed_by = signedBy;
    const lines = Object.entries(results).map(([name, result]) => ({ asset: Number(name.replace("result-", "")), result }));
    if (lines.length) body.lines = lines;
    await queue(order, "complete", "Complete", `${ORDERS}${order.id}/complete/`, body);
    location.hash = "";
  },
};

// As it is by now: what was drawn may be older, where somebody typed meanwhile.
async function taskNow(order, task) {
  const [stored, entries] = await Promise.all([kept("stored"), entriesOf(user)]);
  const found = stored?.orders.find((one) => one.id === order.id);
  return (found && laidOver(found, entries).tasks.find((one) => one.id === task.id)) ?? task;
}

const shown = ({ outcome, number, answer }, unit) =>
  number === undefined ? { passed: "passed", failed: "failed" }[outcome] ?? (answer || "a photo") : `${number} ${unit}`.trim();

// -- Sending and storing -----------------------------------------------------------------------

async function send() {
  sending += 1;
  soon();
  try {
    await sendAll();
  } finally {
    sending -= 1;
    soon();
  }
}

async function look() {
  if (document.visibilityState !== "visible") return;
  if ((await refresh()) !== "done") return soon();
  await send();
  await storeFiles().catch(() => {});
  soon();
}

// A connection that is back is tried at once; a queue that waits, every while.
async function lookAgain() {
  const [entries, reach] = await Promise.all([entriesOf(user), kept("reach")]);
  if (reach?.ok === false || entries.some((entry) => entry.state === "waiting")) await look();
  else soon();
}

watchPresses(place, soon);
onChange(soon);
addEventListener("hashchange", soon);
addEventListener("online", look);
addEventListener("offline", soon);
document.addEventListener("visibilitychange", look);
document.getElementById("field-refresh").addEventListener("click", look);
setInterval(lookAgain, AGAIN);

const asked = new URLSearchParams(location.search).get("order");
if (asked) history.replaceState(null, "", `${location.pathname}#order-${Number(asked)}`);
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js", { type: "module", scope: "/", updateViaCache: "none" }).catch(() => {});
}
navigator.storage?.persist?.();
await draw();
await look();
