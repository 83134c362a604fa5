/** A headless Chromium that opens pages from files and notes everything that goes wrong in them. */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const candidates = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const executable = candidates.find((path) => path !== undefined && existsSync(path));

/** Machines that build beside the tests are slow. */
const PATIENCE_MILLIS = 120_000;

export interface OpenPage {
  readonly page: Page;
  /** Errors, warnings of the console, and requests beyond the file itself. */
  readonly problems: string[];
}

export class PageOpener {
  private readonly browser: Promise<Browser>;

  constructor() {
    this.browser = chromium.launch({ ...(executable ? { executablePath: executable } : {}), args: ["--no-sandbox"], timeout: PATIENCE_MILLIS });
  }

  async open(file: string, options: { scheme?: "light" | "dark"; width?: number; height?: number } = {}): Promise<OpenPage> {
    const browser = await this.browser;
    const page = await browser.newPage({
      viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
      colorScheme: options.scheme ?? "light",
    });
    page.setDefaultTimeout(PATIENCE_MILLIS);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") problems.push(`${message.type()}: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) problems.push(`request: ${request.url()}`);
    });
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(file).href);
    await page.locator("main").waitFor();
    return { page, problems };
  }

  async close(): Promise<void> {
    await (await this.browser).close();
  }
}

/** Keeps a screenshot where SCREENSHOTS names a folder. */
export async function keep(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}
