// What a scanner types: one field that has the focus, where a scan ends; and a Chinese input method that meddles.

import { ends, scanEndedBy } from "./keys.js";

const SURROUNDING = /^[\u0000-\u0020\u007f\u200b\u2060\u3000\ufeff]+|[\u0000-\u0020\u007f\u200b\u2060\u3000\ufeff]+$/g;
const WIDE = /[\uff01-\uff5e\u2010-\u2015\u2212]/;
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
 * meant for this one; then that field gets back what it held `before`. `entered(field, event)` is told where not.
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
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
    submit();
  };
  document.addEventListener(
    "keydown",
    (event) => {
      const { target, key } = event;
      const ending = ends(event);
      if (event.altKey || event.metaKey || event.isComposing || (event.ctrlKey && !ending)) return;
      if (target === field) {
        if (ending && (key === "Enter" || cleaned(field.value))) take(event);
        return;
      }
      const own = target.matches?.("input:not([type=checkbox], [type=radio]), select, textarea");
      if (key.length === 1 && key !== " " && !ending && !own) field.focus(); // the character goes there too
      if (!ending || !own || target.closest("header") || target.matches("textarea")) return;
      const scan = scanEndedBy(event);
      if (key === "Tab" && !scan) return;
      const choice = target.matches("select"); // nobody types a text there
      const meant = readingsOf(scan, target, commands).find((reading) => (choice && reading.burst) || elsewhere?.(target, reading));
      if (!meant) return entered?.(target, event);
      target.value = meant.before;
      field.focus();
      field.value = meant.text;
      take(event);
    },
    true,
  );
}

/** What may have been typed before a key that ends it: a command, a scan, or, where it paused within one, all. */
function readingsOf(scan, target, commands) {
  const command = commands.find((each) => cleaned(target.value).endsWith(each));
  return [
    ...(command ? [{ text: command, before: target.value.slice(0, -command.length), burst: true }] : []),
    ...(scan ? [{ text: scan.text, before: scan.before, burst: true }] : []),
    { text: target.value, before: "", burst: false },
  ];
}
