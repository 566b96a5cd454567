// The auditor's queue by keyboard: j and k go down and up, a approves, r rejects, Escape goes back to the document.

import { text } from "./panku.js";

const place = document.getElementById("told");
const on = document.getElementById("keys-on");
const KEPT = "panku.review-keys";

const waiting = () => [...document.querySelectorAll("article.waiting:not(.decided)")];

if (on) {
  on.checked = localStorage.getItem(KEPT) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEPT, on.checked ? "on" : "off"));
}

/** Whether somebody types or chooses something, which no key may take from them. */
function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function go(step) {
  const articles = waiting();
  const here = articles.indexOf(document.activeElement?.closest("article.waiting"));
  const next = articles[here < 0 ? (step > 0 ? 0 : articles.length - 1) : here + step];
  if (next) look(next);
}

function look(article) {
  article.focus();
  article.scrollIntoView({ block: "nearest" });
}

/** Open the forms of the document that is looked at, and begin the one that is meant. */
function begin(kind) {
  const article = document.activeElement?.closest("article.waiting") ?? waiting()[0];
  const act = article?.querySelector("details.act");
  if (!act) return;
  act.open = true;
  act.querySelector(`form.${kind} :is(textarea, input[type=password])`).focus();
}

const KEYS = { j: () => go(1), k: () => go(-1), a: () => begin("approve"), r: () => begin("reject") };

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const article = event.target.closest?.("article.waiting");
  if (event.key === "Escape" && article) {
    article.querySelector("details.act")?.removeAttribute("open");
    look(article);
    return;
  }
  if (!on?.checked || typing(event.target) || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

document.addEventListener("done", (event) => {
  const article = event.target.closest("article.waiting");
  if (!article) return;
  const rejected = event.target.classList.contains("reject");
  const next = waiting()[waiting().indexOf(article) + 1] ?? waiting()[waiting().indexOf(article) - 1];
  const told = text(rejected ? "reviews.was_rejected" : "reviews.was_approved", { number: article.dataset.number });
  article.classList.add("decided");
  article.querySelector("details.act")?.remove();
  article.append(Object.assign(document.createElement("p"), { className: "outcome", textContent: told }));
  place.textContent = told;
  look(next ?? article);
});
