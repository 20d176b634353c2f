// Signing out of a device: what this site has kept there goes, whether or not the server can be told now.
// Language, theme and whether to offer the app are no storage but cookies; they say nothing of anybody and stay.
const TOLD_MS = 5_000;

/** Clears what was kept, has the worker end the session as soon as it can, and goes to where one signs in. */
export async function leave() {
  const worker = navigator.serviceWorker.controller;
  const told = new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    // The worker stands at the door in any case.
    setTimeout(done, TOLD_MS);
    worker.postMessage("leave", [port2]);
  });
  await forget();
  await told;
  location.replace("/entrar");
}

/** Clears storage, databases and caches, all but the worker's own. */
export async function forget() {
  const caught = (why) => console.info("not cleared:", why);
  const names = "caches" in window ? await caches.keys().catch(() => []) : [];
  const others = names.filter((name) => name !== "leaving" && !name.startsWith("version-"));
  const databases = (await indexedDB.databases?.().catch(() => [])) ?? [];
  await Promise.all([...others.map((name) => caches.delete(name)), ...databases.map(({ name }) => dropped(name))]).catch(caught);
  try {
    localStorage.clear();
    sessionStorage.clear();
  } catch (why) {
    caught(why);
  }
}

// One that another page holds open goes when that page does, which the worker sends away.
const dropped = (name) =>
  new Promise((done) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = request.onerror = request.onblocked = done;
  });
