// No serious finding of axe-core on any page, light and dark, and everything by keyboard.
import AxeBuilder from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, open, test, url } from "./page";

async function expectAccessible(page: Page) {
  // Figures that are being replaced are dimmed for a moment.
  await expect(page.locator(".refetching, [aria-busy=true]")).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(({ id, help, nodes }) => `${id}: ${help} — ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  expect(told).toEqual([]);
}

for (const theme of ["light", "dark"] as const) {
  for (const path of ["/", "/indicador/gross_margin_pct?b=uf&d=regiao:Sul"]) {
    test(`${path} has no serious finding in the ${theme} theme`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await open(page, path);
      // What is folded away is read as well.
      await page.evaluate(() => document.querySelectorAll("details:not(.drop)").forEach((details) => details.setAttribute("open", "")));
      await expectAccessible(page);
    });
  }
}

test("an open filter and the other pages have no serious finding", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "/");
  await page.locator(".shift summary").click();
  await expect(page.getByRole("link", { name: "Mês passado" })).toBeVisible();
  await expectAccessible(page);
  await open(page, "/indicadores");
  await expectAccessible(page);
  for (const path of ["/entrar", "/pessoas", "/pessoas/administrator", "/acessos", "/comece-aqui"]) {
    await page.goto(url(path));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page);
  }
});

test("the first key stop skips to the content, and a filter is chosen by keyboard", async ({ page }) => {
  await open(page, "/");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Ir para o conteúdo" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await expect(page.locator("main#conteudo")).toHaveCount(1);

  await page.locator(".chip.opt summary", { hasText: "UF" }).focus();
  await page.keyboard.press("Enter");
  const box = page.getByRole("checkbox", { name: "SP", exact: true });
  await expect(box).toBeVisible();
  await box.focus();
  await page.keyboard.press("Space");
  await expect(page).toHaveURL(url("/?f.uf=SP"));
});

test("a page has one first heading", async ({ page }) => {
  for (const path of ["/", "/indicador/mrr", "/indicadores"]) {
    await page.goto(url(path));
    await expect(page.getByRole("heading", { level: 1 }), path).toHaveCount(1);
  }
});
