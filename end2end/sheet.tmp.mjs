import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--headless", "--allow-file-access-from-files"] });
const page = await browser.newPage({ viewport: { width: 1900, height: 1150 } });
import fs from "node:fs";
for (const group of process.argv.slice(2)) {
  const [name, list] = group.split("=");
  const imgs = list.split(",").map((n) => `<img src="data:image/png;base64,${fs.readFileSync(`/tmp/ppl/shots/${n}.png`).toString("base64")}" style="max-height:1130px;max-width:950px;vertical-align:top;margin:4px">`).join("");
  await page.setContent(`<body style="margin:0;background:#888;white-space:nowrap">${imgs}</body>`);
  await page.screenshot({ path: `/tmp/ppl/${name}.png` });
}
await browser.close();
