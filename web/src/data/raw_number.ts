/** JSON has no form for these three numbers; they stand there as texts. */
export type RawNumber = number | "NaN" | "Infinity" | "-Infinity";

export function decodeNumber(raw: RawNumber): number {
  return typeof raw === "number" ? raw : Number(raw);
}
