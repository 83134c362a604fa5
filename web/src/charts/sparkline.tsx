import { memo } from "react";
import type { Cell } from "../data/statistics_data.ts";
import { seriesColour } from "../design/series.ts";
import { finiteBars } from "../model/histogram.ts";

const MAX_RANKS = 24;

interface Box {
  readonly x: number;
  readonly width: number;
  /** 0 to 1. */
  readonly height: number;
}

/** Keeps 0 and negative numbers, and everything apart that is beyond `unit`. */
function symmetricLog(value: number, unit: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value) / unit);
}

function scaled(count: number, greatest: number, isLog: boolean): number {
  if (!(greatest > 0) || !(count > 0)) return 0;
  return isLog ? Math.log1p(count) / Math.log1p(greatest) : count / greatest;
}

/** Bars of the numbers of several datasets over one axis: each dataset's density, scaled to its highest. */
function numericBoxes(cells: readonly (Cell | null)[], isLogY: boolean, isLogX: boolean): Box[][] {
  const bars = cells.map((cell) => (cell?.histogram ? finiteBars(cell.histogram) : []));
  const edges = bars.flatMap((of) => of.flatMap(({ low, high }) => [low, high]));
  const unit = Math.max(...edges.map(Math.abs), 1e-300) / 1000;
  const place = (value: number) => (isLogX ? symmetricLog(value, unit) : value);
  const low = place(Math.min(...edges));
  const high = place(Math.max(...edges));
  const range = high - low;
  return bars.map((of) => {
    if (of.length === 0) return [];
    if (!(range > 0)) return [{ x: 0.46, width: 0.08, height: 1 }];
    const widest = Math.max(...of.map((bar) => bar.high - bar.low));
    const densities = of.map((bar) => bar.count / Math.max(bar.high - bar.low, widest / 100));
    const greatest = Math.max(...densities);
    return of.map((bar, i) => ({
      x: (place(bar.low) - low) / range,
      width: Math.max((place(bar.high) - place(bar.low)) / range, 0.01),
      height: scaled(densities[i] ?? 0, greatest, isLogY),
    }));
  });
}

/** A bar per value, in the order of the first dataset's ranks; the datasets' bars stand side by side. */
function rankBoxes(cells: readonly (Cell | null)[], isLog: boolean): Box[][] {
  const base = cells.find((cell) => cell !== null && cell.listed.length > 0);
  if (!base) return cells.map(() => []);
  const texts = base.listed.slice(0, MAX_RANKS).map(({ text }) => text);
  const slot = 1 / Math.max(texts.length, 8);
  const width = (slot * 0.86) / cells.length;
  return cells.map((cell, i) => {
    const counts = new Map(cell?.listed.map(({ text, count }) => [text, count]));
    const greatest = cell?.listed[0]?.count ?? 0;
    return texts.map((text, rank) => ({ x: rank * slot + i * width, width, height: scaled(counts.get(text) ?? 0, greatest, isLog) }));
  });
}

function outline(boxes: readonly Box[], width: number, height: number): string {
  return boxes
    .filter((box) => box.height > 0)
    .map((box) => {
      const tall = Math.max(box.height * (height - 2), 1);
      return `M${(box.x * width).toFixed(1)} ${height}v${(-tall).toFixed(1)}h${(box.width * width).toFixed(1)}v${tall.toFixed(1)}z`;
    })
    .join("");
}

/** The distributions of one feature, small. */
export const Sparkline = memo(function Sparkline(props: {
  cells: readonly (Cell | null)[];
  isLogY: boolean;
  isLogX: boolean;
  width: number;
  height: number;
}) {
  const { cells, isLogY, isLogX, width, height } = props;
  const isNumeric = cells.some((cell) => cell?.histogram !== undefined);
  const boxes = isNumeric ? numericBoxes(cells, isLogY, isLogX) : rankBoxes(cells, isLogY);
  const isOutlined = isNumeric && cells.length > 2;
  const opacity = isOutlined ? 0.1 : isNumeric && cells.length > 1 ? 0.55 : 0.9;
  return (
    <svg className="spark" width={width} height={height} aria-hidden="true">
      {boxes.map((of, i) => (
        <path key={i} d={outline(of, width, height)} fill={seriesColour(i)} fillOpacity={opacity} stroke={isOutlined ? seriesColour(i) : "none"} />
      ))}
      <line className="axis" x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} />
    </svg>
  );
});
