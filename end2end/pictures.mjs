// Makes the pictures of the manifest: the maskable icon, and the board of the demo company that a link signs in to.
//   CHROMIUM=/usr/bin/chromium node pictures.mjs http://127.0.0.1:3000/entrar/link?token=…
import { chromium } from "@playwright/test";
import { mkdirSync, writeFileSync } from "node:fs";

const PUBLIC = new URL("../public/", import.meta.url);
// Of what Chromium offers, the least at which no text is smudged.
const QUALITY = 0.82;

const link = process.argv[2];
if (!link) throw new Error("say which sign-in link leads to the demo company");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--headless", "--no-sandbox", "--disable-gpu"] });

// Launchers cut whatever is outside a circle of 80 %: the drawing of icon.svg, smaller and centred, on a ground without corners.
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="512" height="512"><rect width="24" height="24" fill="#1c4f9c"/>
  <g transform="translate(12 12) scale(.8) translate(-11.8 -11.6)" fill="none" stroke="#fff" stroke-linecap="round" stroke-linejoin="round">
  <path stroke-width="2" d="M4.4 17.6 8.6 9.8l3.1 4.6 3.5-6.9 4 10.1"/><circle cx="15.2" cy="7.1" r="2.1" fill="#ffd166" stroke="#1c4f9c"/></g></svg>`;
const easel = await browser.newPage({ viewport: { width: 512, height: 512 } });
await easel.setContent(`<style>body { margin: 0 } svg { display: block }</style>${icon}`);
await easel.screenshot({ path: new URL("icon-maskable-512.png", PUBLIC).pathname });

const first = await browser.newContext({ locale: "pt-BR", timezoneId: "America/Sao_Paulo", serviceWorkers: "block" });
const page = await first.newPage();
await page.goto(link);
const storageState = await first.storageState();

mkdirSync(new URL("screenshots/", PUBLIC), { recursive: true });
for (const [name, device] of [
  ["narrow", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
  ["wide", { viewport: { width: 1440, height: 900 } }],
]) {
  const context = await browser.newContext({ ...device, storageState, locale: "pt-BR", timezoneId: "America/Sao_Paulo", colorScheme: "light", serviceWorkers: "block" });
  const board = await context.newPage();
  await board.goto(new URL("/", link).href, { waitUntil: "networkidle" });
  const png = (await board.screenshot()).toString("base64");
  const webp = await easel.evaluate(async ([png, quality]) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", quality).split(",")[1];
  }, [png, QUALITY]);
  writeFileSync(new URL(`screenshots/${name}.webp`, PUBLIC), Buffer.from(webp, "base64"));
  await context.close();
}
await browser.close();
