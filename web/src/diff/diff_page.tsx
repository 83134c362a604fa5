import { useState } from "react";
import { type DiffData, numDifferent } from "../data/diff_data.ts";
import { ThemeSwitch } from "../design/theme_switch.tsx";
import type { DiffFilter } from "../model/diff_rows.ts";
import { formatCount, visibleText } from "../model/numbers.ts";
import { ConfusionsView } from "./confusions_view.tsx";
import { FeaturesView } from "./features_view.tsx";
import { PairsView } from "./pairs_view.tsx";

type Tab = "features" | "pairs" | "values";

function Summary({ data }: { data: DiffData }) {
  const { match } = data;
  const facts: [string, number, boolean][] = [
    ["pairs compared", match.pairs, false],
    ["identifiers", match.identifiers, false],
    [`not in ${visibleText(data.base)}`, match.missingInBase, match.missingInBase > 0],
    [`not in ${visibleText(data.test)}`, match.missingInTest, match.missingInTest > 0],
    ["without identifier", match.baseWithoutIdentifier + match.testWithoutIdentifier, match.baseWithoutIdentifier + match.testWithoutIdentifier > 0],
    ["identifiers of several", match.duplicates, match.duplicates > 0],
  ];
  return (
    <div className="toolbar facts" role="group" aria-label="Examples compared">
      {facts.map(([name, count, isAlarming]) => (
        <span key={name} className="text"><strong className={isAlarming ? "alarm" : ""}>{formatCount(count)}</strong> <span className="muted">{name}</span></span>
      ))}
    </div>
  );
}

/** Two datasets joined on identifiers: how many pairs differ in each feature, and samples of such pairs. */
export function DiffPage({ data, title }: { data: DiffData; title: string }) {
  const [tab, setTab] = useState<Tab>("features");
  const [filter, setFilter] = useState<DiffFilter>({ search: "", onlyDifferent: data.features.some((feature) => numDifferent(feature) > 0) });
  const [feature, setFeature] = useState<string | null>(null);
  const numDiffering = data.features.filter((each) => numDifferent(each) > 0).length;
  const tabs: { id: Tab; label: string; isThere: boolean }[] = [
    { id: "features", label: "Features", isThere: true },
    { id: "pairs", label: "Pairs", isThere: data.pairs.length > 0 },
    { id: "values", label: "Values", isThere: data.confusions.length > 0 },
  ];
  const open = (name: string) => {
    setFeature(name);
    setTab("pairs");
  };
  return (
    <main className="frame">
      <header className="header">
        <h1 className="text">{title}</h1>
        {numDiffering > 0 ? <span className="badge error">{numDiffering === 1 ? "1 feature differs" : `${formatCount(numDiffering)} features differ`}</span> : <span className="badge good">no feature differs</span>}
        <span className="tabs" role="tablist">
          {tabs.filter(({ isThere }) => isThere).map(({ id, label }) => (
            <button key={id} type="button" role="tab" aria-selected={tab === id} onClick={() => setTab(id)}>{label}</button>
          ))}
        </span>
        <span className="spacer" />
        <ThemeSwitch />
      </header>
      {data.notes.map((note) => <p key={note} className="notes">{note}</p>)}
      <Summary data={data} />
      {tab === "features" && <FeaturesView data={data} filter={filter} onFilter={setFilter} onOpen={data.pairs.length > 0 ? open : null} />}
      {tab === "pairs" && <PairsView data={data} feature={feature} onFeature={setFeature} />}
      {tab === "values" && <ConfusionsView data={data} />}
    </main>
  );
}
