/** Which of many rows of one height are drawn, and how a keyboard moves among them. */
export interface RowWindow {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
}

const MARGIN_ROWS = 6;

export function visibleRows(numRows: number, rowHeight: number, scrollTop: number, viewHeight: number): RowWindow {
  const first = Math.max(0, Math.min(numRows, Math.floor(scrollTop / rowHeight)) - MARGIN_ROWS);
  const end = Math.min(numRows, Math.ceil((scrollTop + viewHeight) / rowHeight) + MARGIN_ROWS);
  return { first, end: Math.max(first, end) };
}

/** Where `key` leads from row `from` (-1: none yet); null where it is no key of movement. */
export function rowAfterKey(key: string, from: number, numRows: number, rowsPerPage: number): number | null {
  if (numRows === 0) return null;
  const moves: Record<string, number> = {
    ArrowDown: from + 1,
    ArrowUp: from < 0 ? 0 : from - 1,
    PageDown: from + rowsPerPage,
    PageUp: from - rowsPerPage,
    Home: 0,
    End: numRows - 1,
  };
  const target = moves[key];
  return target === undefined ? null : Math.max(0, Math.min(numRows - 1, target));
}

/** How far to scroll so that a row is seen whole. */
export function scrollToRow(row: number, rowHeight: number, scrollTop: number, viewHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - viewHeight);
}
