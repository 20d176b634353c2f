// A phone: nothing runs off the side, the thumb reaches what matters, and filters are a sheet.
import { THIS_MONTH, beginning, card, figure, only } from "./figures";
import { expect, open, test, url } from "./page";

for (const width of [360, 390]) {
  test.describe(`${width} px wide`, () => {
    test.use({ viewport: { width, height: 780 }, hasTouch: true, isMobile: true });

    test("no page runs off the side", async ({ page }) => {
      for (const path of ["/", "/?f.uf=SP,PR,SC&f.canal=Ads&p=2025-07-01..2026-06-29&c=yoy", "/indicador/gross_margin_pct?d=regiao:Sul,uf:PR", "/indicador/mrr", "/indicadores", "/entrar", "/pessoas", "/pessoas/administrator", "/acessos", "/comece-aqui"]) {
        await page.goto(url(path));
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await page.evaluate(() => document.querySelectorAll("details:not(.drop)").forEach((details) => details.setAttribute("open", "")));
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(beyond, path).toBeLessThanOrEqual(0);
      }
    });
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });

  test("tabs stand at the thumb and lead on", async ({ page }) => {
    await open(page, "/");
    await expect(page.locator(".rail")).toBeHidden();
    const tabs = page.locator(".tabbar a");
    await expect(tabs.first()).toBeInViewport();
    for (const tab of await tabs.all()) {
      const box = await tab.boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
    }
    await tabs.filter({ hasText: "KPIs" }).tap();
    await expect(page).toHaveURL(url("/indicadores"));
    await page.locator("#kpis .catalog a", { hasText: "MRR" }).tap();
    await expect(page.locator(".hero .big")).toHaveText(beginning(await figure(page, "mrr", { period: THIS_MONTH })));
  });

  test("filters are a sheet", async ({ page }) => {
    await open(page, "/");
    const sheet = page.locator("#filtros");
    await expect(sheet).toBeHidden();
    await page.getByRole("button", { name: "Filtros" }).tap();
    await expect(sheet.getByRole("heading", { name: "Filtros" })).toBeVisible();
    await sheet.locator("summary", { hasText: "UF" }).tap();
    await sheet.getByRole("checkbox", { name: "PR", exact: true }).tap();
    await expect(page).toHaveURL(url("/?f.uf=PR"));
    await expect(sheet.getByRole("checkbox", { name: "PR", exact: true })).toBeChecked();
    await sheet.getByRole("button", { name: "Ver painel" }).tap();
    await expect(sheet).toBeHidden();
    await expect(page.getByRole("button", { name: "Filtros (1)" })).toBeVisible();
    const inParana = await figure(page, "mrr", { period: THIS_MONTH, where: [only("uf", "PR")] });
    await expect(card(page, "mrr").locator(".val")).toHaveText(beginning(inParana));
  });
});
