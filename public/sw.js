// The worker of the installed app: which request it answers how, and why, is decision 22 (docs/decisions).
// The server writes a line before this one: VERSION, and ASSETS, the paths of the files that belong to that version (server/src/web/installed.rs).
// It keeps nothing of anybody: answers, forms and streams pass it by, and a page is never kept. What a reader takes along is kept by the page.
const STAND_IN = "/sem-conexao";
const CACHE = `version-${VERSION}`;
// It is there from when somebody leaves without a signal until the server has heard of it.
const LEAVING = "leaving";
const PAGE_MS = 3_000;
const PATIENT_MS = 30_000;
// What is no page, and links that work once and must not be asked for twice.
const NO_PAGE = /^\/(api|_fn|hooks|healthz|readyz|metrics|entrar\/link)(\/|$)/;

let patient = false;

addEventListener("install", (event) => event.waitUntil(fill()));

async function fill() {
  // The first is of the worker in force, which goes on until a reader asks for this one; those between were never asked for.
  const [, ...waiting] = await versions();
  await Promise.all(waiting.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  const cache = await caches.open(CACHE);
  await cache.addAll([STAND_IN, ...ASSETS].map((path) => new Request(path, { cache: "no-cache" })));
}

addEventListener("activate", (event) => event.waitUntil(begin()));

async function begin() {
  await Promise.all((await versions()).filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  // The network is asked while this worker starts.
  await registration.navigationPreload?.enable();
  await clients.claim();
}

const versions = async () => (await caches.keys()).filter((name) => name.startsWith("version-"));

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate") {
    if (!NO_PAGE.test(pathname)) event.respondWith(page(event));
  } else if (ASSETS.includes(pathname)) {
    event.respondWith(kept(pathname).then((file) => file ?? fetch(event.request)));
  }
});

const kept = async (path) => (await caches.open(CACHE)).match(path, { ignoreVary: true });
const standIn = async () => (await kept(STAND_IN)) ?? Response.error();

// The server's page if it comes in time, else the stand-in, at the address that was asked for.
async function page(event) {
  const early = Promise.resolve(event.preloadResponse).catch(() => undefined);
  event.waitUntil(early);
  const limit = patient ? PATIENT_MS : PAGE_MS;
  patient = false;
  if (await caches.has(LEAVING)) {
    // The server still takes this browser for whoever left: nothing that it says to them is shown.
    if (!(await left())) return standIn();
    return within(limit, fetch(event.request)).catch(standIn);
  }
  const answer = early.then((response) => response ?? fetch(event.request));
  event.waitUntil(answer.catch(() => undefined));
  // 502 and 504: what stands before the server says that it does not answer.
  return within(limit, answer).then((response) => ([502, 504].includes(response.status) ? standIn() : response), standIn);
}

const within = (limit, answer) => Promise.race([answer, new Promise((_, late) => setTimeout(late, limit))]);

addEventListener("message", (event) => {
  if (event.data === "update") event.waitUntil(skipWaiting());
  // The server is there and slow: the next page may take its time.
  if (event.data === "patience") {
    patient = true;
    // Messages and requests come by different ways: the page asks for the next one once this has arrived.
    event.ports[0].postMessage(patient);
  }
  if (event.data === "leave") event.waitUntil(leave(event));
});

// Somebody leaves: what was kept is cleared by the page (boot/leave.js); here the door is shut until the server has ended the session.
async function leave({ source, ports: [told] }) {
  await caches.open(LEAVING);
  for (const other of await clients.matchAll({ type: "window" })) if (other.id !== source.id) other.postMessage("left");
  told.postMessage(await left());
}

// Whether the server knows. It answers by leading to where one signs in.
async function left() {
  try {
    const answer = await fetch("/sair", { method: "POST", redirect: "manual", signal: AbortSignal.timeout(PAGE_MS) });
    return answer.type === "opaqueredirect" && (await caches.delete(LEAVING));
  } catch {
    return false;
  }
}
