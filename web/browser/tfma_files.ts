/**
 * Evaluations in TFMA's layout, made of predictions: TFRecord files of its messages, written field by field so that
 * a test needs no model.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A message on the wire: fields by number. Empty and absent ones are left out. */
type Field = string | number | bigint | boolean | Buffer | Field[] | undefined;

function varint(value: bigint): Buffer {
  const bytes = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Buffer.from([...bytes, Number(value)]);
}

/** Numbers are doubles, bigints and booleans varints, texts and messages have a length, lists are repeated. */
function message(fields: Record<number, Field>): Buffer {
  const parts = Object.entries(fields).flatMap(([number, value]) => encode(BigInt(number), value));
  return Buffer.concat(parts);
}

function encode(number: bigint, value: Field): Buffer[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((one) => encode(number, one));
  if (typeof value === "number") {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return [varint((number << 3n) | 1n), bytes];
  }
  if (typeof value === "bigint" || typeof value === "boolean") return [varint(number << 3n), varint(BigInt(value))];
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return [varint((number << 3n) | 2n), varint(BigInt(bytes.length)), bytes];
}

const CRC_TABLE = Array.from({ length: 256 }, (_, i) => {
  let crc = i;
  for (let bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

function maskedCrc(bytes: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return masked;
}

function records(messages: readonly Buffer[]): Buffer {
  return Buffer.concat(
    messages.flatMap((bytes) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(bytes.length));
      return [length, maskedCrc(length), bytes, maskedCrc(bytes)];
    }),
  );
}

export interface Example {
  readonly features: Readonly<Record<string, string>>;
  readonly label: boolean;
  /** By model. */
  readonly scores: Readonly<Record<string, number>>;
}

const double = (value: number) => message({ 1: message({ 1: value }) });

function sliceKey(key: readonly (readonly [string, string])[]): Buffer {
  return message({ 1: key.map(([column, value]) => message({ 1: column, 2: value })) });
}

function counts(examples: readonly Example[], model: string, threshold: number) {
  const found = { tn: 0, fp: 0, fn: 0, tp: 0 };
  for (const { label, scores } of examples) {
    const isPositive = (scores[model] ?? 0) > threshold;
    if (label) isPositive ? ++found.tp : ++found.fn;
    else isPositive ? ++found.fp : ++found.tn;
  }
  return found;
}

function metricsOf(examples: readonly Example[], model: string): Record<string, number> {
  const { tn, fp, fn, tp } = counts(examples, model, 0.5);
  return { example_count: examples.length, accuracy: (tp + tn) / examples.length, recall: tp / (tp + fn), false_positive_rate: fp / (fp + tn) };
}

function metricsMessage(key: readonly (readonly [string, string])[], examples: readonly Example[], models: readonly string[]): Buffer {
  const values = models.flatMap((model) =>
    Object.entries(metricsOf(examples, model)).map(([name, value]) => {
      const half = 1 / Math.sqrt(examples.length);
      const interval = name === "example_count" ? undefined : message({ 1: double(value + half), 2: double(value - half) });
      return message({ 1: message({ 1: name, 4: model }), 2: double(value), 3: interval });
    }),
  );
  return message({ 1: sliceKey(key), 51: values });
}

function plotsMessage(key: readonly (readonly [string, string])[], examples: readonly Example[], models: readonly string[]): Buffer {
  const plots = models.map((model) => {
    const matrices = Array.from({ length: 101 }, (_, i) => {
      const threshold = i === 0 ? -1e-6 : i / 100;
      const { tn, fp, fn, tp } = counts(examples, model, threshold);
      return message({ 1: threshold, 2: fn, 3: tn, 4: fp, 5: tp });
    });
    const buckets = Array.from({ length: 12 }, (_, i) => {
      const [lower, upper] = [i === 0 ? -Infinity : (i - 1) / 10, i === 11 ? Infinity : i / 10];
      const inside = examples.filter(({ scores }) => (scores[model] ?? 0) >= lower && (scores[model] ?? 0) < upper);
      const sum = (of: (example: Example) => number) => message({ 1: inside.reduce((all, example) => all + of(example), 0) });
      return message({ 1: lower, 2: upper, 3: sum(() => 1), 4: sum(({ label }) => Number(label)), 5: sum(({ scores }) => scores[model] ?? 0) });
    });
    return message({ 1: message({ 4: model }), 2: message({ 1: message({ 1: buckets }), 2: message({ 1: matrices }) }) });
  });
  return message({ 1: sliceKey(key), 8: plots });
}

/** All examples, and each value of `features`. The verdict refuses on the slice `refusedOn`, if any. */
export function writeEvaluation(folder: string, examples: readonly Example[], models: readonly string[], features: readonly string[], refusedOn?: readonly [string, string]): void {
  const keys: [string, string][][] = [[]];
  for (const feature of features) {
    const values = [...new Set(examples.map((example) => example.features[feature] ?? ""))].sort();
    for (const value of values) keys.push([[feature, value]]);
  }
  const inSlice = (key: readonly (readonly [string, string])[]) => examples.filter((example) => key.every(([feature, value]) => example.features[feature] === value));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "metrics-00000-of-00001.tfrecord"), records(keys.map((key) => metricsMessage(key, inSlice(key), models))));
  writeFileSync(join(folder, "plots-00000-of-00001.tfrecord"), records(keys.map((key) => plotsMessage(key, inSlice(key), models))));
  if (refusedOn === undefined) return;
  const failure = message({ 1: message({ 1: "recall", 4: models[0] }), 3: double(metricsOf(inSlice([refusedOn]), models[0] ?? "")["recall"] ?? NaN) });
  writeFileSync(join(folder, "validations.tfrecord"), records([message({ 2: message({ 2: sliceKey([refusedOn]), 3: failure }) })]));
}
