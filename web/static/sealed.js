// What a technician did and has yet to upload: sealed on their phone, under a key that no script can take out.
//
// It outlives a session, which ends half an hour after the last request: nobody can do a job at a customer's again. Key
// and entries go when their person signs out, and when somebody else is signed in here. What tells how many there are,
// and whose, is readable, so that it can be said before.

import { LEFT } from "./leaving.js";
import { bytesOf, decrypted, encrypted, Keys, valueOf } from "./seal.js";

/** The sealed entries of one person: values as JSON, each with a photo where it has one. */
export class Sealed {
  constructor(user) {
    this.user = user;
    this.keys = new Keys(LEFT + user, { entries: { keyPath: "id" } });
  }

  /** Keep a value, and the Blob `photo` beside it, in place of what was kept as `id`. Throws where there is no room. */
  async put(id, value, photo) {
    const key = await this.keys.of(this.user); // asked for each time: another tab may have signed out
    const parts = [await encrypted(key, this.name(id, "value"), bytesOf(value))];
    if (photo) parts.push(await encrypted(key, this.name(id, "photo"), await photo.arrayBuffer()));
    await this.keys.within("readwrite", (_, entries) => entries.put({ id, parts }));
  }

  name(id, part) {
    return `${this.user} ${id} ${part}`;
  }

  /** Everything that is kept, as [value, photo]; what its key is gone of is left out. */
  async all() {
    const key = await this.keys.known(this.user);
    const kept = key ? await this.keys.within("readonly", (_, entries) => entries.getAll()) : [];
    const found = await Promise.all(kept.map((entry) => this.open(key, entry).catch(() => undefined)));
    return found.filter(Boolean);
  }

  async open(key, { id, parts: [value, photo] }) {
    const opened = (part, name) => decrypted(key, this.name(id, name), part);
    return [valueOf(await opened(value, "value")), photo && new Blob([await opened(photo, "photo")], { type: "image/jpeg" })];
  }

  drop(id) {
    return this.keys.within("readwrite", (_, entries) => entries.delete(id));
  }

  /** Say, readable to all, how many acts of theirs wait; also where none does, while anything of theirs is kept. */
  leave(count) {
    localStorage.setItem(LEFT + this.user, count);
  }
}
