import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { keep, PageOpener } from "./browser.ts";
import { taxi, Workplace } from "./program.ts";

const work = new Workplace();
const opener = new PageOpener();
let header = "";

before(() => {
  const lines = readFileSync(taxi, "utf8").trimEnd().split("\n");
  header = lines[0] ?? "";
  work.write("train.csv", lines.slice(0, 8001).join("\n"));
  work.write("eval.csv", [header, ...lines.slice(8001)].join("\n"));
  for (const name of ["train", "eval"]) work.run("stats", "generate", `${name}.csv`, "-o", `${name}.pb`, "--slices", "payment_type");
  work.run("stats", "show", "train.pb", "--compare", "eval.pb", "--html", "overview.html");
});
after(async () => {
  await opener.close();
  work.remove();
});

test("the overview shows two datasets of the taxi data side by side, without any network", async () => {
  const { page, problems } = await opener.open(work.path("overview.html"));
  assert.equal(await page.title(), "Statistics: train.pb, eval.pb");
  assert.equal(await page.locator('[role="status"]').innerText(), "18 features");
  const fare = page.locator('.row:has-text("fare")').first();
  assert.match(await fare.innerText(), /12\.72[\s\S]*10\.68/);
  assert.equal(await fare.locator("svg path").count(), 2);
  const missing = page.locator('.row:has-text("company") .alarm');
  assert.match((await missing.allInnerTexts()).join(" "), /35\.0% 33\.4%/);
  await keep(page, "overview");
  assert.deepEqual(problems, []);
});

test("headers sort, search finds, kinds filter", async () => {
  const { page, problems } = await opener.open(work.path("overview.html"));
  await page.getByRole("button", { name: "missing" }).click();
  assert.match(await page.locator(".row .feature-name").first().innerText(), /pickup_census_tract/);
  assert.equal(await page.locator('[aria-sort="descending"]').innerText(), "missing ↓");
  await page.keyboard.press("/");
  await page.keyboard.type("trip start");
  await page.getByText("4 of 18 features").waitFor();
  await page.getByRole("searchbox", { name: "Search features" }).fill("");
  await page.getByRole("button", { name: "Categories" }).click();
  await page.getByText("3 of 18 features").waitFor();
  assert.equal(await page.getByRole("columnheader", { name: "median" }).count(), 0);
  assert.deepEqual(problems, []);
});

test("the keyboard alone reaches a feature's charts and leaves them", async () => {
  const { page, problems } = await opener.open(work.path("overview.html"), { scheme: "dark" });
  await page.getByRole("grid").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const detail = page.getByRole("region", { name: "Feature fare" });
  await detail.waitFor();
  assert.equal(await detail.locator("svg.plot").count(), 2);
  assert.match(await detail.innerText(), /JS 0\.3007/);
  await keep(page, "detail_dark");
  await page.keyboard.press("End");
  await page.getByRole("region", { name: "Feature tips" }).waitFor();
  await page.keyboard.press("Escape");
  await detail.waitFor({ state: "detached" });
  assert.deepEqual(problems, []);
});

test("log scales and counts redraw the charts", async () => {
  const { page, problems } = await opener.open(work.path("overview.html"));
  await page.locator(".row").nth(1).click();
  const axis = () => page.locator("section.detail svg.plot").first().textContent();
  const linear = await axis();
  await page.getByLabel("log values").check();
  await page.getByLabel("log heights").check();
  await page.getByRole("button", { name: "#" }).click();
  assert.notEqual(await axis(), linear);
  assert.match(await page.locator(".row").nth(1).innerText(), /8,000/);
  await keep(page, "log_scales");
  assert.deepEqual(problems, []);
});

test("a slice is laid over the whole", async () => {
  const { page, problems } = await opener.open(work.path("overview.html"));
  await page.getByText("Slices (7)").click();
  await page.getByLabel("Find a slice").fill("credit");
  await page.locator(".menu").getByRole("button", { name: /Credit Card/ }).click();
  assert.equal(await page.locator('.chip[aria-pressed="true"]').count(), 4);
  assert.match(await page.locator(".datasets").innerText(), /train\.pb: payment_type_Credit Card/);
  await page.locator('.row:has-text("fare")').first().click();
  await keep(page, "slices");
  assert.deepEqual(problems, []);
});

test("anomalies stand beside the features they are about", async () => {
  work.run("schema", "infer", "train.pb", "-o", "schema.pbtxt");
  const schema = readFileSync(work.path("schema.pbtxt"), "utf8");
  const strict = schema
    .replace('name: "fare"', 'name: "fare"\n  float_domain { min: 1 max: 300 }\n  drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }')
    .replace('name: "company"', 'name: "company"\n  drift_comparator { infinity_norm { threshold: 0.01 } }')
    .replace('name: "tips"', 'name: "tip"');
  work.write("strict.pbtxt", strict);
  const code = work.run("validate", "eval.pb", "--schema", "strict.pbtxt", "--previous", "train.pb", "--html", "anomalies.html", "-o", "found.pbtxt");
  assert.equal(code, 3);
  const { page, problems } = await opener.open(work.path("anomalies.html"));
  const cards = page.locator(".anomaly");
  assert.match((await cards.allInnerTexts()).join("\n"), /fare[\s\S]*Out-of-range values/);
  assert.match(await page.locator("table").innerText(), /company\s+previous\s+l infty\s+0\.008691\s+0\.01\s+within/);
  await keep(page, "anomalies");
  await page.getByRole("button", { name: "fare" }).first().click();
  const detail = page.getByRole("region", { name: "Feature fare" });
  assert.match(await detail.innerText(), /drift jensen shannon divergence 0\.3007 \(limit 0\.1\)/);
  await page.getByLabel("only with anomalies").check();
  assert.match(await page.locator('[role="status"]').innerText(), /5 of 19/);
  await keep(page, "anomalies_features");
  work.run("stats", "show", "eval.pb", "--anomalies", "found.pbtxt", "--html", "beside.html");
  const beside = await opener.open(work.path("beside.html"));
  assert.match(await beside.page.locator('.row:has-text("fare") .badge').first().innerText(), /3 errors/);
  assert.deepEqual([...problems, ...beside.problems], []);
});
