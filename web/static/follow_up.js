// The call about a job: asked by keyboard or touch, a complaint's box as soon as an answer is bad, and nothing lost.

import { dropSealed, keepSealed, unsealed } from "./seal.js";

const form = document.getElementById("answers");
const { user } = document.body.dataset;
const KEPT = `panku ${user} call ${location.pathname}`;
let keeping = Promise.resolve();
let complained = false; // the server found that an answer is bad, which this page can not know

const questions = () => [...form.querySelectorAll(".question")];
const fieldsOf = (question) => [...question.querySelectorAll("input:not([type=hidden])")];

/** Show what the answers so far ask for: nothing of what is unknown, a complaint where one of them is bad. */
function show() {
  for (const tick of form.querySelectorAll("[data-unknown]")) {
    const [typed, none] = form.elements[`answers.${tick.value}`];
    none.disabled = !tick.checked;
    typed.disabled = tick.checked;
  }
  const bad = [...form.querySelectorAll("[data-bad]:checked")].map(({ dataset }) => dataset.bad);
  const box = document.getElementById("complained");
  box.hidden = box.disabled = !(bad.length || complained || form.elements.complains.checked);
  const [to, what] = [form.elements.passed_to, form.elements.passed_on]; // both or neither
  [to.required, what.required] = [what.value !== "", to.value !== ""];
  document.getElementById("categories").textContent = [...new Set(bad)].join(" ");
}

/** Lead on from a question to the next, and from the last to what the complaint's words are, or who was spoken to. */
function goOn(question) {
  const rest = questions().slice(questions().indexOf(question) + 1);
  const field = rest.length ? fieldsOf(rest[0]).find(({ disabled }) => !disabled) : form.elements.complaint;
  (field.matches(":disabled") ? form.elements["spoken_to.name"] : field).focus();
}

/** A digit chooses: of a score that score, of other answers the first, second… */
function byKey(event) {
  const question = event.target.closest(".question");
  if (!question || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter") {
    event.preventDefault(); // a scanner's Enter as well
    return goOn(question);
  }
  if (event.target.type !== "radio" || !/^[1-9]$/.test(event.key)) return;
  const choices = fieldsOf(question);
  const scored = choices.find(({ dataset, value }) => dataset.as === "integer" && value === event.key);
  const chosen = choices[0].dataset.as === "integer" ? scored : choices[Number(event.key) - 1];
  if (!chosen) return;
  event.preventDefault();
  chosen.click();
  goOn(question);
}

const isTick = ({ type }) => ["radio", "checkbox"].includes(type);

function keep() {
  show();
  const given = [...form.elements].filter((field) => field.name && field.type !== "hidden" && (isTick(field) ? field.checked : field.value));
  const typed = given.map(({ name, value }) => [name, value]);
  keeping = keeping.then(() => keepSealed(user, KEPT, typed, sessionStorage));
}

async function putBack() {
  for (const [name, value] of (await unsealed(user, KEPT, sessionStorage)) ?? []) {
    for (const field of form.querySelectorAll(`[name="${name}"]:not([type=hidden])`)) {
      if (isTick(field)) field.checked ||= field.value === value;
      else field.value = value;
      const folded = field.closest("details");
      if (folded) folded.open = true;
    }
  }
  show();
}

if (form) {
  form.addEventListener("input", keep);
  form.addEventListener("keydown", byKey);
  form.addEventListener("done", () => keeping.then(() => dropSealed(KEPT, sessionStorage)));
  form.addEventListener("refused", ({ detail }) => {
    complained ||= (detail?.errors ?? []).some(({ pointer }) => pointer === "/complaint");
    show();
  });
  putBack();
} else {
  dropSealed(KEPT, sessionStorage);
}
const first = document.querySelector("[data-first]") ?? (form && fieldsOf(questions()[0])[0]);
first?.focus({ preventScroll: true });
