/** The colour of the dataset (model, slice) that stands at `position` among those shown. */
export function seriesColour(position: number): string {
  return `var(--series-${(position % 6) + 1})`;
}
