// Lists typed or pasted into the batch box: ranges are expanded by the server, every fault in them is told.
import { request, tell, text, told } from "./panku.js";

/** Send the box's list through `take`, once for each serial. */
export function batchBox(form, take) {
  const box = form.querySelector("textarea");
  const place = form.querySelector(".told");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.value.trim()) return;
    const answer = await request("POST", "/v1/devices/expand", { entries: box.value });
    if (!answer.ok) {
      tell(place, told(answer));
      return;
    }
    const { serials, faults } = answer.body;
    for (const serial of serials) take(serial);
    tell(place, [text("scan.batch_taken", { count: serials.length }), ...faults.map((fault) => fault.detail)], faults.length ? "warning" : "done");
    if (!faults.length) box.value = "";
    box.focus();
  });
}
