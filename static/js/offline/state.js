// One line that says how things stand: reached or not, stored when, what waits, what needs the person.

import { kept } from "./db.js";
import { count, h, icon, size, when } from "./dom.js";

export async function stateOf(entries, isSending) {
  const [stored, files, reach, signedOut] = await Promise.all(["stored", "files", "reach", "signed_out"].map(kept));
  const refused = entries.filter((entry) => entry.state === "refused").length;
  return {
    offline: !navigator.onLine || reach?.ok === false,
    since: reach?.ok === false ? reach.since : null,
    signedOut: Boolean(signedOut),
    isSending: isSending && entries.length > refused,
    refused,
    waiting: entries.length - refused,
    stored: stored && {
      at: stored.at,
      orders: stored.orders.length,
      bytes: Object.values(files ?? {}).reduce((sum, file) => sum + file.size, 0),
    },
  };
}

let drawn = "";

export function drawState(bar, state) {
  // What did not change is not announced again.
  if (drawn === JSON.stringify(state)) return;
  drawn = JSON.stringify(state);
  const said = [];
  if (state.offline) said.push(["wifi-off", state.since ? `Offline since ${when(state.since)}` : "Offline", "warning"]);
  else if (state.signedOut) said.push(["key", "Signed out: sign in to send", "warning"]);
  else said.push(["wifi", "Online", "success"]);
  if (state.isSending && !state.offline) said.push(["refresh", "Sending", "info"]);
  if (state.waiting) said.push(["clock", `${state.waiting} waiting`, "info"]);
  if (state.refused) said.push(["alert-triangle", count(state.refused, "needs you", "need you"), "danger"]);
  const kept = state.stored
    ? `${count(state.stored.orders, "order", "orders")}${state.stored.bytes ? `, ${size(state.stored.bytes)} of files` : ""},` +
      ` stored ${when(state.stored.at)}`
    : "Nothing stored yet";
  const pills = said.map(([name, text, tone]) => h("span", { class: `field-pill tone-${tone}` }, icon(name), text));
  const more = state.waiting || state.refused ? h("a", { class: "field-open", href: "#waiting" }, "Show") : null;
  const signIn = state.signedOut && !state.offline
    ? h("a", { class: "field-open", href: `${document.body.dataset.loginUrl}?next=${location.pathname}` }, "Sign in")
    : null;
  bar.replaceChildren(h("div", { class: "field-pills" }, pills, signIn, more), h("p", { class: "field-stored" }, kept));
}
