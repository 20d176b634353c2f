// The one door: nothing is readable without a session, and pages run only their own scripts.
import { request } from "@playwright/test";
import { KPIS } from "./figures";
import { expect, open, test, url } from "./page";

const NOBODY = { cookies: [], origins: [] };

test("nobody signed in reads no page", async ({ browser }) => {
  const context = await browser.newContext({ storageState: NOBODY });
  const page = await context.newPage();
  for (const path of ["/", "/indicadores", `/indicador/${KPIS[0]}`, "/painel/visao-geral"]) {
    await page.goto(url(path));
    await expect(page).toHaveURL(url("/entrar"));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Entrar");
    expect(await page.content(), path).not.toContain("Serra Azul");
  }
  await context.close();
});

test("nobody signed in gets an answer of the API or of a page's calls", async () => {
  const nobody = await request.newContext({ storageState: NOBODY });
  const paths = ["metrics", `metrics/${KPIS[0]}/origin`, "boards", "boards/visao-geral", "editions", "runs", "status", "openapi.json"];
  for (const path of paths) {
    const response = await nobody.get(url(`/api/v1/${path}`));
    expect(response.status(), path).toBe(401);
    expect((await response.json()).error.kind, path).toBe("not_signed_in");
  }
  const query = await nobody.post(url("/api/v1/query"), { data: { metrics: ["mrr"], period: { this: "month" } } });
  expect(query.status()).toBe(401);
  expect((await nobody.post(url("/_fn/anything"), { data: {} })).status()).toBe(401);
  const forged = await nobody.get(url("/api/v1/metrics"), { headers: { cookie: `mirante_session=${"0".repeat(64)}` } });
  expect(forged.status()).toBe(401);
  for (const open of ["/healthz", "/readyz", "/entrar"]) expect((await nobody.get(url(open))).status(), open).toBe(200);
  await nobody.dispose();
});

test("the sign-in link works once", async ({ browser, page }) => {
  // `server.ts` signed in with it; that session is the one of every other test.
  await page.goto(url("/"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Visão geral");

  const link = process.env.MIRANTE_SIGN_IN ?? "";
  expect(link).toMatch(/token=[0-9a-f]{64}$/);
  const context = await browser.newContext({ storageState: NOBODY });
  const second = await context.newPage();
  await second.goto(link);
  await expect(second).toHaveURL(/\/entrar\?link=invalido$/);
  await expect(second.getByRole("alert")).toContainText("já foi usado ou venceu");
  expect((await context.cookies()).filter(({ name }) => name === "mirante_session")).toEqual([]);
  await second.goto(url("/"));
  await expect(second).toHaveURL(url("/entrar"));
  await context.close();
});

test("the session is out of reach of scripts and of other sites", async ({ page, context }) => {
  await page.goto(url("/"));
  expect(await page.evaluate(() => document.cookie)).not.toContain("mirante_session");
  const session = (await context.cookies()).find(({ name }) => name === "mirante_session");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  const foreign = await page.request.post(url("/api/v1/query"), {
    data: { metrics: ["mrr"], period: { this: "month" } },
    headers: { origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" },
  });
  expect(foreign.status()).toBe(403);
});

test("pages run only scripts that carry the nonce of their answer", async ({ page }) => {
  const policies: string[] = [];
  for (const path of ["/", "/indicador/mrr", "/indicadores", "/"]) {
    const response = await page.request.get(url(path));
    const policy = response.headers()["content-security-policy"];
    const scripts = policy.split(";").find((directive) => directive.trim().startsWith("script-src "));
    expect(scripts, path).toMatch(/'nonce-[\w+/=-]{16,}'/);
    expect(scripts, path).not.toMatch(/'unsafe-inline'|'unsafe-eval'|https?:|\*/);
    expect(policy).toContain("default-src 'none'");
    policies.push(policy);
    const nonce = scripts?.match(/'nonce-([^']+)'/)?.[1];
    const inline = (await response.text()).match(/<script\b[^>]*>/g) ?? [];
    for (const tag of inline) expect(tag, path).toContain(`nonce="${nonce}"`);
  }
  expect(new Set(policies).size, "no nonce is used twice").toBe(policies.length);
});

test("pages where somebody comes in run no script", async ({ page }) => {
  for (const path of ["/entrar", "/convite?token=0"]) {
    const response = await page.request.get(url(path));
    const policy = response.headers()["content-security-policy"];
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).not.toContain("script-src");
    expect(await response.text(), path).not.toMatch(/<script/);
  }
});

test("a script that came from elsewhere does not run", async ({ page, complaints }) => {
  await open(page, "/");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'taken over'";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=\"document.title = 'taken over'\">");
  });
  await expect.poll(() => complaints.some((complaint) => complaint.startsWith("policy: script-src"))).toBe(true);
  await expect(page).toHaveTitle("Visão geral · Serra Azul Distribuidora");
  // These are the complaints that it was about.
  complaints.length = 0;
});
