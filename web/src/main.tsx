import { createRoot } from "react-dom/client";
import { decodeStatistics, type RawStatistics } from "./data/decode_statistics.ts";
import { StatisticsPage } from "./statistics/statistics_page.tsx";
import "./design/tokens.css";
import "./design/controls.css";
import "./design/layout.css";
import "./design/table.css";
import "./design/charts.css";

/** What a page can be about; `page` says which. */
type RawPage = RawStatistics;

function readData(): RawPage {
  const text = document.getElementById("penstock-data")?.textContent ?? "";
  // Written by src/penstock/pages, which holds to docs/formats/pages.md.
  return JSON.parse(text) as RawPage;
}

const place = document.getElementById("page");
if (place) createRoot(place).render(<StatisticsPage data={decodeStatistics(readData())} title={document.title} />);
