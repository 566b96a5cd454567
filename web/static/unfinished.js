// What was scanned in this browser and is not finished: told where one looks for work, since nobody else knows of it.
// Scans of a count that somebody else made here are told too: only they can send them.
import { text } from "./panku.js";
import { Kept } from "./queue.js";
import { leftHere } from "./leaving.js";

const place = document.getElementById("unfinished");
const list = place.querySelector("ul");

for (const { user, site, task, paper, scans, pending, lost } of Kept.everything()) {
  const count = task.startsWith("S-");
  const item = document.createElement("li");
  if (user !== place.dataset.user) {
    if (!count) continue;
    item.append(`${task} ${site} `, text("scan.others_left", { user, count: scans }));
    list.append(item);
    continue;
  }
  const link = document.createElement("a");
  link.href = count ? `/stocktakes/${task}/count` : `/scan/${task}?${new URLSearchParams({ site, paper })}`;
  link.textContent = count ? task : text(`scan.task.${task}`);
  item.append(link, ` ${site} `, text(lost ? "scan.left_unanswered" : pending ? "scan.left_pending" : "scan.left_scans", { count: scans }));
  list.append(item);
}
for (const { user, count } of leftHere()) {
  if (user !== place.dataset.user || !count) continue;
  const link = Object.assign(document.createElement("a"), { href: "/jobs", textContent: text("jobs.left_here", { count }) });
  const item = document.createElement("li");
  item.append(link);
  list.append(item);
}
place.hidden = list.childElementCount === 0;
