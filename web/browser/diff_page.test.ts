import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keep, PageOpener } from "./browser.ts";
import { Workplace } from "./program.ts";

const work = new Workplace();
const opener = new PageOpener();
const HOSTILE = '</script><img src=x onerror="alert(1)">';

const line = (id: number, changes: Record<string, unknown>) => JSON.stringify({ id, fare: id * 0.5, company: "abc"[id % 3], [HOSTILE]: "x", tips: id % 2, ...changes });

before(() => {
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  work.write("old.jsonl", numbers.map((id) => line(id, {})).join("\n"));
  const changed = (id: number) => ({
    ...(id % 3 === 0 ? { fare: id * 0.5 + 1 } : {}),
    ...(id % 10 === 0 ? { company: HOSTILE } : {}),
    ...(id % 50 === 1 ? { tips: null } : {}),
  });
  work.write("new.jsonl", numbers.slice(5).map((id) => line(id, changed(id))).join("\n"));
  work.run("data", "diff", "old.jsonl", "new.jsonl", "--identifiers", "id", "--sample-size", "60", "--confusion", "company", "--html", "diff.html");
  work.run("data", "skew", "old.jsonl", "old.jsonl", "--identifiers", "id", "--html", "same.html");
});
after(async () => {
  await opener.close();
  work.remove();
});

test("features that differ stand first, with how many pairs differ", async () => {
  const { page, problems } = await opener.open(work.path("diff.html"));
  assert.equal(await page.locator(".header .badge.error").innerText(), "3 features differ");
  assert.match(await page.getByRole("group", { name: "Examples compared" }).innerText(), /295 pairs compared[\s\S]*5 not in new\.jsonl/);
  assert.match(await page.locator("tbody tr").first().innerText(), /^fare\s+98\s+33\.2%/);
  assert.equal(await page.locator('[role="status"]').innerText(), "3 of 4 features");
  await page.getByLabel("only those that differ").uncheck();
  await page.getByText("4 features").waitFor();
  await page.getByLabel("Search features").fill("comp");
  await page.getByText("1 of 4 features").waitFor();
  assert.equal(await page.locator("img").count(), 0);
  await keep(page, "diff_features");
  assert.deepEqual(problems, []);
});

test("a click on a feature shows pairs that differ in it, column by column", async () => {
  const { page, problems } = await opener.open(work.path("diff.html"), { scheme: "dark" });
  await page.getByRole("button", { name: "company" }).click();
  const first = page.locator("section.pair").first();
  assert.match(await first.innerText(), /company[\s\S]*onerror/);
  const numRows = await first.locator("tbody tr").count();
  await first.getByRole("button", { name: /the other \d+ columns/ }).click();
  assert.ok((await first.locator("tbody tr").count()) > numRows);
  await page.getByLabel("Pairs differing in").selectOption("tips");
  assert.match(await page.locator("section.pair").first().innerText(), /tips[\s\S]*–/);
  await keep(page, "diff_pairs");
  assert.deepEqual(problems, []);
});

test("pairs of values are counted, the changed ones marked", async () => {
  const { page, problems } = await opener.open(work.path("diff.html"));
  await page.getByRole("tab", { name: "Values" }).click();
  const rows = page.locator("section.pair tbody tr");
  assert.match(await rows.first().innerText(), /^[abc]\s+[abc]\s+\d+/);
  assert.ok((await page.locator("td.alarm").count()) >= 3);
  await keep(page, "diff_values");
  assert.deepEqual(problems, []);
});

test("equal datasets say so", async () => {
  const { page, problems } = await opener.open(work.path("same.html"), { width: 700 });
  assert.equal(await page.locator(".header .badge.good").innerText(), "no feature differs");
  assert.equal(await page.getByRole("tab").count(), 1);
  assert.deepEqual(problems, []);
});
