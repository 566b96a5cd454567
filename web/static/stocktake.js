// A running count: its figures follow what is scanned, and the page is shown anew once the count has moved on.
import { request } from "./panku.js";

const EVERY_MS = 3000;
const live = document.getElementById("live");

async function follow() {
  const { ok, body } = await request("GET", live.dataset.path);
  if (ok && body.state !== live.dataset.state) return location.reload();
  if (ok) {
    const figures = { mine: body.mine, ...(body.tally ?? {}) };
    for (const place of live.querySelectorAll("[data-live]")) {
      const figure = String(figures[place.dataset.live] ?? "");
      if (place.textContent !== figure) place.textContent = figure;
    }
  }
  setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);
