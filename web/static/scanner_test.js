// Trying a scanner: what it typed, how fast, how it ended, and whether an input method was in the way.
import { ends } from "./keys.js";
import { text } from "./panku.js";
import { cleaned, widened } from "./scanner.js";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const field = $("scan");
const FAST_MS = 35;
let keys = [];
let composed = false;
let timer;

field.addEventListener("compositionstart", () => (composed = true));
field.addEventListener("keydown", (event) => {
  keys.push({ key: event.key, at: event.timeStamp });
  clearTimeout(timer);
  const ending = ends(event);
  if (ending && event.key !== "Enter" && field.value) event.preventDefault();
  if (ending && !event.isComposing) timer = setTimeout(() => report(event.key), 50);
  else timer = setTimeout(() => report(""), 2_000);
});
field.form.addEventListener("submit", (event) => event.preventDefault());

function report(end) {
  const raw = field.value;
  const typed = keys.filter((each) => each.key.length === 1);
  const pace = typed.length > 1 ? (typed.at(-1).at - typed[0].at) / (typed.length - 1) : undefined;
  const bare = cleaned(raw);
  const controls = [...raw].filter((letter) => letter < " " || letter === "\u007f").map((letter) => letter.codePointAt(0));
  const lower = /[a-z]/.test(raw) && !/[A-Z]/.test(raw);
  const known = data.patterns.some((pattern) => new RegExp(`^(?:${pattern})$`).test(bare));
  const command = Object.values(data.commands).includes(bare);
  const found = [
    [!composed && !widened(raw), composed || widened(raw) ? "ime_on" : "ime_off"],
    [Boolean(end), end ? "ends" : "no_end", { end }],
    [pace !== undefined && pace < FAST_MS, pace < FAST_MS ? "fast" : "slow", { ms: pace === undefined ? "—" : pace.toFixed(0) }],
    [known || command, command ? "command" : known ? "serial" : "other"],
    [true, controls.length ? "controls" : "", { codes: controls.join(" ") }],
    [!lower, lower ? "lower" : ""],
  ];
  $("got").textContent = bare || "—";
  $("verdicts").replaceChildren(
    ...found.filter(([, name]) => name).map(([good, name, facts]) => {
      const item = document.createElement("li");
      item.className = good ? "good" : "warn";
      item.dataset.verdict = name;
      item.textContent = `${good ? "✓" : "!"} ${text(`scan.test.${name}`, facts)}`;
      return item;
    }),
  );
  field.value = "";
  keys = [];
  composed = false;
  field.focus();
}
