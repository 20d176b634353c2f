// Whether the server answers, and when it last did.
const KEY = "mirante.contact";
const ANSWER_MS = 3_000;
const PAUSE_MS = 60_000;

/** The server has just answered. */
export const reached = () => localStorage.setItem(KEY, Date.now());

/** When it last did; nothing where that was cleared. */
export const lastReached = () => Number(localStorage.getItem(KEY)) || undefined;

/** `14:32`, or with its day when that is not today. */
export function told(instant) {
  const at = new Date(instant);
  const today = at.toDateString() === new Date().toDateString();
  const day = today ? {} : { day: "numeric", month: "short" };
  const shape = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...day };
  return new Intl.DateTimeFormat(document.documentElement.lang, shape).format(at);
}

/** Asks the server; whether it answered in time. */
export async function answers() {
  if (!navigator.onLine) return false;
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch {
    return false;
  }
}

/** Calls `back` when the server answers again: asks when a signal comes, when somebody looks, and at pauses that grow from `pause` ms to a minute. */
export function whenBack(back, pause = 2_000) {
  let timer;
  let over = false;
  const ask = async () => {
    clearTimeout(timer);
    if (over || document.hidden) return;
    const there = await answers();
    if (over) return;
    if (there) {
      over = true;
      removeEventListener("online", ask);
      document.removeEventListener("visibilitychange", ask);
      return back();
    }
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
    pause = Math.min(pause * 2, PAUSE_MS);
  };
  addEventListener("online", ask);
  document.addEventListener("visibilitychange", ask);
  timer = setTimeout(ask, pause);
}
