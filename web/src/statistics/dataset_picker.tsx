import { useState } from "react";
import type { StatisticsData } from "../data/statistics_data.ts";
import { Menu } from "../design/menu.tsx";
import { seriesColour } from "../design/series.ts";
import { datasetLabel, firstShown, sliceNames, sliceOfEveryFile, toggleShown } from "../model/datasets.ts";
import { formatCount, visibleText } from "../model/numbers.ts";

const MAX_LISTED = 200;

interface Props {
  data: StatisticsData;
  shown: readonly number[];
  onShow: (shown: number[]) => void;
}

/** Slices: overlay some, or look at one in every file. */
function SliceMenu({ data, shown, onShow }: Props) {
  const [search, setSearch] = useState("");
  const names = sliceNames(data);
  if (names.length === 0) return null;
  const found = names.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase())).slice(0, MAX_LISTED);
  return (
    <Menu label={`Slices (${names.length})`}>
      <input type="search" placeholder="Find a slice" aria-label="Find a slice" value={search} onChange={(event) => setSearch(event.target.value)} />
      <button type="button" onClick={() => onShow(firstShown(data))}>All examples</button>
      {found.map(({ name, numExamples }) => {
        const indices = sliceOfEveryFile(data, name);
        const isShown = indices.some((index) => shown.includes(index));
        const next = isShown
          ? shown.filter((index) => !indices.includes(index))
          : indices.reduce((all, index) => toggleShown(all, index), [...shown]);
        return (
          <button key={name} type="button" aria-pressed={isShown} onClick={() => onShow(next.length > 0 ? next : firstShown(data))}>
            <span className="text">{visibleText(name)}</span>
            <span className="muted">{formatCount(numExamples)}</span>
          </button>
        );
      })}
    </Menu>
  );
}

/** The datasets that are shown, each with its colour, and those that could be. */
export function DatasetPicker({ data, shown, onShow }: Props) {
  const whole = data.datasets.filter(({ isWhole }) => isWhole).map(({ index }) => index);
  const listed = [...shown, ...whole.filter((index) => !shown.includes(index))];
  return (
    <div className="datasets" role="group" aria-label="Datasets">
      {listed.map((index) => {
        const dataset = data.datasets[index];
        if (!dataset) return null;
        const position = shown.indexOf(index);
        const label = datasetLabel(data, dataset);
        return (
          <button key={index} type="button" className="chip" title={label} aria-pressed={position >= 0} onClick={() => onShow(toggleShown(shown, index))}>
            <span className="swatch" style={position >= 0 ? { background: seriesColour(position) } : undefined} />
            <span className="name text">{label}</span>
            <span className="muted">{formatCount(dataset.numExamples)}</span>
          </button>
        );
      })}
      <SliceMenu data={data} shown={shown} onShow={onShow} />
    </div>
  );
}
