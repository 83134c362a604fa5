import { createRoot } from "react-dom/client";
import { decodeEvaluation, type RawEvaluation } from "./data/decode_evaluation.ts";
import { decodeStatistics, type RawStatistics } from "./data/decode_statistics.ts";
import { EvaluationPage } from "./evaluation/evaluation_page.tsx";
import { StatisticsPage } from "./statistics/statistics_page.tsx";
import "./design/tokens.css";
import "./design/controls.css";
import "./design/layout.css";
import "./design/table.css";
import "./design/charts.css";

/** What a page can be about; `page` says which. */
type RawPage = RawStatistics | RawEvaluation;

function readData(): RawPage {
  const text = document.getElementById("penstock-data")?.textContent ?? "";
  // Written by src/penstock/pages, which holds to docs/formats/pages.md.
  return JSON.parse(text) as RawPage;
}

function Page({ raw, title }: { raw: RawPage; title: string }) {
  return raw.page === "evaluation" ? <EvaluationPage data={decodeEvaluation(raw)} title={title} /> : <StatisticsPage data={decodeStatistics(raw)} title={title} />;
}

const place = document.getElementById("page");
if (place) createRoot(place).render(<Page raw={readData()} title={document.title} />);
