// The installed app: what it says of itself, what it does without a signal, what it leaves behind, and how it changes.
import AxeBuilder from "@axe-core/playwright";
import type { Browser, Page } from "@playwright/test";
import { Line } from "../line";
import { expect, listening, test as base, url } from "./page";

const test = base.extend<{ line: Line }>({
  line: async ({}, use) => {
    const line = await new Line(process.env.MIRANTE_URL ?? "").open();
    await use(line);
    await line.close();
  },
});

test.use({ serviceWorkers: "allow", cuts: true });

const NOBODY = { cookies: [], origins: [] };
const PASSWORD = "quatro cavalos bebem chuva";
const COMPANY = "Serra Azul";

/** Opens `path` and waits until its worker stands between it and the server. */
async function install(page: Page, line: Line, path = "/") {
  await page.goto(line.url(path));
  await listening(page);
  await controlled(page);
}

const controlled = (page: Page) =>
  page.evaluate(async () => {
    const { serviceWorker } = navigator;
    await serviceWorker.ready;
    if (!serviceWorker.controller) await new Promise((done) => serviceWorker.addEventListener("controllerchange", done, { once: true }));
  });

const heading = (page: Page) => page.getByRole("heading", { level: 1 });
const toast = (page: Page) => page.locator(".toasts > .toast");

/** A person of this test alone, at the first page that they see. */
async function arrive(page: Page, browser: Browser, line: Line, name: string) {
  const email = `${name.toLowerCase()}.${Date.now()}.${Math.floor(Math.random() * 1e6)}@empresa.com.br`;
  const admin = await browser.newContext({ serviceWorkers: "block" });
  const invited = await admin.request.post(url("/pessoas"), { form: { name, email, role: "leitor" } });
  const token = (await invited.text()).match(/\/convite\?token=([0-9a-f]+)/)?.[1];
  await admin.close();
  await page.goto(line.url(`/convite?token=${token}`));
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("input[name=again]").fill(PASSWORD);
  await page.getByRole("button", { name: "Entrar no Mirante" }).click();
  await expect(heading(page)).toHaveText("Visão geral");
  await listening(page);
  await controlled(page);
}

/** Everything that this site keeps on the device, as one text. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const response = await cache.match(request, { ignoreVary: true });
        found.push(name, request.url, ...[...(response?.headers ?? [])].flat(), (await response?.text()) ?? "");
      }
    }
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done, fail) => {
        const request = indexedDB.open(name ?? "");
        request.onsuccess = () => done(request.result);
        request.onerror = fail;
      });
      for (const store of database.objectStoreNames) {
        const rows = await new Promise((done, fail) => {
          const request = database.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => done(request.result);
          request.onerror = fail;
        });
        found.push(name ?? "", store, JSON.stringify(rows));
      }
      database.close();
    }
    return found.concat(JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie).join("\n");
  });

/** Keeps a text wherever a page may, as one that lets a board be read offline would. */
const keep = (page: Page, text: string) =>
  page.evaluate(async (text) => {
    await (await caches.open("slices")).put("/slice", new Response(text));
    localStorage.setItem("slice", text);
    sessionStorage.setItem("slice", text);
    await new Promise<void>((done, fail) => {
      const request = indexedDB.open("slices");
      request.onupgradeneeded = () => request.result.createObjectStore("rows", { autoIncrement: true });
      request.onerror = fail;
      request.onsuccess = () => {
        const writing = request.result.transaction("rows", "readwrite");
        writing.objectStore("rows").add({ text });
        writing.oncomplete = () => (request.result.close(), done());
      };
    });
  }, text);

/** What only this company's board says to this reader, as its markup says it too. */
async function values(page: Page, reader: string) {
  const compared = (await page.locator(".kpi .ctx").allInnerTexts()).map((text) => text.split(" · ")[0]).filter((text) => text.length > 7);
  const told = [COMPANY, reader, ...compared];
  expect(told.length).toBeGreaterThan(5);
  const markup = (await page.content()).replaceAll("&nbsp;", "\u00a0");
  for (const value of told) expect(markup.includes(value), value).toBe(true);
  return told;
}

test("the manifest is valid, and its pictures are as large as it says", async ({ page }) => {
  await page.goto(url("/"));
  const devtools = await page.context().newCDPSession(page);
  const { errors, data } = await devtools.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data ?? "");
  expect(manifest).toMatchObject({ id: "/", start_url: "/", scope: "/", display: "standalone", lang: "pt-BR", dir: "ltr" });
  await controlled(page);
  const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
  // A test's browser keeps nothing, as a private window does.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);

  const pictures = [...manifest.icons, ...manifest.screenshots];
  expect(manifest.screenshots.map(({ form_factor }: { form_factor: string }) => form_factor).sort()).toEqual(["narrow", "wide"]);
  for (const { src, sizes, type } of pictures) {
    const response = await page.request.get(url(src));
    expect(response.headers()["content-type"], src).toBe(type);
    expect((await response.body()).length, src).toBeLessThan(120_000);
    if (sizes === "any") continue;
    const size = await page.evaluate(async (src) => {
      const image = Object.assign(new Image(), { src });
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    expect(size, src).toBe(sizes);
  }
  for (const { url: path } of manifest.shortcuts) expect((await page.request.get(url(path))).status(), path).toBe(200);

  // Maskable: whatever a launcher cuts off, it cuts off ground alone.
  const maskable = manifest.icons.find(({ purpose }: { purpose?: string }) => purpose === "maskable");
  const outside = await page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    const size = image.naturalWidth;
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size }).getContext("2d")!;
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, size, size);
    const grounds = new Set<string>();
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++)
        if (Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2) > 0.4 * size) grounds.add(data.slice(4 * (y * size + x), 4 * (y * size + x) + 4).join());
    return [...grounds];
  }, maskable.src);
  expect(outside).toHaveLength(1);
  expect(outside[0]).toMatch(/,255$/);
});

test("the worker keeps what belongs to nobody, and answers with it", async ({ page, line }) => {
  await install(page, line);
  const paths = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await (await caches.open(names[0])).keys();
    return { names, paths: requests.map(({ url }) => new URL(url).pathname) };
  });
  expect(paths.names).toEqual([expect.stringMatching(/^version-[0-9a-f]{12}$/)]);
  for (const path of paths.paths) expect(path).toMatch(/^\/(sem-conexao|icon[\w.-]+|fonts\/[\w.-]+|pkg\/[0-9a-f]{12}\/[\w.-]+)$/);
  for (const name of ["mirante.css", "mirante_bg.wasm", "page.js", "stand_in.js"]) expect(paths.paths.join()).toContain(name);

  // Several pages later it still keeps that and nothing else.
  await page.goto(line.url("/indicador/mrr?p=qtd"));
  await page.goto(line.url("/acessos"));
  expect((await kept(page)).includes(COMPANY)).toBe(false);
  const again = await page.evaluate(async () => (await (await caches.open((await caches.keys())[0])).keys()).length);
  expect(again).toBe(paths.paths.length);
  line.cut();
  const style = paths.paths.find((path) => path.endsWith("mirante.css")) ?? "";
  const answered = await page.evaluate(async (style) => (await fetch(style, { cache: "no-store" })).text(), style);
  expect(answered).toContain("@layer");
});

test("without a signal a reload and a deep link show the stand-in, keep the address, and come back by themselves", async ({ page, context, line }) => {
  await install(page, line);
  line.cut();
  await context.setOffline(true);
  await page.reload();
  await expect(heading(page)).toHaveText("Sem conexão");
  await expect(page.getByText("Este aparelho está sem internet.")).toBeVisible();
  await expect(page.getByText(/Último contato com o servidor: \d\d:\d\d/)).toBeVisible();
  await expect(page).toHaveURL(line.url("/"));
  const deep = line.url("/indicador/gross_margin_pct?p=qtd&d=regiao:Sul");
  await page.goto(deep);
  await expect(heading(page)).toHaveText("Sem conexão");
  await expect(page).toHaveURL(deep);
  expect(await page.content()).not.toContain(COMPANY);

  await page.getByRole("button", { name: "Recarregar" }).click();
  await expect(page.getByRole("status")).toHaveText(/^Ainda sem resposta às \d\d:\d\d\.$/);

  line.mend();
  await context.setOffline(false);
  await expect(heading(page)).toHaveText("Margem bruta");
  await expect(page).toHaveURL(deep);
});

test("a server that is silent is waited for, and one that is slow is heard", async ({ page, line }) => {
  await install(page, line);
  line.delay = (path) => (path.startsWith("/indicadores") ? 1_500 : 0);
  await page.goto(line.url("/indicadores"));
  await expect(page.locator(".rail")).toBeVisible();

  // Later than three seconds: the stand-in, and then, as the server does answer, the page.
  line.delay = (path) => (path.startsWith("/indicador/mrr") ? 3_600 : 0);
  await page.goto(line.url("/indicador/mrr"));
  await expect(heading(page)).toHaveText("Sem conexão");
  await expect(page.getByText("O servidor do Mirante não respondeu.")).toBeVisible();
  await expect(heading(page)).toHaveText("MRR");

  line.delay = () => Infinity;
  await page.goto(line.url("/"));
  await expect(heading(page)).toHaveText("Sem conexão");
  // It comes back, and what it had not answered is lost.
  line.cut();
  line.mend();
  line.delay = () => 0;
  await page.getByRole("button", { name: "Recarregar" }).click();
  await expect(heading(page)).toHaveText("Visão geral");
});

test("the stand-in follows language and theme as they were chosen since", async ({ page, context, line }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await install(page, line);
  await context.addCookies([
    { name: "mirante_lang", value: "en", url: line.url("/") },
    { name: "mirante_theme", value: "dark", url: line.url("/") },
  ]);
  line.cut();
  await page.goto(line.url("/indicadores"));
  await expect(heading(page)).toHaveText("No connection");
  await expect(page).toHaveTitle("No connection · Mirante");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.getByRole("button", { name: "Sign out of this device" })).toBeVisible();
});

test("an open page says when the signal goes, what it can no longer do, and when it is back", async ({ page, context, line }) => {
  await install(page, line, "/pessoas");
  await context.setOffline(true);
  await expect(toast(page)).toHaveText(/^Sem conexão · dados de \d\d:\d\d$/);
  const form = page.locator("#convidar form");
  await form.getByLabel("Nome").fill("Marta Dias");
  await form.getByLabel("E-mail").fill("marta@empresa.com.br");
  await form.getByRole("button", { name: "Criar convite" }).click();
  await expect(toast(page)).toContainText("Nada foi enviado.");
  await expect(form.getByLabel("Nome")).toHaveValue("Marta Dias");
  await toast(page).getByRole("button", { name: "Entendi" }).click();
  await expect(toast(page)).toContainText("Sem conexão");
  await context.setOffline(false);
  await expect(toast(page)).toHaveCount(0);

  // The network is there and the server is not: the page's own question tells.
  await install(page, line);
  await page.locator(".chip.opt summary", { hasText: "UF" }).click();
  const parana = page.getByRole("checkbox", { name: "PR", exact: true });
  await expect(parana).toBeVisible();
  line.cut();
  await parana.click();
  await expect(toast(page)).toContainText("Sem conexão");
  await expect(page.getByText("Sem conexão com o servidor.").first()).toBeVisible();
  line.mend();
  await expect(toast(page)).toHaveCount(0);
});

test("who signs out leaves nothing, and whoever comes next sees nothing of them", async ({ browser, line }) => {
  // Three people choose a password.
  test.slow();
  const context = await browser.newContext({ storageState: NOBODY });
  const page = await context.newPage();
  await arrive(page, browser, line, "Iolanda");
  const told = await values(page, "Iolanda");
  await keep(page, told.join(" · "));
  const planted = await kept(page);
  for (const value of told) expect(planted.includes(value), value).toBe(true);

  // Another window of theirs goes too.
  const second = await context.newPage();
  await second.goto(line.url("/indicadores"));
  await page.locator(".rail a[href^=\"/indicadores\"]").click();
  await expect(page).toHaveURL(line.url("/indicadores"));
  await page.locator(".rail .leave").click();
  await expect(page).toHaveURL(line.url("/entrar"));
  await expect(second).toHaveURL(line.url("/entrar"));
  const left = await kept(page);
  for (const value of told) expect(left.includes(value), value).toBe(false);
  expect(left.includes("/sem-conexao"), "the stand-in stays").toBe(true);
  await page.goBack();
  await expect(page).toHaveURL(line.url("/entrar"));

  await arrive(page, browser, line, "Joana");
  const seen = `${await kept(page)} ${await page.content()}`;
  expect(seen.includes("Joana")).toBe(true);
  expect(seen.includes("Iolanda")).toBe(false);
  expect((await kept(page)).includes(COMPANY)).toBe(false);

  // Somebody comes in without the one before having left.
  await keep(page, (await values(page, "Joana")).join(" · "));
  await page.goto(line.url("/entrar"));
  await arrive(page, browser, line, "Karina");
  expect((await kept(page)).includes("Joana")).toBe(false);
  await context.close();
});

for (const where of ["a page", "the stand-in"]) {
  test(`who signs out of ${where} without a signal leaves nothing, and the server hears of it later`, async ({ browser, line }) => {
    const context = await browser.newContext({ storageState: NOBODY });
    const page = await context.newPage();
    await arrive(page, browser, line, "Lourdes");
    const told = await values(page, "Lourdes");
    await keep(page, told.join(" · "));
    const [session] = (await context.cookies()).filter(({ name }) => name === "mirante_session");
    line.cut();
    await context.setOffline(true);
    if (where === "a page") {
      await page.locator(".rail .leave").click();
    } else {
      await page.reload();
      await page.getByRole("button", { name: "Sair deste aparelho" }).click();
    }
    await expect(heading(page)).toHaveText("Você saiu deste aparelho");
    const left = await kept(page);
    for (const value of told) expect(left.includes(value), value).toBe(false);
    // There is a signal for a moment, but not to the server: still nothing opens.
    await context.setOffline(false);
    await page.goto(line.url("/"));
    await expect(heading(page)).toHaveText("Você saiu deste aparelho");

    const asThen = async () => {
      const nobody = await browser.newContext({ storageState: NOBODY, serviceWorkers: "block" });
      await nobody.addCookies([session]);
      const response = await nobody.request.get(url("/api/v1/status"));
      await nobody.close();
      return response.status();
    };
    expect(await asThen()).toBe(200);
    line.mend();
    await expect(page).toHaveURL(line.url("/entrar"));
    await expect(heading(page)).toHaveText("Entrar");
    expect(await asThen()).toBe(401);
    await context.close();
  });
}

test("a new version waits until it is asked for", async ({ page, context, line }) => {
  await install(page, line);
  const [before] = await page.evaluate(() => caches.keys());
  line.version = "next";
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await expect(toast(page)).toContainText("Há uma versão nova do Mirante.");
  const standing = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return { waiting: registration?.waiting?.state, active: registration?.active?.state, caches: (await caches.keys()).sort() };
    });
  const waits = { waiting: "installed", active: "activated", caches: [before, "version-next"].sort() };
  expect(await standing()).toEqual(waits);

  // The one before goes on: also over a reload, without a signal, and when somebody says later.
  await toast(page).getByRole("button", { name: "Depois" }).click();
  await expect(toast(page)).toHaveCount(0);
  await page.reload();
  await expect(toast(page)).toContainText("Há uma versão nova do Mirante.");
  expect(await standing()).toEqual(waits);
  await context.setOffline(true);
  await page.goto(line.url("/indicadores"));
  await expect(heading(page)).toHaveText("Sem conexão");
  await context.setOffline(false);
  await expect(heading(page)).toHaveText("Indicadores");

  await page.evaluate(() => document.body.setAttribute("data-before", ""));
  await toast(page).getByRole("button", { name: "Atualizar" }).click();
  await expect(page.locator("body[data-before]")).toHaveCount(0);
  await controlled(page);
  expect(await standing()).toEqual({ waiting: undefined, active: "activated", caches: ["version-next"] });
  await listening(page);
  await expect(toast(page)).toHaveCount(0);
});

test("the app is offered from the second visit on, until somebody decides", async ({ page, context, line }) => {
  const offer = () =>
    page.evaluate(() => {
      const event = Object.assign(new Event("beforeinstallprompt", { cancelable: true }), {
        prompt: async () => document.body.setAttribute("data-prompted", ""),
        userChoice: Promise.resolve({ outcome: "dismissed" }),
      });
      dispatchEvent(event);
      return event.defaultPrevented;
    });
  const visit = async () => {
    await page.goto(line.url("/"));
    await listening(page);
    await page.evaluate(() => document.querySelector(".toasts") ?? new Promise((done) => addEventListener("load", done)));
    expect(await offer()).toBe(true);
  };
  // Signing in for all tests was a visit too.
  await context.clearCookies({ name: "mirante_install" });
  await visit();
  await expect(toast(page)).toHaveCount(0);
  await page.evaluate(() => sessionStorage.clear());
  await visit();
  await expect(toast(page)).toContainText("Ter o Mirante na tela inicial");
  await toast(page).getByRole("button", { name: "Instalar" }).click();
  await expect(page.locator("body[data-prompted]")).toHaveCount(1);
  await expect(toast(page)).toHaveCount(0);
  await page.evaluate(() => sessionStorage.clear());
  await visit();
  await expect(toast(page)).toHaveCount(0);

  // Safari on a phone has no such event, and is told how.
  await context.clearCookies({ name: "mirante_install" });
  await context.addCookies([{ name: "mirante_install", value: "2", url: line.url("/") }]);
  await context.addInitScript(() => {
    Object.defineProperty(navigator, "standalone", { value: false });
    Object.defineProperty(navigator, "maxTouchPoints", { value: 5 });
  });
  await page.goto(line.url("/"));
  await expect(toast(page)).toContainText("toque em Compartilhar e depois em “Adicionar à Tela de Início”");
  await toast(page).getByRole("button", { name: "Entendi" }).click();
  await page.reload();
  await listening(page);
  await expect(toast(page)).toHaveCount(0);
});

for (const theme of ["light", "dark"] as const) {
  test(`the stand-in and what is announced read well: ${theme}, 320 px, twice as large`, async ({ page, context, line }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 320, height: 640 });
    const fits = async (what: string) => {
      const beyond = await page.locator(what).evaluate((part) => [part, ...part.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth).length);
      expect(beyond, what).toBe(0);
      const { violations } = await new AxeBuilder({ page }).include("body").analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`)).toEqual([]);
    };
    await install(page, line);
    await context.setOffline(true);
    await expect(toast(page)).toContainText("Sem conexão");
    expect(await toast(page).evaluate((shown) => getComputedStyle(shown).animationDuration)).toBe("0s");
    const [shown, tabs] = [await toast(page).boundingBox(), await page.locator(".tabbar").boundingBox()];
    expect((shown?.y ?? 0) + (shown?.height ?? 0)).toBeLessThanOrEqual(tabs?.y ?? 0);
    await fits(".toasts");
    await page.goto(line.url("/indicadores"));
    await expect(heading(page)).toHaveText("Sem conexão");
    await fits(".auth-form");
    // And with text alone twice as large; 320 px are a window of 640 at 200 %.
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
    await fits(".auth-form");
  });
}
