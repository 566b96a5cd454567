// A desk at which one scans: what it keeps, sends, shows and tells. scan.js and count.js say what a scan means there.
import { newId, text, told } from "./panku.js";
import { camera } from "./camera.js";
import { Kept, Sender } from "./queue.js";
import { cleaned, halved, listen, widened } from "./scanner.js";
import { quietButton, sound } from "./sounds.js";

const SHOWN = 200; // rows on the page; the others are counted, and shown as newer ones go
const BATCH = 100;
const QUIET_MS = 1_500; // an answer that comes later is shown, but no longer sounds unless it is an exception
const EXCEPTIONS = ["duplicate", "unexpected", "late", "error"];
const WORST = ["error", "late", "unexpected", "duplicate", "taken"];
const LONGEST = 64; // of a text that is shown; a label of ours has half
const $ = (id) => document.getElementById(id);
const clipped = (scanned) => (scanned.length > LONGEST ? `${scanned.slice(0, LONGEST)}…` : scanned);

/**
 * One desk. `acts` are what differs:
 *   judge(scan)    before it is kept: {outcome, detail} where that is known at once, null where the server answers
 *   send(batch)    to the server; answers whether an answer came
 *   waiting()      rows to be sent besides the new ones
 *   undo(row)      take one back
 *   commands       what finish and cancel do
 *   elsewhere, entered      as in scanner.js
 *   pending()      whether something else waits for the server too
 *   onlyHere()     whether this page alone has it, and has to stay open
 *   typed          names of what is typed with a scan
 *   drawn()        after anything changed
 */
export class Desk {
  constructor(data, acts) {
    this.data = data;
    this.acts = acts;
    this.kept = new Kept(`${data.user} ${data.site} ${data.task} ${data.paper ?? ""}`, acts.typed);
    this.rows = new Map();
    this.began = new Map();
    this.counter = 0;
    this.field = $("scan");
    this.sender = new Sender(
      () => this.waiting(),
      (batch) => acts.send(batch),
    );
    for (const row of this.kept.scans()) this.rows.set(row.id, row);
    this.patterns = data.patterns.map((pattern) => new RegExp(`^(?:${pattern})$`));
    this.listen();
    const kept = this.rows.size ? this.kept.get("bin") : undefined; // yesterday's bin is nobody's today
    this.setBin(kept ?? (data.bins?.length === 1 ? data.bins[0] : ""), false);
    if (this.bin) this.tell("bin", text("scan.bin_is", { bin: this.bin }), this.bin, { sounding: false });
    addEventListener("storage", (event) => event.key?.startsWith(this.kept.prefix) && this.reload());
    addEventListener("online", () => this.drawn());
    addEventListener("offline", () => this.drawn());
    this.field.readOnly = false; // nothing is typed where nobody listens yet
    this.field.focus();
  }

  /** Show what was kept and go on sending it. */
  begin() {
    Kept.tidy();
    this.draw();
    this.sender.poke();
  }

  reload() {
    const known = (row) => (row.lacks && this.rows.get(row.id)) || row;
    this.rows = new Map(this.kept.scans().map((row) => [row.id, known(row)]));
    this.draw();
    this.sender.poke();
  }

  listen() {
    listen(this.field, {
      take: (typed) => this.take(typed),
      spoiled: (typed) => this.spoiled(typed),
      composing: () => ($("ime").hidden = false),
      elsewhere: this.acts.elsewhere,
      entered: this.acts.entered,
      commands: Object.values(this.data.commands),
    });
    $("bin")?.addEventListener("change", (event) => this.setBin(event.target.value, event.target.value !== ""));
    $("only").addEventListener("click", () => {
      $("only").setAttribute("aria-pressed", String($("only").getAttribute("aria-pressed") !== "true"));
      this.draw();
      this.field.focus();
    });
    $("typed").form.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = $("typed").value;
      if (!cleaned(typed)) return;
      $("typed").value = "";
      this.take(typed, { typed: true });
      $("typed").focus();
    });
    $("rows").addEventListener("click", (event) => {
      const id = event.target.closest("button")?.closest("li").dataset.id;
      if (id) this.askUndo(this.rows.get(id));
    });
    $("yes").addEventListener("click", () => this.answerAsked(true));
    $("no").addEventListener("click", () => this.answerAsked(false));
    quietButton($("sounds"));
    camera({
      button: $("camera"),
      torch: $("torch"),
      video: $("picture"),
      take: (found) => this.take(found),
      failed: () => this.tell("error", text("scan.no_camera")),
    });
    for (const place of document.querySelectorAll("#desk button, #desk summary")) {
      place.addEventListener("click", () => {
        // a button that was pressed by hand keeps no scan from the field
        if (!place.matches("summary, #typing button, #batch button") && document.activeElement === place) {
          this.field.focus();
        }
      });
    }
  }

  // --- one scan

  /** Take one text, from a scanner, the camera or a hand. */
  take(scanned, { typed = false, sounding = true } = {}) {
    const began = performance.now();
    const serial = cleaned(scanned);
    const command = Object.keys(this.data.commands).find((name) => this.data.commands[name] === serial);
    if (command) return this.command(command);
    this.answerAsked(false);
    $("ime").hidden = !widened(serial);
    if (serial in (this.data.every_bin ?? {})) return this.setBin(serial);
    if (this.data.binned && !this.bin && !this.data.bin_optional) return this.tell("error", text("scan.bin_first"), serial);
    const scan = { id: newId(), n: Date.now() * 1000 + (this.counter++ % 1000), serial, at: new Date().toISOString() };
    if (typed) scan.typed = true;
    if (this.data.binned && this.bin) scan.bin = this.bin;
    const judged = this.acts.judge(scan);
    if (judged?.told) return this.tell("bin", judged.told, serial);
    if (judged?.refused) return this.tell("error", judged.refused, serial);
    this.began.set(scan.id, began);
    Object.assign(scan, judged);
    try {
      this.kept.put(scan); // before anything is sent
    } catch {
      return this.tell("error", text("scan.full"), serial);
    }
    this.rows.set(scan.id, scan);
    if (this.data.binned && !this.isSerial(serial)) this.setBin("", false); // it may have been meant for another bin
    if (scan.outcome) this.answered([scan], sounding);
    else this.tell("unsent", "", serial, { sounding: sounding && !$("note").hidden });
    this.draw(scan);
    this.sender.poke();
    return scan;
  }

  /** What an input method made of a scan: told and shown, never taken. */
  spoiled(scanned) {
    $("ime").hidden = false;
    this.tell("error", text("scan.spoiled"), cleaned(scanned));
  }

  /** Whether a text is what the label of a device says, or would be in half-width characters. */
  isSerial(scanned) {
    return this.patterns.some((pattern) => pattern.test(halved(scanned)));
  }

  /** Scans go into this bin from now on; into none after one that does not fit, lest they go into the one before. */
  setBin(code, heard = true) {
    const fits = !code || (this.data.bins ?? []).includes(code);
    this.bin = fits ? code : "";
    this.kept.set("bin", this.bin || undefined);
    if ($("bin")) $("bin").value = this.bin;
    if (!heard) return;
    if (fits) this.tell("bin", text("scan.bin_is", { bin: code }), code);
    else this.tell("error", text("scan.bin_unfit", { bin: code }), code);
  }

  command(name) {
    if (name === "undo") {
      const last = [...this.rows.values()].filter((row) => !row.undone).pop();
      if (this.rows.has(this.asked)) this.answerAsked(true);
      else if (last) this.askUndo(last);
      else this.tell("error", text("scan.nothing_to_undo"));
    } else if (name === this.asked) {
      this.answerAsked(true);
    } else {
      this.answerAsked(false);
      this.acts.commands[name]();
    }
  }

  // --- asking

  askUndo(row) {
    if (this.acts.pending?.()) return this.tell("error", text("scan.is_finishing"));
    this.ask(row.id, text("scan.undo_ask", { serial: row.serial }), () => {
      this.acts.undo(row);
      this.draw();
      this.tell("bin", text("scan.undone", { serial: row.serial }));
    });
  }

  /** Ask something; the same command scanned again says yes, any other scan says no. The field keeps the focus. */
  ask(what, question, act) {
    this.asked = what;
    this.act = act;
    $("question").textContent = question;
    $("ask").hidden = false;
    sound("duplicate");
    this.field.focus();
  }

  answerAsked(yes) {
    const act = this.asked === undefined ? undefined : this.act;
    this.asked = this.act = undefined;
    $("ask").hidden = true;
    if (yes) act?.();
  }

  // --- answers

  /** Rows have their answers: say the worst of them, and how long the first took. */
  answered(rows, sounding = true) {
    for (const row of rows) {
      row.sent = true;
      this.kept.put(row);
    }
    const now = performance.now();
    const outcome = WORST.find((each) => rows.some((row) => row.outcome === each));
    const row = rows.findLast((each) => each.outcome === outcome);
    const late = rows.every((each) => now - (this.began.get(each.id) ?? 0) > QUIET_MS);
    if (!(late && outcome === "taken")) {
      this.tell(outcome, row.detail ?? "", row.serial, { place: [row.place, row.customer].filter(Boolean).join(" "), sounding });
    }
    for (const each of rows) {
      const ms = now - (this.began.get(each.id) ?? now);
      this.began.delete(each.id);
      const detail = { id: each.id, serial: each.serial, outcome: each.outcome, ms };
      document.dispatchEvent(new CustomEvent("answered", { detail }));
    }
  }

  /** The large answer: colour, word, serial, sound and shake. */
  tell(outcome, detail, serial = "", { place = "", sounding = true } = {}) {
    const answer = $("answer");
    answer.className = `answer ${outcome}`;
    answer.dataset.outcome = outcome;
    const told = [
      ["strong", this.word(outcome)],
      ["b", clipped(serial)],
      ["span", [detail, place].filter(Boolean).join(" ")],
    ];
    answer.replaceChildren(
      ...told.filter(([, said]) => said).map(([tag, said]) => Object.assign(document.createElement(tag), { textContent: said })),
    );
    if (sounding) sound(outcome);
  }

  /** The word for an outcome; who only looks something up takes nothing. */
  word(outcome) {
    return text(outcome === "taken" && this.data.looks ? "scan.outcome.looked_up" : `scan.outcome.${outcome}`);
  }

  // --- what waits

  waiting() {
    const fresh = [...this.rows.values()].filter((row) => !row.sent);
    return fresh.length ? fresh.slice(0, BATCH) : (this.acts.waiting?.() ?? []);
  }

  /** How many scans have no answer yet. */
  get unsent() {
    return [...this.rows.values()].filter((row) => !row.sent || row.undone === "wanted").length;
  }

  /** Say what stands between the scans and the server, until an answer comes; null where nothing does. */
  note(told) {
    this.told = told;
    const place = $("note");
    place.hidden = !told;
    if (!told) return;
    place.replaceChildren(Object.assign(document.createElement("span"), { textContent: told.sentence }));
    if (!told.href) return;
    const link = Object.assign(document.createElement("a"), { href: told.href, textContent: told.leads });
    if (told.apart) link.target = "_blank";
    place.append(" ", link);
  }

  /** No answer came, or nobody is signed in any more: everything is kept. */
  cutOff(answer) {
    if (answer.status === 401) {
      const apart = this.acts.onlyHere?.() ?? false;
      const href = apart ? "/sign-in" : `/sign-in?then=${encodeURIComponent(location.pathname + location.search)}`;
      const ended = text(apart ? "scan.signed_out_open" : "scan.signed_out");
      const sentence = answer.body?.code === "signed_in_as_another" ? told(answer)[0] : ended;
      if (this.told?.href !== href) sound("error");
      this.note({ sentence, href, leads: text("scan.sign_in"), apart });
    } else {
      this.note({ sentence: text("scan.cut_off") });
    }
    this.drawn();
    return false;
  }

  drop(row) {
    this.rows.delete(row.id);
    this.kept.drop(row);
  }

  // --- showing

  /** Draw the list anew, or put one row on top of it. */
  draw(fresh) {
    const only = $("only").getAttribute("aria-pressed") === "true";
    if (fresh && !only) {
      $("rows").prepend(this.item(fresh));
      if ($("rows").childElementCount > SHOWN) $("rows").lastElementChild.remove();
    } else {
      const rows = [...this.rows.values()].filter((row) => !only || EXCEPTIONS.includes(row.outcome));
      $("rows").replaceChildren(...rows.slice(-SHOWN).reverse().map((row) => this.item(row)));
    }
    this.drawn();
  }

  redraw(rows) {
    for (const row of rows) {
      const item = $("rows").querySelector(`[data-id="${row.id}"]`);
      if (item) item.replaceWith(this.item(row));
    }
    this.drawn();
  }

  drawn() {
    const rows = [...this.rows.values()].filter((row) => row.undone !== true);
    const exceptions = rows.filter((row) => EXCEPTIONS.includes(row.outcome)).length;
    $("count_taken").textContent = this.acts.tally?.(rows) ?? rows.filter((row) => row.outcome === "taken").length;
    $("count_exceptions").textContent = exceptions;
    const unsent = this.unsent;
    $("count_unsent").textContent = unsent;
    $("unsent").className = unsent ? "warn" : "";
    if (!unsent && navigator.onLine && !this.acts.pending?.()) this.note(null);
    this.acts.drawn?.();
  }

  item(row) {
    const item = document.createElement("li");
    const shown = row.undone === true ? "undone" : row.sent ? row.outcome : "unsent";
    item.className = `scanned ${shown}`;
    item.dataset.id = row.id;
    const add = (tag, said, name) => {
      if (said) item.append(Object.assign(document.createElement(tag), { textContent: said, className: name ?? "" }));
    };
    add("strong", this.word(shown));
    add("b", clipped(row.serial));
    if (row.href) {
      const link = Object.assign(document.createElement("a"), { href: row.href, textContent: row.serial });
      item.lastChild.replaceChildren(link);
    }
    add("span", [row.bin, row.typed ? text("scan.by_hand") : "", row.part].filter(Boolean).join(" "), "where");
    add("span", [row.detail, row.place, row.customer].filter(Boolean).join(" "), "detail");
    if (!row.undone) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet" });
      button.textContent = text(row.refused ? "scan.remove" : "scan.undo");
      button.setAttribute("aria-label", `${button.textContent} ${row.serial}`);
      item.append(button);
    }
    return item;
  }

  /** Where the books have a device, in words. */
  placeOf(place) {
    if (!place) return "";
    if (place.withheld) return text("scan.withheld");
    const { state, register } = this.data.terms;
    return [state[place.state], register[place.register], place.site, place.bin].filter(Boolean).join(" ");
  }
}
