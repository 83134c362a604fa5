import { createRoot } from "react-dom/client";
import { decodeDiff, type RawDiff } from "./data/decode_diff.ts";
import { decodeEvaluation, type RawEvaluation } from "./data/decode_evaluation.ts";
import { decodeStatistics, type RawStatistics } from "./data/decode_statistics.ts";
import { DiffPage } from "./diff/diff_page.tsx";
import { EvaluationPage } from "./evaluation/evaluation_page.tsx";
import { StatisticsPage } from "./statistics/statistics_page.tsx";
import "./design/tokens.css";
import "./design/controls.css";
import "./design/layout.css";
import "./design/table.css";
import "./design/charts.css";

/** What a page can be about; `page` says which. */
type RawPage = RawStatistics | RawEvaluation | RawDiff;

function readData(): RawPage {
  const text = document.getElementById("penstock-data")?.textContent ?? "";
  // Written by src/penstock/pages, which holds to docs/formats/pages.md.
  return JSON.parse(text) as RawPage;
}

function Page({ raw, title }: { raw: RawPage; title: string }) {
  if (raw.page === "evaluation") return <EvaluationPage data={decodeEvaluation(raw)} title={title} />;
  if (raw.page === "diff") return <DiffPage data={decodeDiff(raw)} title={title} />;
  return <StatisticsPage data={decodeStatistics(raw)} title={title} />;
}

const place = document.getElementById("page");
if (place) createRoot(place).render(<Page raw={readData()} title={document.title} />);
