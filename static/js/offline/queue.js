// What a person did, in order, until the server has it. An entry:
// { seq, key, user, order, number, kind, label, method, path, body, file, made_at,
//   state: "waiting" | "refused", refusal, clash, tried_at, tries, known_from, photo_from }
// `key` is the client's id of it, sent as Idempotency-Key; `known_from` and `photo_from` name the entry whose
// answer says what this one knew, or which photo it shows.

import { changed, inStore } from "./db.js";

export async function add(entry) {
  const row = { key: crypto.randomUUID(), made_at: new Date().toISOString(), state: "waiting", tries: 0, ...entry };
  row.seq = await inStore("queue", "readwrite", (store) => store.add(row));
  changed();
  return row;
}

export async function entriesOf(user) {
  const rows = await inStore("queue", "readonly", (store) => store.getAll());
  return rows.filter((row) => row.user === user);
}

export async function update(entry, changes) {
  Object.assign(entry, changes);
  await inStore("queue", "readwrite", (store) => {
    // The person may have deleted it while it was sent.
    const request = store.getKey(entry.seq);
    request.onsuccess = () => request.result === undefined || store.put(entry);
  });
  changed();
}

// The entry is answered: what waited for its answer gets it, in the same transaction.
export async function settle(entry, answer) {
  await inStore("queue", "readwrite", (store) => {
    const request = store.getAll();
    request.onsuccess = () => {
      for (const row of request.result) {
        if (row.known_from === entry.key) {
          row.body.known = knownOf(answer);
          row.known_from = null;
        } else if (row.photo_from === entry.key) {
          row.body.photo = answer.id;
          row.photo_from = null;
        } else continue;
        store.put(row);
      }
      store.delete(entry.seq);
    };
  });
  changed();
}

// The person gives the entry up, and with it what cannot be without it.
export async function remove(entry) {
  await inStore("queue", "readwrite", (store) => {
    const request = store.getAll();
    request.onsuccess = () => {
      for (const row of request.result) {
        if (row.photo_from === entry.key) store.delete(row.seq);
        if (row.known_from === entry.key) {
          row.body.known = entry.body.known;
          row.known_from = entry.known_from;
          store.put(row);
        }
      }
      store.delete(entry.seq);
    };
  });
  changed();
}

export const knownOf = ({ outcome, number, answer, photo }) => ({ outcome, number, answer, photo });
