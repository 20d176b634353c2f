// Letting people in: an invitation becomes a password, a password a session, and a session ends when somebody says so.
import { createHmac } from "node:crypto";
import type { Browser, Page } from "@playwright/test";
import { expect, open, test, url } from "./page";

const NOBODY = { cookies: [], origins: [] };
const PASSWORD = "quatro cavalos bebem chuva";

// Refused forms are part of it.
test.use({ refusals: true });

/** An address that no other test uses. */
const email = (name: string) => `${name}.${Date.now()}.${Math.floor(Math.random() * 1e6)}@empresa.com.br`;

/** Invites somebody on the page of people, and gives the link. */
async function invite(page: Page, name: string, address: string, role: string) {
  await open(page, "/pessoas");
  const form = page.locator("#convidar form");
  await form.getByLabel("Nome").fill(name);
  await form.getByLabel("E-mail").fill(address);
  await form.getByRole("checkbox", { name: "leitor" }).uncheck();
  await form.getByRole("checkbox", { name: role }).check();
  await form.getByRole("button", { name: "Criar convite" }).click();
  await expect(page.locator("#link-criado")).toContainText(`Link para ${name}`);
  return page.locator("#link").inputValue();
}

/** Somebody else's browser. */
async function elsewhere(browser: Browser) {
  const context = await browser.newContext({ storageState: NOBODY });
  return { page: await context.newPage(), context };
}

async function accept(page: Page, link: string, password = PASSWORD) {
  await page.goto(link);
  await page.locator("input[name=password]").fill(password);
  await page.locator("input[name=again]").fill(password);
  await page.getByRole("button", { name: "Entrar no Mirante" }).click();
}

async function signIn(page: Page, address: string, password = PASSWORD) {
  await page.goto(url("/entrar"));
  await page.getByLabel("E-mail").fill(address);
  await page.getByLabel("Senha").fill(password);
  await page.getByRole("button", { name: "Entrar" }).click();
}

test("an invitation leads by a password to a reader's boards, and to nothing else", async ({ page, browser }) => {
  const address = email("ana");
  const link = await invite(page, "Ana Souza", address, "leitor");
  const { page: ana, context } = await elsewhere(browser);
  await ana.goto(link);
  await expect(ana.getByRole("heading", { level: 1 })).toHaveText("Boas-vindas");
  await expect(ana.getByLabel("E-mail")).toHaveValue(address);
  await expect(ana.locator("script")).toHaveCount(0);

  // Too easy: it says why, and keeps the name.
  await ana.getByLabel("Nome").fill("Ana Maria Souza");
  await ana.locator("input[name=password]").fill("password1234");
  await ana.locator("input[name=again]").fill("password1234");
  await ana.getByRole("button", { name: "Entrar no Mirante" }).click();
  await expect(ana.getByRole("alert")).toContainText("fácil de adivinhar");
  await expect(ana.getByLabel("Nome")).toHaveValue("Ana Maria Souza");
  await ana.locator("input[name=password]").fill(PASSWORD);
  await ana.locator("input[name=again]").fill(PASSWORD);
  await ana.getByRole("button", { name: "Entrar no Mirante" }).click();
  await expect(ana).toHaveURL(url("/"));
  await expect(ana.locator(".rail .me")).toContainText("Ana Maria Souza");

  // A reader reads; people and sources are for others, and what is shut to her is not offered, at the desk or at the thumb.
  await expect(ana.locator(".rail").getByRole("link", { name: "Indicadores" })).toBeVisible();
  for (const name of ["Pessoas", "Dados"]) {
    await expect(ana.locator(".rail, .tabbar").getByRole("link", { name })).toHaveCount(0);
  }
  for (const path of ["/pessoas", "/dados"]) {
    const refused = await ana.goto(url(path));
    expect(refused?.status(), path).toBe(403);
    await expect(ana.locator("body")).not.toContainText("Helena");
  }
  const again = await ana.goto(link);
  expect(again?.status()).toBe(404);
  await expect(ana.getByRole("alert")).toContainText("já foi usado ou venceu");
  await context.close();

  await open(page, "/pessoas");
  await expect(page.locator("tr", { hasText: address })).toContainText("entra com senha");
});

test("a wrong password says no more than that of somebody unknown", async ({ page, browser }) => {
  const address = email("rui");
  const link = await invite(page, "Rui Lima", address, "leitor");
  const { page: rui, context } = await elsewhere(browser);
  await accept(rui, link);
  await expect(rui).toHaveURL(url("/"));
  await rui.goto(url("/acessos"));
  await rui.locator("#conta").getByRole("button", { name: "Sair" }).click();
  await expect(rui).toHaveURL(url("/entrar"));
  const said = async (who: string) => {
    await signIn(rui, who, "errada errada errada");
    await expect(rui.getByLabel("E-mail")).toHaveValue(who);
    await expect(rui.getByLabel("Senha")).toHaveValue("");
    return rui.getByRole("alert").innerText();
  };
  expect(await said(address)).toBe(await said(email("ninguem")));
  await signIn(rui, address);
  await expect(rui).toHaveURL(url("/"));
  await context.close();
});

test("a session that is ended elsewhere is over at the next click", async ({ page, browser }) => {
  const address = email("eva");
  const link = await invite(page, "Eva Reis", address, "gestor");
  const desk = await elsewhere(browser);
  await accept(desk.page, link);
  const phone = await elsewhere(browser);
  await signIn(phone.page, address);
  await expect(phone.page).toHaveURL(url("/"));

  await desk.page.goto(url("/acessos"));
  const sessions = desk.page.locator("table.accesses tbody tr");
  await expect(sessions).toHaveCount(2);
  await expect(sessions.filter({ hasText: "esta sessão" })).toHaveCount(1);
  await sessions.filter({ hasNotText: "esta sessão" }).getByRole("button", { name: "Encerrar" }).click();
  await expect(sessions).toHaveCount(1);
  await phone.page.goto(url("/"));
  await expect(phone.page).toHaveURL(url("/entrar"));

  // And all of them, when the person is removed.
  await open(page, "/pessoas");
  await page.getByRole("link", { name: "Eva Reis" }).last().click();
  await page.getByRole("button", { name: "Remover esta pessoa" }).click();
  await expect(page).toHaveURL(url("/pessoas"));
  await expect(page.locator("tr", { hasText: address })).toHaveCount(0);
  await desk.page.goto(url("/"));
  await expect(desk.page).toHaveURL(url("/entrar"));
  await signIn(desk.page, address);
  await expect(desk.page.getByRole("alert")).toBeVisible();
  await desk.context.close();
  await phone.context.close();
});

test("the last administrator stays one", async ({ page }) => {
  await open(page, "/pessoas");
  await page.locator("#pessoa-administrator").getByRole("link").click();
  await page.getByRole("checkbox", { name: "administrador" }).uncheck();
  await page.getByRole("checkbox", { name: "gestor" }).check();
  await page.getByRole("button", { name: "Salvar" }).click();
  await expect(page.getByRole("alert")).toContainText("é a última que administra");
  await page.getByRole("button", { name: "Remover esta pessoa" }).click();
  await expect(page.getByRole("alert")).toContainText("é a última que administra");
});

/** The code of an authenticator (RFC 6238) for a secret, `steps` half minutes from now. */
function code(secret: string, steps = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a second step asks for a code, takes each once, and a recovery code instead", async ({ page, browser }) => {
  const address = email("lia");
  const link = await invite(page, "Lia Prado", address, "leitor");
  const { page: lia, context } = await elsewhere(browser);
  await accept(lia, link);
  await lia.goto(url("/acessos"));
  const step = lia.locator("#codigo");
  await step.getByRole("button", { name: "Ligar" }).click();
  await expect(step.locator(".qr svg")).toBeVisible();
  const secret = await step.locator("#segredo").innerText();
  const confirm = async (told: string, password: string) => {
    await step.getByLabel("Código").fill(told);
    await step.getByLabel("Senha atual").fill(password);
    await step.getByRole("button", { name: "Confirmar" }).click();
  };
  await confirm(code(secret, -10), PASSWORD);
  await expect(lia.getByRole("alert")).toContainText("código não confere");
  await expect(step.locator("#segredo")).toHaveText(secret);
  await confirm(code(secret), "errada errada errada");
  await expect(lia.getByRole("alert")).toContainText("senha atual não confere");
  // The step before now, so that the one of now is still to be taken.
  const first = code(secret, -1);
  await confirm(first, PASSWORD);
  await expect(step.locator("#recuperacao li")).toHaveCount(10);
  const recovery = await step.locator("#recuperacao li").first().innerText();
  await lia.goto(url("/acessos"));
  await expect(step.locator("#recuperacao")).toHaveCount(0);
  await context.close();

  const other = await elsewhere(browser);
  const tell = async (told: string) => {
    await other.page.getByLabel("Código").fill(told);
    await other.page.getByRole("button", { name: "Entrar" }).click();
  };
  await signIn(other.page, address);
  await expect(other.page.getByRole("heading", { level: 1 })).toHaveText("Segunda etapa");
  // Half way in is not in.
  expect((await other.context.cookies()).filter(({ name }) => name === "mirante_session")).toEqual([]);
  await tell(first);
  await expect(other.page.getByRole("alert")).toContainText("já foi usado");
  await tell(code(secret, 1));
  await expect(other.page).toHaveURL(url("/"));

  await other.page.context().clearCookies();
  await signIn(other.page, address);
  await tell(recovery.toUpperCase());
  await expect(other.page).toHaveURL(url("/"));
  await other.page.context().clearCookies();
  await signIn(other.page, address);
  await tell(recovery);
  await expect(other.page.getByRole("alert")).toBeVisible();
  await other.context.close();
});
