// The stand-in for a page: it asks by itself whether the server answers again, and then loads the page that was wanted.
import { answers, lastReached, told, whenBack } from "./contact.js";
import { leave } from "./leave.js";

const chosen = (name) => document.cookie.match(`(?:^|; )mirante_${name}=([^;]*)`)?.[1];
const root = document.documentElement;

// The document was kept when the worker came; what was chosen since counts.
if (chosen("theme")) root.dataset.theme = chosen("theme");
const other = document.querySelector("template[lang]");
if (chosen("lang") === other.lang) {
  root.lang = other.lang;
  document.title = other.dataset.title;
  document.querySelector("main").replaceWith(other.content);
}

const part = (name) => document.querySelector(`[data-part=${name}]`);
const worker = navigator.serviceWorker?.controller;

// How often it was loaded without success: the pauses grow over reloads too.
const tries = Number(sessionStorage.getItem("mirante.tries") ?? 0);

async function again() {
  sessionStorage.setItem("mirante.tries", tries + 1);
  if (worker) {
    const { port1, port2 } = new MessageChannel();
    await new Promise((heard) => {
      port1.onmessage = heard;
      setTimeout(heard, 1_000);
      worker.postMessage("patience", [port2]);
    });
  }
  if (location.pathname === "/sem-conexao") location.replace("/");
  else location.reload();
}

const left = "caches" in window && (await caches.has("leaving"));
part("here").hidden = left;
part("left").hidden = !left;

const say = () => {
  part("unplugged").hidden = navigator.onLine;
  part("silent").hidden = !navigator.onLine;
};
say();
addEventListener("online", say);
addEventListener("offline", say);

const since = lastReached();
if (since) {
  part("since").hidden = false;
  part("since").querySelector("time").textContent = told(since);
}

for (const button of document.querySelectorAll("[data-again]")) {
  button.addEventListener("click", async () => {
    part("said").textContent = part("said").dataset.asking;
    if (await answers()) return again();
    part("said").textContent = `${part("said").dataset.still} ${told(Date.now())}.`;
  });
}
if (worker) part("leave").hidden = false;
part("leave").querySelector("button").addEventListener("click", ({ currentTarget }) => {
  currentTarget.disabled = true;
  leave();
});

whenBack(again, Math.min(1_000 * 2 ** tries, 60_000));
