// A technician's jobs on their phone: each step is kept, sealed, before it is sent, and sent in order until an answer came.
import { agreed, bodyOf, inField, newId, request, tell, text, told } from "./panku.js";
import { LEFT, leftHere } from "./leaving.js";
import "./needs.js";
import { begin as beginPairs, removePair, scannedAt } from "./pairs.js";
import { Sender, unanswered } from "./queue.js";
import { emptied, fill, paperOf, photographed, show, valuesOf, wantPaper } from "./record.js";
import { sealable } from "./seal.js";
import { Sealed } from "./sealed.js";
import { sound } from "./sounds.js";

const PATIENCE_MS = 60_000; // a photograph over a thin line
const DRAFT_AFTER_MS = 400;
const CLOCK_OFF_MS = 60_000;
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const clockOff = data.now - Date.now(); // what the phone's clock lacks, as exact as the page was quick
const sealed = new Sealed(data.user);
const rows = new Map(); // what waits, by id, the oldest first
const sender = new Sender(next, send);
let reached = true; // whether the last that was sent was answered; a browser may take any network for the Internet

const jobs = () => [...document.querySelectorAll("article.job")];
const jobOf = (number) => jobs().find((job) => job.dataset.number === number);
const rowsOf = (number) => [...rows.values()].filter((row) => row.number === number);
const formOf = (job, { step, of }) => job?.querySelector(`form[data-act="${step}"]${of ? `[data-of="${of}"]` : ""}`);

// --- acts

/** Take a step once, however often it is pressed meanwhile. */
async function pressed(form) {
  if ("busy" in form.dataset) return;
  form.dataset.busy = "";
  await act(form);
  delete form.dataset.busy;
}

/** Take a step: what its form says is kept first, then sent. Where nothing can be sealed, only this page has it. */
async function act(form) {
  const job = form.closest(".job");
  const { act: step, of } = form.dataset;
  const photo = paperOf(form);
  const body = bodyOf(form);
  if (body.confirmation?.how === "signed" && !photo && !body.confirmation.paper) return wantPaper(form);
  const { number, site } = job.dataset;
  const row = { id: form.dataset.key ?? newId(), n: Date.now(), number, site, step, of, at: now(), body, values: valuesOf(form), photo };
  row.kept = await keep(row);
  if (!row.kept && !navigator.onLine) return say(job, [text("jobs.needs_network")]);
  rows.set(row.id, row);
  clear(form);
  say(job, []);
  await writing;
  await unkeep(draftId(form, number));
  draw();
  job.querySelector(".unsent").scrollIntoView({ block: "center" }); // a long form has folded up under the thumb
  sender.poke();
}

/** Keep what waits on the disk; answers whether it is. */
async function keep(row) {
  const { photo, alone: _, ...value } = row;
  if (!sealable()) return false;
  sealed.leave(Math.max(rows.size, 1)); // first, so that whatever lies here is known of
  const there = await sealed.put(row.id, { ...value, kept: true }, photo).then(() => true, () => false);
  row.alone &&= !there;
  return there;
}

async function unkeep(id) {
  if (sealable()) await sealed.drop(id).catch(() => undefined);
}

async function drop(row) {
  rows.delete(row.id);
  await unkeep(row.id);
}

const waiting = () => [...rows.values()];

/** What is sent next: the oldest of the first job in which nothing was refused. */
function next() {
  if (!navigator.onLine) return [];
  const ready = waiting().find((row) => !rowsOf(row.number).some((other) => other.refused));
  return ready ? [ready] : [];
}

async function send([row]) {
  const signal = () => AbortSignal.timeout(PATIENCE_MS);
  if (row.photo && !row.paper) {
    const under = new URLSearchParams({ site: row.site, under: row.number });
    const file = new File([row.photo], `${row.number}.jpg`, { type: row.photo.type });
    const answer = await request("POST", `/v1/attachments?${under}`, file, { key: `paper-${row.id}`, signal: signal() });
    if (!answer.ok) return failed(row, answer);
    row.paper = answer.body.digest;
    await keep(row);
  }
  const step = row.step === "file" ? "service-record" : row.step;
  const path = row.of ? `installations/${row.of}` : `dispatch-orders/${row.number}`;
  const answer = await request("POST", `/v1/${path}/${step}`, said(row), { key: row.id, signal: signal() });
  return answer.ok ? taken(row, answer.body) : failed(row, answer);
}

/** The body of a step; a record that is corrected stands beside the reason, and its paper goes by its digest. */
function said({ step, body, paper }) {
  const { reason, ...record } = body;
  if (paper) record.confirmation = { ...record.confirmation, paper };
  if (step === "correct") return { reason, record: { ...record, used: record.used ?? [] } };
  if (Object.keys(body).length === 0) return undefined;
  return reason === undefined ? record : { reason, ...record };
}

async function failed(row, answer) {
  reached = answer.status !== 0;
  if (!unanswered(answer)) {
    const ahead = answer.body?.errors?.some(({ code }) => code === "future_date");
    row.refused = [...(ahead ? [text("jobs.in_the_future")] : told(answer)), text("jobs.refused")];
    row.kept = await keep(row);
    sound("error");
    if (jobOf(row.number)) await refresh(jobOf(row.number));
  } else if (!row.kept && jobOf(row.number)) {
    give(row, formOf(jobOf(row.number), row), row.id);
    say(jobOf(row.number), [answer.status === 401 ? told(answer)[0] : text("jobs.needs_network")]);
  }
  draw(answer);
  return !rows.has(row.id) || Boolean(row.refused);
}

async function taken(row, answer) {
  reached = true;
  await drop(row);
  const job = jobOf(row.number);
  if (job) {
    if (!row.of) job.dataset.state = answer.state;
    await refresh(job, row.step);
    sound("done");
  }
  draw();
  return true;
}

/** Show a job as it stands now, after a step or a refusal. Its forms stay, with what is typed in them, until it is filed. */
async function refresh(job, step) {
  const { number } = job.dataset;
  const page = await request("GET", `/jobs/${number}`);
  if (!page.ok) return;
  const found = new DOMParser().parseFromString(await page.file.text(), "text/html").querySelector("article.job");
  if (!found) return;
  Object.assign(job.dataset, found.dataset);
  if (["file", "correct", "confirm"].includes(step)) {
    job.replaceWith(document.adoptNode(found));
    begin(found);
    giveDrafts(await look(), number);
  } else {
    job.querySelector(".facts").replaceWith(document.adoptNode(found.querySelector(".facts")));
    offerCopies(job);
  }
  if (step) say(jobOf(number), [text("jobs.uploaded", { step: data.steps[step].word })], "done");
}

// --- what waits, beside its job

/** The state of a job once what waits is taken; what was refused leads nowhere. */
function stateOf(job) {
  const waits = rowsOf(job.dataset.number);
  const after = waits.some(({ refused }) => refused) ? [] : waits.map(({ step }) => data.steps[step].after).filter(Boolean);
  return after.at(-1) ?? job.dataset.state;
}

function draw(answer) {
  for (const job of jobs()) drawJob(job);
  const apart = waiting().filter(({ number }) => !jobOf(number)); // of jobs that are not on this page, or no longer theirs
  $("apart").hidden = apart.length === 0;
  $("apart").querySelector("ul").replaceChildren(...apart.map(drawRow));
  if (waiting().some((row) => row.kept && !row.alone) || leftHere().length) sealed.leave(rows.size);
  const away = !navigator.onLine || (!reached && (rows.size > 0 || !sealable())); // where another tab sent it all, nothing is known
  const sentences = [];
  const left = away ? "jobs.left_offline" : next().length ? "jobs.left" : "jobs.left_refused";
  if (rows.size) sentences.push(text(left, { count: rows.size }));
  else if (away) sentences.push(text(sealable() ? "jobs.offline" : "jobs.needs_network"));
  if (answer?.status === 401) sentences.push(answer.body?.code === "signed_in_as_another" ? told(answer)[0] : text("jobs.signed_out"));
  tell($("note"), sentences, "warning");
  if (answer?.status === 401) {
    const href = `/sign-in?then=${encodeURIComponent(location.pathname)}`;
    $("note").append(Object.assign(document.createElement("a"), { href, textContent: text("scan.sign_in") }));
  }
}

function drawJob(job) {
  const state = stateOf(job);
  const waits = rowsOf(job.dataset.number);
  const installed = waits.some(({ body }) => body.outcomes?.install === "installed");
  job.querySelector(".state").textContent = data.states[state];
  for (const place of job.querySelectorAll(":scope > details[data-act], .acts > form[data-act]")) {
    const { act: step, of } = place.dataset;
    const ready = of ? ("ready" in place.dataset || installed) && !waits.some((row) => row.of === of) : true;
    const unsaid = step === "correct" && waits.length > 0; // what stands there is not what was filed
    place.hidden = !data.steps[step].before.includes(state) || !ready || unsaid;
  }
  job.querySelector(".unsent").replaceChildren(...waits.map(drawRow));
}

function drawRow(row) {
  const item = document.createElement("li");
  const facts = { step: data.steps[row.step].word, at: row.at.replace("T", " ") };
  const there = Boolean(jobOf(row.number));
  if (!there) item.append(Object.assign(document.createElement("a"), { href: `/jobs/${row.number}`, textContent: row.number }), " ");
  item.className = row.refused ? "overdue" : "due";
  const sentences = [text(row.refused ? "jobs.row_refused" : "jobs.row", facts), ...(row.refused ?? [])];
  for (const sentence of sentences) item.append(Object.assign(document.createElement("p"), { textContent: sentence }));
  for (const name of there && data.steps[row.step].asks ? ["edit", "discard"] : ["discard"]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text(`jobs.${name}`) });
    button.className = name === "edit" ? "quiet" : "danger";
    Object.assign(button.dataset, { row: row.id, does: name });
    item.append(button);
  }
  return item;
}

/** Take what waits back into its form; `key` where the next try is the same act. */
function give({ id, values, photo }, form, key) {
  rows.delete(id);
  if (!form) return;
  fill(form, values, photo);
  if (key) form.dataset.key = key;
  const folded = form.closest("details");
  if (folded) folded.open = true;
}

async function edit(row) {
  const form = formOf(jobOf(row.number), row);
  give(row, form);
  await drop(row);
  await keepDraft(form);
  draw();
  form.scrollIntoView();
}

async function discard(row) {
  if (!(await agreed(text("jobs.discard_ask", { step: data.steps[row.step].word })))) return;
  await drop(row);
  draw();
  sender.poke();
}

function say(job, sentences, kind) {
  tell(job.querySelector(":scope > .told"), sentences, kind);
}

// --- forms: what is typed is sealed too, since a phone closes a page while its camera takes a picture

const draftId = ({ dataset: { act: step, of } }, number) => `draft ${step} ${of ?? number}`;
let drafting; // the form that is being typed in
let timer;
let writing = Promise.resolve(); // drafts are written one after the other, or an older one would come back

function draftSoon(form) {
  clearTimeout(timer);
  drafting = form;
  timer = setTimeout(() => keepDraft(form), DRAFT_AFTER_MS);
}

async function keepDraft(form) {
  clearTimeout(timer);
  drafting = undefined;
  if (!sealable() || !form.isConnected) return;
  sealed.leave(rows.size);
  const { number } = form.closest(".job").dataset;
  const { act: step, of } = form.dataset;
  const draft = { id: draftId(form, number), draft: true, step, of, number, values: valuesOf(form) };
  writing = writing.then(() => sealed.put(draft.id, draft, paperOf(form))).catch(() => undefined);
  await writing;
}

function clear(form) {
  clearTimeout(timer);
  drafting = undefined;
  delete form.dataset.key;
  emptied(form);
  const folded = form.closest("details");
  if (folded) folded.open = false;
}

/** Now by the server's clock, as a field for a moment has it. */
const now = () => inField(Date.now() + clockOff);

// --- what is pressed

const PRESSED = {
  now: (button) => {
    button.form.elements[button.dataset.now].value = now();
    keepDraft(button.form);
  },
  enter: (button) => scannedAt(button.form),
  without: (button) => removePair(button.closest(".pair")),
  copy: async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = text("jobs.copied");
  },
  row: (button) => ({ edit, discard })[button.dataset.does](rows.get(button.dataset.row)),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest(".job button[type=button]");
  const name = button && Object.keys(PRESSED).find((each) => each in button.dataset);
  if (name) PRESSED[name](button);
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest(".job form");
  if (!form) return;
  event.preventDefault();
  pressed(form);
});
for (const each of ["input", "paired"]) {
  document.addEventListener(each, ({ target }) => {
    const form = target.closest(".job details form");
    if (!form || target.type === "file" || target.matches(".scan")) return;
    show(form);
    draftSoon(form);
  });
}
document.addEventListener("change", async ({ target }) => {
  if (!target.matches(".job input[type=file]")) return;
  const { form } = target;
  if ((await photographed(target)) === false) say(form.closest(".job"), [text("jobs.picture_unfit")]);
  keepDraft(form);
});
document.addEventListener("visibilitychange", () => document.hidden && drafting && keepDraft(drafting));
addEventListener("online", () => {
  draw();
  sender.poke();
});
addEventListener("offline", () => draw());
addEventListener("storage", async ({ key, newValue }) => {
  if (key !== LEFT + data.user) return;
  if (newValue === null) for (const row of rows.values()) row.alone = true; // dropped: this page alone has them now
  else await look();
  draw();
  sender.poke();
});

function offerCopies(job) {
  for (const button of job.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

function begin(job) {
  offerCopies(job);
  for (const form of job.querySelectorAll("details form")) show(form);
  for (const form of job.querySelectorAll("details form")) beginPairs(form);
}

/** What waits on the disk, as another tab may have left it. */
async function look() {
  const kept = sealable() ? await sealed.all().catch(() => []) : [];
  const acts = kept.filter(([value]) => !value.draft).sort(([one], [other]) => one.n - other.n);
  for (const row of waiting().filter((each) => each.kept && !each.alone)) if (!acts.some(([{ id }]) => id === row.id)) rows.delete(row.id);
  for (const [value, photo] of acts) if (!rows.has(value.id)) rows.set(value.id, { ...value, photo });
  return kept;
}

/** Put back what was typed and not sent, of one job or of all. */
function giveDrafts(kept, only) {
  for (const [draft, photo] of kept.filter(([{ draft: is, number }]) => is && (!only || number === only))) {
    give({ ...draft, photo }, formOf(jobOf(draft.number), draft));
  }
}

/** What was typed for a job that is no longer in hand is nobody's. */
async function dropDrafts(kept) {
  const old = kept.filter(([{ draft, step, number }]) => draft && step !== "correct" && !jobOf(number));
  for (const [{ id }] of data.alone ? [] : old) await unkeep(id);
}

async function open() {
  jobs().forEach(begin);
  const kept = await look();
  giveDrafts(kept);
  await dropDrafts(kept);
  if (Math.abs(clockOff) > CLOCK_OFF_MS) {
    const minutes = Math.round(Math.abs(clockOff) / 60_000);
    tell($("clock"), [text(clockOff < 0 ? "jobs.clock_ahead" : "jobs.clock_behind", { minutes })], "warning");
  }
  draw();
  sender.poke();
}

open();
