// What a scanner types: one field that has the focus, where Enter submits; and a Chinese input method that meddles.

const SURROUNDING = /^[\u0000-\u0020\u007f\u200b\u2060\u3000\ufeff]+|[\u0000-\u0020\u007f\u200b\u2060\u3000\ufeff]+$/g;
const WIDE = /[\uff01-\uff5e\u2010-\u2015\u2212]/;
const FAST_MS = 35; // a key: people need three times as long, scanners a tenth
const BROKEN_MS = 300; // a longer pause begins another text; radio scanners stutter
const SHORTEST = 4;
const AFTER_COMPOSING_MS = 600; // an input method may swallow the Enter; by then it would have come

/** A text without what scanners add around it (EOT, GS, blanks), ASCII letters upper case; as devices/serials.py. */
export function cleaned(text) {
  return text.replace(SURROUNDING, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** A text with the half-width characters that an input method made wide. */
export function halved(text) {
  return text.replace(/[\uff01-\uff5e]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0xfee0));
}

/** Whether a text has full-width characters: an input method is on. */
export function widened(text) {
  return WIDE.test(text);
}

/**
 * Listen to a scanner. `take` gets each text as it came, `spoiled` what an input method made of one, `composing` is
 * told when one is at work. `elsewhere(field, {text, before, burst})` says whether a text typed into another field was
 * meant for this one; then that field gets back what it held `before`. `entered(field)` is told where it was not.
 * A text that ends with one of `commands`, which no text of people's does, was one.
 */
export function listen(field, { take, spoiled, composing, elsewhere, entered, commands = [] }) {
  let composed = false;
  let swallowed;

  const submit = () => {
    clearTimeout(swallowed);
    const text = field.value;
    const meddled = composed;
    field.value = "";
    composed = false;
    if (meddled) spoiled(text);
    else if (cleaned(text)) take(text);
  };

  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    if (document.activeElement?.form === field.form) field.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !cleaned(field.value) || event.shiftKey) return;
    event.preventDefault(); // some scanners end with Tab
    submit();
  });
  field.addEventListener("compositionstart", () => {
    composed = true;
    clearTimeout(swallowed);
    composing();
  });
  field.addEventListener("compositionend", () => {
    clearTimeout(swallowed);
    swallowed = setTimeout(submit, AFTER_COMPOSING_MS);
  });
  field.addEventListener("input", (event) => {
    if (composed && !event.isComposing) {
      clearTimeout(swallowed);
      swallowed = setTimeout(submit, AFTER_COMPOSING_MS);
    }
  });
  follow(field, submit, { elsewhere, entered, commands });
}

/** Bring what a scanner types elsewhere to its field: from nowhere at once, from another field when it ends. */
function follow(field, submit, { elsewhere, entered, commands }) {
  let typed = { text: "" };
  document.addEventListener(
    "keydown",
    (event) => {
      const target = event.target;
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || target === field) return;
      const own = target.matches?.("input:not([type=checkbox], [type=radio]), select, textarea");
      if (event.key.length === 1 && event.key !== " " && !own) field.focus(); // the character goes there too
      if (!own || target.closest("header") || target.matches("textarea")) return;
      if (event.key.length === 1) typed = continued(typed, target, event);
      else if (event.key === "Enter") {
        const readings = readingsOf(typed, target, event, commands);
        typed = { text: "" };
        const choice = target.matches("select"); // nobody types a text there
        const meant = readings.find((reading) => (choice && reading.burst) || elsewhere?.(target, reading));
        if (!meant) return entered?.(target);
        event.preventDefault();
        event.stopPropagation();
        target.value = meant.before;
        field.focus();
        field.value = meant.text;
        submit();
      }
    },
    true,
  );
}

/** What a scanner may have typed before this Enter: a command, the last burst, or, where it paused within one, all. */
function readingsOf(typed, target, event, commands) {
  const whole = { text: target.value, before: "", burst: false };
  const command = commands.find((each) => cleaned(target.value).endsWith(each));
  const ordered = command ? [{ text: command, before: target.value.slice(0, -command.length), burst: true }] : [];
  const burst = quick(typed, target, event) ? [{ text: typed.text, before: typed.before, burst: true }] : [];
  return [...ordered, ...burst, whole];
}

function continued(typed, target, event) {
  const goesOn = typed.target === target && event.timeStamp - typed.last < BROKEN_MS;
  const begun = goesOn ? typed : { text: "", target, before: target.value, first: event.timeStamp };
  return { ...begun, text: begun.text + event.key, last: event.timeStamp };
}

function quick(typed, target, event) {
  if (typed.target !== target || typed.text.length < SHORTEST) return false;
  if (event.timeStamp - typed.last > BROKEN_MS) return false;
  return (typed.last - typed.first) / (typed.text.length - 1) < FAST_MS;
}
