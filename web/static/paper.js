// The photograph of a paper: as small as it still reads, without what a camera writes beside it, such as the place.

const LONGEST_PX = 2000;
const QUALITY = 0.8;
const SHOWN_PX = 320;
const LARGEST_BYTES = 5 * 1024 * 1024;

/** The picture on a canvas, no side of it longer than that. */
async function drawn(picture, canvas, longest) {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

/** A file's picture as a smaller JPEG; null where it is none, or is too large and cannot be made smaller. */
export async function shrunk(file) {
  const canvas = document.createElement("canvas");
  try {
    await drawn(file, canvas, LONGEST_PX);
  } catch {
    return file.type.startsWith("image/") && file.size <= LARGEST_BYTES ? file : null; // of a kind that this browser does not draw
  }
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

/** Show a picture in the page; one that this browser does not draw stays unseen. */
export async function shown(picture, canvas) {
  canvas.hidden = false;
  await drawn(picture, canvas, SHOWN_PX).catch(() => (canvas.hidden = true));
}
