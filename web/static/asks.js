// The form of a scanning task: what it asks of the document and of each line, and what is filled in of itself.
import { AS, inField, request, text, told } from "./panku.js";
import { cleaned } from "./scanner.js";

const CHECK_MS = 120;
const SHORTEST_TAXPAYER = 15;
const opened = performance.now();
const $ = (id) => document.getElementById(id);

export const data = JSON.parse($("data").textContent);
export const fields = [...document.querySelectorAll("[data-ask]")];
export const lineFields = [...document.querySelectorAll("[data-each]")];

const TYPED = "input:not([readonly])";

/** What is typed of a line; other fields of lines are chosen, scanned, or follow from them. */
export const typedOfLine = lineFields.filter((field) => field.matches(`${TYPED}:not([data-scanned])`)).map((field) => field.name);

export function fieldOf(path) {
  return fields.find((field) => field.name === path);
}

export function valueOf(path) {
  return fieldOf(path)?.value || undefined;
}

/** Whether a field is one of the form's. */
export function asked(field) {
  return fields.includes(field) || lineFields.includes(field);
}

/** Now by the server's clock, however wrong the browser's is, as a field for a moment has it. */
const now = () => inField(data.now_us / 1000 + (performance.now() - opened));

/** What the form says of the document, as it is posted today. */
export function said() {
  const body = { business_date: now().slice(0, 10) };
  for (const field of fields) {
    if (!field.value) continue;
    const value = (AS[field.dataset.kind] ?? ((typed) => typed.trim()))(field.value);
    const [first, inner] = field.name.split(".");
    if (inner) (body[first] ??= {})[inner] = value;
    else body[first] = value;
  }
  return body;
}

/** Whether a document says anything that was typed: that may be of a customer. */
export function typed(body) {
  const said = (field, where) => field.matches(TYPED) && field.name.split(".").reduce((part, name) => part?.[name], where) !== undefined;
  return fields.some((field) => said(field, body)) || body.lines.some((line) => lineFields.some((field) => said(field, line)));
}

/** What the form says of the device that is scanned now; what does not last is said once. */
export function saidOfLine() {
  const each = {};
  for (const field of lineFields) {
    if (field.value) each[field.name] = field.value;
    if (!("lasts" in field.dataset)) field.value = "";
  }
  return each;
}

/** What the form says of every line that does not say it itself. */
export function saidOfAll() {
  const lasting = lineFields.filter((field) => "lasts" in field.dataset && field.value);
  return Object.fromEntries(lasting.map((field) => [field.name, field.value]));
}

/** The first field that must be filled before `serial` can be scanned, if any. */
export function lacking(serial) {
  const first = fields.find((field) => "first" in field.dataset && !field.value && !(field.name === "model" && data.expected?.[serial]));
  return first ?? lineFields.find((field) => field.required && !field.value);
}

/** What keeps the form from being posted: the field, and the sentence that says so. */
export function unready() {
  const reasons = [
    ["scan.missing", fields.find((field) => field.required && !field.value)],
    ["scan.malformed", fields.find((field) => field.value && !field.checkValidity())],
    ["scan.loose", lineFields.find((field) => field.value && !("lasts" in field.dataset))],
  ];
  const [name, field] = reasons.find(([, found]) => found) ?? [];
  return field && { field, sentence: text(name, { field: nameOf(field) }) };
}

export function nameOf(field) {
  return field.dataset.ask ?? field.dataset.each;
}

/** The next field that still needs something, if any. */
export function next(after) {
  return fields.slice(fields.indexOf(after) + 1).find((field) => field.required && !field.value);
}

/** Fill the fields that tell a moment, and those that name the device of a chosen order. */
function follow() {
  for (const field of fields) {
    if (field.dataset.kind === "moment") field.value ||= now();
  }
  for (const field of lineFields) {
    if (field.dataset.of) field.value = fieldOf(field.dataset.of)?.selectedOptions[0]?.dataset.serial ?? "";
  }
}

/** Ask for what is only asked for once a document was refused with `code`; whether there is any such field. */
export function ask(code, asked = true) {
  const meant = fields.filter((field) => field.dataset.when === code);
  for (const field of meant) field.closest("label").hidden = !asked;
  return meant.length > 0;
}

/** Put what an accepted device's passport tells into the fields for it, all of them or, where one was filled, none. */
export function fill(device, row) {
  if (device.customer?.masked) ask("customer_required");
  const wanted = fields.filter((field) => field.dataset.fill);
  if (wanted.some((field) => field.value)) return;
  for (const field of wanted) {
    const value = field.dataset.fill.split(".").reduce((part, name) => part?.[name], device);
    if (typeof value !== "string") continue;
    field.value = value;
    Object.assign(field.dataset, { filledBy: row.id, filled: value });
    check(field);
  }
}

/** Empty what a row had filled in, where nobody has changed it since. */
export function unfill(row) {
  for (const field of fields.filter((each) => each.dataset.filledBy === row.id && each.value === each.dataset.filled)) {
    field.value = "";
    check(field);
  }
}

/** Make the form ready for the next document; what stays, stays, and a number that was suggested counts on. */
export function renew(body) {
  for (const field of fields) {
    if (field.dataset.when) ask(field.dataset.when, false);
    if (!("keep" in field.dataset)) field.value = "counts" in field.dataset ? countedUp(String(body[field.name])) : "";
    check(field);
  }
  for (const field of lineFields) field.value = "";
  follow();
}

function countedUp(number) {
  return number.replace(/\d{1,12}$/, (digits) => String(Number(digits) + 1).padStart(digits.length, "0"));
}

/** The order that is open for a scanned device is the one meant, its fault known; a spare goes under the one that was chosen. */
export function chooseOrder(serial) {
  const order = fieldOf("order");
  if (lineFields.some((field) => field.dataset.of === "order")) return;
  const option = [...(order?.options ?? [])].find((each) => each.dataset.serial === serial);
  if (!option) return;
  option.selected = true; // by itself: an order has an option for each of its devices
  const fault = fieldOf("fault");
  if (fault && !fault.value) fault.value = option.dataset.fault ?? "";
}

/** Say of a swap what the record says of which it is a part. */
export function settle({ order, faulty, fault, terms, charged_fen }, row) {
  offerOrder(order, faulty, fault);
  for (const [path, value] of Object.entries({ order, fault, terms, charged_fen: charged_fen ? charged_fen / 100 : "" })) {
    fieldOf(path).value = value;
    Object.assign(fieldOf(path).dataset, { filledBy: row.id, filled: value });
  }
}

/** An order that was opened for a document that was then refused is the one that the next try goes under. */
export function offerOrder(order, serial, fault) {
  const field = fieldOf("order");
  if (!order || !field || [...field.options].some((option) => option.value === order)) return;
  const option = new Option(`${order} ${serial}`, order, false, true);
  Object.assign(option.dataset, { serial, fault });
  field.append(option);
}

let checking;

/** Say of a taxpayer id, while it is typed, how long it is, whether it can be one, and whose it is. */
function check(field) {
  if (field.dataset.kind !== "taxpayer") return;
  clearTimeout(checking);
  const place = $(`${field.id}_told`);
  const typed = cleaned(field.value);
  field.dataset.valid = "";
  place.textContent = typed ? text("scan.taxpayer_length", { count: typed.length }) : "";
  place.className = "";
  if (typed.length < SHORTEST_TAXPAYER) return;
  checking = setTimeout(async () => {
    const answer = await request("POST", "/v1/customers/lookup", { taxpayer_id: field.value, name: valueOf("customer.name") });
    if (cleaned(field.value) !== typed) return;
    const known = answer.ok ? answer.body[0]?.data : undefined;
    field.dataset.valid = answer.ok ? "yes" : "no";
    place.className = answer.ok ? "good" : "bad";
    place.textContent = answer.ok ? text("scan.taxpayer_good", { name: known?.name ?? text("scan.taxpayer_new") }) : told(answer).join(" ");
  }, CHECK_MS);
}

/** Begin with what was kept of the documents before, and keep what is to be kept for the next. */
export function begin(kept) {
  for (const field of fields) {
    const value = kept.get("fields")?.[field.name];
    if (value && "keep" in field.dataset) field.value = value;
    field.addEventListener("change", () => {
      const values = fields.filter((each) => "keep" in each.dataset).map((each) => [each.name, each.value]);
      kept.set("fields", Object.fromEntries(values));
      follow();
    });
    field.addEventListener("input", () => check(field));
  }
  follow();
}
