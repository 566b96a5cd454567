// Counting by scanner: the scans of one person in one stocktake, which many people may scan in at once.
import { request, tell, text, told } from "./panku.js";
import { batchBox } from "./batch.js";
import { Desk } from "./desk.js";
import { Kept, unanswered } from "./queue.js";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const path = `/v1/stocktakes/${encodeURIComponent(data.number)}`;
const PATIENCE_MS = 20_000;
const TALLY_MS = 5_000;
const OUTCOMES = { unreadable: "error", refused: "error" };
const RUNNING = ["counting", "recounting"];

const desk = new Desk(data, {
  judge,
  send,
  waiting: () => [...desk.rows.values()].filter((row) => row.undone === "wanted").slice(0, 1),
  undo: (row) => {
    if (!row.sent) return desk.drop(row);
    row.undone = "wanted"; // kept until the server has it: an undo is part of the count
    desk.kept.put(row);
    desk.sender.poke();
  },
  commands: { finish, cancel: () => desk.tell("error", text("scan.count_no_cancel")) },
});

/** A scan repeated in the same bin is told at once, and sent like every other: the server decides. */
function judge(scan) {
  scan.count = data.part;
  const again = [...desk.rows.values()].findLast((row) => row.serial === scan.serial && !row.undone);
  if (again && again.bin === scan.bin && !navigator.onLine) return { detail: text("scan.outcome.duplicate") };
  return null;
}

async function send(batch) {
  const fresh = batch.filter((row) => !row.sent);
  return fresh.length ? sendScans(fresh) : sendUndo(batch[0]);
}

async function sendScans(rows) {
  const now = new Date().toISOString();
  const sentAt = rows.reduce((latest, row) => (row.at > latest ? row.at : latest), now);
  const scans = rows.map(({ id, serial, bin, at, count }) => ({ id, serial, bin, at, count }));
  const answer = await request("POST", `${path}/scans`, { sent_at: sentAt, scans }, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (unanswered(answer)) return desk.cutOff(answer);
  if (!answer.ok) return refused(answer, rows);
  rows.forEach((row, index) => Object.assign(row, outcomeOf(answer.body[index])));
  desk.answered(rows);
  desk.redraw(rows);
  look();
  return true;
}

/** A whole batch was refused: for one bad scan, the others go alone; whatever else it is, they stay here. */
async function refused(answer, rows) {
  if (answer.status === 400 && rows.length > 1) {
    for (const row of rows) if (!(await sendScans([row]))) return false;
    return true;
  }
  if (answer.status === 400) {
    Object.assign(rows[0], { outcome: "error", detail: told(answer).join(" ") });
    desk.answered(rows);
    desk.redraw(rows);
    return true;
  }
  desk.note({ sentence: told(answer).join(" ") });
  desk.drawn();
  return false;
}

function outcomeOf({ outcome, belongs, error, withheld }) {
  const shown = OUTCOMES[outcome] ?? outcome;
  if (error) return { outcome: shown, detail: error.detail };
  if (shown === "late") return { outcome: shown, detail: text("scan.late") };
  const nowhere = shown === "unexpected" && !belongs && !withheld;
  return { outcome: shown, detail: nowhere ? text("scan.unknown_here") : "", place: desk.placeOf(belongs ?? { withheld }) };
}

async function sendUndo(row) {
  const answer = await request("POST", `${path}/scans/${row.id}/undo`, undefined, { key: `undo-${row.id}`, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (unanswered(answer)) return desk.cutOff(answer);
  if (!answer.ok && answer.status !== 404) {
    desk.note({ sentence: told(answer).join(" ") });
    return false;
  }
  row.undone = true;
  desk.kept.put(row);
  desk.redraw([row]);
  if (answer.ok && !RUNNING.includes(answer.body.state)) desk.tell("late", text("scan.late_undo"), row.serial);
  look();
  return true;
}

/** Say that nothing is left to send, which only this browser knows. */
async function finish() {
  if (desk.unsent) return desk.tell("error", text("scan.not_all_sent", { count: desk.unsent }));
  const answer = await request("POST", `${path}/finish`);
  if (!answer.ok) return desk.tell("error", told(answer).join(" "));
  show(answer.body);
  desk.tell("done", text("scan.count_finished"));
}

// --- how far everybody is

let shown = 0;

/** Ask again where something was shown meanwhile: this answer may be older, and hide that one has finished. */
async function look() {
  const before = shown;
  const answer = await request("GET", path);
  if (!answer.ok) return;
  if (shown !== before) return look();
  show(answer.body);
}

function show({ state, tally, mine, disputed, counters }) {
  shown += 1;
  $("everybody").textContent = tally ? text("scan.everybody", tally) : "";
  $("mine").textContent = mine;
  if ($("disputed")) $("disputed").textContent = disputed.join(" ");
  const running = RUNNING.includes(state);
  if ($("finish")) $("finish").hidden = !running;
  $("finished").hidden = !running || !counters.some((each) => each.username === data.user && each.finished);
  if (state !== data.state) desk.note({ sentence: text("scan.count_ended") });
}

/** Whoever else has scans in this browser that were never sent: only they can send them. */
function others() {
  const left = Kept.everything().filter(({ user, task }) => user !== data.user && task === data.task);
  tell($("others"), left.map(({ user, scans }) => text("scan.others_left", { user, count: scans })), "warning");
}

$("finish")?.addEventListener("click", finish);
batchBox($("batch"), (serial) => desk.take(serial, { typed: true, sounding: false }));
setInterval(() => document.hidden || look(), TALLY_MS);
desk.begin();
others();
look();
