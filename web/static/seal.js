// What this browser keeps of what was typed is sealed: under a key that no script can take out, and that goes at sign-out.

const CIPHER = "AES-GCM";
const KEY_BITS = 256;
const IV_BYTES = 12; // NIST SP 800-38D, 5.2.1.1
const STORES = [localStorage, sessionStorage];

/** Whether anything can be sealed here: browsers leave it out where a page came over plain HTTP. */
export const sealable = () => Boolean(crypto.subtle);

const entry = (name) => `${name} sealed`;
const bytes = (text) => new TextEncoder().encode(text);

/** A database of this browser with the keys of persons, and the stores of what is kept beside them. */
export class Keys {
  constructor(name, beside = {}) {
    this.name = name;
    this.stores = { keys: undefined, ...beside };
  }

  /** Do `act` with the stores in one transaction; answers what the request that it returns found, once that is on the disk. */
  async within(mode, act) {
    const stores = Object.keys(this.stores);
    const database = await new Promise((resolve, reject) => {
      const opening = indexedDB.open(this.name, 1);
      opening.onupgradeneeded = () => stores.forEach((each) => opening.result.createObjectStore(each, this.stores[each]));
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(stores, mode, { durability: "strict" });
        const asked = act(...stores.map((each) => transaction.objectStore(each)));
        transaction.oncomplete = () => resolve(asked?.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  known(user) {
    return this.within("readonly", (keys) => keys.get(user));
  }

  /** The key of one person; two tabs that make one at the same time go on with the same. */
  async of(user) {
    const earlier = await this.known(user);
    if (earlier) return earlier;
    const made = await crypto.subtle.generateKey({ name: CIPHER, length: KEY_BITS }, false, ["encrypt", "decrypt"]);
    await this.within("readwrite", (keys) => {
      const asked = keys.get(user);
      asked.onsuccess = () => asked.result ?? keys.put(made, user);
      return asked;
    });
    return this.known(user);
  }
}

const keysHere = new Keys("panku");

/** Bytes under a key, and the `iv` that opens them; they can be opened by the `name` that they were given alone. */
export async function encrypted(key, name, plain) {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  return { iv, data: await crypto.subtle.encrypt({ name: CIPHER, iv, additionalData: bytes(name) }, key, plain) };
}

/** What was encrypted, once more plain. Throws where it is not what was given that name. */
export function decrypted(key, name, { iv, data }) {
  return crypto.subtle.decrypt({ name: CIPHER, iv, additionalData: bytes(name) }, key, data);
}

/** A value as the bytes that are sealed, and back. */
export const bytesOf = (value) => bytes(JSON.stringify(value));
export const valueOf = (plain) => JSON.parse(new TextDecoder().decode(plain));

/** Keep a value sealed, as the entry `name` of a person; answers whether it is kept. */
export async function keepSealed(user, name, value, store = localStorage) {
  if (!sealable()) return false;
  try {
    const key = await keysHere.of(user); // asked for each time: another tab may have signed out
    const { iv, data } = await encrypted(key, name, bytesOf(value));
    const kept = [...iv, ...new Uint8Array(data)];
    store.setItem(entry(name), btoa(Array.from(kept, (byte) => String.fromCharCode(byte)).join("")));
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
    const sealed = parted(Uint8Array.from(atob(kept), (char) => char.charCodeAt(0)));
    return valueOf(await decrypted(await keysHere.known(user), name, sealed));
  } catch {
    return undefined;
  }
}

const parted = (kept) => ({ iv: kept.slice(0, IV_BYTES), data: kept.slice(IV_BYTES) });

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
    await keysHere.within("readwrite", (keys) => {
      const asked = keys.getAllKeys();
      asked.onsuccess = () => asked.result.filter((user) => user !== but).forEach((user) => keys.delete(user));
      return asked;
    });
  } catch {
    // a browser that keeps no keys has none to drop
  }
}
