// Keys as a scanner types them, on every page: its text ends once, and neither sends a form nor presses a button.

const FAST_MS = 35; // a key: people need three times as long, scanners a tenth
const BROKEN_MS = 300; // a longer pause begins another text; radio scanners stutter
const SHORTEST = 4;
const FIELDS = "input, select, textarea";
const SENDING = ":is(select, input:not([type=password], [type=file]))"; // no label holds a password
const FORM = `[data-api] ${SENDING}`;
const DOCUMENT = `[data-api="POST /v1/documents"] ${SENDING}`; // is finished by its button alone

let typed = { text: "" };
let scan = null; // what a scanner typed, and the Enter that ended it; nothing was typed since
let ended = -Infinity; // when the last text did

/** Whether a key ends a text: CR, LF or Tab; some scanners send the first two as control characters. */
export function ends({ key, ctrlKey, shiftKey }) {
  return ctrlKey ? /^[jm]$/i.test(key) : key === "Enter" || (key === "Tab" && !shiftKey);
}

/** What a scanner typed that this key ends, and what the field held before; null where a person did. */
export function scanEndedBy(event) {
  return scan?.end === event ? scan : null;
}

function continued(target, event) {
  const goesOn = typed.target === target && event.timeStamp - typed.last < BROKEN_MS;
  const before = goesOn ? typed : { text: "", target, before: target.value, first: event.timeStamp };
  return { ...before, text: before.text + event.key, last: event.timeStamp };
}

function quick(target, event) {
  if (typed.target !== target || typed.text.length < SHORTEST) return false;
  if (event.timeStamp - typed.last > BROKEN_MS) return false;
  return (typed.last - typed.first) / (typed.text.length - 1) < FAST_MS;
}

/** Whether a key ends again what has ended, as LF does after CR, or presses a button amid what is typed at it. */
function stray({ target, key, timeStamp }, ending) {
  if (ending && timeStamp - ended < BROKEN_MS) return true;
  if (ending && key !== "Tab" && scan) return true;
  return key !== "Tab" && (ending || key === " ") && !target.matches(FIELDS) && timeStamp - typed.last < BROKEN_MS;
}

/** A person does something, or a text begins: what ends next is no second end of what was before. */
function begun() {
  [scan, ended] = [null, -Infinity];
}

for (const each of ["input", "pointerdown"]) document.addEventListener(each, begun, true);
document.addEventListener(
  "keydown",
  (event) => {
    const { target, key, timeStamp } = event;
    const ending = ends(event);
    if (event.altKey || event.metaKey || event.isComposing || (event.ctrlKey && !ending)) return;
    if (stray(event, ending)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (ending) {
      scan = quick(target, event) ? { ...typed, end: event } : null;
      if (scan || key !== "Tab") ended = timeStamp;
      typed = { text: "" };
      if (key !== "Tab" && target.matches(scan ? FORM : DOCUMENT)) event.preventDefault();
    } else if (key.length === 1) {
      // the picker that it opens would take the keys
      if (key === " " && timeStamp - typed.last < BROKEN_MS && /^(date|month)/.test(target.type)) event.preventDefault();
      begun();
      typed = continued(target, event);
    } else if (key === "Tab") {
      begun();
    }
  },
  true,
);
