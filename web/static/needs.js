// What a form needs before it is sent, where no attribute of a field can say it.
import { AS } from "./panku.js";

// What a list has room for is said while one types, before a long form is sent.
document.addEventListener("input", ({ target }) => {
  const { most, tooMany } = target.dataset;
  if (most) target.setCustomValidity(AS.lines(target.value).length > Number(most) ? tooMany : "");
});

// Of boxes of which one at least is ticked, the first says so where none is.
function minded(group) {
  const boxes = [...group.querySelectorAll("input")];
  boxes[0].setCustomValidity(boxes.some(({ checked }) => checked) ? "" : group.dataset.oneOf);
}

document.querySelectorAll("[data-one-of]").forEach(minded);
document.addEventListener("change", ({ target }) => {
  const group = target.closest("[data-one-of]");
  if (group) minded(group);
});

// A time from and to is given whole or not at all: who fills one half is asked for the other.
document.addEventListener("input", ({ target }) => {
  const [, within, half] = /^(.*)(starts_at|ends_at)$/.exec(target.name ?? "") ?? [];
  const other = half && target.form.elements[within + { starts_at: "ends_at", ends_at: "starts_at" }[half]];
  if (!other || (other.required && !("half" in other.dataset))) return;
  other.required = target.value !== "";
  other.toggleAttribute("data-half", other.required);
});
document.addEventListener("reset", ({ target }) => {
  for (const field of target.querySelectorAll("[data-half]")) field.required = field.toggleAttribute("data-half", false);
});
