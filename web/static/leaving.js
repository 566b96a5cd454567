// What a technician's phone keeps until it is uploaded: who left how much here, which anybody may know, and its end.

/** What the databases of sealed acts, and the counts of them, are called by; a username follows. */
export const LEFT = "panku jobs ";

/** Whose acts wait in this browser, and how many of each. */
export function leftHere() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(LEFT) && !key.slice(LEFT.length).includes(" "));
  return keys.map((key) => ({ user: key.slice(LEFT.length), count: Number(localStorage.getItem(key)) }));
}

/** Drop the key and the acts of everybody but the person `but`: nobody can ever read them again. */
export async function dropKept(but) {
  for (const { user } of leftHere().filter((each) => each.user !== but)) {
    await new Promise((done) => {
      const asked = indexedDB.deleteDatabase(LEFT + user);
      asked.onsuccess = asked.onerror = asked.onblocked = done;
    });
    localStorage.removeItem(LEFT + user);
  }
}
