import { decodeNumber, type RawNumber } from "./raw_number.ts";
import type {
  Anomalies,
  Anomaly,
  Cell,
  Dataset,
  FeatureKind,
  Histogram,
  ListedValue,
  Measurement,
  StatisticsData,
} from "./statistics_data.ts";

interface RawHistogram {
  edges: RawNumber[];
  counts: RawNumber[];
}

interface RawCell {
  type: string;
  kind: FeatureKind;
  present?: RawNumber;
  missing?: RawNumber;
  values?: [RawNumber, RawNumber, RawNumber, RawNumber];
  total_values?: RawNumber;
  zeros?: RawNumber;
  nan?: RawNumber;
  mean?: RawNumber;
  deviation?: RawNumber;
  min?: RawNumber;
  median?: RawNumber;
  max?: RawNumber;
  histogram?: RawHistogram;
  quantiles?: RawHistogram;
  unique?: RawNumber;
  mean_length?: RawNumber;
  invalid_utf8?: RawNumber;
  listed?: [string, RawNumber][];
  total_listed?: RawNumber;
  value_counts?: RawHistogram;
  list_lengths?: RawHistogram;
  levels?: [number, number, number, number, number][];
  min_bytes?: RawNumber;
  max_bytes?: RawNumber;
  mean_bytes?: RawNumber;
  custom?: { name: string; number?: RawNumber; text?: string }[];
  weighted?: Partial<RawCell>;
}

interface RawDataset {
  file: number;
  name: string;
  is_whole: boolean;
  num_examples: number;
  weighted_num_examples?: RawNumber;
  cells: (RawCell | null)[];
  correlations?: [number, number, RawNumber, RawNumber][];
  lifts?: [number, number, string, [string, RawNumber, RawNumber][]][];
}

/** The JSON as src/penstock/pages writes it. */
export interface RawStatistics {
  page: "statistics";
  starts_with_anomalies: boolean;
  files: string[];
  features: string[][];
  datasets: RawDataset[];
  anomalies: {
    listed: Anomaly[];
    measurements: (Omit<Measurement, "value" | "threshold"> & { value: RawNumber; threshold: RawNumber })[];
    data_missing: boolean;
  } | null;
  notes: string[];
}

function optional(raw: RawNumber | undefined): number | undefined {
  return raw === undefined ? undefined : decodeNumber(raw);
}

function decodeHistogram(raw: RawHistogram | undefined): Histogram | undefined {
  return raw && { edges: raw.edges.map(decodeNumber), counts: raw.counts.map(decodeNumber) };
}

function decodeListed(raw: readonly [string, RawNumber][] | undefined): ListedValue[] {
  return (raw ?? []).map(([text, count]) => ({ text, count: decodeNumber(count) }));
}

function sum(values: readonly ListedValue[]): number {
  return values.reduce((total, value) => total + value.count, 0);
}

function decodeCell(raw: RawCell): Cell {
  const [minValues, maxValues, meanValues, totalValues] = raw.values ?? [0, 0, 0, 0];
  const listed = decodeListed(raw.listed);
  const cell: Cell = {
    type: raw.type,
    kind: raw.kind,
    present: decodeNumber(raw.present ?? 0),
    missing: decodeNumber(raw.missing ?? 0),
    minValues: decodeNumber(minValues),
    maxValues: decodeNumber(maxValues),
    meanValues: decodeNumber(meanValues),
    totalValues: decodeNumber(raw.total_values ?? totalValues),
    zeros: optional(raw.zeros),
    nan: optional(raw.nan),
    mean: optional(raw.mean),
    deviation: optional(raw.deviation),
    min: optional(raw.min),
    median: optional(raw.median),
    max: optional(raw.max),
    histogram: decodeHistogram(raw.histogram),
    quantiles: decodeHistogram(raw.quantiles),
    unique: optional(raw.unique),
    meanLength: optional(raw.mean_length),
    invalidUtf8: optional(raw.invalid_utf8),
    listed,
    totalListed: optional(raw.total_listed) ?? sum(listed),
    valueCounts: decodeHistogram(raw.value_counts),
    listLengths: decodeHistogram(raw.list_lengths),
    levels: (raw.levels ?? []).map(([present, missing, minimum, maximum, total]) => ({
      present,
      missing,
      minValues: minimum,
      maxValues: maximum,
      totalValues: total,
    })),
    minBytes: optional(raw.min_bytes),
    maxBytes: optional(raw.max_bytes),
    meanBytes: optional(raw.mean_bytes),
    custom: (raw.custom ?? []).map(({ name, number, text }) => ({
      name,
      ...(number === undefined ? {} : { number: decodeNumber(number) }),
      ...(text === undefined ? {} : { text }),
    })),
  };
  // What has no weight of its own (least, most, distinct) is as without.
  return raw.weighted === undefined ? cell : { ...cell, weighted: decodeCell(weigh(raw, raw.weighted)) };
}

function weigh(raw: RawCell, weighted: Partial<RawCell>): RawCell {
  const { weighted: _, histogram: __, quantiles: ___, listed: ____, total_listed: _____, zeros: ______, nan: _______, ...rest } = raw;
  return { ...rest, ...weighted };
}

function decodeDataset(raw: RawDataset, index: number, numFeatures: number): Dataset {
  const cells = raw.cells.map((cell) => (cell === null ? null : decodeCell(cell)));
  while (cells.length < numFeatures) cells.push(null);
  return {
    index,
    file: raw.file,
    name: raw.name,
    isWhole: raw.is_whole,
    numExamples: raw.num_examples,
    weightedNumExamples: optional(raw.weighted_num_examples),
    cells,
    correlations: (raw.correlations ?? []).map(([x, y, correlation]) => ({ x, y, correlation: decodeNumber(correlation) })),
    lifts: (raw.lifts ?? []).map(([feature, labelFeature, label, values]) => ({
      feature,
      labelFeature,
      label,
      values: values.map(([text, lift, count]) => ({ text, lift: decodeNumber(lift), count: decodeNumber(count) })),
    })),
  };
}

function decodeAnomalies(raw: NonNullable<RawStatistics["anomalies"]>): Anomalies {
  return {
    listed: raw.listed,
    measurements: raw.measurements.map((measurement) => ({
      ...measurement,
      value: decodeNumber(measurement.value),
      threshold: decodeNumber(measurement.threshold),
    })),
    dataMissing: raw.data_missing,
  };
}

export function decodeStatistics(raw: RawStatistics): StatisticsData {
  return {
    startsWithAnomalies: raw.starts_with_anomalies,
    files: raw.files,
    features: raw.features,
    datasets: raw.datasets.map((dataset, index) => decodeDataset(dataset, index, raw.features.length)),
    anomalies: raw.anomalies === null ? null : decodeAnomalies(raw.anomalies),
    notes: raw.notes,
  };
}
