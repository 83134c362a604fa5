import { useState } from "react";
import { type DiffData, isDifferent, type PairRow } from "../data/diff_data.ts";
import { differing, findPairs } from "../model/diff_rows.ts";
import { NOTHING, visibleText } from "../model/numbers.ts";

const PAIRS_AT_ONCE = 50;

function Value({ text, isMarked }: { text: string | null; isMarked: boolean }) {
  if (text === null) return <span className="muted">{NOTHING}</span>;
  return <span className={isMarked ? "text alarm" : "text"}>{text === "" ? <em className="muted">empty</em> : visibleText(text)}</span>;
}

function Pair({ rows, data }: { rows: readonly PairRow[]; data: DiffData }) {
  const [isWhole, setWhole] = useState(false);
  const differ = differing(rows).length;
  const numSame = rows.filter(({ kind }) => kind === "same").length;
  return (
    <section className="card pair">
      <table className="plain">
        <thead><tr><th>{differ === 1 ? "1 column differs" : `${differ} columns differ`}</th><th className="text">{visibleText(data.base)}</th><th className="text">{visibleText(data.test)}</th></tr></thead>
        <tbody>
          {rows.filter(({ kind }) => isWhole || kind !== "same").map((row) => (
            <tr key={row.column}>
              <td className="text">{visibleText(row.column)}</td>
              <td><Value text={row.base} isMarked={isDifferent(row)} /></td>
              <td><Value text={row.test} isMarked={isDifferent(row)} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {numSame > 0 && <button type="button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>{isWhole ? "only what differs" : numSame === 1 ? "the other column" : `the other ${numSame} columns`}</button>}
    </section>
  );
}

/** The sample: two examples of one identifier beside each other. */
export function PairsView({ data, feature, onFeature }: { data: DiffData; feature: string | null; onFeature: (feature: string | null) => void }) {
  const [numShown, setNumShown] = useState(PAIRS_AT_ONCE);
  const found = findPairs(data, feature);
  const features = [...new Set(data.pairs.flatMap(differing))].sort();
  return (
    <>
      <div className="toolbar" role="toolbar" aria-label="Pairs shown">
        <label className="check">
          differing in
          <select aria-label="Pairs differing in" value={feature ?? ""} onChange={(event) => onFeature(event.target.value === "" ? null : event.target.value)}>
            <option value="">any feature</option>
            {features.map((name) => <option key={name} value={name}>{visibleText(name)}</option>)}
            {feature !== null && !features.includes(feature) && <option value={feature}>{visibleText(feature)}</option>}
          </select>
        </label>
        <span className="muted" role="status">{`${found.length} of ${data.pairs.length} pairs of the sample`}</span>
      </div>
      <div className="scroll pairs" tabIndex={0} role="region" aria-label="Pairs">
        {found.length === 0 && <div className="empty"><strong>None of the sample</strong>The sample holds no pair that differs in this feature: a larger --sample-size may.</div>}
        {found.slice(0, numShown).map((rows, i) => <Pair key={i} rows={rows} data={data} />)}
        {found.length > numShown && <button type="button" onClick={() => setNumShown(numShown + PAIRS_AT_ONCE)}>more</button>}
      </div>
    </>
  );
}
