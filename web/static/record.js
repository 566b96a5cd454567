// The forms of a job, and the service record's above all: what stands in one, put back or emptied, and the paper's photograph.
import { addPair } from "./pairs.js";
import { shrunk, shown } from "./paper.js";
import { warnOfPhones } from "./phones.js";

const photos = new WeakMap(); // by form: the paper that was photographed

/** The photograph that goes with a form, if there is one. */
export const paperOf = (form) => photos.get(form);

/** What stands in a form, as [name, value]; a box that may be ticked as whether it is. */
export function valuesOf(form) {
  const fields = [...form.elements].filter(({ name, type }) => name && type !== "file");
  return fields.map(({ name, type, value, checked }) => [name, type === "checkbox" ? checked : value]);
}

/** Put back what stood in a form, and no pair that did not. */
export function fill(form, values, photo) {
  for (const pair of form.querySelectorAll(".pair")) pair.remove();
  for (const [name] of values) if (/^used\.\d+\.faulty$/.test(name)) addPair(form);
  for (const [name, value] of values) if (form.elements[name]) form.elements[name][value === Boolean(value) ? "checked" : "value"] = value;
  if (photo) setPaper(form, photo);
  show(form);
}

/** Empty a form after it was sent; one that corrects a record stays as it is until the record is shown anew. */
export function emptied(form) {
  if (form.dataset.act === "correct") return;
  form.reset();
  for (const pair of form.querySelectorAll(".pair")) pair.remove();
  photos.delete(form);
  show(form);
}

/** Show what the answers so far ask for, and whether a text looks as if it had a telephone number in it. */
export function show(form) {
  const how = form.elements["confirmation.how"]?.value;
  for (const part of form.querySelectorAll("[data-how]")) part.hidden = part.disabled = !part.dataset.how.split(" ").includes(how);
  if (form.querySelector(".wanted")) form.querySelector(".wanted").hidden ||= how !== "signed" || photos.has(form);
  warnOfPhones(form);
  if (form.querySelector("canvas") && !photos.get(form)) form.querySelector("canvas").hidden = true;
}

/** Say where the photograph is taken that it is wanted: who sends a long form looks at its end. */
export function wantPaper(form) {
  form.querySelector(".wanted").hidden = false;
  form.querySelector("input[type=file]").focus();
}

async function setPaper(form, photo) {
  photos.set(form, photo);
  show(form);
  await shown(photo, form.querySelector("canvas"));
}

/** Take the picture that a field was given; false where it is none that can be used. */
export async function photographed(field) {
  const [file] = field.files;
  if (!file) return undefined;
  const photo = await shrunk(file);
  if (photo) await setPaper(field.form, photo);
  field.value = "";
  return Boolean(photo);
}
