// The service worker: the page My work and its files without a connection, and sending in the background.

import { PAGE, filesNow, pagesNow } from "./store.js";
import { sendAll } from "./send.js";

const SHELL = "opssight-shell-";
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const ORDER = /^\/maintenance\/work-orders\/(\d+)\/$/;
const FILE = /^\/maintenance\/files\/\d+\/$/;
// A connection that does not answer is none, where the page is stored.
const PATIENCE = 4_000;

export function serve({ version, files, offline }) {
  const shell = SHELL + version;
  self.addEventListener("install", (event) => event.waitUntil(install(shell, [...files, offline])));
  self.addEventListener("activate", (event) => event.waitUntil(takeOver(shell)));
  self.addEventListener("fetch", (event) => answer(event, offline));
  self.addEventListener("sync", (event) => event.waitUntil(sync()));
}

async function install(shell, urls) {
  const cache = await caches.open(shell);
  await cache.addAll(urls.map((url) => new Request(url, { cache: HASHED.test(url) ? "default" : "reload" })));
  await self.skipWaiting();
}

// The stored page names the files of its own version: these go when it was replaced, not before.
async function takeOver(shell) {
  await self.clients.claim();
  const pages = await caches.open(await pagesNow());
  if (await pages.match(PAGE)) {
    const page = await fetch(PAGE).catch(() => null);
    if (!page?.ok) return;
    await (page.redirected ? pages.delete(PAGE) : pages.put(PAGE, page));
  }
  for (const name of await caches.keys()) {
    if (name.startsWith(SHELL) && name !== shell) await caches.delete(name);
  }
}

// What fails is tried again by the browser, with growing pauses.
async function sync() {
  if ((await sendAll()) === "later") throw new Error("Not sent yet.");
}

function answer(event, offline) {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fileOf(request, url));
  else if (FILE.test(url.pathname)) event.respondWith(fromServer(request, () => storedFile(url)));
  else if (request.mode === "navigate") event.respondWith(page(request, url, offline));
}

async function fileOf(request, url) {
  if (HASHED.test(url.pathname)) return (await caches.match(request)) ?? fetch(request);
  return fromServer(request, () => caches.match(request));
}

async function fromServer(request, otherwise) {
  try {
    return await fetch(request);
  } catch (error) {
    const found = await otherwise();
    if (found) return found;
    throw error;
  }
}

const storedFile = async (url) => caches.match(url.pathname, { cacheName: await filesNow() });

async function page(request, url, offline) {
  const pages = await caches.open(await pagesNow());
  const stored = await pages.match(PAGE);
  const instead = stored && insteadOf(url);
  try {
    const response = await (instead ? soon(fetch(request)) : fetch(request));
    if (url.pathname === PAGE && response.ok && !response.redirected) await pages.put(PAGE, response.clone());
    return response;
  } catch {
    if (instead === PAGE) return stored;
    if (instead) return Response.redirect(instead, 302);
    return (await caches.match(offline)) ?? Response.error();
  }
}

// The page of an order is My work, opened at that order.
function insteadOf(url) {
  if (url.pathname === PAGE) return PAGE;
  const order = ORDER.exec(url.pathname);
  return order && `${PAGE}?order=${order[1]}`;
}

function soon(promise) {
  return Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error("No answer.")), PATIENCE))]);
}
