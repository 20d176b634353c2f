// Figures computed in the browser: the same as the server's, without asking it.
import { type Browser, type Page } from "@playwright/test";
import { expect, open, test, url } from "./page";

/** Opens `path` and waits until the slices of what it shows have arrived. */
async function withSlices(page: Page, path: string) {
  await open(page, path);
  // The server builds them when they are first asked for.
  await expect(page.locator("html"), "the slices arrive").toHaveAttribute("data-engine", "slice", { timeout: 45_000 });
}

/** Counts the questions that go to the server from now on. */
function questions(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/_fn/metrics/ask") asked.push(request.postData() ?? "");
  });
  return asked;
}

/** What the server itself renders at an address: a page without scripts. */
async function rendered(browser: Browser, page: Page, address: string): Promise<string[]> {
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState(), locale: "pt-BR" });
  const plain = await context.newPage();
  await plain.goto(address);
  const said = await content(plain);
  await context.close();
  return said;
}

/** Every figure and every picture of a page, in words. */
async function content(page: Page): Promise<string[]> {
  return page.locator("main").evaluate((main) => {
    const words = (main.textContent ?? "").split(/\s+/).filter((word) => /\d/.test(word));
    const pictures = [...main.querySelectorAll("svg[aria-label]")].map((svg) => svg.getAttribute("aria-label") ?? "");
    const marks = [...main.querySelectorAll("svg path[d]")].map((path) => path.getAttribute("d") ?? "");
    return [...words, ...pictures, ...marks];
  });
}

/** Moves within the page, as its own links do. */
async function follow(page: Page, path: string) {
  await page.evaluate((path) => {
    const link = document.createElement("a");
    link.href = path;
    document.querySelector("main")?.append(link);
    link.click();
    link.remove();
  }, path);
  await expect(page).toHaveURL(url(path));
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

test("a board filters, compares and shifts without asking, and shows what the server would", async ({ page, browser }) => {
  await withSlices(page, "/");
  const asked = questions(page);
  for (const path of [
    "/?f.uf=PR",
    "/?f.uf=PR,SP&f.canal=Ads",
    "/?p=2026-05-01..2026-05-31",
    "/?p=2026-01-01..2026-03-31&c=yoy&f.segmento=Varejo",
  ]) {
    await follow(page, path);
    await expect.poll(() => content(page), path).toEqual(await rendered(browser, page, url(path)));
  }
  expect(asked, "questions to the server").toEqual([]);
});

test("a KPI drills, sorts and changes its period without asking", async ({ page, browser }) => {
  await withSlices(page, "/indicador/gross_margin_pct");
  const asked = questions(page);
  for (const path of ["/indicador/gross_margin_pct?p=2026-05-01..2026-05-31", "/indicador/gross_margin_pct?d=regiao:Sul&f.segmento=Varejo", "/indicador/gross_margin_pct?c=yoy"]) {
    await follow(page, path);
    await expect.poll(() => content(page), path).toEqual(await rendered(browser, page, url(path)));
  }
  expect(asked, "questions to the server").toEqual([]);
});

test("whoever saves data is asked nothing and given nothing in the background", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "connection", { value: { saveData: true } });
  });
  const parts: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.startsWith("/fatias/")) parts.push(request.url());
  });
  await open(page, "/");
  const asked = questions(page);
  await follow(page, "/?f.uf=PR");
  await expect.poll(() => asked.length, "the server is asked").toBe(1);
  expect(parts).toEqual([]);
});

test("a part of a slice is nobody's but its readers'", async ({ page, browser }) => {
  const part = page.waitForRequest((request) => new URL(request.url()).pathname.startsWith("/fatias/"));
  await open(page, "/");
  const address = (await part).url();
  expect((await page.request.get(address)).status()).toBe(200);
  expect((await page.request.get(address.replace(/.{4}$/, "0000"))).status()).toBe(404);
  expect((await page.request.get(url("/fatias/nada"))).status()).toBe(404);
  const stranger = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  expect((await stranger.request.get(address)).status()).toBe(401);
  await stranger.close();
});
