// What every page shares: requests to the API, forms that send themselves, and telling what came of them.

import "./keys.js";
import { anySealed, dropSealed, forget, keepSealed, unsealed } from "./seal.js";
import { dropKept, leftHere } from "./leaving.js";

const ENDED = ["sign_in_required", "session_ended"];
const { user } = document.body.dataset;

/** A new random id, also where the page is not served over HTTPS. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * One request to the API. Answers {ok, status, body, etag}; status 0 means that no answer came.
 * `key` is the Idempotency-Key: the same one again is the same act.
 */
export async function request(method, path, body, { key, ifMatch, signal } = {}) {
  const headers = { "Accept-Language": document.documentElement.lang };
  if (method !== "GET" && ifMatch === undefined) headers["Idempotency-Key"] = key ?? newId();
  if (user) headers["X-Signed-In-As"] = user; // nobody else's word is given from a page that was shown to them
  if (ifMatch !== undefined) headers["If-Match"] = `"${ifMatch}"`;
  let sent;
  if (body instanceof Blob) {
    sent = body;
    headers["X-File-Name"] = encodeURIComponent(body.name ?? "");
  } else if (body !== undefined) {
    sent = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: sent, signal, credentials: "same-origin" });
  } catch {
    return { ok: false, status: 0, body: null };
  }
  const json = (answer.headers.get("Content-Type") ?? "").includes("json");
  const said = json ? await answer.json() : null;
  if (ENDED.includes(said?.code)) await forget();
  return {
    ok: answer.ok,
    status: answer.status,
    body: said,
    file: json || !answer.ok ? null : await answer.blob(),
    etag: answer.headers.get("ETag")?.replaceAll('"', ""),
  };
}

/** What a refusal says, in the reader's words; each fault on its own. */
export function told(answer) {
  if (answer.status === 0) return [text("offline")];
  const faults = answer.body?.errors ?? [];
  const sentences = faults.map((fault) => fault.detail);
  return sentences.length ? [...new Set(sentences)] : [answer.body?.detail ?? `HTTP ${answer.status}`];
}

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/** A text of this page, with its facts filled in. */
export function text(name, facts = {}) {
  return filled(words[name] ?? name, (fact) => facts[fact] ?? "—");
}

/** A text with what stands for each name in braces. */
function filled(template, value) {
  return template.replace(/\{(\w+)\}/g, (_, name) => value(name));
}

/** Say something to everybody, those who listen to the page as well. */
export function tell(place, sentences, kind = "error") {
  place.replaceChildren(
    ...sentences.map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })),
  );
  place.className = `told ${kind}`;
  place.hidden = sentences.length === 0;
}

/** How a field's text is said in JSON, by what it is; a moment is one of the unit's time zone, wherever the browser is. */
export const AS = {
  integer: (value) => Number.parseInt(value, 10),
  number: (value) => Number.parseFloat(value),
  boolean: (value, field) => field.checked,
  flag: (value) => value === "true",
  tick: () => true,
  nothing: () => null,
  yuan: (value) => Math.round(Number.parseFloat(value) * 100),
  lines: (value) => value.split(/[\s,，、]+/).filter(Boolean),
  pair: (value) => Object.fromEntries(value.split(" ").map((serial, n) => [["faulty", "spare"][n], serial])),
  devices: (value) => AS.lines(value).map((serial) => ({ serial })),
  // a browser leaves out seconds that are none: 2026-11-25T10:20
  moment: (value) => `${value}${value.length === 16 ? ":00" : ""}${document.body.dataset.offset}`,
};

/** A moment in the unit's time zone, as a field for one has it: 2026-11-25T10:20. */
export function inField(at) {
  const parts = { timeZone: document.body.dataset.zone, dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat("sv-SE", parts).format(at).replace(" ", "T");
}

/**
 * The JSON that a form says: names are paths such as `customer.name` or `lines.0.serial`; what is under `each` goes into
 * every line. Empty fields are left out, and those marked `data-path`, which belong into the address.
 */
export function bodyOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.matches(":disabled") || field.type === "file" || "path" in field.dataset) continue;
    if (field.type === "radio" && !field.checked) continue;
    if (field.type === "checkbox" && field.dataset.as !== "boolean") {
      const path = field.name.split(".");
      const list = field.checked ? path.reduce((part, name) => (part[name] ??= name === path.at(-1) ? [] : {}), body) : [];
      list.push((AS[field.dataset.as] ?? ((value) => value))(field.value));
      continue;
    }
    if (field.value === "" && field.dataset.as !== "boolean") continue;
    put(body, field.name.split("."), (AS[field.dataset.as] ?? ((value) => value))(field.value, field));
  }
  const { each, ...rest } = body;
  return each ? { ...rest, lines: rest.lines?.map((line) => ({ ...line, ...each })) } : rest;
}

function put(body, path, value) {
  const [first, ...rest] = path;
  if (rest.length === 0) body[first] = value;
  else put((body[first] ??= /^\d+$/.test(rest[0]) ? [] : {}), rest, value);
}

/** Send a form and tell what came of it; where it is refused, the first field that is meant gets the focus. */
async function send(form) {
  const [method, template] = form.dataset.api.split(" ");
  const path = filled(template, (name) => encodeURIComponent(form.elements[name].value.trim()));
  const place = form.querySelector(".told");
  const button = form.querySelector("button:not([type=button])");
  form.dataset.key ??= newId();
  button.disabled = true;
  if ("forget" in form.dataset) await Promise.all([forget(), dropKept()]);
  const file = form.querySelector("input[type=file]")?.files[0];
  const address = file ? `${path}?${new URLSearchParams(bodyOf(form))}` : path;
  const sent = file ?? (form.dataset.body === "none" ? undefined : bodyOf(form));
  const answer = await request(method, address, sent, { key: form.dataset.key, ifMatch: form.dataset.revision });
  button.disabled = false;
  if (answer.status !== 0) delete form.dataset.key; // an answer came: the next try is another act
  if (!answer.ok) {
    form.dispatchEvent(new CustomEvent("refused", { detail: answer.body }));
    tell(place, told(answer));
    const field = fieldOf(form, answer);
    field?.focus();
    if (field && !inSight(place)) (field.closest("label") ?? field).after(place);
    return;
  }
  if (form.dataset.download) save(answer.file, filled(form.dataset.download, (name) => form.elements[name].value));
  if (form.dataset.secret) tell(place, [text("secret", { secret: answer.body[form.dataset.secret] })], "done");
  form.dispatchEvent(new CustomEvent("done", { bubbles: true, detail: answer.body }));
  if (form.dataset.next !== undefined) {
    const next = filled(form.dataset.next, (name) => encodeURIComponent(answer.body?.[name] ?? ""));
    if (next) return location.assign(next);
    await keepTyped(form);
    location.reload();
  }
}

const TYPED = `panku ${user} typed ${location.pathname}`;
const TYPED_IN = "textarea, input:not([type=password], [type=hidden], [type=file], [type=checkbox], [type=radio])";

/** What stands unsent in the page's other forms is there again after it was shown anew. */
async function keepTyped(sent) {
  const typed = [...document.querySelectorAll("form[data-api]")]
    .filter((form) => form !== sent)
    .flatMap((form) => [...form.querySelectorAll(TYPED_IN)].map((field) => [form.dataset.api, field.name, field]))
    .filter(([, , field]) => field.value !== field.defaultValue)
    .map(([api, name, field]) => [api, name, field.value]);
  if (typed.length) await keepSealed(user, TYPED, typed, sessionStorage);
}

async function fillTyped() {
  const kept = unsealed(user, TYPED, sessionStorage);
  dropSealed(TYPED, sessionStorage);
  for (const [api, name, value] of (await kept) ?? []) {
    const form = [...document.querySelectorAll("form[data-api]")].find((each) => each.dataset.api === api);
    const field = form?.elements[name];
    if (!field) continue;
    field.value = value;
    for (let folded = form.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
  }
}

fillTyped();
if (user) dropKept(user);
if (user !== undefined) forget(user); // others are no longer signed in; where the page asks for a sign-in, nobody is

/** Hand a file to the browser to keep. */
function save(file, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}

const inSight = (place) => place.getBoundingClientRect().top >= 0 && place.getBoundingClientRect().bottom <= innerHeight;

function fieldOf(form, answer) {
  const pointer = answer.body?.errors?.[0]?.pointer ?? "";
  const name = pointer.slice(1).replaceAll("/", ".");
  const within = (field) => name && field.name?.startsWith(`${name}.`) && field.type !== "hidden";
  const fields = form.elements;
  const named = fields[name] instanceof RadioNodeList ? fields[name][0] : fields[name]; // of boxes of one name, the first
  return (
    named ?? [...fields].find(within) ?? fields[name.split(".")[0]] ?? form.querySelector("input[type=password]")
  );
}

/** Ask before an act. Not by `confirm`, which takes a scanner's Enter for a yes. */
export function agreed(question) {
  const dialog = document.getElementById("sure");
  dialog.querySelector("p").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = () => done(dialog.returnValue === "yes");
  });
}

/** What is lost with a sign-out: how many of a technician's acts are not uploaded, or that a document has no answer. */
function askedBeforeLeaving(form) {
  const count = leftHere().reduce((sum, each) => sum + each.count, 0);
  return count ? text("jobs.sign_out_ask", { count }) : anySealed() && form.dataset.forget;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.api) return;
  event.preventDefault();
  const question = form.dataset.ask || ("forget" in form.dataset && askedBeforeLeaving(form));
  if (question && !(await agreed(question))) return;
  send(form);
});
