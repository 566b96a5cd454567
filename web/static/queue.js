// Scans kept in the browser before they are sent, and sent again and again until an answer came.

import { isSealed, sealable } from "./seal.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const DAYS_KEPT = 7;
const PREFIX = "panku ";

/**
 * What one desk keeps in this browser. Each scan is an entry of its own: it costs the same however many there are, two
 * tabs add up, and it is on the disk before anything is sent. Putting throws where the browser has no room left.
 */
export class Kept {
  constructor(name, typed = []) {
    this.prefix = `${PREFIX}${name} `;
    this.typed = typed;
  }

  /** Every kept scan, in the order of scanning. */
  scans() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(`${this.prefix}scan `));
    return keys.map((key) => JSON.parse(localStorage.getItem(key))).sort((one, other) => one.n - other.n);
  }

  /**
   * Who a device's customer is stays out: others use this browser too. So does, where nothing can be sealed, what was
   * typed with the scan, which then `lacks` it.
   */
  put(scan) {
    const left = sealable() ? [] : this.typed.filter((name) => scan.each?.[name]);
    const each = { ...scan.each, ...Object.fromEntries(left.map((name) => [name, undefined])) };
    const entry = { ...scan, each, lacks: left.length > 0 || undefined, customer: undefined };
    localStorage.setItem(`${this.prefix}scan ${scan.id}`, JSON.stringify(entry));
  }

  drop(scan) {
    localStorage.removeItem(`${this.prefix}scan ${scan.id}`);
  }

  /** One other thing that is kept beside the scans; undefined forgets it. */
  set(name, value) {
    if (value === undefined) localStorage.removeItem(this.prefix + name);
    else localStorage.setItem(this.prefix + name, JSON.stringify(value));
  }

  get(name) {
    return JSON.parse(localStorage.getItem(this.prefix + name) ?? "null");
  }

  /** By desk that has something unfinished: whose, where, which task or count, its paper, how many scans, its document. */
  static everything() {
    const desks = new Map();
    for (const key of Object.keys(localStorage)) {
      const [, name, what] = /^panku (.+) (scan \w+|pending)$/.exec(key) ?? [];
      if (!name) continue;
      const [user, site, task, paper = ""] = name.split(" ");
      const desk = desks.get(name) ?? { user, site, task, paper, scans: 0, pending: false };
      const { line, sent, undone, body } = JSON.parse(localStorage.getItem(key));
      if (what === "pending") Object.assign(desk, { pending: true, lost: !body && !isSealed(PREFIX + name) });
      else if (line || !sent || undone === "wanted") desk.scans += 1;
      desks.set(name, desk);
    }
    return [...desks.values()].filter((desk) => desk.pending || desk.scans);
  }

  /** Forget what was answered days ago, at whatever desk; what was never sent, or waits for its document, stays. */
  static tidy() {
    const before = (Date.now() - DAYS_KEPT * 86_400_000) * 1000;
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(PREFIX) || !key.includes(" scan ")) continue;
      const scan = JSON.parse(localStorage.getItem(key));
      if (scan.sent && !scan.line && scan.n < before) localStorage.removeItem(key);
    }
  }
}

/**
 * Sends what waits, a batch at a time and one after the other. `waiting` gives the next batch, `send` answers whether
 * an answer came; if none did it is tried again, later each time, at once when the network is back.
 */
export class Sender {
  constructor(waiting, send) {
    this.waiting = waiting;
    this.send = send;
    this.running = false;
    addEventListener("online", () => this.wake?.());
  }

  async poke() {
    if (this.running) return;
    this.running = true;
    let pause = FIRST_PAUSE_MS;
    for (let batch = this.waiting(); batch.length; batch = this.waiting()) {
      if (await this.send(batch)) {
        pause = FIRST_PAUSE_MS;
      } else {
        await this.rest(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
    this.running = false;
  }

  rest(pause) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Whether an answer says nothing about what was asked: none came, or the server could not. */
export function unanswered(answer) {
  return answer.status === 0 || answer.status >= 500 || [401, 408, 429].includes(answer.status);
}
