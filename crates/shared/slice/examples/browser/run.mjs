// Times the twelve tiles in WASM: cargo build --profile wasm-release --target wasm32-unknown-unknown -p slice --example browser, then
// node run.mjs <target dir>/wasm32-unknown-unknown/wasm-release/examples/browser.wasm [rows] [even|uneven]
import { readFile } from "node:fs/promises";

const [file, rows = "1000000", shape = "even"] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(file));
// What wasm-bindgen would fill in; functions of numbers need none of it.
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
const instance = await WebAssembly.instantiate(module, imports);
// Names end with a hash until wasm-bindgen's own tool has been over them.
const exports = {};
for (const [name, value] of Object.entries(instance.exports)) exports[name.replace(/_[0-9a-f]{16}$/, "")] = value;

const timed = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};
const line = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)].toFixed(2);
  return `least ${at(0)} ms, median ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms`;
};

exports.build(Number(rows), shape === "uneven" ? 1 : 0);
console.log("check and open ", line(Array.from({ length: 9 }, () => timed(() => exports.open(1)))));
console.log("open           ", line(Array.from({ length: 9 }, () => timed(() => exports.open(0)))));
console.log("add tiles      ", timed(() => exports.add()).toFixed(1), "ms");
// What else the machine does only ever adds: of each step the least of seven rounds counts.
const least = Array(200).fill(Infinity);
const all = [];
let sum = 0n;
for (let round = 0; round < 7; round++) {
  for (let step = 0; step < 200; step++) {
    const time = timed(() => (sum = BigInt.asUintN(64, sum * 31n + BigInt.asUintN(64, exports.step(step)))));
    least[step] = Math.min(least[step], time);
    if (round > 0) all.push(time);
  }
}
const parts = { brush: [0, 80], stretch: [80, 110], states: [110, 150], "all three": [150, 180], "off and on": [180, 200] };
for (const [name, [from, to]] of Object.entries(parts)) console.log(name.padEnd(15), line(least.slice(from, to)));
console.log("whole trace    ", line(least));
console.log("as it happened ", line(all));
console.log("checksum       ", sum.toString(16).padStart(16, "0"));
console.log("memory         ", (exports.memory.buffer.byteLength / 1e6).toFixed(0), "MB");
