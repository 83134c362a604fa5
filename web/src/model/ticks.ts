/**
 * Ticks of an axis that is linear around 0 and logarithmic beyond `constant`: 0 and powers of ten, as many as have
 * room.
 */
export function symlogTicks(low: number, high: number, constant: number, most = 7): number[] {
  if (!(high >= low) || !(constant > 0)) return [];
  const first = Math.ceil(Math.log10(constant));
  const powers = (end: number) => {
    const last = Math.floor(Math.log10(Math.max(end, constant)) + 1e-9);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i)).filter((power) => power <= end);
  };
  const all = [
    ...powers(-low).map((power) => -power).reverse(),
    0,
    ...powers(high),
  ].filter((tick) => tick >= low && tick <= high);
  const stride = Math.ceil(all.length / most);
  const zero = Math.max(0, all.indexOf(0));
  const kept = all.filter((_, i) => (i - zero) % stride === 0);
  // A range within one power of ten has no power in it.
  return kept.length >= 2 ? kept : [low, high];
}
