// Before anybody signs in: whose acts wait in this browser, since only they can upload them, and another's sign-in drops them.
import { tell, text } from "./panku.js";
import { leftHere } from "./leaving.js";

tell(
  document.getElementById("left"),
  leftHere().filter(({ count }) => count).map(({ user, count }) => text("jobs.left_of", { user, count })),
  "warning",
);
