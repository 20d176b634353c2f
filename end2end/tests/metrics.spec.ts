// The page of one KPI, and the list of all of them.
import { type Page } from "@playwright/test";
import { KPIS, THIS_MONTH, ask, beginning, card, column, figure, only, onCard, parsed, read, texts } from "./figures";
import { expect, listening, open, test, url } from "./page";

const MARGIN = "/indicador/gross_margin_pct";
const hero = (page: Page) => page.locator(".hero .big");
const ranking = (page: Page) => page.locator("#ranking table.sortable");

test("KPI page shows the figure of its card, its parts, target and series", async ({ page }) => {
  await open(page, "/");
  await card(page, "gross_margin_pct").click();
  await expect(page).toHaveURL(url(MARGIN));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Margem bruta");
  await expect(hero(page)).toHaveText(beginning(await figure(page, "gross_margin_pct", { period: THIS_MONTH })));

  const fact = (name: string) => page.locator(".hero .facts > div", { has: page.getByText(name, { exact: true }) }).locator("dd");
  const parts = await ask(page, { metrics: ["gross_margin", "net_sales"], period: THIS_MONTH });
  expect(parsed(await fact("Margem bruta (R$)").innerText())).toBe(column(parts, "gross_margin")[0]);
  expect(parsed(await fact("Faturamento líquido").innerText())).toBe(column(parts, "net_sales")[0]);
  await expect(fact("Meta")).toHaveText(/\d/);
  await expect(fact("Situação")).toHaveText(/acima|no ritmo|atenção|fora do ritmo/);
  await expect(page.locator("#evolucao .drawing svg[role=img]")).toHaveAttribute("aria-label", /Margem bruta.*junho de 2026, parcial/);

  await page.goBack();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Visão geral");
});

for (const { metric, unit } of [{ metric: "gross_margin_pct", unit: 0.0001 }, { metric: "mrr", unit: 1 }]) {
  test(`what explains ${metric} sums to its change`, async ({ page }) => {
    await page.goto(url(`/indicador/${metric}`));
    const frame = await ask(page, { metrics: [metric], period: THIS_MONTH, compare: "previous_period" });
    const delta = column(frame, metric, "delta")[0] ?? NaN;
    const rows = page.locator("#causas table.waterfall tbody tr:not(.end)");
    await expect(rows.first()).toBeVisible();
    const header = await page.locator("#causas table.waterfall thead th.r").innerText();
    const scale = /mil/.test(header) ? 1e3 : /p\.p\./.test(header) ? 0.01 : 1;
    const shown = await texts(rows.locator("td.r"));
    const sum = shown.map(parsed).reduce((sum, effect) => sum + effect, 0) * scale;
    // Both ends are rounded to the last digit shown.
    const decimals = shown[0].split(",")[1]?.length ?? 0;
    expect(Math.abs(sum - delta)).toBeLessThanOrEqual(Math.max(unit, scale / 10 ** decimals) * 1.0001);
    await expect(page.locator("#causas")).toHaveText(/Soma exata/);
  });
}

test("drill path goes from Brasil to a city and back, each level with its value", async ({ page }) => {
  const levels = [
    { dimension: "regiao", member: "Sul" },
    { dimension: "uf", member: "PR" },
    { dimension: "cidade", member: "Curitiba" },
  ];
  const values = [await figure(page, "gross_margin_pct", { period: THIS_MONTH })];
  for (let depth = 1; depth <= levels.length; depth++) {
    const where = levels.slice(0, depth).map(({ dimension, member }) => only(dimension, member));
    values.push(await figure(page, "gross_margin_pct", { period: THIS_MONTH, where }));
  }
  const crumbs = page.getByRole("navigation", { name: "Nível do detalhamento" }).getByRole("link");

  await open(page, `${MARGIN}?b=regiao`);
  for (const [depth, { dimension, member }] of levels.entries()) {
    await ranking(page).getByRole("link", { name: member, exact: true }).click();
    await expect(crumbs).toHaveCount(depth + 2);
    await expect(page).toHaveURL(new RegExp(`${dimension}:${member}$`));
    await expect(hero(page)).toHaveText(beginning(values[depth + 1]));
  }
  const path = async () => {
    for (const [depth, name] of ["Brasil", "Sul", "PR", "Curitiba"].entries()) {
      await expect(crumbs.nth(depth)).toHaveText(new RegExp(`^${name}\\s*${values[depth]}$`));
    }
  };
  await path();
  await expect(crumbs.last()).toHaveAttribute("aria-current", "page");
  await page.reload();
  await path();

  await listening(page);
  await crumbs.nth(1).click();
  await expect(page).toHaveURL(url(`${MARGIN}?d=regiao:Sul`));
  await expect(crumbs).toHaveCount(2);
  await expect(hero(page)).toHaveText(beginning(values[1]));
  await page.goBack();
  await expect(crumbs).toHaveCount(4);
  await expect(hero(page)).toHaveText(beginning(values[3]));
});

test("leaderboard is sorted by the column that was chosen, and the order is in the URL", async ({ page }) => {
  await open(page, `${MARGIN}?b=uf`);
  const shown = async (cell: number) => (await texts(ranking(page).locator(`tbody td:nth-of-type(${cell})`))).filter((text) => text !== "—");
  const signed = (text: string, down: boolean) => (down ? -1 : 1) * parsed(text);
  const ordered = async (cell: number, descending: boolean) => {
    const rows = await ranking(page).locator("tbody tr").all();
    const numbers: number[] = [];
    for (const row of rows) {
      const cells = row.locator("td").nth(cell);
      const text = (await cells.innerText()).trim();
      if (text !== "—") numbers.push(signed(text.replace(/^[^\d−+R]*/, ""), (await cells.getByText(/^queda/).count()) > 0));
    }
    expect(numbers.length).toBeGreaterThan(3);
    expect(numbers).toEqual(numbers.toSorted((a, b) => (descending ? b - a : a - b)));
  };
  const header = (name: string) => ranking(page).getByRole("columnheader", { name });

  await expect(header("Valor")).toHaveAttribute("aria-sort", "descending");
  expect((await shown(2)).length).toBeGreaterThan(3);
  await ordered(1, true);

  await header("Valor").getByRole("link").click();
  await expect(page).toHaveURL(/s=value\.asc$/);
  await expect(header("Valor")).toHaveAttribute("aria-sort", "ascending");
  await ordered(1, false);

  await header("Δ p.p.").getByRole("link").click();
  await expect(page).toHaveURL(/s=delta\.desc$/);
  await expect(header("Δ p.p.")).toHaveAttribute("aria-sort", "descending");
  await ordered(2, true);

  await header("Δ %").getByRole("link").click();
  await expect(page).toHaveURL(/s=pct\.desc$/);
  await expect(header("Δ %")).toHaveAttribute("aria-sort", "descending");
  await ordered(3, true);

  await page.goBack();
  await expect(header("Δ p.p.")).toHaveAttribute("aria-sort", "descending");
  await page.reload();
  await expect(header("Δ p.p.")).toHaveAttribute("aria-sort", "descending");
  await ordered(2, true);
});

test("leaderboard of each dimension has the rows of the API", async ({ page }) => {
  await open(page, "/indicador/net_sales");
  for (const { dimension, tab } of [{ dimension: "canal", tab: "Canal" }, { dimension: "filial", tab: "Filial" }, { dimension: "regiao", tab: "Região" }]) {
    await page.getByRole("navigation", { name: "Dimensão" }).getByRole("link", { name: tab, exact: true }).click();
    await expect(page).toHaveURL(new RegExp(`b=${dimension}`));
    await expect(page.getByRole("heading", { name: `Por ${tab.toLowerCase()}` })).toBeVisible();
    const frame = await ask(page, { metrics: ["net_sales"], by: [dimension], period: THIS_MONTH, order: [{ by: "net_sales", dir: "desc" }] });
    const values = (await texts(ranking(page).locator("tbody tr td:nth-of-type(2)"))).map(parsed);
    expect(values).toEqual(column(frame, "net_sales"));
    const [total] = column(await ask(page, { metrics: ["net_sales"], period: THIS_MONTH }), "net_sales");
    expect(parsed(await ranking(page).locator("tfoot td:nth-of-type(2)").innerText())).toBe(total);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(total ?? NaN, 2);
  }
});

test("a number tells where it came from", async ({ page }) => {
  await page.goto(url(`${MARGIN}?f.uf=PR,SC`));
  const origin = page.getByRole("complementary", { name: "De onde veio este número?" });
  const known = await read<{ tables: { name: string }[]; checks: { status: string }[]; edition: number; hash: string }>(
    page,
    "/api/v1/metrics/gross_margin_pct/origin",
  );
  await expect(origin.getByRole("math")).toHaveAttribute("aria-label", "Margem bruta (R$) ÷ Faturamento líquido");
  const margin = await figure(page, "gross_margin_pct", { period: THIS_MONTH, where: [only("uf", "PR", "SC")] });
  const division = (await origin.locator(".mono").innerText()).match(/= ([\d,]+)%/)?.[1] ?? "";
  expect(onCard(parsed(division) / 100, "percent")).toBe(margin);
  await expect(origin.getByRole("listitem").filter({ hasText: "UF: PR, SC" })).toBeVisible();

  expect(known.tables.length).toBeGreaterThan(3);
  for (const { name } of known.tables) await expect(origin.getByText(name.split(".")[1], { exact: true })).toBeAttached();
  const passed = known.checks.filter(({ status }) => status === "pass" || status === "warn").length;
  const run = known.checks.filter(({ status }) => status !== "skipped").length;
  const summary = origin.getByText(`Testes: ${passed} de ${run}`);
  await summary.click();
  await expect(origin.locator(".checks li").first()).toBeVisible();
  await expect(origin.locator(".checks li")).toHaveCount(known.checks.length);

  const fact = (name: string) => origin.locator(".facts > div", { has: page.getByText(name, { exact: true }) }).locator("dd");
  await expect(fact("Edição")).toHaveText(String(known.edition));
  await expect(fact("Dono")).toHaveText(/\p{L}/u);
  await expect(fact("Última mudança")).toHaveText(/\d{2}\/\d{2}/);
  await expect(fact("Versão da definição")).toHaveText(known.hash.slice(0, 8));
  await fact("Usado em").getByRole("link", { name: "Visão geral" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Visão geral");
});

test("series changes its grain and can be read by keyboard", async ({ page }) => {
  await open(page, "/indicador/mrr");
  const quarter = page.getByRole("navigation", { name: "Grão" }).getByRole("link", { name: "Trimestre" });
  await quarter.click();
  await expect(page).toHaveURL(/g=quarter$/);
  await expect(quarter).toHaveAttribute("aria-current", "true");
  const series = page.locator("#evolucao .drawing.reads");
  await series.focus();
  await page.keyboard.press("End");
  const [balance] = column(await ask(page, { metrics: ["mrr"], period: THIS_MONTH }), "mrr");
  await expect(series.locator(".tip")).toBeVisible();
  expect(parsed(await series.locator(".tip dd").first().innerText())).toBe(balance);
  await page.keyboard.press("ArrowLeft");
  const previous = page.locator("#evolucao .as-table tbody tr").nth(-2);
  const [name, value] = [await previous.locator("th").textContent(), await previous.locator("td").first().textContent()];
  await expect(series.locator("[aria-live]")).toContainText(`${name}: MRR ${value}`);
  await page.keyboard.press("Escape");
  await expect(series.locator(".tip")).toBeHidden();
});

test("period and filters follow from board to KPI and back", async ({ page }) => {
  await open(page, "/?p=qtd&f.segmento=Agro");
  await card(page, "mrr").click();
  await expect(page).toHaveURL(url("/indicador/mrr?p=qtd&f.segmento=Agro"));
  await expect(hero(page)).toHaveText(beginning(await figure(page, "mrr", { period: { this: "quarter" }, where: [only("segmento", "Agro")] })));
  await page.getByRole("navigation", { name: "Principal" }).getByRole("link", { name: "Visão geral" }).click();
  await expect(page).toHaveURL(url("/?p=qtd&f.segmento=Agro"));
});

test("list of metrics has every metric once", async ({ page }) => {
  await page.goto(url("/indicadores"));
  const { metrics } = await read<{ metrics: { name: string; is_kpi: boolean }[] }>(page, "/api/v1/metrics");
  const linked = await page.locator(".catalog a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(linked.toSorted()).toEqual(metrics.map(({ name }) => `/indicador/${name}`).toSorted());
  await expect(page.locator("#kpis .catalog li")).toHaveCount(KPIS.length);
});

test("an unknown metric is not found, and the page says where to go", async ({ page }) => {
  const response = await page.request.get(url("/indicador/no_such_metric"));
  expect(response.status()).toBe(404);
  expect(await response.text()).toContain("Ir para a visão geral");
});
