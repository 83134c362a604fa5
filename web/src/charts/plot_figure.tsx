import * as Plot from "@observablehq/plot";
import { useEffect, useRef } from "react";

/** A chart of Observable Plot under a heading. `options` should keep its identity while nothing changed. */
export function PlotFigure(props: { title: string; description: string; options: Plot.PlotOptions }) {
  const { title, description, options } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chart = Plot.plot({
      className: "plot",
      width: 420,
      height: 264,
      marginLeft: 52,
      marginTop: 14,
      style: { background: "none" },
      ariaLabel: title,
      ariaDescription: description,
      ...options,
    });
    place.current?.replaceChildren(chart);
    return () => chart.remove();
  }, [title, description, options]);
  return (
    <div className="figure">
      <h3>{title}</h3>
      <div ref={place} />
    </div>
  );
}
