// A technician's jobs on their phone: each step is kept, sealed, before it is sent, and sent in order until an answer came.
import { bodyOf, newId, request, tell, text, told } from "./panku.js";
import { scanEndedBy } from "./keys.js";
import { camera } from "./camera.js";
import { LEFT, leftHere } from "./leaving.js";
import { shrunk, shown } from "./paper.js";
import { Sender, unanswered } from "./queue.js";
import { canSeal, Sealed } from "./sealed.js";
import { cleaned, halved } from "./scanner.js";
import { sound } from "./sounds.js";

const PATIENCE_MS = 60_000; // a photograph over a thin line
const DRAFT_AFTER_MS = 400;
const CLOCK_OFF_MS = 60_000;
const PHONE = /(?<!\d)(?:1[3-9]\d(?:[- ]?\d){8}|0\d{2,3}[- ]?\d{7,8})(?!\d)/;
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const clockOff = data.now - Date.now(); // what the phone's clock lacks, as exact as the page was quick
const sealed = new Sealed(data.user);
const rows = new Map(); // what waits, by id, the oldest first
const photos = new WeakMap(); // by form: the paper that was photographed
const sender = new Sender(next, send);
let reached = true; // whether the last that was sent was answered; a browser may take any network for the Internet

const jobs = () => [...document.querySelectorAll("article.job")];
const jobOf = (number) => jobs().find((job) => job.dataset.number === number);
const rowsOf = (number) => [...rows.values()].filter((row) => row.number === number);
const formOf = (job, { step, of }) => job?.querySelector(`form[data-act="${step}"]${of ? `[data-of="${of}"]` : ""}`);
const valuesOf = (form) =>
  [...form.elements].filter(({ name, type }) => name && type !== "file").map(({ name, type, value, checked }) => [name, type === "checkbox" ? checked : value]);

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
  const photo = photos.get(form);
  const body = bodyOf(form);
  if (body.confirmation?.how === "signed" && !photo && !body.confirmation.paper) return say(job, [text("jobs.no_paper")]);
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
  sender.poke();
}

/** Keep what waits on the disk; answers whether it is. */
async function keep(row) {
  const { photo, ...value } = row;
  if (!canSeal()) return false;
  sealed.leave(Math.max(rows.size, 1)); // first, so that whatever lies here is known of
  return sealed.put(row.id, { ...value, kept: true }, photo).then(() => true, () => false);
}

async function unkeep(id) {
  if (canSeal()) await sealed.drop(id).catch(() => undefined);
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
  } else if (!row.kept) {
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
  if (waiting().some((row) => row.kept) || leftHere().length) sealed.leave(rows.size);
  const away = !navigator.onLine || !reached;
  const sentences = [];
  if (rows.size) sentences.push(text(away ? "jobs.left_offline" : "jobs.left", { count: rows.size }));
  else if (away) sentences.push(text(canSeal() ? "jobs.offline" : "jobs.needs_network"));
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
  item.append(text(row.refused ? "jobs.row_refused" : "jobs.row", facts));
  item.className = row.refused ? "overdue" : "due";
  for (const sentence of row.refused ?? []) item.append(Object.assign(document.createElement("p"), { textContent: sentence }));
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
  const dialog = $("sure");
  dialog.querySelector("p").textContent = text("jobs.discard_ask", { step: data.steps[row.step].word });
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => (dialog.onclose = done));
  if (dialog.returnValue !== "yes") return;
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
  if (!canSeal() || !form.isConnected) return;
  sealed.leave(rows.size);
  const { number } = form.closest(".job").dataset;
  const { act: step, of } = form.dataset;
  const draft = { id: draftId(form, number), draft: true, step, of, number, values: valuesOf(form) };
  writing = writing.then(() => sealed.put(draft.id, draft, photos.get(form))).catch(() => undefined);
  await writing;
}

function fill(form, values, photo) {
  for (const [name] of values.filter(([name]) => /^used\.\d+\.faulty$/.test(name))) if (!form.elements[name]) addPair(form);
  for (const [name, value] of values) if (form.elements[name]) form.elements[name][value === Boolean(value) ? "checked" : "value"] = value;
  if (photo) setPaper(form, photo);
  show(form);
}

function clear(form) {
  clearTimeout(timer);
  drafting = undefined;
  form.reset();
  for (const pair of form.querySelectorAll(".pair")) pair.remove();
  photos.delete(form);
  delete form.dataset.key;
  show(form);
  const folded = form.closest("details");
  if (folded) folded.open = false;
}

/** Show what the answers so far ask for, and whether a text looks as if it had a telephone number in it. */
function show(form) {
  const how = form.elements["confirmation.how"]?.value;
  for (const part of form.querySelectorAll("[data-how]")) part.hidden = part.disabled = !part.dataset.how.split(" ").includes(how);
  const typed = [...form.querySelectorAll("[data-phones]")].some(({ value }) => PHONE.test(value));
  if (form.querySelector(".phones")) form.querySelector(".phones").hidden = !typed;
  if (form.querySelector("canvas") && !photos.get(form)) form.querySelector("canvas").hidden = true;
}

/** The moment in the unit's time zone, by the server's clock, as a field for one has it. */
function now() {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(document.body.dataset.offset);
  const offset = Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return new Date(Date.now() + clockOff + offset).toISOString().slice(0, 16);
}

async function setPaper(form, photo) {
  photos.set(form, photo);
  await shown(photo, form.querySelector("canvas"));
}

async function photographed(field) {
  const [file] = field.files;
  if (!file) return;
  const photo = await shrunk(file);
  if (photo) await setPaper(field.form, photo);
  else say(field.closest(".job"), [text("jobs.picture_unfit")]);
  field.value = "";
  keepDraft(field.form);
}

// --- the two disks: a scan fills the side to which it belongs, in whichever order they come

function addPair(form) {
  const row = form.querySelector("template").content.firstElementChild.cloneNode(true);
  const { length } = form.querySelectorAll(".pair");
  for (const field of row.querySelectorAll("input")) field.name = field.name.replace("0", length);
  form.querySelector(".pairs").append(row);
  return row;
}

function removePair(pair) {
  const { form } = pair.querySelector("input");
  pair.remove();
  [...form.querySelectorAll(".pair")].forEach((row, n) => {
    for (const field of row.querySelectorAll("input")) field.name = field.name.replace(/\d+/, n);
  });
}

function scanned(form, typed) {
  const heard = form.querySelector("[data-heard]");
  const serial = halved(cleaned(typed));
  if (!serial) return;
  const { serials, carried } = form.closest(".job").dataset;
  const pairs = [...form.querySelectorAll(".pair")];
  const fields = pairs.flatMap((pair) => [...pair.querySelectorAll("input")]);
  const answer = (outcome, name, facts = { serial }) => {
    sound(outcome);
    tell(heard, [text(name, facts)], { taken: "done", duplicate: "warning", unexpected: "warning" }[outcome]);
  };
  if (fields.some(({ value }) => value === serial)) return answer("duplicate", "jobs.heard_again");
  const side = serials.split(" ").includes(serial) ? "faulty" : carried.split(" ").includes(serial) ? "spare" : "";
  const open = (which) => fields.find(({ name, value }) => !value && name.endsWith(which));
  const field = open(side) ?? addPair(form).querySelector(`[name$="${side || "faulty"}"]`);
  field.value = serial;
  if (side) answer("taken", `jobs.heard_${side}`);
  else answer("unexpected", field.name.endsWith("faulty") ? "jobs.heard_faulty_unknown" : "jobs.heard_spare_unknown");
  keepDraft(form);
}

function enter(form) {
  const field = form.querySelector(".scan");
  scanned(form, field.value);
  field.value = "";
  field.focus();
}

/** What a scanner typed, wherever it was: into the form that is open; a person's Enter sends no form. */
function ended(event) {
  const { target } = event;
  if (!["Enter", "Tab"].includes(event.key) || target.closest("header, dialog")) return;
  const form = target.closest(".job form") ?? document.querySelector(".job details[open] form:has(.scan)");
  if (!form?.querySelector(".scan")) return;
  const scan = scanEndedBy(event);
  if (scan) {
    event.preventDefault();
    if ("value" in target) target.value = scan.before;
    scanned(form, scan.text);
    form.querySelector(".scan").focus();
  } else if (event.key === "Enter" && target.matches("input:not([type=file])")) {
    event.preventDefault();
    if (target.matches(".scan")) enter(form);
  }
}

// --- what is pressed

const PRESSED = {
  now: (button) => {
    button.form.elements[button.dataset.now].value = now();
    keepDraft(button.form);
  },
  enter: (button) => enter(button.form),
  without: (button) => {
    const { form } = button;
    removePair(button.closest(".pair"));
    keepDraft(form);
  },
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
document.addEventListener("input", ({ target }) => {
  const form = target.closest(".job details form");
  if (!form || target.type === "file" || target.matches(".scan")) return;
  show(form);
  draftSoon(form);
});
document.addEventListener("change", ({ target }) => target.matches(".job input[type=file]") && photographed(target));
document.addEventListener("keydown", ended, true);
document.addEventListener("visibilitychange", () => document.hidden && drafting && keepDraft(drafting));
addEventListener("online", () => {
  draw();
  sender.poke();
});
addEventListener("offline", () => draw());
addEventListener("storage", async ({ key, newValue }) => {
  if (key !== LEFT + data.user) return;
  if (newValue === null) for (const row of rows.values()) row.kept = false; // dropped: only this page has them now
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
  for (const form of [...job.querySelectorAll("form")].filter((each) => each.querySelector(".camera"))) {
    camera({
      button: form.querySelector(".camera"),
      torch: form.querySelector(".torch"),
      video: form.querySelector(".picture"),
      take: (found) => scanned(form, found),
      failed: () => tell(form.querySelector("[data-heard]"), [text("scan.no_camera")]),
    });
  }
}

/** What waits on the disk, as another tab may have left it. */
async function look() {
  const kept = canSeal() ? await sealed.all().catch(() => []) : [];
  const acts = kept.filter(([value]) => !value.draft).sort(([one], [other]) => one.n - other.n);
  for (const row of waiting().filter((each) => each.kept)) if (!acts.some(([{ id }]) => id === row.id)) rows.delete(row.id);
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
