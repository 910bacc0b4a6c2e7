// What is on the phone before the basement: one's orders, the page, and small files.

import { changed, inStore, keep, kept } from "./db.js";

export const PAGE = "/maintenance/my-work/";
const STORED = "/maintenance/my-work/stored/";
const CACHES = ["opssight-pages-", "opssight-files-"];
const LARGEST_FILE = 5 * 1024 * 1024;
const ALL_FILES = 40 * 1024 * 1024;
const PATIENCE = 20_000;

// Each person who uses this phone, and each time they sign in, has caches of their own: what comes in for somebody who
// just signed out lies where nobody looks, until it is removed.
export const pagesNow = async () => `${CACHES[0]}${(await kept("generation")) ?? 0}`;
export const filesNow = async () => `${CACHES[1]}${(await kept("generation")) ?? 0}`;

export const fileUrl = (file) => `/maintenance/files/${file.id}/`;

// Whether the server could be reached, and since when that is so.
export async function reached(ok) {
  const before = await kept("reach");
  if (before?.ok === ok) return;
  await keep("reach", { ok, since: new Date().toISOString() });
  changed();
}

// Reads everything anew. "done", "signed-out" (nothing is changed then), or "unreachable".
export async function refresh() {
  const generation = await kept("generation");
  let response;
  try {
    response = await fetch(STORED, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
    if (response.status >= 500) throw new TypeError("The server has a problem.");
  } catch {
    await reached(false);
    return "unreachable";
  }
  await reached(true);
  const isOurs = response.ok && response.headers.get("Content-Type")?.startsWith("application/json");
  if (!isOurs) {
    await keep("signed_out", true);
    changed();
    return "signed-out";
  }
  const stored = await response.json();
  const before = await kept("stored");
  if (before && before.user.id !== stored.user.id) {
    await wipe();
    return refresh();
  }
  const isKept = await keepUnlessWiped(stored, generation);
  changed();
  return isKept ? "done" : "signed-out";
}

// Somebody may have signed out while the answer was under way.
async function keepUnlessWiped(stored, generation) {
  let isKept = false;
  await inStore("kept", "readwrite", (store) => {
    const request = store.get("generation");
    request.onsuccess = () => {
      isKept = request.result === generation;
      if (!isKept) return;
      store.put(stored, "stored");
      store.delete("signed_out");
    };
  });
  return isKept;
}

// The page itself, and the files of the orders, as far as there is room for them.
export async function storeFiles() {
  const [pagesName, filesName] = [await pagesNow(), await filesNow()];
  // After the names: who signs out in between leaves nothing stored, or a name that nobody reads any more.
  const stored = await kept("stored");
  if (!stored) return;
  const pages = await caches.open(pagesName);
  if (!(await pages.match(PAGE))) {
    const page = await fetch(PAGE);
    if (page.ok && !page.redirected) await pages.put(PAGE, page);
  }
  const cache = await caches.open(filesName);
  const before = (await kept("files")) ?? {};
  const now = {};
  let room = ALL_FILES;
  for (const file of stored.orders.flatMap((order) => order.files)) {
    if (now[file.id] || file.size > LARGEST_FILE || file.size > room) continue;
    if (before[file.id]?.sha256 !== file.sha256) {
      const response = await fetch(fileUrl(file));
      if (!response.ok || response.redirected) continue;
      await cache.put(fileUrl(file), response);
    }
    now[file.id] = { sha256: file.sha256, size: file.size };
    room -= file.size;
  }
  for (const id of Object.keys(before)) if (!now[id]) await cache.delete(fileUrl({ id }));
  if ((await filesNow()) !== filesName) return;
  await keep("files", now);
  changed();
}

// Nobody else who holds this phone sees what was stored. What was not sent yet stays in the queue, under the
// id of who wrote it: it is shown to nobody else, and sent when that person signs in here again.
export async function wipe() {
  await inStore("kept", "readwrite", (store) => {
    for (const key of ["stored", "files", "signed_out", "reach"]) store.delete(key);
    store.put(crypto.randomUUID(), "generation");
  });
  await tidy();
  changed();
}

// Removes the caches of those who signed out.
export async function tidy() {
  const current = [await pagesNow(), await filesNow()];
  for (const name of await caches.keys()) {
    if (CACHES.some((one) => name.startsWith(one)) && !current.includes(name)) await caches.delete(name);
  }
}
