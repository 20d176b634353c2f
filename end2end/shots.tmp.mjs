import { chromium } from "playwright-core";
const base = process.argv[2], link = process.argv[3], out = "/tmp/ppl/shots";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--headless"] });
const context = await browser.newContext({ locale: "pt-BR", javaScriptEnabled: false });
const page = await context.newPage();
await page.goto(link);
console.log(page.url());
const shot = async (name, full = true) => {
  for (const [w, h] of [[390, 844], [1440, 1100]]) for (const theme of ["light", "dark"]) {
    await page.setViewportSize({ width: w, height: h });
    await page.emulateMedia({ colorScheme: theme });
    await page.screenshot({ path: `${out}/${name}-${w}-${theme}.png`, fullPage: full });
  }
};
await page.goto(base + "/pessoas");
const form = page.locator("#convidar form");
const mail = `ana${Date.now()}@serraazul.com.br`;
await form.locator("[name=name]").fill("Ana Souza");
await form.locator("[name=email]").fill(mail);
await form.locator("[name=attributes]").fill("filiais = Curitiba, Londrina");
await form.locator("button").click();
await shot("pessoas");
const invite = await page.locator("#link").inputValue();
await page.goto(base + "/pessoas/administrator"); await shot("pessoa");
await page.goto(base + "/comece-aqui"); await shot("comece");
await page.goto(base + "/acessos"); await shot("conta");
await context.clearCookies();
await page.goto(base + "/entrar"); await shot("entrar");
await page.locator("[name=email]").fill("ana@x.com"); await page.locator("[name=password]").fill("errada errada");
await page.locator("button").click(); await shot("recusada");
await page.goto(invite); await shot("convite");
await page.locator("[name=password]").fill("quatro cavalos bebem chuva"); await page.locator("[name=again]").fill("quatro cavalos bebem chuva");
await page.locator("form.how button").click(); console.log(page.url());
await page.goto(base + "/acessos");
await page.locator("#codigo button").click(); await shot("codigo");
await page.goto(base + "/pessoas"); await shot("semacesso");
await page.goto(base + "/"); await page.setViewportSize({ width: 1440, height: 1100 }); await page.screenshot({ path: `${out}/board.png` });
await browser.close();
