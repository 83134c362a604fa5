import type { Dataset, StatisticsData } from "../data/statistics_data.ts";
import { visibleText } from "./numbers.ts";

/** More than this many overlaid nobody can tell apart. */
export const MAX_SHOWN = 6;

/** What the reader sees first: the whole dataset of each file. */
export function firstShown(data: StatisticsData): number[] {
  const whole = data.datasets.filter((dataset) => dataset.isWhole).map(({ index }) => index);
  return (whole.length > 0 ? whole : data.datasets.map(({ index }) => index)).slice(0, MAX_SHOWN);
}

/** "train.pb", "company_Flash Cab", or both where there are several files. */
export function datasetLabel(data: StatisticsData, dataset: Dataset): string {
  const file = visibleText(data.files[dataset.file] ?? "");
  const isNamed = dataset.name !== "" && !dataset.isWhole;
  if (!isNamed) {
    const wholeOfFile = data.datasets.filter((other) => other.file === dataset.file && other.isWhole);
    return wholeOfFile.length > 1 && dataset.name !== "" ? `${file}: ${visibleText(dataset.name)}` : file;
  }
  return data.files.length > 1 ? `${file}: ${visibleText(dataset.name)}` : visibleText(dataset.name);
}

/** Puts a dataset among the shown ones or takes it away; one always stays, and a seventh replaces the last. */
export function toggleShown(shown: readonly number[], index: number): number[] {
  if (shown.includes(index)) return shown.length === 1 ? [...shown] : shown.filter((other) => other !== index);
  return shown.length < MAX_SHOWN ? [...shown, index] : [...shown.slice(0, -1), index];
}

/** The same slice of every file. */
export function sliceOfEveryFile(data: StatisticsData, name: string | null): number[] {
  const same = data.datasets.filter((dataset) => (name === null ? dataset.isWhole : !dataset.isWhole && dataset.name === name));
  return same.map(({ index }) => index).slice(0, MAX_SHOWN);
}

/** The names of slices with the number of examples in the first file that has them, the largest first. */
export function sliceNames(data: StatisticsData): { name: string; numExamples: number }[] {
  const names = new Map<string, number>();
  for (const dataset of data.datasets) if (!dataset.isWhole && !names.has(dataset.name)) names.set(dataset.name, dataset.numExamples);
  return [...names].map(([name, numExamples]) => ({ name, numExamples })).sort((a, b) => b.numExamples - a.numExamples);
}
