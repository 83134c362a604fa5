import { useCallback, useRef, useState } from "react";
import { type DiffData, type DiffFeature, numDifferent } from "../data/diff_data.ts";
import { useShortcuts } from "../design/use_shortcuts.ts";
import { type DiffFilter, findFeatures } from "../model/diff_rows.ts";
import { formatCount, formatShare, NOTHING, visibleText } from "../model/numbers.ts";

/** More rows make a page slow: the rest is a click away. */
const ROWS_AT_ONCE = 500;

/** Shares of the pairs: other values, a value on one side alone. */
function DifferenceBar({ feature, numPairs }: { feature: DiffFeature; numPairs: number }) {
  const parts: [number, string, string][] = [
    [feature.mismatch, "var(--series-2)", "other value"],
    [feature.baseOnly, "var(--series-1)", "base only"],
    [feature.testOnly, "var(--series-4)", "test only"],
  ];
  return (
    <div className="difference-bar" role="img" aria-label={`${formatShare(numDifferent(feature), numPairs)} of the pairs differ`}>
      {parts.map(([count, colour, name]) => count > 0 && numPairs > 0 && <span key={name} title={`${name}: ${formatCount(count)}`} style={{ width: `${(100 * count) / numPairs}%`, background: colour }} />)}
    </div>
  );
}

/** A row for each feature, those that differ most first. */
export function FeaturesView(props: {
  data: DiffData;
  filter: DiffFilter;
  onFilter: (filter: DiffFilter) => void;
  /** Null: there are no pairs to show. */
  onOpen: ((feature: string) => void) | null;
}) {
  const { data, filter, onFilter, onOpen } = props;
  const [numRows, setNumRows] = useState(ROWS_AT_ONCE);
  const searchBox = useRef<HTMLInputElement>(null);
  useShortcuts(useCallback(() => searchBox.current?.focus(), []), useCallback(() => searchBox.current?.blur(), []));
  const found = findFeatures(data, filter);
  const count = (value: number) => (value === 0 ? NOTHING : formatCount(value));
  return (
    <>
      <div className="toolbar" role="toolbar" aria-label="Features shown">
        <input ref={searchBox} type="search" placeholder="Search features  ( / )" aria-label="Search features" value={filter.search} onChange={(event) => onFilter({ ...filter, search: event.target.value })} />
        <label className="check">
          <input type="checkbox" checked={filter.onlyDifferent} onChange={(event) => onFilter({ ...filter, onlyDifferent: event.target.checked })} />
          only those that differ
        </label>
        <span className="muted" role="status">{found.length === data.features.length ? `${found.length} features` : `${found.length} of ${data.features.length} features`}</span>
      </div>
      <div className="scroll" style={{ padding: "8px 16px" }} tabIndex={0} role="region" aria-label="Features">
        {found.length === 0 && <div className="empty"><strong>No feature to show</strong>{data.match.pairs === 0 ? "No example of one dataset has its like in the other." : "None differs, or has such a name."}</div>}
        {found.length > 0 && (
          <section className="card"><table className="plain diff">
            <thead>
              <tr><th>feature</th><th>differ</th><th /><th /><th>other value</th><th>base only</th><th>test only</th><th>equal</th><th>base has</th><th>test has</th></tr>
            </thead>
            <tbody>
              {found.slice(0, numRows).map((feature) => (
                <tr key={feature.name}>
                  <td className="text">{onOpen && numDifferent(feature) > 0 ? <button type="button" className="text" onClick={() => onOpen(feature.name)}>{visibleText(feature.name)}</button> : visibleText(feature.name)}</td>
                  <td className={numDifferent(feature) > 0 ? "alarm" : "muted"}>{count(numDifferent(feature))}</td>
                  <td>{numDifferent(feature) > 0 ? formatShare(numDifferent(feature), data.match.pairs) : NOTHING}</td>
                  <td><DifferenceBar feature={feature} numPairs={data.match.pairs} /></td>
                  <td>{count(feature.mismatch)}</td>
                  <td>{count(feature.baseOnly)}</td>
                  <td>{count(feature.testOnly)}</td>
                  <td>{count(feature.match)}</td>
                  <td className="muted">{count(feature.base)}</td>
                  <td className="muted">{count(feature.test)}</td>
                </tr>
              ))}
            </tbody>
          </table></section>
        )}
        {found.length > numRows && <button type="button" onClick={() => setNumRows(numRows + ROWS_AT_ONCE)}>more</button>}
      </div>
    </>
  );
}
