// What this browser keeps of what was typed is sealed: under a key that no script can take out, and that goes at sign-out.

const DATABASE = "panku";
const KEYS = "keys";
const CIPHER = "AES-GCM";
const KEY_BITS = 256;
const IV_BYTES = 12; // NIST SP 800-38D, 5.2.1.1
const STORES = [localStorage, sessionStorage];

/** Whether anything can be sealed here: browsers leave it out where a page came over plain HTTP. */
export const sealable = () => Boolean(crypto.subtle);

const entry = (name) => `${name} sealed`;
const bytes = (text) => new TextEncoder().encode(text);

/** Do `act` with the keys in one transaction; answers what the request that it returns found, once that is on the disk. */
async function withKeys(mode, act) {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(KEYS, mode, { durability: "strict" });
      const asked = act(transaction.objectStore(KEYS));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const known = (user) => withKeys("readonly", (keys) => keys.get(user));

/** The key of one person in this browser; two tabs that make one at the same time go on with the same. */
async function keyOf(user) {
  const earlier = await known(user);
  if (earlier) return earlier;
  const made = await crypto.subtle.generateKey({ name: CIPHER, length: KEY_BITS }, false, ["encrypt", "decrypt"]);
  await withKeys("readwrite", (keys) => {
    const asked = keys.get(user);
    asked.onsuccess = () => asked.result ?? keys.put(made, user);
    return asked;
  });
  return known(user);
}

/** Keep a value sealed, as the entry `name` of a person; answers whether it is kept. */
export async function keepSealed(user, name, value, store = localStorage) {
  if (!sealable()) return false;
  try {
    const key = await keyOf(user); // asked for each time: another tab may have signed out
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealing = { name: CIPHER, iv, additionalData: bytes(name) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(sealing, key, bytes(JSON.stringify(value))));
    store.setItem(entry(name), btoa(Array.from([...iv, ...sealed], (byte) => String.fromCharCode(byte)).join("")));
    return true;
  } catch {
    return false; // no room, or a browser that keeps no keys
  }
}

/** What was kept sealed as `name`; undefined where nothing is, or where its key is gone. */
export async function unsealed(user, name, store = localStorage) {
  const kept = store.getItem(entry(name));
  if (!kept || !sealable()) return undefined;
  try {
    const key = await known(user);
    const [iv, sealed] = parted(Uint8Array.from(atob(kept), (char) => char.charCodeAt(0)));
    const opened = await crypto.subtle.decrypt({ name: CIPHER, iv, additionalData: bytes(name) }, key, sealed);
    return JSON.parse(new TextDecoder().decode(opened));
  } catch {
    return undefined;
  }
}

const parted = (kept) => [kept.slice(0, IV_BYTES), kept.slice(IV_BYTES)];

/** Whether something lies sealed as `name`. */
export function isSealed(name) {
  return localStorage.getItem(entry(name)) !== null;
}

/** Whether anything lies sealed in this browser, whosever it is. */
export function anySealed() {
  return Object.keys(localStorage).some((key) => key.startsWith("panku ") && key.endsWith(entry("")));
}

export function dropSealed(name, store = localStorage) {
  store.removeItem(entry(name));
}

/** Drop what is sealed and every key, but those of the person `but`: nobody can ever read it again. */
export async function forget(but) {
  for (const store of STORES) {
    for (const key of Object.keys(store)) {
      const own = but && key.startsWith(`panku ${but} `);
      if (key.startsWith("panku ") && key.endsWith(entry("")) && !own) store.removeItem(key);
    }
  }
  try {
    await withKeys("readwrite", (keys) => {
      const asked = keys.getAllKeys();
      asked.onsuccess = () => asked.result.filter((user) => user !== but).forEach((user) => keys.delete(user));
      return asked;
    });
  } catch {
    // a browser that keeps no keys has none to drop
  }
}
