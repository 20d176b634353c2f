// Sources: how they stand, syncing and stopping one, connecting a new one, and what a refused one says.
import { type Page } from "@playwright/test";
import { expect, open, test, url } from "./page";

// What the simulated CRM lets in.
const KEY = "5E1A2B3C4D5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F9";
const row = (page: Page, name: string) => page.locator(`#fonte-${name}`);
const setting = (page: Page, name: string) =>
  page.locator("#ajustes .facts > div", { has: page.getByText(name, { exact: true }) }).locator("dd");

async function crm(page: Page) {
  await page.goto(url("/dados/fonte/ploomes"));
  return await setting(page, "Endereço").innerText();
}

async function fill(page: Page, told: { name: string; address: string; key: string }) {
  await page.locator("input[name=name]").fill(told.name);
  await page.locator("input[name='p.address']").fill(told.address);
  await page.locator("input[name='p.user_key']").fill(told.key);
}

test("list shows every source of the demo with its promise and its last day", async ({ page }) => {
  await open(page, "/");
  await page.getByRole("navigation", { name: "Principal" }).first().getByRole("link", { name: "Dados" }).click();
  await expect(page).toHaveURL(url("/dados"));
  for (const name of ["ploomes", "sap", "whatsapp", "atendimento", "planilhas"]) {
    await expect(row(page, name)).toContainText("em dia");
    await expect(row(page, name).locator(".fresh")).toContainText("combinado");
    await expect(row(page, name).locator("svg.strip .h-ok").first()).toBeVisible();
  }
});

test("sync by hand is shown while it runs and stands in the history afterwards", async ({ page }) => {
  await page.goto(url("/dados/fonte/sap"));
  const loads = page.locator("#historico tbody tr");
  const before = await loads.count();
  await page.getByRole("button", { name: "Sincronizar agora: sap" }).click();
  // Nothing is loaded anew: the server tells the page.
  await expect(loads).toHaveCount(before + 1);
  await expect(loads.first()).toContainText("completa", { timeout: 60_000 });
  await expect(loads.first()).toContainText("a pedido");
  await expect(page.locator("#fluxos tbody tr", { hasText: "raw.sap__invoices" }).first()).toBeVisible();
});

test.describe("refused forms", () => {
  test.use({ refusals: true });
  test("form says why a source cannot be reached and keeps what was typed, without its secret", async ({ page }) => {
    test.slow(true, "a system that takes no connection is tried again, after growing pauses");
    const address = await crm(page);
    await page.goto(url("/dados/nova"));
    await page.getByRole("link", { name: /Ploomes/ }).click();
    await fill(page, { name: "outro", address: "http://127.0.0.1:9", key: "segredo-digitado" });
    await page.getByRole("button", { name: "Testar conexão" }).click();
    await expect(page.getByRole("alert")).toContainText("no connection to `127.0.0.1`", { timeout: 60_000 });
    await expect(page.locator("input[name=name]")).toHaveValue("outro");
    await expect(page.locator("input[name='p.user_key']")).toHaveValue("");

    await fill(page, { name: "outro", address, key: "segredo-errado" });
    await page.getByRole("button", { name: "Testar conexão" }).click();
    await expect(page.getByRole("alert")).toContainText(/key/i);
    await expect(page.getByRole("alert")).not.toContainText("segredo-errado");
    expect(await page.content()).not.toContain("segredo-errado");
    await page.goto(url("/dados"));
    await expect(row(page, "outro")).toHaveCount(0);
  });

  test("source is tried out, connected, read, stopped and removed in the browser", async ({ page }) => {
    const address = await crm(page);
    await page.goto(url("/dados/nova/ploomes"));
    await fill(page, { name: "crm_dois", address, key: KEY });
    await page.locator("input[name=schedule]").fill("manual");
    await page.getByRole("button", { name: "Testar conexão" }).click();
    await expect(page.locator("#teste")).toContainText("deals pode ser lido");
    await page.locator("input[name='p.user_key']").fill(KEY);
    await page.getByRole("button", { name: "Conectar", exact: true }).click();
    await expect(page).toHaveURL(url("/dados/fonte/crm_dois"));
    await expect(page.locator("#situacao")).toContainText("ainda não lida");

    await page.getByRole("button", { name: "Sincronizar agora: crm_dois" }).click();
    await expect(page.locator("#situacao [role=status]")).toContainText("lendo");
    await page.getByRole("button", { name: "Parar: crm_dois" }).click();
    const newest = page.locator("#historico tbody tr").first();
    await expect(newest).toContainText("parada a pedido", { timeout: 60_000 });

    await page.goto(url("/dados/fonte/crm_dois/ajustes"));
    await expect(page.locator("input[name='p.address']")).toHaveValue(address);
    await page.locator("input[name=schedule]").fill("todo dia");
    await page.getByRole("button", { name: "Salvar" }).click();
    await expect(page.getByRole("alert")).toContainText("`todo dia` is no schedule");

    await page.goto(url("/dados/fonte/crm_dois"));
    await page.getByRole("button", { name: "Remover fonte" }).click();
    await expect(page).toHaveURL(url("/dados"));
    await expect(row(page, "crm_dois")).toHaveCount(0);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });
  test("a sync can be started and its outcome read", async ({ page }) => {
    await page.goto(url("/dados"));
    await row(page, "planilhas").getByRole("button").click();
    await expect(page).toHaveURL(url("/dados"));
    await page.goto(url("/dados/fonte/planilhas"));
    await expect(page.locator("#historico tbody tr").first()).toContainText(/completa|lendo/);
  });
});

test("a source that systems send to shows where, and what to enter there", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(url("/dados/nova/webhook"));
  await page.locator("input[name=name]").fill("loja");
  await page.locator("input[name='p.secret']").fill(`whsec_${btoa("a secret of this test alone")}`);
  await page.locator("input[name=schedule]").fill("manual");
  await page.getByRole("button", { name: "Conectar", exact: true }).click();
  await expect(page).toHaveURL(url("/dados/fonte/loja"));
  const address = page.locator("#endereco");
  await expect(address).toHaveValue(/^http:\/\/127\.0\.0\.1:\d+\/hooks\/loja$/);
  await expect(page.locator("#entrada")).toContainText("o mesmo segredo que está nos ajustes");
  await expect(page.locator("#entrada")).toContainText("public_url");
  await page.getByRole("button", { name: "Copiar", exact: true }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(await address.inputValue());
  await page.getByRole("button", { name: "Remover fonte" }).click();
  await expect(page).toHaveURL(url("/dados"));
});

test("streams are chosen and read again on the page of their source", async ({ page }) => {
  await page.goto(url("/dados/fonte/sap"));
  const row = page.locator("#fluxos tbody tr").filter({ hasText: /^sales_persons/ });
  await row.getByRole("checkbox").uncheck();
  await page.getByRole("button", { name: "Salvar escolha" }).click();
  await expect(row).toContainText("em repouso");
  await expect(row.getByRole("checkbox")).not.toBeChecked();
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Salvar escolha" }).click();
  await expect(row).not.toContainText("em repouso");

  const rows = await page.locator("#fluxos tbody tr").filter({ hasText: "raw.sap__invoices" }).locator("[data-label]").first().innerText();
  await page.locator("input[name=since]").fill("2026-06-01");
  await page.getByRole("button", { name: "Buscar de novo" }).click();
  await expect(page.locator("#mudancas")).toContainText("lida de novo desde 01/06/2026");
  await expect(page.locator("#historico tbody tr").first()).toContainText("completa", { timeout: 60_000 });
  await page.reload();
  const again = page.locator("#fluxos tbody tr").filter({ hasText: "raw.sap__invoices" }).locator("[data-label]").first();
  await expect(again).toHaveText(rows);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test("tables of a source do not scroll sideways", async ({ page }) => {
    for (const name of ["ploomes", "whatsapp"]) {
      await page.goto(url(`/dados/fonte/${name}`));
      await expect(page.locator("#fluxos tbody tr").first()).toBeVisible();
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll(".scroll, main, body")].filter((part) => part.scrollWidth > part.clientWidth + 1).length);
      expect(wide, name).toBe(0);
    }
  });

  test("the heading of the list stands on one line beside or above its buttons", async ({ page }) => {
    await page.goto(url("/dados"));
    // asked anew until it stands: the server may tell the list again in between, with a heading of its own
    const heading = page.getByRole("heading", { name: "Fontes", exact: true });
    await expect.poll(async () => (await heading.boundingBox())?.height).toBeLessThan(40);
  });
});
