// Uploads: from a sheet with decimal commas to a board with its exact figures, and what happens to files that are none.
import AxeBuilder from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { ask, beginning, card, column, onCard, texts } from "./figures";
import { expect, open, test, url } from "./page";
import { type Value, workbook } from "./workbook";

// The demo stands still at the end of June 2026, so that the sheet's newest month is the running one.
const SELLERS = ["Ana Conceição", "João d'Ávila", "Zé \"Zeca\" <b>"];
const sales = Array.from({ length: 60 }, (_, at) => ({
  day: new Date(Date.UTC(2026, Math.floor(at / 10), 1 + (at % 10) * 2)),
  seller: SELLERS[at % 3],
  cents: at === 7 ? -123456 : 100001 + at * 98765,
  pieces: 1 + (at % 9),
}));
const brazilian = (cents: number) => new Intl.NumberFormat("pt-BR", { minimumFractionDigits: 2 }).format(cents / 100).replace("−", "-");
const written = (day: Date) => day.toISOString().slice(0, 10).split("-").reverse().join("/");
const sum = (rows: typeof sales) => rows.reduce((sum, row) => sum + row.cents, 0);
const june = (row: (typeof sales)[number]) => row.day.getUTCMonth() === 5;

const table = (rows: typeof sales): Value[][] => [
  ["Relatório de vendas"],
  [],
  ["Data da venda", "Vendedor", "Valor (R$)", "Peças"],
  ...rows.map((row): Value[] => [
    written(row.day),
    row.seller,
    row.cents < 0 ? `(${brazilian(-row.cents)})` : `R$ ${brazilian(row.cents)}`,
    { formula: "1+1", value: row.pieces },
  ]),
  ["", "Total", brazilian(sum(rows)), null],
];

async function send(page: Page, name: string, buffer: Buffer | string) {
  await page.goto(url("/dados/planilha"));
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(buffer) });
}

/** The board of the upload that is being checked; answers the source's name. */
async function made(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Criar painel" }).first().click();
  await page.waitForURL(/\/painel\/[a-z0-9_]+$/, { timeout: 120_000 });
  return new URL(page.url()).pathname.split("/").pop()!;
}

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id)).toEqual([]);
}

test.describe.configure({ mode: "default", timeout: 180_000 });

test("upload an XLSX with decimal commas to a board", async ({ page }) => {
  const began = Date.now();
  await page.goto(url("/dados"));
  await page.getByRole("link", { name: "Enviar uma planilha" }).click();
  await expectAccessible(page);
  await page.locator("input[type=file]").setInputFiles({
    name: "Vendas da loja.xlsx",
    mimeType: "application/octet-stream",
    buffer: workbook({ Vendas: table(sales), Notas: [["nada", "aqui"], ["a", "b"]] }),
  });
  await page.waitForURL(/\/dados\/planilha\/[0-9a-f]{64}$/);
  await expect(page.locator(".lede")).toContainText("61 linhas");
  const value = page.locator("#coluna-valor_r");
  await expect(value.locator("li").first()).toContainText(/R\$ 1\.000,01/);
  await expect(value.getByRole("combobox", { name: "Tipo: Valor (R$)" })).toHaveValue("money");
  await expect(value.getByRole("combobox", { name: "Uso: Valor (R$)" })).toHaveValue("sum");
  await expect(page.getByRole("combobox", { name: "Uso: Data da venda" })).toHaveValue("date");
  await expect(page.getByRole("combobox", { name: "Uso: Vendedor" })).toHaveValue("dimension");
  await expect(page.locator("#totais, #sem-data").first()).toBeVisible();
  await expectAccessible(page);

  // Somebody else looks at a board meanwhile.
  const watching = await page.context().newPage();
  await open(watching, "/?f.uf=PR");
  const name = await made(page);
  expect(name).toBe("vendas_da_loja");
  await watching.bringToFront();
  await expect(watching.locator(".rail"), "an open page learns of the new edition").toContainText("Vendas da loja");
  await expect(watching, "and keeps its state").toHaveURL(url("/?f.uf=PR"));
  await watching.close();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vendas da loja");
  const question = { metrics: [`${name}_valor_r`], compare: "none" as const };
  const whole = await ask(page, { ...question, period: { from: "2026-01-01", to: "2026-06-29" } });
  expect(Math.round(column(whole, `${name}_valor_r`)[0]! * 100)).toBe(sum(sales));
  const month = await ask(page, { ...question, period: { this: "month" }, by: [`${name}_vendedor`] });
  for (const seller of SELLERS) {
    const row = month.rows.findIndex(([member]) => member === seller);
    const expected = sum(sales.filter((row) => june(row) && row.seller === seller));
    expect(Math.round(column(month, `${name}_valor_r`)[row]! * 100), seller).toBe(expected);
  }
  // The card tells June, and the change from May.
  const shown = card(page, `${name}_valor_r`);
  await expect(shown.locator(".val")).toHaveText(beginning(onCard(sum(sales.filter(june)) / 100, "money")));
  await expect(shown.locator(".delta")).toBeVisible();
  await expect(page.getByText("Placar de")).toHaveCount(0);
  await expect(card(page, `${name}_registros`).locator(".val")).toHaveText(/^\s*10\b/);
  expect(await texts(page.locator(".grid h2"))).toEqual(
    expect.arrayContaining(["Valor (R$) por mês", "Valor (R$) por Vendedor", "Peças por mês"]),
  );
  await expectAccessible(page);
  expect(Date.now() - began, "a minute is what we promise").toBeLessThan(60_000);
});

test("CSV of Windows with semicolons becomes a board whose types and roles were corrected by hand", async ({ page }) => {
  const lines = ["Emissão;Filial;Preço médio;Cód", ...sales.map((row, at) => `${written(row.day)};${1 + (at % 2)};${brazilian(row.cents)};${at}`), "sem data;1;1,00;x"];
  await send(page, "Preços.csv", Buffer.from(lines.join("\r\n"), "latin1"));
  await page.waitForURL(/\/dados\/planilha\/[0-9a-f]{64}$/);
  await expect(page.locator("#rejeitadas")).toContainText("1 linha não cabe");
  await expect(page.locator("#coluna-emissao .misfits")).toContainText("sem data");
  await expect(page.getByRole("combobox", { name: "Uso: Preço médio" })).toHaveValue("mean");
  await page.getByRole("combobox", { name: "Uso: Preço médio" }).selectOption({ label: "Somar" });
  await page.getByRole("combobox", { name: "Tipo: Filial" }).selectOption("text");
  await page.getByRole("combobox", { name: "Uso: Filial" }).selectOption("dimension");
  await page.getByLabel("Nome do painel").fill("Preços da rede");
  await page.getByRole("button", { name: "Conferir de novo" }).first().click();
  await expect(page.locator("#coluna-preco_medio .sum")).toHaveText(`R$ ${brazilian(sum(sales))}`.replace(" ", "\u00a0"));

  const name = await made(page);
  expect(name).toBe("precos_da_rede");
  const frame = await ask(page, {
    metrics: [`${name}_preco_medio`],
    by: [`${name}_filial`],
    period: { from: "2026-01-01", to: "2026-06-29" },
    compare: "none",
  });
  const branch = (member: string) => column(frame, `${name}_preco_medio`)[frame.rows.findIndex(([row]) => row === member)]!;
  expect(Math.round(branch("1") * 100)).toBe(sum(sales.filter((_, at) => at % 2 === 0)));
  expect(Math.round(branch("2") * 100)).toBe(sum(sales.filter((_, at) => at % 2 === 1)));
  await page.goto(url(`/dados/fonte/${name}`));
  const rejected = page.locator("#rejeitadas tbody tr");
  await expect(rejected.filter({ hasText: "sem data" })).toContainText("não é uma data");
});

test.describe("refused files", () => {
  test.use({ refusals: true });
  test("file that is no table is refused in a sentence, and nothing of it stays", async ({ page }) => {
    const cases: [string, Buffer, RegExp][] = [
      ["vazia.csv", Buffer.from("a;b\n"), /vazio ou só tem os nomes/],
      ["foto.xlsx", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]), /não é CSV nem XLSX/],
      ["antiga.xlsx", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0, 0]), /protegida por senha/],
      ["quebrada.xlsx", workbook({ A: table(sales) }).subarray(0, 900), /não pôde ser lido/],
    ];
    for (const [name, buffer, why] of cases) {
      await send(page, name, buffer);
      await expect(page.getByRole("alert"), name).toContainText(why);
      await expect(page.locator("input[type=file]")).toBeVisible();
    }
  });

  test("sheet without a date says that it needs one", async ({ page }) => {
    await send(page, "sem datas.csv", "produto;valor\nA;1,50\nB;2,50\n");
    await page.waitForURL(/\/dados\/planilha\/[0-9a-f]{64}$/);
    await expect(page.locator("#falta-data")).toContainText("precisa de uma coluna de data");
    await page.getByRole("button", { name: "Criar painel" }).click();
    await expect(page.getByRole("alert")).toContainText("precisa de uma coluna de data");
    await expect(page.getByLabel("Nome do painel")).toHaveValue("sem datas");
  });
});

test("another file takes the place of the first, or is added to it", async ({ page }) => {
  test.slow(true, "the company is built three times, each after a file of its own");
  const csv = (rows: typeof sales) => ["dia;valor", ...rows.map((row) => `${written(row.day)};${brazilian(row.cents)}`)].join("\n");
  await send(page, "Caixa.csv", csv(sales.slice(0, 40)));
  await page.waitForURL(/\/dados\/planilha\//);
  const name = await made(page);
  const total = async () => {
    const metrics = [`${name}_valor`];
    const frame = await ask(page, { metrics, period: { from: "2026-01-01", to: "2026-06-29" }, compare: "none" });
    return Math.round(column(frame, metrics[0])[0]! * 100);
  };
  expect(await total()).toBe(sum(sales.slice(0, 40)));

  const give = async (content: string, how: string) => {
    await page.goto(url(`/dados/fonte/${name}`));
    await page.locator("#arquivo input[type=file]").setInputFiles({ name: "Mais.csv", mimeType: "text/csv", buffer: Buffer.from(content) });
    await expect(page.locator("#comparar")).toContainText(/linhas? em Mais\.csv/);
    await page.getByRole("button", { name: how }).click();
    await page.waitForURL(url(`/painel/${name}`), { timeout: 120_000 });
  };
  await give(csv(sales.slice(40)), "Acrescentar as linhas");
  expect(await total()).toBe(sum(sales));
  await give(csv(sales.slice(50)), "Substituir as linhas");
  expect(await total()).toBe(sum(sales.slice(50)));

  await page.goto(url(`/dados/fonte/${name}`));
  await page.locator("#arquivo input[type=file]").setInputFiles({ name: "Outra.csv", mimeType: "text/csv", buffer: Buffer.from("mes;valor;obs\n1;2,50;x\n") });
  await expect(page.locator("#falta-data")).toContainText("dia");
  await expect(page.getByRole("button", { name: "Substituir as linhas" })).toHaveCount(0);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });
  test("a sheet is sent, checked and made into a board by forms and links alone", async ({ page }) => {
    const rows = sales.slice(0, 20).map((row) => `${written(row.day)};${row.seller.split(" ")[0]};${brazilian(row.cents)}`);
    await send(page, "Sem script.csv", ["data;quem;valor", ...rows].join("\n"));
    await page.getByRole("button", { name: "Enviar" }).click();
    await page.getByRole("button", { name: "Criar painel" }).click();
    await expect(page.locator("#andamento")).toBeVisible();
    const link = page.getByRole("link", { name: "Abrir painel" });
    await expect(async () => {
      await page.reload();
      await expect(link).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 120_000 });
    await link.click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sem script");
    await expect(page.locator(".kpis .val").first()).toContainText("R$");
  });
});
