// The disks of a job that were swapped: a scan fills the side to which it belongs, in whichever order they come.
import { tell, text } from "./panku.js";
import { camera } from "./camera.js";
import { scanEndedBy } from "./keys.js";
import { cleaned, halved } from "./scanner.js";
import { sound } from "./sounds.js";

/** One more pair, empty, at the end of a form. */
export function addPair(form) {
  const row = form.querySelector("template").content.firstElementChild.cloneNode(true);
  const { length } = form.querySelectorAll(".pair");
  for (const field of row.querySelectorAll("input")) field.name = field.name.replace("0", length);
  form.querySelector(".pairs").append(row);
  return row;
}

export function removePair(pair) {
  const { form } = pair.querySelector("input");
  pair.remove();
  [...form.querySelectorAll(".pair")].forEach((row, n) => {
    for (const field of row.querySelectorAll("input")) field.name = field.name.replace(/\d+/, n);
  });
  changed(form);
}

/** Say that a script, and no hand, changed a form. */
function changed(form) {
  form.dispatchEvent(new CustomEvent("paired", { bubbles: true }));
}

/** One text from a scanner, the camera or a hand: told, and put on its side. */
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
  changed(form);
}

/** Take what stands in the field of scans. */
export function scannedAt(form) {
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
    if (target.matches(".scan")) scannedAt(form);
  }
}

/** Let the camera scan into a form, where there are disks to scan. */
export function begin(form) {
  if (!form.querySelector(".camera")) return;
  camera({
    button: form.querySelector(".camera"),
    torch: form.querySelector(".torch"),
    video: form.querySelector(".picture"),
    take: (found) => scanned(form, found),
    failed: () => tell(form.querySelector("[data-heard]"), [text("scan.no_camera")]),
  });
}

document.addEventListener("keydown", ended, true);
