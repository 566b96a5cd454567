// Words that stay for good, and what looks like somebody's telephone number in them: warned of as it is typed.

const PHONE = /(?<!\d)(?:1[3-9]\d(?:[- ]?\d){8}|0\d{2,3}[- ]?\d{7,8})(?!\d)/;

/** Show a form's warnings while one of its texts looks as if it had a telephone number in it, and hide them otherwise. */
export function warnOfPhones(form) {
  const typed = [...form.querySelectorAll("textarea:not([data-as], [data-personal])")].some(({ value }) => PHONE.test(value));
  for (const warning of form.querySelectorAll(".phones")) warning.hidden = !typed;
}

document.addEventListener("input", ({ target }) => target.form && warnOfPhones(target.form));
