// A running count: figures and people follow what is scanned, and the page is shown anew once the count has moved on.
import { request, text } from "./panku.js";
import { Kept } from "./queue.js";

const EVERY_MS = 3000;
const live = document.getElementById("live");
const board = document.getElementById("board");
const left = document.getElementById("left");
const { user } = document.body.dataset;

/** How much of this count its reader still has in this browser. */
function unsent() {
  const desks = Kept.everything().filter((desk) => desk.user === user && desk.task === live.dataset.number);
  return desks.reduce((sum, desk) => sum + desk.scans, 0);
}

/** Whoever ends the count has finished by that, unless something of theirs is still here. */
function say() {
  const count = unsent();
  left.textContent = text("counts.unsent", { count });
  left.hidden = count === 0;
  for (const field of live.querySelectorAll("[name=finished]")) field.value = String(count === 0);
}

function row(counter, labels) {
  const heard = counter.last_heard_at.slice(0, "2026-11-25T10:20".length).replace("T", " ");
  const said = text(counter.finished ? "counts.finished" : "counts.unfinished");
  const line = document.createElement("tr");
  for (const [at, told] of [counter.name, counter.scans ?? "", heard, said].entries()) {
    line.insertCell().textContent = told;
    line.cells[at].dataset.label = labels[at];
  }
  return line;
}

function show(body) {
  const figures = { mine: body.mine, ...(body.tally ?? {}) };
  for (const place of live.querySelectorAll("[data-live]")) {
    const figure = String(figures[place.dataset.live] ?? "");
    if (place.textContent !== figure) place.textContent = figure;
  }
  const labels = [...board.tHead.rows[0].cells].map((cell) => cell.textContent);
  board.tBodies[0].replaceChildren(...body.counters.map((counter) => row(counter, labels)));
  board.hidden = body.counters.length === 0;
  const others = body.counters.some((counter) => !counter.finished && counter.username !== user);
  for (const place of live.querySelectorAll("[data-others]")) place.hidden = !others;
}

async function follow() {
  const { ok, body } = await request("GET", live.dataset.path);
  if (ok && body.state !== live.dataset.state) return location.reload();
  if (ok) show(body);
  say();
  setTimeout(follow, EVERY_MS);
}

live.addEventListener("submit", say, true);
say();
setTimeout(follow, EVERY_MS);
