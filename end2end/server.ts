// Starts the demo company once for all tests, signs in by the link that it prints, and stops it afterwards.
import { chromium, type FullConfig } from "@playwright/test";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY_WITHIN_MS = 300_000;

export default async function start(config: FullConfig) {
  const binary = process.env.MIRANTE;
  if (!binary) throw new Error("MIRANTE must name the binary to test; `cargo xtask test browser` sets it");
  const data = mkdtempSync(join(tmpdir(), "mirante-end2end-"));
  const server = spawn(
    binary,
    ["demo", "--scale", "0.03", "--seed", "7", "--today", "2026-06-30", "--listen", "127.0.0.1:0", "--data", data],
    { stdio: ["ignore", "pipe", "inherit"] },
  );

  const link = await new Promise<URL>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no sign-in link within ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS);
    createInterface({ input: server.stdout }).on("line", (line) => {
      const found = line.match(/https?:\/\/\S+\/entrar\/link\?token=\S+/);
      if (found) {
        clearTimeout(late);
        resolve(new URL(found[0]));
      }
    });
    server.on("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
  process.env.MIRANTE_URL = link.origin;
  // Used up below; a test uses it again.
  process.env.MIRANTE_SIGN_IN = link.href;

  const browser = await chromium.launch(config.projects[0].use.launchOptions);
  const page = await browser.newPage();
  await page.goto(link.href);
  await page.waitForURL(`${link.origin}/`);
  await page.context().storageState({ path: "test-results/signed-in.json" });
  await browser.close();

  return async () => {
    const ended = new Promise((resolve) => server.on("exit", resolve));
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
}
