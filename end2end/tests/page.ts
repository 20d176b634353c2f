// The page that every test starts from: it fails the test on any console error, failed request or policy violation.
import { expect, test as base, type Page } from "@playwright/test";

export const url = (path: string) => new URL(path, process.env.MIRANTE_URL).href;

export const test = base.extend<{ complaints: string[]; refusals: boolean; cuts: boolean }>({
  // Whether the test sends forms that are refused: the browser reports the status of each.
  refusals: [false, { option: true }],
  // Whether the test cuts the connection: the browser reports each request that nobody answers.
  cuts: [false, { option: true }],
  complaints: [
    async ({ context, page, javaScriptEnabled, refusals, cuts }, use) => {
      const complaints: string[] = [];
      // Chromium fetches ahead what a page announces; with scripts off it then drops it, and on a slow machine it is used late.
      const announced = (text: string) => /was preloaded using link preload but not used/.test(text);
      // Only `installed.spec.ts` lets a worker stand between pages and the server.
      const withoutWorker = (text: string) => text === "Service Worker registration blocked by Playwright";
      const expected = (text: string) => announced(text) || withoutWorker(text) || (cuts && /net::ERR_/.test(text));
      await context.exposeBinding("reportViolation", (_, violation: string) => complaints.push(`policy: ${violation}`));
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          const report = (window as unknown as { reportViolation: (violation: string) => void }).reportViolation;
          report(`${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      const listen = (page: Page) => {
        page.on("console", (message) => {
          const bad = message.type() === "error" || message.type() === "warning";
          const refused = refusals && /status of 422/.test(message.text());
          if (bad && !refused && !expected(message.text())) complaints.push(`${message.type()}: ${message.text()}`);
        });
        page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
        page.on("requestfailed", (request) => {
          // A navigation that replaces another aborts what the first was loading.
          const aborted = request.failure()?.errorText === "net::ERR_ABORTED";
          const dropped = !javaScriptEnabled && new URL(request.url()).pathname.startsWith("/pkg/");
          if (!aborted && !dropped && !cuts) complaints.push(`failed: ${request.url()}`);
        });
      };
      listen(page);
      context.on("page", listen);
      await use(complaints);
      expect(complaints, "the browser complained").toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens `path` and waits until its scripts listen; what works without them needs `page.goto` only. */
export async function open(page: Page, path: string) {
  await page.goto(url(path));
  await listening(page);
}

/** Waits until hydration has reached the foot of the page. */
export async function listening(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  const expression = "document.querySelector('.colophon a[href*=\"theme=\"]')";
  await expect
    .poll(async () => {
      const { result } = await devtools.send("Runtime.evaluate", { expression });
      if (!result.objectId) return [];
      const { listeners } = await devtools.send("DOMDebugger.getEventListeners", { objectId: result.objectId });
      return listeners.map((listener) => listener.type);
    }, { message: "the page's scripts do not listen" })
    .toContain("click");
  await devtools.detach();
}

export { expect };
