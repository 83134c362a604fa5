import { type RefObject } from "react";
import { Segments } from "../design/segments.tsx";
import type { RowFilter } from "../model/feature_rows.ts";
import type { ViewOptions } from "./view_options.ts";

const KINDS = [
  { value: "all", label: "All" },
  { value: "numeric", label: "Numbers" },
  { value: "text", label: "Categories" },
  { value: "other", label: "Other" },
] as const;

/** Search, filters and how numbers and charts are drawn. */
export function Toolbar(props: {
  filter: RowFilter;
  view: ViewOptions;
  numFound: number;
  numFeatures: number;
  hasWeights: boolean;
  hasAnomalies: boolean;
  searchBox: RefObject<HTMLInputElement | null>;
  onFilter: (filter: RowFilter) => void;
  onView: (view: ViewOptions) => void;
}) {
  const { filter, view, onFilter, onView } = props;
  return (
    <div className="toolbar" role="toolbar" aria-label="Features shown">
      <input
        ref={props.searchBox}
        type="search"
        placeholder="Search features  ( / )"
        aria-label="Search features"
        value={filter.search}
        onChange={(event) => onFilter({ ...filter, search: event.target.value })}
      />
      <Segments label="Kind of feature" choices={KINDS} value={filter.kind} onChange={(kind) => onFilter({ ...filter, kind })} />
      {props.hasAnomalies && (
        <label className="check">
          <input type="checkbox" checked={filter.onlyAnomalies} onChange={(event) => onFilter({ ...filter, onlyAnomalies: event.target.checked })} />
          only with anomalies
        </label>
      )}
      <span className="muted" role="status">
        {props.numFound === props.numFeatures ? `${props.numFeatures} features` : `${props.numFound} of ${props.numFeatures} features`}
      </span>
      <span className="spacer" style={{ flex: 1 }} />
      <Segments
        label="Amounts"
        choices={[{ value: "share", label: "%", title: "Percentages" }, { value: "count", label: "#", title: "Counts" }]}
        value={view.asShare ? "share" : "count"}
        onChange={(amounts) => onView({ ...view, asShare: amounts === "share" })}
      />
      <label className="check">
        <input type="checkbox" checked={view.isLogY} onChange={(event) => onView({ ...view, isLogY: event.target.checked })} />
        log heights
      </label>
      <label className="check">
        <input type="checkbox" checked={view.isLogX} onChange={(event) => onView({ ...view, isLogX: event.target.checked })} />
        log values
      </label>
      {props.hasWeights && (
        <label className="check">
          <input type="checkbox" checked={view.byWeight} onChange={(event) => onView({ ...view, byWeight: event.target.checked })} />
          weighted
        </label>
      )}
    </div>
  );
}
