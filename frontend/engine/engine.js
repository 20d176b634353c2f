// The engine beside the page: fetches the slices that questions need, and answers from those that are here.
import start, { Arriving, Engine } from "./slices.js";

const ready = start({ module_or_path: new URL("./slices_bg.wasm", import.meta.url) });
const TOGETHER = 6;
let engine; // of the edition that was asked for last
let coming = new Set(); // its facts that are here, on their way, or not sliced

const call = async (name, body) => {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/_fn/slices/${name}`, request);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.text();
};

// Six at a time, as many as browsers open to one house.
const parts = async (arriving) => {
  const names = arriving.needed();
  const fetchAll = async () => {
    for (let name = names.pop(); name; name = names.pop()) {
      const response = await fetch(`/fatias/${name}`);
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      arriving.add(name, new Uint8Array(await response.arrayBuffer()));
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, fetchAll));
};

const take = async (own, fact) => {
  const manifest = await call("manifest", { edition: own.edition, fact });
  if (manifest === "null") return; // not sliced: the server is asked
  const arriving = new Arriving(manifest);
  await parts(arriving);
  own.put(fact, arriving);
};

const prepare = async (edition, queries) => {
  if (engine?.edition !== edition) {
    const sliced = new Engine(await call("sliced", {}));
    if (sliced.edition !== edition) return; // another edition was published: the server is asked
    if (engine?.edition !== edition) [engine, coming] = [sliced, new Set()];
  }
  const own = engine;
  for (const fact of own.facts(queries)) {
    if (coming.has(fact)) continue;
    coming.add(fact);
    await take(own, fact).catch((failure) => {
      coming.delete(fact); // the next question tries again
      throw failure;
    });
  }
  postMessage({ ready: true });
};

onmessage = async ({ data: { id, edition, queries, fetches } }) => {
  let frames; // none: the server is asked
  try {
    await ready;
    if (id && engine?.edition === edition) frames = engine.ask(queries);
    if (fetches) await prepare(edition, queries);
  } catch (failure) {
    // Without a signal or a session there are no slices; whoever asks then is answered by the server, or told.
    console.info(`slices: ${failure}`);
  }
  if (id) postMessage({ id, frames });
};
