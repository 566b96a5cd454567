// What was scanned in this browser and is not finished: told where one looks for work, since nobody else knows of it.
import { text } from "./panku.js";
import { Kept } from "./queue.js";

const place = document.getElementById("unfinished");
const list = place.querySelector("ul");

for (const { user, site, task, paper, scans, pending, lost } of Kept.everything()) {
  if (user !== place.dataset.user) continue;
  const link = document.createElement("a");
  const count = task.startsWith("S-");
  link.href = count ? `/stocktakes/${task}/count` : `/scan/${task}?${new URLSearchParams({ site, paper })}`;
  link.textContent = count ? task : text(`scan.task.${task}`);
  const item = document.createElement("li");
  item.append(link, ` ${site} `, text(lost ? "scan.left_unanswered" : pending ? "scan.left_pending" : "scan.left_scans", { count: scans }));
  list.append(item);
}
place.hidden = list.childElementCount === 0;
