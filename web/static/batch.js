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
    const taken = serials.filter((serial) => take(serial));
    tell(place, [text("scan.batch_taken", { count: taken.length }), ...faults.map((fault) => fault.detail)], faults.length ? "warning" : "done");
    box.value = faults.filter((fault) => fault.code !== "duplicate_serial").map((fault) => fault.facts?.text ?? "").join("\n");
    box.focus();
  });
}
