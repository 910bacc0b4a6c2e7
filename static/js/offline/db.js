// The phone's own database: one entry for each thing that is kept, and the queue of what is to be sent.

const NAME = "opssight";
const VERSION = 1;
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("queue", { keyPath: "seq", autoIncrement: true });
    };
    request.onsuccess = () => {
      // A newer version of the product in another tab may change the database.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

// Runs `work(store)` in one transaction; resolves with the result of its request once all is on disk.
export async function inStore(name, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(name, mode, { durability: "strict" });
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export const kept = (key) => inStore("kept", "readonly", (store) => store.get(key));
export const keep = (key, value) => inStore("kept", "readwrite", (store) => store.put(value, key));
export const drop = (key) => inStore("kept", "readwrite", (store) => store.delete(key));

// Pages and the service worker tell each other that something changed.
const channel = new BroadcastChannel("opssight-offline");
const listeners = new Set();
channel.onmessage = () => listeners.forEach((listen) => listen());

export const onChange = (listen) => listeners.add(listen);

export function changed() {
  channel.postMessage("changed");
  listeners.forEach((listen) => listen());
}
