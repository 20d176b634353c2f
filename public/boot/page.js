// What every page of the frame does besides its figures: the worker, the signal, a new version, the offer to install, and leaving.
// Its words come with the page, in <template id="toasts">; it adds one element at the end of the body, which hydration does not reach.
import "./edition.js";
import { answers, lastReached, reached, told, whenBack } from "./contact.js";
import { forget, leave } from "./leave.js";

const place = document.createElement("div");
place.className = "toasts";
place.setAttribute("role", "status");
const kinds = [...document.getElementById("toasts").content.children];
const wanted = new Map();

// One at a time, the first in the order of the template.
function draw() {
  const first = kinds.map(({ dataset }) => wanted.get(dataset.toast)).find(Boolean);
  if (first !== place.firstElementChild) place.replaceChildren(...(first ? [first] : []));
}

/** Shows a toast; what its buttons do is named by `deeds`. Every button takes it away. */
function show(name, deeds = {}) {
  const toast = kinds.find(({ dataset }) => dataset.toast === name).cloneNode(true);
  for (const button of toast.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      hide(name);
      deeds[button.dataset.deed]?.();
    });
  }
  wanted.set(name, toast);
  draw();
  return toast;
}

function hide(name) {
  wanted.delete(name);
  draw();
}

// --- The signal -------------------------------------------------------------------------------------------------------------------

let offline = false;
// Of when the figures on this page are.
let asOf = Date.now();

function lost() {
  if (offline) return;
  offline = true;
  show("offline").querySelector("time").textContent = told(asOf);
  whenBack(() => {
    offline = false;
    reached();
    hide("offline");
    hide("refused");
  });
}

reached();
sessionStorage.removeItem("mirante.tries");
addEventListener("offline", lost);
if (!navigator.onLine) lost();

// How the page's own questions fare tells more than the browser knows of its network.
new PerformanceObserver((list) => {
  for (const { name, responseStatus } of list.getEntries()) {
    if (!new URL(name).pathname.startsWith("/_fn/")) continue;
    if (responseStatus > 0) {
      asOf = Date.now();
      reached();
    } else if (responseStatus === 0 && !offline) answers().then((there) => there || lost());
  }
}).observe({ type: "resource" });

// --- What needs the server, and leaving --------------------------------------------------------------------------------------------

addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.id === "sair") {
      event.preventDefault();
      if (navigator.serviceWorker?.controller) leave();
      else forget().then(() => form.submit());
    } else if (offline) {
      // Nothing is lost: what was typed stays where it is.
      event.preventDefault();
      event.stopImmediatePropagation();
      show("refused");
    }
  },
  true,
);

// A page that comes back from the browser's memory after its reader has left is not theirs any more.
addEventListener("pageshow", ({ persisted }) => persisted && !lastReached() && location.reload());

// --- The worker and its versions ---------------------------------------------------------------------------------------------------

async function work() {
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  if (!registration) return;
  let asked = false;
  const announce = () => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    show("update", {
      update() {
        asked = true;
        registration.waiting?.postMessage("update");
      },
    });
  };
  announce();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", announce));
  navigator.serviceWorker.addEventListener("controllerchange", () => asked && location.reload());
  // A board may stand open for days.
  let looked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - looked < 3_600_000) return;
    looked = Date.now();
    registration.update().catch(() => {});
  });
}

navigator.serviceWorker?.addEventListener("message", async ({ data }) => {
  if (data !== "left") return;
  // Somebody signed out in another window.
  await forget();
  location.replace("/entrar");
});

// --- The offer to install ----------------------------------------------------------------------------------------------------------

// Visits up to the second, then whether somebody has decided. A cookie, because signing in clears storage.
const decided = document.cookie.match(/(?:^|; )mirante_install=([^;]*)/)?.[1];
const remember = (value) => (document.cookie = `mirante_install=${value}; Path=/; Max-Age=31536000; SameSite=Lax`);
const installed = matchMedia("(display-mode: standalone)").matches || navigator.standalone;
const visits = Math.min((Number(decided) || 0) + (sessionStorage.getItem("mirante.visit") ? 0 : 1), 2);

if (decided !== "no") {
  sessionStorage.setItem("mirante.visit", "1");
  remember(visits);
  addEventListener("appinstalled", () => {
    hide("install");
    remember("no");
  });
}
const offered = decided !== "no" && visits > 1 && !installed;
addEventListener("beforeinstallprompt", (event) => {
  // The browser's own bar would come at the first visit.
  event.preventDefault();
  if (!offered) return;
  const no = () => remember("no");
  show("install", {
    no,
    async install() {
      await event.prompt();
      const { outcome } = await event.userChoice;
      if (outcome === "dismissed") no();
    },
  });
});
// Safari on iPhone and iPad has no such event: it is told how.
if (offered && navigator.standalone === false && navigator.maxTouchPoints > 1) show("install-ios", { no: () => remember("no") });

// After the page's own work, and after hydration has begun.
const start = () => {
  document.body.append(place);
  if (navigator.serviceWorker) work().catch((why) => console.info("no worker:", why));
};
if (document.readyState === "complete") start();
else addEventListener("load", start);
