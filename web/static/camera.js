// The camera as a scanner, in browsers that recognise barcodes themselves; elsewhere there is no button for it.

const EACH_MS = 120;
const COOLDOWN_MS = 2_000; // the same barcode stays in the picture: it counts once
const FORMATS = ["code_128", "code_39", "qr_code", "data_matrix", "ean_13"];

/** Make the camera scan into `take`. The buttons stay hidden where the browser or the device can not. */
export async function camera({ button, torch, video, take, failed }) {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  const supported = await BarcodeDetector.getSupportedFormats();
  const formats = FORMATS.filter((format) => supported.includes(format));
  if (formats.length === 0) return;
  const detector = new BarcodeDetector({ formats });
  const seen = new Map();
  let stream;
  let timer;

  const look = async () => {
    if (!stream) return;
    try {
      for (const { rawValue } of await detector.detect(video)) {
        const now = performance.now();
        const fresh = now - (seen.get(rawValue) ?? -Infinity) > COOLDOWN_MS;
        seen.set(rawValue, now);
        if (fresh) take(rawValue);
      }
    } catch {
      // no picture yet
    }
    timer = setTimeout(look, EACH_MS);
  };

  const stop = () => {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    show();
  };

  const start = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      failed();
      return;
    }
    video.srcObject = stream;
    await video.play();
    show();
    look();
  };

  const show = () => {
    const on = stream !== undefined;
    button.setAttribute("aria-pressed", String(on));
    torch.setAttribute("aria-pressed", "false");
    video.hidden = !on;
    torch.hidden = !on || !stream.getVideoTracks()[0]?.getCapabilities?.().torch;
  };

  button.hidden = false;
  button.addEventListener("click", () => (stream ? stop() : start()));
  torch.addEventListener("click", async () => {
    const on = torch.getAttribute("aria-pressed") !== "true";
    await stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
    torch.setAttribute("aria-pressed", String(on));
  });
  document.addEventListener("visibilitychange", () => document.hidden && stop());
}
