// What one hears and feels of a scan without looking: each outcome has its own sound and its own shake.

/** [hertz, milliseconds] one after the other. */
const SOUNDS = {
  taken: [[1320, 70]],
  unsent: [[440, 50]],
  bin: [[990, 60], [1320, 60]],
  duplicate: [[660, 70], [0, 50], [660, 70]],
  unexpected: [[520, 160], [390, 240]],
  late: [[520, 160], [390, 240]],
  error: [[180, 420]],
  done: [[880, 90], [1100, 90], [1320, 140]],
};
const SHAKES = {
  taken: 40,
  unsent: 20,
  bin: [30, 40, 30],
  duplicate: [60, 60, 60],
  unexpected: [150, 80, 150],
  late: [150, 80, 150],
  error: 500,
  done: [40, 40, 40, 40, 120],
};
let context;

/** Tell an outcome to ear and hand. A browser makes sounds only once somebody has touched the page or a key. */
export function sound(outcome) {
  navigator.vibrate?.(SHAKES[outcome]);
  if (localStorage.getItem("panku quiet") || !("AudioContext" in window)) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  let at = context.currentTime;
  for (const [hertz, length] of SOUNDS[outcome]) {
    const until = at + length / 1000;
    if (hertz) tone(hertz, at, until);
    at = until;
  }
}

function tone(hertz, from, until) {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.type = "square";
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0.12, from);
  volume.gain.setValueAtTime(0.12, until - 0.01);
  volume.gain.linearRampToValueAtTime(0, until);
  source.connect(volume).connect(context.destination);
  source.start(from);
  source.stop(until);
}

/** A button that turns the sounds off and on, for this browser. */
export function quietButton(button) {
  const show = () => button.setAttribute("aria-pressed", String(!localStorage.getItem("panku quiet")));
  button.addEventListener("click", () => {
    if (localStorage.getItem("panku quiet")) localStorage.removeItem("panku quiet");
    else localStorage.setItem("panku quiet", "1");
    show();
    sound("taken");
  });
  show();
}
