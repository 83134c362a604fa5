/** node web/browser/shoot.ts PAGE.html OUT.png [width height] [dark] [click-selector ...]: a screenshot to look at. */
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

const [page = "", out = "", size = "1440x900", scheme = "light", ...clicks] = process.argv.slice(2);
const [width = 1440, height = 900] = size.split("x").map(Number);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const tab = await browser.newPage({ viewport: { width, height }, colorScheme: scheme === "dark" ? "dark" : "light" });
tab.on("console", (message) => console.log(message.type(), message.text()));
tab.on("pageerror", (error) => console.log("error", error.stack));
await tab.goto(pathToFileURL(page).href);
for (const selector of clicks) await tab.locator(selector).first().click();
await tab.waitForTimeout(200);
await tab.screenshot({ path: out });
await browser.close();
