// On every page: nobody sees on this phone what was stored for somebody else.

import { drop, keep, kept } from "./db.js";
import { ask, count } from "./dom.js";
import { entriesOf } from "./queue.js";
import { tidy, wipe } from "./store.js";

// 0 on the pages of the sign-in. Pages that say nothing, such as the one for no connection, change nothing.
const user = Number(document.body.dataset.user ?? NaN);

async function check() {
  const stored = await kept("stored");
  await (stored && stored.user.id !== user ? wipe() : tidy());
  if (user) await drop("signed_out");
  // Signed out without a connection: that reaches the server now.
  const leaving = await kept("leaving");
  const form = document.querySelector("form[data-sign-out]");
  if (leaving && leaving === user && form) return form.submit();
  await drop("leaving");
}

// Browsers that keep nothing for the page (a private window, say) have nothing to remove either.
if (!Number.isNaN(user) && window.indexedDB && window.caches && navigator.locks) check().catch(() => {});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-sign-out]") || !window.caches) return;
  event.preventDefault();
  const waiting = await entriesOf(user).catch(() => []);
  if (waiting.length) {
    const text =
      `${count(waiting.length, "entry is", "entries are")} not on the server yet. Kept on this phone, where nobody else` +
      " sees what you wrote, and sent when you sign in here again.";
    if (!(await ask("Sign out before everything is sent?", text, "Sign out"))) return;
  }
  await wipe().catch(() => {});
  await keep("leaving", user).catch(() => {});
  form.submit();
});
