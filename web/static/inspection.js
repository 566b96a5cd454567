// The checklist of an inspection: what was found is asked for where an item is not ok.

for (const item of document.querySelectorAll("fieldset.item")) {
  const finding = item.querySelector("fieldset");
  const expiry = item.querySelector("input[name$=expires_on]");
  item.addEventListener("change", () => {
    const bad = item.querySelector("input[value=false]").checked;
    finding.disabled = finding.hidden = !bad;
    if (expiry) expiry.required = !bad;
  });
}
