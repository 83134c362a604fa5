/** Runs the penstock that is tested, in a folder of its own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const binary = resolve(process.env["PENSTOCK"] ?? join(root, "build/release/bin/penstock"));
export const taxi = join(root, ".deps/data/taxi/data.csv");

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "penstock-web-"));

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Answers the exit code, which is 0 or 3 (a gate refused); anything else is an error with what was said. */
  run(...words: string[]): number {
    try {
      execFileSync(binary, words, { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
      return 0;
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      if (status === 3) return 3;
      throw new Error(`penstock ${words.join(" ")}: exit ${status}: ${stderr.toString()}`);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
