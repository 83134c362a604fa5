import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { keep, PageOpener } from "./browser.ts";
import { Workplace } from "./program.ts";
import { type Example, writeEvaluation } from "./tfma_files.ts";

const work = new Workplace();
const opener = new PageOpener();
const HOSTILE = '</script><img src=x onerror="alert(1)">';

/** The same numbers on every run. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** A model that knows less of women: what a fairness view has to show. */
function makeExamples(quality: number): Example[] {
  const random = pseudoRandom(7);
  return Array.from({ length: 1200 }, () => {
    const sex = random() < 0.6 ? "Male" : "Female";
    const hour = String(Math.floor(random() * 12));
    const label = random() < 0.35;
    const score = (strength: number) => Math.min(0.999, Math.max(0, 0.5 + (label ? 1 : -1) * strength * random() + 0.6 * (random() - 0.5)));
    const candidate = score(sex === "Male" ? quality : quality / 3);
    return { features: { sex, hour, [HOSTILE]: random() < 0.5 ? HOSTILE : "東京" }, label, scores: { candidate, baseline: score(quality / 2) } };
  });
}

before(() => {
  [0.3, 0.45, 0.6].forEach((quality, i) => writeEvaluation(work.path(`day_${i + 1}`), makeExamples(quality), ["candidate", "baseline"], ["sex", "hour", HOSTILE], ["sex", "Female"]));
  const examples = work.write(
    "trips.csv",
    `miles,company,tips\n${Array.from({ length: 400 }, (_, i) => `${(i * 37) % 100},${"abc"[i % 3]},${(i * 37) % 100 > 40 ? 2 : 0}`).join("\n")}\n`,
  );
  const features = work.write("features.yaml", "label: tips > 1\nfeatures:\n  miles: miles\n  company: compute_and_apply_vocabulary(company)\n");
  const config = work.write("eval.yaml", "metrics: [auc]\n");
  work.run("train", "--data", examples, "--eval-data", examples, "--transform", features, "--learner", "boosted_trees", "--param", "num_rounds=5", "-o", "model");
  work.run("eval", "explain", "--model", "model", "--data", examples, "--config", config, "--importance", "auc", "--dependence", "miles,company", "--contributions", "-o", "day_3");
  const attributed = work.write("attributed.yaml", "metrics: [auc, MeanAttributions, TotalAbsoluteAttributions]\nslices: [[company]]\n");
  work.run("evaluate", "--data", examples, "--model", "model", "--config", attributed, "-o", "attributed");
  work.run("eval", "show", "attributed", "--html", "attributed.html");
  work.run("eval", "show", "day_3", "--html", "evaluation.html");
  work.run("eval", "show", "day_1", "--compare", "day_2", "--compare", "day_3", "--html", "days.html");
});
after(async () => {
  await opener.close();
  work.remove();
});

const row = (page: Page, name: string) => page.locator(".row", { has: page.locator(`.feature-name:text-is("${name}")`) });

test("slices of two models stand side by side, with intervals, and the refused one is marked", async () => {
  const { page, problems } = await opener.open(work.path("evaluation.html"));
  assert.equal(await page.locator('[role="status"]').innerText(), "17 slices");
  assert.match(await row(page, "all examples").innerText(), /1,200[\s\S]*±0\.029/);
  assert.match(await row(page, "sex: Female").innerText(), /recall not kept/);
  assert.equal(await page.locator(".header .badge.error").first().innerText(), "not blessed");
  assert.equal(await page.locator(".overview svg circle").count(), 34);
  assert.equal(await page.locator("img").count(), 0);
  await keep(page, "evaluation");
  assert.deepEqual(problems, []);
});

test("slices sort by a metric, the worst first, and filter by feature and size", async () => {
  const { page, problems } = await opener.open(work.path("evaluation.html"));
  await page.getByRole("columnheader", { name: "accuracy" }).getByRole("button").click();
  const first = await page.locator(".row .feature-name").first().innerText();
  assert.equal(await page.locator('[aria-sort="ascending"]').innerText(), "accuracy ↑");
  assert.notEqual(first, "all examples");
  await page.getByLabel("Slices by").selectOption("sex");
  await page.getByText("3 of 17 slices").waitFor();
  await page.getByLabel("Slices by").selectOption("");
  await page.getByLabel("Least number of examples").fill("300");
  await page.getByText("5 of 17 slices").waitFor();
  await page.locator(".menu summary").click();
  await page.locator(".menu").getByLabel("recall").uncheck();
  assert.equal(await page.getByRole("columnheader", { name: "recall" }).count(), 0);
  assert.deepEqual(problems, []);
});

test("a slice opens its plots, and the threshold moves the confusion matrix", async () => {
  const { page, problems } = await opener.open(work.path("evaluation.html"), { height: 1100 });
  await row(page, "sex: Female").click();
  const detail = page.getByRole("region", { name: "Slice sex: Female" });
  assert.deepEqual(await detail.locator(".figure > h3").allInnerTexts().then((titles) => titles.map((title) => title.split(" (")[0])), ["Confusion matrix", "ROC", "Precision and recall", "Predictions", "Calibration", "Residuals"]);
  const matrix = () => detail.locator(".confusion").first().innerText();
  const atHalf = await matrix();
  await keep(page, "evaluation_slice");
  await detail.getByRole("slider").fill("0.9");
  assert.notEqual(await matrix(), atHalf);
  await detail.getByRole("slider").press("Escape");
  await detail.waitFor({ state: "detached" });
  assert.deepEqual(problems, []);
});

test("fairness shows a gap between groups that shrinks to none with another baseline group", async () => {
  const { page, problems } = await opener.open(work.path("evaluation.html"), { scheme: "dark" });
  await page.getByRole("tab", { name: "Fairness" }).click();
  await page.getByRole("combobox", { name: "Rate" }).selectOption("recall");
  assert.match(await page.locator(".parity").innerText(), /equal opportunity\s+0\.\d+\s+over 0\.05/);
  const women = page.locator(".fair tr", { hasText: "sex: Female" });
  assert.match(await women.innerText(), /−0\.\d{4}/);
  await keep(page, "evaluation_fairness");
  await women.getByRole("button").click();
  assert.match(await women.innerText(), /baseline/);
  await page.getByLabel("differ by at most").fill("1");
  assert.equal(await page.locator(".parity .badge.error").count(), 0);
  assert.deepEqual(problems, []);
});

test("thresholds lead to the slice that broke them", async () => {
  const { page, problems } = await opener.open(work.path("evaluation.html"));
  await page.getByRole("tab", { name: /Thresholds/ }).click();
  await page.getByRole("button", { name: "sex: Female" }).click();
  await page.getByRole("region", { name: "Slice sex: Female" }).waitFor();
  assert.deepEqual(problems, []);
});

test("evaluations of several days are a line over time", async () => {
  const { page, problems } = await opener.open(work.path("days.html"));
  assert.equal(await page.locator(".chip").count(), 6);
  await page.getByRole("tab", { name: "Over time" }).click();
  const chart = page.locator(".figure svg.plot").last();
  assert.match((await chart.textContent()) ?? "", /day_1day_2day_3/);
  await keep(page, "evaluation_history");
  assert.deepEqual(problems, []);
});

test("an analysis shows importances, contributions and how predictions move with a column", async () => {
  const { page, problems } = await opener.open(work.path("evaluation.html"), { height: 1100 });
  await page.getByRole("tab", { name: "Analysis" }).click();
  const view = page.getByRole("region", { name: "Analysis" });
  const titles = await view.locator(".figure > h3").allInnerTexts();
  assert.equal(titles.length, 4);
  assert.match(titles[0] ?? "", /^Permutation importance \(auc /);
  assert.match(titles[1] ?? "", /^Contributions of features \(expected log odds /);
  assert.deepEqual(titles.slice(2), ["By miles", "By company"]);
  assert.match((await view.locator(".figure svg.plot").first().textContent()) ?? "", /miles/);
  assert.ok((await view.locator(".figure").nth(1).locator("circle").count()) > 100);
  await keep(page, "evaluation_analysis");
  assert.deepEqual(problems, []);
});

test("a slice shows what each feature adds to its predictions", async () => {
  const { page, problems } = await opener.open(work.path("attributed.html"), { height: 1100 });
  await row(page, "company: a").click();
  const detail = page.getByRole("region", { name: "Slice company: a" });
  const titles = await detail.locator(".figure > h3").allInnerTexts();
  assert.deepEqual(titles.map((title) => title.split(" ")[0]).sort(), ["mean_attributions", "total_absolute_attributions"]);
  assert.match((await detail.locator(".figure svg.plot").first().textContent()) ?? "", /miles/);
  assert.equal(await detail.getByText("There are no plots").count(), 0);
  await keep(page, "evaluation_attributions");
  assert.deepEqual(problems, []);
});
