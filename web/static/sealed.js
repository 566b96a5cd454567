// What a technician did and has yet to upload: sealed on their phone, under a key that no script can take out.
//
// It outlives a session, which ends half an hour after the last request: nobody can do a job at a customer's again. Key
// and entries go when their person signs out, and when somebody else is signed in here. What tells how many there are,
// and whose, is readable, so that it can be said before.

import { LEFT } from "./leaving.js";

const KEYS = "keys";
const ENTRIES = "entries";
const CIPHER = "AES-GCM";
const KEY_BITS = 256;
const IV_BYTES = 12; // NIST SP 800-38D, 5.2.1.1

/** Whether anything can be sealed here: browsers leave it out where a page came over plain HTTP. */
export const canSeal = () => window.isSecureContext && Boolean(crypto.subtle) && "indexedDB" in window;

const bytes = (text) => new TextEncoder().encode(text);

/** Do `act` with a person's key and entries in one transaction; answers what it asked for, once that is kept. */
async function within(user, mode, act) {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open(LEFT + user, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(KEYS);
      opening.result.createObjectStore(ENTRIES, { keyPath: "id" });
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction([KEYS, ENTRIES], mode, { durability: "strict" });
      const asked = act(transaction.objectStore(KEYS), transaction.objectStore(ENTRIES));
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const knownKey = (user) => within(user, "readonly", (keys) => keys.get(user));

/** The key of one person; two tabs that make one at the same time go on with the same. */
async function keyOf(user) {
  const earlier = await knownKey(user);
  if (earlier) return earlier;
  const made = await crypto.subtle.generateKey({ name: CIPHER, length: KEY_BITS }, false, ["encrypt", "decrypt"]);
  await within(user, "readwrite", (keys) => {
    const asked = keys.get(user);
    asked.onsuccess = () => asked.result ?? keys.put(made, user);
    return asked;
  });
  return knownKey(user);
}

/** The sealed entries of one person: values as JSON, each with a photo where it has one. */
export class Sealed {
  constructor(user) {
    this.user = user;
  }

  /** Keep a value, and the Blob `photo` beside it, in place of what was kept as `id`. Throws where there is no room. */
  async put(id, value, photo) {
    const key = await keyOf(this.user); // asked for each time: another tab may have signed out
    const parts = [await this.seal(key, `${id} value`, bytes(JSON.stringify(value)))];
    if (photo) parts.push(await this.seal(key, `${id} photo`, await photo.arrayBuffer()));
    await within(this.user, "readwrite", (_, entries) => entries.put({ id, parts }));
  }

  async seal(key, name, plain) {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    return { iv, data: await crypto.subtle.encrypt({ name: CIPHER, iv, additionalData: bytes(`${this.user} ${name}`) }, key, plain) };
  }

  /** Everything that is kept, as [value, photo]; what its key is gone of is left out. */
  async all() {
    const key = await knownKey(this.user);
    const kept = key ? await within(this.user, "readonly", (_, entries) => entries.getAll()) : [];
    const found = await Promise.all(kept.map((entry) => this.open(key, entry).catch(() => undefined)));
    return found.filter(Boolean);
  }

  async open(key, { id, parts }) {
    const opened = ({ iv, data }, name) =>
      crypto.subtle.decrypt({ name: CIPHER, iv, additionalData: bytes(`${this.user} ${id} ${name}`) }, key, data);
    const value = JSON.parse(new TextDecoder().decode(await opened(parts[0], "value")));
    return [value, parts[1] && new Blob([await opened(parts[1], "photo")], { type: "image/jpeg" })];
  }

  drop(id) {
    return within(this.user, "readwrite", (_, entries) => entries.delete(id));
  }

  /** Say, readable to all, how many acts of theirs wait; also where none does, while anything of theirs is kept. */
  leave(count) {
    localStorage.setItem(LEFT + this.user, count);
  }
}
