// The scan page: one task, whose declaration the page brings along; its document is posted once, when it is finished.
import { newId, request, tell, text, told } from "./panku.js";
import * as form from "./asks.js";
import { batchBox } from "./batch.js";
import { Desk } from "./desk.js";
import { Pending } from "./pending.js";
import { unanswered } from "./queue.js";
import { cleaned } from "./scanner.js";
import { sound } from "./sounds.js";

const $ = (id) => document.getElementById(id);
const data = form.data;
const PATIENCE_MS = 20_000;

const desk = new Desk(data, {
  judge,
  send,
  undo,
  elsewhere,
  entered,
  pending: waits,
  onlyHere: () => pending.onlyHere,
  typed: form.typedOfLine,
  drawn,
  tally,
  commands: { finish, cancel },
});
const pending = new Pending(desk.kept, data.user, form.typed);
const quietly = (serial) => desk.take(serial, { typed: true, sounding: false });

// --- one scan

function lines() {
  return [...desk.rows.values()].filter((row) => row.line && !row.undone);
}

/** What are lines, or may become some: by pair, the parts that were scanned. */
function pairs() {
  const found = new Map();
  for (const row of desk.rows.values()) {
    if (row.sent && !row.line) continue;
    found.set(row.pair, [...(found.get(row.pair) ?? []), row.role]);
  }
  return found;
}

/** The pair that lacks a device, in a task where two scans make a line. */
function halfPair() {
  return [...pairs()].reverse().find(([, roles]) => roles.length < data.parts.length);
}

function judge(scan) {
  if (waits()) return { refused: text("scan.is_finishing") };
  const missing = form.lacking(scan.serial);
  if (missing) {
    missing.focus();
    return { refused: text("scan.missing", { field: form.nameOf(missing) }) };
  }
  const half = halfPair();
  if (data.document && !half && pairs().size >= data.most) return { refused: text("scan.full_document", { count: data.most }) };
  const [pair, roles] = half ?? [scan.id, []];
  const part = data.parts.find((each) => !roles.includes(each.role)) ?? data.parts[0];
  Object.assign(scan, { pair, role: part.role });
  if (data.parts.length > 1) scan.part = text(`scan.played.${part.role}`);
  scan.each = form.saidOfLine();
  const earlier = [...desk.rows.values()].find((row) => row.serial === scan.serial && (row.line || !row.sent));
  if (earlier && data.document) return again(earlier, scan);
  if (data.unserved?.[scan.serial]) {
    const order = data.unserved[scan.serial];
    desk.note({ sentence: text("scan.unserved", { order, serial: scan.serial }), href: `/orders/${order}`, leads: order });
    return { refused: text("scan.unserved", { order, serial: scan.serial }) };
  }
  if (scan.role !== "spare") form.chooseOrder(scan.serial);
  if (data.then) form.fieldOf(data.then).focus();
  return null;
}

/** A device scanned again: what was filled in for it since belongs to it, else it is only told. */
function again(earlier, scan) {
  if (Object.keys(scan.each).some((name) => earlier.each[name] !== scan.each[name])) {
    Object.assign(earlier.each, scan.each);
    desk.kept.put(earlier);
    return { told: text("scan.noted", { serial: scan.serial }) };
  }
  const detail = earlier.bin && earlier.bin !== scan.bin ? text("scan.already_in", { bin: earlier.bin }) : "";
  return { outcome: "duplicate", detail };
}

/** What a new serial would be: its model and register, as the paper or the form tells them. */
function given(row) {
  const model = data.expected?.[row.serial] ?? row.each.model ?? form.valueOf("model");
  return { model, register: data.document === "receipt" ? (data.fixed.register ?? form.valueOf("register")) : undefined };
}

async function send(batch) {
  const scans = batch.map((row) => ({
    serial: row.serial,
    role: row.role,
    bin: desk.data.binned ? row.bin : undefined,
    ...given(row),
  }));
  const body = { site: data.site, document: data.document ?? undefined, scans };
  const answer = await request("POST", "/v1/devices/check", body, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (unanswered(answer)) return desk.cutOff(answer);
  if (!answer.ok && batch.length > 1) {
    for (const row of batch) if (!(await send([row]))) return false;
    return true;
  }
  const stay = batch.filter((row) => desk.rows.has(row.id));
  batch.forEach((row, index) => {
    Object.assign(row, answer.ok ? outcomeOf(row, answer.body[index]) : { outcome: "error", detail: told(answer).join(" ") });
  });
  desk.answered(stay);
  desk.redraw(stay);
  for (const [index, row] of batch.entries()) if (answer.ok && stay.includes(row)) settle(row, answer.body[index].settles);
  return true;
}

/** A device that came out at a customer's, as a filed record says: scanned for its swap, it fills in all the rest. */
function settle(row, owed) {
  if (!owed || row.role !== "faulty" || halfPair()?.[0] !== row.pair) return;
  form.settle(owed, row);
  desk.take(owed.spare, { sounding: false });
}

/** What an answer means for a row, and whether it becomes a line of the document. */
function outcomeOf(row, answer) {
  const found = alone(row, answer);
  const { settles } = answer;
  if (!settles) return found;
  const swapping = row.role === "faulty";
  const detail = [found.detail, text(swapping ? "scan.settling" : "scan.settles", settles)].filter(Boolean).join(" ");
  const query = new URLSearchParams({ site: settles.site, faulty: settles.faulty });
  return { ...found, detail, href: swapping ? undefined : `/scan/swap?${query}` };
}

function alone(row, { serial, device, fault }) {
  const place = desk.placeOf(device);
  const customer = device && !device.site ? (device.customer?.name ?? device.customer?.taxpayer_id) : undefined;
  const extra = foreign(row);
  if (fault) {
    const line = data.extra === "found" && Boolean(serial) && extra;
    const detail = line ? [fault.detail, text("scan.extra.found")].join(" ") : fault.detail;
    return { outcome: serial ? "unexpected" : "error", detail, place, customer, line, extra };
  }
  if (!data.document) {
    const detail = device.reserved_by ? text("scan.reserved", { number: device.reserved_by }) : "";
    return { outcome: "taken", detail, place, customer, href: `/devices/${serial}` };
  }
  const book = bookOf(row, device);
  const other = unlike(row, book, device);
  if (other) return { outcome: "unexpected", detail: other, place, customer };
  if (device) form.fill(device, row);
  const party = device?.customer?.number;
  if (!extra) return { outcome: "taken", line: true, book, party, place: device?.withheld && place };
  const told = text(`scan.extra.${data.extra}`);
  const quarantined = data.every_bin[row.bin]?.condition === "quarantine";
  const line = data.extra === "found" || (data.extra === "quarantined" && quarantined);
  return { outcome: "unexpected", detail: told, place, line, extra, book, party };
}

/** The book that a scan moves something in: that of its bin, or of the device. */
function bookOf(row, device) {
  return data.every_bin[row.bin]?.register ?? device?.register ?? undefined;
}

/** Why a scan does not go into one document with those before it: another book, another customer. */
function unlike(row, book, device) {
  const before = lines().filter((each) => each.pair !== row.pair);
  const other = data.parts.length === 1 && book && before.find((each) => each.book && each.book !== book);
  if (other) return text("scan.other_book", { book: data.terms.register[book], other: data.terms.register[other.book], serial: other.serial });
  const party = form.fieldOf("customer.taxpayer_id") ? device?.customer?.number : undefined;
  const others = party && before.find((each) => each.party && each.party !== party);
  return others ? text("scan.other_customer", { serial: others.serial }) : undefined;
}

/** Whether a paper says what is expected, and this is not. */
function foreign(row) {
  return Boolean(data.expected) && row.role !== "new" && !(row.serial in data.expected);
}

function undo(row) {
  if (waits()) return;
  for (const each of [...desk.rows.values()]) {
    if (each === row || (row.line && each.line && each.pair === row.pair)) drop(each);
  }
}

/** Forget a row, and what it had filled in. */
function drop(row) {
  desk.drop(row);
  form.unfill(row);
}

// --- the form

/** Whether a text typed into a field of the form was a scan: a command, or a serial where none belongs. */
function elsewhere(field, { text: typed, before, burst }) {
  const scan = cleaned(typed);
  if (Object.values(data.commands).includes(scan)) return true;
  if (!form.asked(field)) return false;
  const serial = desk.isSerial(scan) || (burst && scan in data.every_bin);
  return serial && (before !== "" || !("scanned" in field.dataset));
}

/** The end of what was typed into a field of the form: on to the next, and never to the finish, which is an act of its own. */
function entered(field, event) {
  if (!form.asked(field)) return;
  event.preventDefault();
  const next = form.next(field);
  (next ?? desk.field).focus();
  if (next || lines().length === 0) sound("bin");
  else desk.tell("bin", text("scan.to_finish"));
}

// --- finishing

/** The document, with the rows of each of its lines. */
function draft() {
  const by = new Map();
  for (const row of lines()) by.set(row.pair, [...(by.get(row.pair) ?? []), row]);
  const rows = [...by.values()];
  const body = { type: data.document, site: data.site, ...data.fixed, ...form.said(), lines: rows.map(lineOf) };
  return { body, rows: rows.map((each) => each.map((row) => row.id)) };
}

function lineOf(rows) {
  const line = form.saidOfAll();
  for (const row of rows) {
    line[data.parts.find((part) => part.role === row.role).field] = row.serial;
    Object.assign(line, row.each);
    if (data.binned) line.bin = row.bin;
    const model = data.expected?.[row.serial];
    if (model && data.document === "receipt") line.model = model;
  }
  return line;
}

function finish() {
  if (!data.document) return desk.tell("error", text("scan.only_looks"));
  if (waits()) return desk.tell("error", text("scan.is_finishing"));
  if (desk.unsent) return desk.tell("error", text("scan.not_all_sent", { count: desk.unsent }));
  if (lines().length === 0) return desk.tell("error", text("scan.nothing"));
  if (halfPair()) return desk.tell("error", text("scan.half"));
  const unready = form.unready();
  if (unready) {
    desk.tell("error", unready.sentence);
    return (form.fields.includes(unready.field) ? unready.field : desk.field).focus();
  }
  if (pending.lost) desk.ask("finish", text("scan.unanswered_ask"), begin);
  else begin();
}

/** Keep the document, then post it. */
async function begin() {
  tell($("told"), []);
  try {
    await pending.keep({ ...draft(), seen: [...desk.rows.keys()], key: newId(), orderKey: newId() });
  } catch {
    return desk.tell("error", text("scan.full"));
  }
  submit();
}

/** Whether a document waits for its answer. */
function waits() {
  return pending.waits;
}

let submitting = false;
let doubt = false; // whether somebody else may be signed in by now

/** Post what is kept to be posted, until an answer comes; the same key again is the same document. */
async function submit() {
  if (submitting) return;
  submitting = true;
  const kept = await pending.read();
  if (kept && doubt && (await somebodyElse())) return location.reload();
  const answer = kept && (drawn(), await posted(kept));
  submitting = false;
  if (!kept) return;
  if (unanswered(answer)) {
    doubt ||= answer.status === 401;
    desk.cutOff(answer);
    desk.sender.rest(2_000).then(submit);
    return;
  }
  if (!pending.is(kept)) return desk.reload(); // another tab had the answer first
  pending.drop();
  desk.note(null);
  if (answer.ok) done(answer.body, kept);
  else refused(answer, kept);
  drawn();
}

/** Whether somebody else is signed in by now, who did not write the document that waits. */
async function somebodyElse() {
  const answer = await request("GET", "/v1/me");
  return answer.ok && answer.body.username !== data.user;
}

/** What was scanned for a document that had no answer and is gone: looked up anew, it tells whether it was posted. */
function lookAnew() {
  if (!pending.lost) return;
  for (const row of lines()) {
    Object.assign(row, { sent: false, line: undefined, refused: undefined });
    desk.kept.put(row);
  }
  desk.draw();
  desk.sender.poke();
}

/** Post the document; where it goes under an order that is not there yet, open that first. */
async function posted(kept) {
  const { body } = kept;
  if (data.opens && !body.order) {
    const order = { site: data.site, serial: body.lines[0][data.parts[0].field], fault: body.fault, customer: body.customer };
    const answer = await request("POST", data.opens, order, { key: kept.orderKey, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) return answer;
    body.order = answer.body.number;
    await pending.keep(kept);
  }
  if (data.opens) delete body.customer; // the order says whose it is
  return request("POST", "/v1/documents", body, { key: kept.key, signal: AbortSignal.timeout(PATIENCE_MS) });
}

function done(document_, kept) {
  const seen = kept.seen.map((id) => desk.rows.get(id)).filter(Boolean);
  const taken = new Set(seen.filter((row) => row.line).map((row) => row.serial));
  const left = seen.filter((row) => ["unexpected", "error"].includes(row.outcome) && !taken.has(row.serial));
  for (const row of seen) desk.drop(row);
  const sentences = [text(`scan.${document_.status}`, { number: document_.number, count: document_.lines })];
  for (const [name, found] of Object.entries(document_.findings)) {
    if (Array.isArray(found)) sentences.push(text("scan.finding", { name: text(`scan.findings.${name}`), found: named(found) }));
  }
  if (left.length) sentences.push(text("scan.left_out", { serials: left.map((row) => row.serial).join(text("comma")) }));
  tell($("told"), sentences, "done");
  const link = Object.assign(document.createElement("a"), { href: `/documents/${document_.number}`, textContent: document_.number });
  $("told").append(link);
  form.renew(kept.body);
  if (data.expected) for (const line of kept.body.lines) delete data.expected[line.serial ?? line.old];
  desk.draw();
  desk.tell("done", sentences[0]);
  desk.field.focus();
}

const named = (found) => (Array.isArray(found) ? found : [found]).map((each) => each.serial ?? each.text ?? each).join(text("comma"));

/** A refusal names serials: their rows turn red, and can be removed; the rest is told. */
function refused(answer, { body, rows: lined }) {
  for (const fault of answer.body?.errors ?? []) form.ask(fault.code);
  form.offerOrder(body.order, body.lines[0][data.parts[0].field], body.fault);
  const rows = [];
  for (const fault of answer.body?.errors ?? []) {
    const [, at] = /^\/lines\/(\d+)/.exec(fault.pointer ?? "") ?? [];
    const ids = at === undefined ? [] : lined[at];
    for (const row of desk.rows.values()) {
      if (!ids.includes(row.id) && row.serial !== fault.serial) continue;
      Object.assign(row, { outcome: "error", detail: fault.detail, refused: true });
      desk.kept.put(row);
      rows.push(row);
    }
  }
  tell($("told"), told(answer));
  desk.redraw(rows);
  desk.tell("error", told(answer)[0]);
}

function cancel() {
  if (waits()) return desk.tell("error", text("scan.is_finishing"));
  desk.ask("cancel", text("scan.cancel_ask", { count: desk.rows.size }), () => {
    for (const row of [...desk.rows.values()]) drop(row);
    pending.drop();
    desk.draw();
    desk.tell("bin", text("scan.cancelled"));
  });
}

// --- showing

function tally(rows) {
  const count = new Set(rows.filter((row) => row.line && !row.extra).map((row) => row.pair)).size;
  return data.document ? count : rows.filter((row) => row.outcome === "taken").length;
}

function drawn() {
  if (!desk?.rows) return;
  if ($("finish")) $("finish").disabled = waits() || desk.unsent > 0;
  if (waits() && !desk.told) desk.note({ sentence: text("scan.finishing") });
  if ($("unanswered")) $("unanswered").hidden = !pending.lost;
  const refusedRows = lines().filter((row) => row.refused);
  if ($("remove")) {
    $("remove").hidden = refusedRows.length === 0;
    $("remove").textContent = text("scan.remove_all", { count: refusedRows.length });
  }
  const here = new Set(lines().map((row) => row.serial));
  const still = Object.keys(data.expected ?? {}).filter((serial) => !here.has(serial));
  if ($("expected")) $("expected").textContent = still.length;
  if ($("short")) $("short").textContent = still.slice(0, 500).join(" ");
  if (data.parts.length > 1) {
    const [, roles] = halfPair() ?? [null, []];
    $("wanted").textContent = text(`scan.part.${data.parts.find((part) => !roles.includes(part.role)).role}`);
  }
}

for (const row of [...desk.rows.values()].filter((each) => each.lacks)) {
  Object.assign(row, { outcome: "error", detail: text("scan.say_again"), sent: true, line: undefined });
  desk.kept.put(row);
}
form.begin(desk.kept);
for (const row of lines()) form.chooseOrder(row.serial);
$("asks")?.addEventListener("submit", (event) => event.preventDefault());
$("finish")?.addEventListener("click", finish);
$("cancel")?.addEventListener("click", cancel);
$("remove")?.addEventListener("click", () => {
  for (const row of lines().filter((each) => each.refused)) undo(row);
  desk.draw();
  desk.field.focus();
});
addEventListener("storage", (event) => {
  doubt ||= event.newValue === null; // as a sign-out leaves it
  submit();
});
addEventListener("online", () => desk.sender.wake?.());
batchBox($("batch"), quietly);
desk.begin();
drawn();
if (data.begin && !desk.rows.size) desk.take(data.begin, { sounding: false });
submit().then(lookAnew);
