// Everything reads, and every choice can be made, where scripts are off.
import { KPIS, THIS_MONTH, beginning, card, figure, only } from "./figures";
import { expect, test, url } from "./page";

test.use({ javaScriptEnabled: false });

test("overview reads whole", async ({ page }) => {
  await page.goto(url("/"));
  await expect(page).toHaveTitle("Visão geral · Serra Azul Distribuidora");
  for (const metric of KPIS) {
    await expect(card(page, metric).locator(".val")).toHaveText(beginning(await figure(page, metric, { period: THIS_MONTH })));
    await expect(card(page, metric).locator(".trend svg[role=img]")).toBeVisible();
  }
  for (const tile of ["mrr", "sla", "funil", "leads"]) await expect(page.locator(`#${tile} .drawing`)).toBeVisible();
  await expect(page.locator("#mudou .ranked li").first()).toBeVisible();
  await expect(page.getByText("Carregando")).toHaveCount(0);
  await page.locator("#mrr").getByText("Ver como tabela").click();
  await expect(page.locator("#mrr .as-table tbody tr").last()).toBeVisible();
});

test("filters are forms", async ({ page }) => {
  await page.goto(url("/?p=qtd"));
  const chip = page.locator(".chip.opt").filter({ has: page.locator("summary", { hasText: "UF" }) });
  await chip.locator("summary").click();
  await chip.getByRole("checkbox", { name: "PR", exact: true }).check();
  await chip.getByRole("checkbox", { name: "SC", exact: true }).check();
  await chip.getByRole("button", { name: "Mostrar" }).click();
  await expect(page).toHaveURL(/f\.uf=PR/);
  const question = { period: { this: "quarter" }, where: [only("uf", "PR", "SC")] };
  await expect(card(page, "mrr").locator(".val")).toHaveText(beginning(await figure(page, "mrr", question)));

  await page.locator(".shift summary").click();
  await page.getByLabel("De", { exact: true }).fill("2026-03-01");
  await page.getByLabel("Até", { exact: true }).fill("2026-03-31");
  await page.locator("form.days").getByRole("button", { name: "Mostrar" }).click();
  const march = { ...question, period: { from: "2026-03-01", to: "2026-03-31" } };
  await expect(card(page, "mrr").locator(".val")).toHaveText(beginning(await figure(page, "mrr", march)));
});

test("KPI page, drill path, order, language and theme are links", async ({ page }) => {
  await page.goto(url("/"));
  await card(page, "gross_margin_pct").click();
  await page.getByRole("navigation", { name: "Dimensão" }).getByRole("link", { name: "Região" }).click();
  const ranking = page.locator("#ranking table.sortable");
  await ranking.getByRole("columnheader", { name: "Valor" }).getByRole("link").click();
  await expect(ranking.getByRole("columnheader", { name: "Valor" })).toHaveAttribute("aria-sort", "ascending");
  await ranking.getByRole("link", { name: "Sul", exact: true }).click();
  const south = await figure(page, "gross_margin_pct", { period: THIS_MONTH, where: [only("regiao", "Sul")] });
  await expect(page.locator(".hero .big")).toHaveText(beginning(south));
  await expect(page.getByRole("complementary", { name: "De onde veio este número?" })).toBeVisible();

  await page.getByRole("link", { name: "Alternar tema claro ou escuro" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("link", { name: "Ler em inglês" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page).toHaveURL(url("/indicador/gross_margin_pct?d=regiao:Sul"));
});
