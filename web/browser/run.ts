/** Runs the browser tests; where there is no browser says so and ends with 77, which ctest counts as skipped. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

async function whyNot(): Promise<string | null> {
  try {
    const { executable } = await import("./browser.ts");
    return executable === undefined ? "there is no Chromium (apt-get install chromium, or CHROMIUM=path)" : null;
  } catch {
    return "playwright-core is not installed (make setup-dev)";
  }
}

const reason = await whyNot();
if (reason !== null) {
  console.error(`SKIPPED: the pages were NOT opened in a browser: ${reason}`);
  process.exit(77);
}
const tests = globSync(`${import.meta.dirname}/*.test.ts`);
process.exit(spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...tests], { stdio: "inherit" }).status ?? 1);
