// The overview: its cards, its tiles, and a URL that holds what a person chose.
import { type Page } from "@playwright/test";
import { KPIS, THIS_MONTH, ask, card, column, expectCards, figure, only, parsed, read, texts, type Question } from "./figures";
import { expect, open, test, url } from "./page";

type Known = { metrics: { name: string; dimensions: string[]; hierarchies: { levels: string[] }[] }[] };

/** The figure of every card under `question`; a metric without the filter's dimension is not filtered. */
async function figures(page: Page, question: Omit<Question, "metrics">): Promise<Map<string, string>> {
  const known = await read<Known>(page, "/api/v1/metrics");
  const found = new Map<string, string>();
  for (const metric of KPIS) {
    const definition = known.metrics.find(({ name }) => name === metric);
    if (!definition) throw new Error(`${metric} is not in the catalogue`);
    const has = new Set([...definition.dimensions, ...definition.hierarchies.flatMap(({ levels }) => levels)]);
    const where = question.where?.filter(({ dimension }) => has.has(dimension));
    found.set(metric, await figure(page, metric, { ...question, where }));
  }
  return found;
}

const choose = (page: Page, dimension: string) => page.locator(".chip.opt").filter({ has: page.locator("summary", { hasText: dimension }) });

test("overview has seven cards with value, change, trend, target and the mark of the data", async ({ page }) => {
  await page.goto(url("/"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Visão geral");
  await expect(page).toHaveTitle("Visão geral · Serra Azul Distribuidora");
  for (const metric of KPIS) {
    const kpi = card(page, metric);
    await expect(kpi.getByRole("heading"), metric).toHaveText(/\p{L}/u);
    await expect(kpi.locator(".val"), metric).toHaveText(/\d/);
    await expect(kpi.locator(".delta"), metric).toHaveText(/\d/);
    await expect(kpi.locator(".ctx"), metric).toHaveText(/\d.* em /);
    await expect(kpi.locator(".trend svg[role=img]"), metric).toHaveAttribute("aria-label", /\d/);
    await expect(kpi.locator(".pace"), metric).toHaveText(/(Meta|Teto).*\d/);
    await expect(kpi.locator(".mark-data svg"), metric).toHaveAttribute("aria-label", /dados/);
  }
  await expect(page.locator(".kpis a.kpi")).toHaveCount(KPIS.length);
  await expect(page.locator(".lede")).toHaveText(/indicador/);
});

test("cards show what the API answers", async ({ page }) => {
  await page.goto(url("/"));
  await expectCards(page, await figures(page, { period: THIS_MONTH }));
});

test("tiles say the same in picture and table", async ({ page }) => {
  await page.goto(url("/"));
  const mrr = page.locator("#mrr");
  await expect(mrr.locator("svg[role=img]")).toHaveAttribute("aria-label", /MRR.*parcial/);
  await expect(mrr.locator(".as-table table")).toBeHidden();
  await mrr.getByText("Ver como tabela").click();
  const last = mrr.locator(".as-table tbody tr").last();
  await expect(last.getByRole("rowheader")).toHaveText("junho de 2026 (parcial)");
  const [balance] = column(await ask(page, { metrics: ["mrr"], period: THIS_MONTH }), "mrr");
  expect(parsed(await last.getByRole("cell").first().innerText())).toBe(balance);

  const bridge = (await texts(mrr.locator(".bridge dd"))).map(parsed);
  expect(bridge.slice(0, -1).reduce((sum, part) => sum + part, 0)).toBeCloseTo(bridge.at(-1) ?? NaN, 2);

  const stages = page.locator("#funil .as-table tbody tr").filter({ hasNotText: "→" });
  await page.locator("#funil").getByText("Ver como tabela").click();
  const counts = (await texts(stages.locator("td:nth-child(2)"))).map(parsed);
  expect(counts).toHaveLength(5);
  expect(counts, "no stage holds more than the one before").toEqual(counts.toSorted((a, b) => b - a));

  await page.locator("#leads").getByText("Ver como tabela").click();
  const leads = (await texts(page.locator("#leads .as-table tbody td:nth-child(2)"))).map(parsed);
  const [total] = column(await ask(page, { metrics: ["leads"], period: THIS_MONTH }), "leads");
  expect(leads.reduce((sum, part) => sum + part, 0)).toBe(total);

  await expect(page.locator("#sla table.heat td[title]").first()).toHaveAttribute("title", /h: \d/);
});

test("what changed sums to the change, to the digit", async ({ page }) => {
  await page.goto(url("/"));
  const changes = page.locator("#mudou .ranked li", { hasText: "p.p." });
  await expect(changes.first()).toBeAttached();
  for (const change of await changes.all()) {
    const sentence = (await change.locator("p").nth(1).textContent()) ?? "";
    const delta = parsed(sentence.match(/ de ([+−][\d.,]+)/)?.[1] ?? "");
    const parts = ((await change.locator("p.meta").textContent()) ?? "").split(" · ");
    const effects = parts.map((part) => parsed(part.match(/(\S+)\sp\.p\.$/)?.[1] ?? ""));
    expect(effects.reduce((sum, effect) => sum + effect, 0), sentence).toBeCloseTo(delta, 6);
  }
});

test("a filter changes URL and figures, and back, reload and a pasted link restore them", async ({ page, context }) => {
  const all = await figures(page, { period: THIS_MONTH });
  const inParana = await figures(page, { period: THIS_MONTH, where: [only("uf", "PR")] });
  expect(inParana.get("mrr")).not.toBe(all.get("mrr"));

  await open(page, "/");
  await choose(page, "UF").locator("summary").click();
  await page.getByRole("checkbox", { name: "PR", exact: true }).check();
  await expect(page).toHaveURL(url("/?f.uf=PR"));
  await expectCards(page, inParana);
  await expect(choose(page, "UF").locator("summary")).toHaveText(/PR/);

  const pasted = await context.newPage();
  await pasted.goto(page.url());
  await expectCards(pasted, inParana);
  await pasted.close();

  await page.reload();
  await expectCards(page, inParana);
  await page.goBack();
  await expect(page).toHaveURL(url("/"));
  await expectCards(page, all);
  await page.goForward();
  await expect(page).toHaveURL(url("/?f.uf=PR"));
  await expectCards(page, inParana);

  await page.getByRole("link", { name: "Tirar o filtro UF" }).click();
  await expect(page).toHaveURL(url("/"));
  await expectCards(page, all);
});

test("two filters narrow together and are lifted together", async ({ page }) => {
  await open(page, "/?f.canal=Ads,Site");
  await choose(page, "Segmento").locator("summary").click();
  await page.getByRole("checkbox", { name: "Varejo" }).check();
  await expect(page).toHaveURL(url("/?f.canal=Ads,Site&f.segmento=Varejo"));
  await expectCards(page, await figures(page, { period: THIS_MONTH, where: [only("canal", "Ads", "Site"), only("segmento", "Varejo")] }));
  await page.getByRole("link", { name: "Limpar" }).locator("visible=true").click();
  await expect(page).toHaveURL(url("/"));
});

test("period and comparison are links of the filter bar and survive a pasted link", async ({ page }) => {
  const may = { from: "2026-05-01", to: "2026-05-31" };
  await open(page, "/");
  await page.locator(".shift summary").click();
  await page.getByRole("link", { name: "Mês passado" }).click();
  await expect(page).toHaveURL(url("/?p=2026-05-01..2026-05-31"));
  await expectCards(page, await figures(page, { period: may }));

  await page.locator(".filters > details.drop summary").click();
  await page.getByRole("link", { name: "Mesmo período do ano anterior" }).click();
  await expect(page).toHaveURL(url("/?p=2026-05-01..2026-05-31&c=yoy"));
  const before = await ask(page, { metrics: ["mrr"], period: may, compare: "same_period_last_year" });
  expect(before.comparison).toEqual({ from: "2025-05-01", to: "2025-05-31" });
  await expect(card(page, "mrr").locator(".ctx")).toHaveText(/31\/05\/2025/);

  await page.goto(page.url());
  await expect(page.locator(".shift summary")).toHaveText(/mai\s2026/);
  await expect(card(page, "mrr").locator(".ctx")).toHaveText(/31\/05\/2025/);
  await page.getByRole("link", { name: "Próximo período" }).click();
  await expect(page.locator(".shift summary")).toHaveText(/jun\s2026/);
});

test("days typed by hand become the period", async ({ page }) => {
  await open(page, "/");
  await page.locator(".shift summary").click();
  await page.getByLabel("De", { exact: true }).fill("2026-03-01");
  await page.getByLabel("Até", { exact: true }).fill("2026-03-31");
  await page.locator("form.days").getByRole("button", { name: "Mostrar" }).click();
  await expect(page).toHaveURL(url("/?p=2026-03-01..2026-03-31"));
  await expectCards(page, await figures(page, { period: { from: "2026-03-01", to: "2026-03-31" } }));
});

test("a mistyped link opens the board with its defaults", async ({ page }) => {
  await page.goto(url("/?p=nonsense&c=what&f.=x&s=a.b&p.from=never"));
  await expectCards(page, await figures(page, { period: THIS_MONTH }));
});

test("a filter that nothing fits says so and offers the way out", async ({ page }) => {
  await page.goto(url("/?f.uf=XX"));
  await expect(page.locator("#leads")).toHaveText(/Nada com esses filtros/);
  await page.locator("#leads").getByRole("link", { name: "Limpar" }).click();
  await expect(page).toHaveURL(url("/"));
  await expect(page.locator("#leads").getByText("Ver como tabela")).toBeVisible();
});

test("every link of the overview leads somewhere", async ({ page }) => {
  await page.goto(url("/"));
  const addresses = await page.locator("a[href]").evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
  const paths = new Set(addresses.map((address) => new URL(address).pathname).filter((path) => path !== "/preferencias"));
  expect(paths.size).toBeGreaterThan(KPIS.length);
  for (const path of paths) expect((await page.request.get(url(path))).status(), path).toBe(200);
});
