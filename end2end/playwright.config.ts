// How the browser tests run: one server for all of them, in the Chromium that CHROMIUM names.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./server.ts",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["./closing-line.ts"]],
  use: {
    browserName: "chromium",
    storageState: "test-results/signed-in.json",
    locale: "pt-BR",
    timezoneId: "America/Sao_Paulo",
    // Pages come from the server alone, so that a test sees what it asks for; `installed.spec.ts` is about the worker.
    serviceWorkers: "block",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM,
      args: [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
      ],
    },
  },
});
