// Language and theme: chosen once, remembered, and no part of the URL's state.
import { type Page } from "@playwright/test";
import { THIS_MONTH, ask, beginning, card, column, onCard } from "./figures";
import { expect, open, test, url } from "./page";

const html = (page: Page) => page.locator("html");

/** How light the page's ground is, from 0 to 255. */
const lightness = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d");
    if (!canvas) throw new Error("no canvas");
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  });

test("language changes words and figures, keeps the state and is remembered", async ({ page }) => {
  const frame = await ask(page, { metrics: ["mrr", "gross_margin_pct"], period: THIS_MONTH });
  const [mrr, margin] = [column(frame, "mrr")[0], column(frame, "gross_margin_pct")[0]];

  await open(page, "/?f.canal=Ads");
  await page.getByRole("link", { name: "Ler em inglês" }).click();
  await expect(html(page)).toHaveAttribute("lang", "en");
  await expect(page).toHaveURL(url("/?f.canal=Ads"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");

  await page.goto(url("/"));
  await expect(html(page)).toHaveAttribute("lang", "en");
  await expect(card(page, "mrr").locator(".val")).toHaveText(beginning(onCard(mrr, "money", "en")));
  await expect(card(page, "gross_margin_pct").locator(".val")).toHaveText(beginning(onCard(margin, "percent", "en")));
  await expect(card(page, "gross_margin_pct").getByRole("heading")).toHaveText("Gross margin");
  await card(page, "gross_margin_pct").click();
  await expect(page.getByRole("heading", { name: "Where did this number come from?" })).toBeVisible();

  await page.getByRole("link", { name: "Read in Portuguese" }).click();
  await expect(html(page)).toHaveAttribute("lang", "pt-BR");
  await expect(page).toHaveURL(url("/indicador/gross_margin_pct"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Margem bruta");
});

test.describe("a browser that asks for English", () => {
  test.use({ locale: "en-US" });

  test("gets English without choosing", async ({ page }) => {
    await page.goto(url("/"));
    await expect(html(page)).toHaveAttribute("lang", "en");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
    await expect(page.getByRole("heading", { name: "What changed" })).toBeVisible();
  });
});

test("theme turns at once, without a reload, and is remembered", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await open(page, "/?p=qtd");
  expect(await lightness(page)).toBeGreaterThan(200);
  await page.evaluate(() => document.body.setAttribute("data-same-document", ""));

  await page.getByRole("link", { name: "Alternar tema claro ou escuro" }).click();
  await expect(html(page)).toHaveAttribute("data-theme", "dark");
  expect(await lightness(page)).toBeLessThan(60);
  await expect(page.locator("body")).toHaveAttribute("data-same-document");
  await expect(page).toHaveURL(url("/?p=qtd"));

  await page.goto(url("/indicadores"));
  await expect(html(page)).toHaveAttribute("data-theme", "dark");
  expect(await lightness(page)).toBeLessThan(60);
});

test("without a choice the theme follows the device", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(url("/"));
  await expect(html(page)).not.toHaveAttribute("data-theme");
  expect(await lightness(page)).toBeLessThan(60);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await lightness(page)).toBeGreaterThan(200);
});
