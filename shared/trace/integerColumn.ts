/**
 * A column of whole numbers from 0 to 2^53 - 1 as bytes. Each column is coded in the form that takes fewest bytes; wide numbers lie as planes, all
 * lowest bytes first, so that what compresses well lies together. docs/trace-format.md, "Integers", describes the bytes.
 */
import { ByteReader, MalformedBytes } from './byteReader';
import type { ByteWriter } from './byteWriter';

/** Forms on disk; only append. */
const forms = { constant: 0, plain: 1, delta: 2, keyedDelta: 3, dictionary: 4 } as const;

/** Largest difference that is coded: its zigzag form still is a safe integer. */
const largestDelta = 2 ** 51;

/** Most entries of a dictionary: an index is a byte. */
const mostEntries = 256;

/** Columns shorter than this have no dictionary: it would not pay. */
const shortestWithDictionary = 48;

/** Bytes that a number up to `largest` takes. */
function widthOf(largest: number): number {
  if (largest < 0x1_0000) return largest < 0x100 ? 1 : 2;
  if (largest < 0x1_0000_0000) return largest < 0x100_0000 ? 3 : 4;
  return largest < 2 ** 40 ? 5 : largest < 2 ** 48 ? 6 : 7;
}

function writePlanes(
  out: ByteWriter,
  values: Float64Array,
  count: number,
  base: number,
  width: number,
): void {
  out.reserve(count * width);
  const { bytes } = out;
  const at = out.length;
  const second = at + count;
  if (width === 1) {
    for (let index = 0; index < count; index++) bytes[at + index] = values[index]! - base;
  } else if (width === 2) {
    for (let index = 0; index < count; index++) {
      const value = (values[index]! - base) | 0;
      bytes[at + index] = value;
      bytes[second + index] = value >>> 8;
    }
  } else if (width <= 4) {
    const third = second + count;
    const fourth = third + count;
    for (let index = 0; index < count; index++) {
      const value = (values[index]! - base) >>> 0;
      bytes[at + index] = value;
      bytes[second + index] = value >>> 8;
      bytes[third + index] = value >>> 16;
      if (width === 4) bytes[fourth + index] = value >>> 24;
    }
  } else {
    let scale = 1;
    for (let plane = 0; plane < width; plane++) {
      const start = at + plane * count;
      for (let index = 0; index < count; index++)
        bytes[start + index] = Math.floor((values[index]! - base) / scale) % 256;
      scale *= 256;
    }
  }
  out.length = at + count * width;
}

/** Scratch memory of the encoder; grows to the longest column. */
let scratch = new Float64Array(1024);
let scratchIndices = new Uint8Array(1024);

function growScratch(count: number): void {
  if (scratch.length >= count) return;
  scratch = new Float64Array(Math.max(count, scratch.length * 2));
  scratchIndices = new Uint8Array(scratch.length);
}

/** Values that have been seen, by a hash of their low bits; 1,024 places for at most 256. */
const seenValues = new Float64Array(1024);
const seenIndices = new Int16Array(1024);

/** Numbers the distinct values in `scratchIndices`; undefined where they are too many. */
function dictionaryOf(values: Float64Array, count: number): number[] | undefined {
  seenIndices.fill(-1);
  const entries: number[] = [];
  for (let index = 0; index < count; index++) {
    const value = values[index]!;
    let place = Math.imul((value | 0) ^ ((value / 0x1_0000_0000) | 0), 0x9e37_79b1) >>> 22;
    while (seenIndices[place]! >= 0 && seenValues[place] !== value) place = (place + 1) & 1023;
    if (seenIndices[place]! < 0) {
      if (entries.length === mostEntries) return undefined;
      seenIndices[place] = entries.length;
      seenValues[place] = value;
      entries.push(value);
    }
    scratchIndices[index] = seenIndices[place]!;
  }
  return entries;
}

/** Keys up to here are looked up in an array, higher ones in a map. */
const mostArrayKeys = 0x1_0000;

/** Value before this one with the same key, and the column in which that was. */
const lastValues = new Float64Array(mostArrayKeys);
const lastColumns = new Uint32Array(mostArrayKeys);
let columnNumber = 0;

/**
 * Differences of each value from the one before it (with the same key), zigzag, in `scratch`; the largest, or -1 where they are too wide.
 */
function deltasOf(values: Float64Array, count: number, keys: Float64Array | undefined): number {
  let largest = 0;
  let before = 0;
  const wide = new Map<number, number>();
  columnNumber++;
  for (let index = 0; index < count; index++) {
    const value = values[index]!;
    if (keys !== undefined) {
      const key = keys[index]!;
      if (key < mostArrayKeys) {
        before = lastColumns[key] === columnNumber ? lastValues[key]! : 0;
        lastValues[key] = value;
        lastColumns[key] = columnNumber;
      } else {
        before = wide.get(key) ?? 0;
        wide.set(key, value);
      }
    }
    const delta = value - before;
    before = value;
    if (delta >= largestDelta || delta <= -largestDelta) return -1;
    const zigzag = delta >= 0 ? delta * 2 : -delta * 2 - 1;
    scratch[index] = zigzag;
    if (zigzag > largest) largest = zigzag;
  }
  return largest;
}

/** Numbers of a column that are looked at to choose its form. */
const sampleSize = 256;

/** Bits that a number takes. */
function bits(value: number): number {
  return value < 0x1_0000_0000 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 0x1_0000_0000);
}

/** Average bits of a sample of the values above `base`. */
function bitsOf(values: Float64Array, count: number, base: number): number {
  const step = Math.max(1, Math.floor(count / sampleSize));
  let sum = 0;
  let looked = 0;
  for (let index = 0; index < count; index += step) {
    sum += bits(values[index]! - base);
    looked++;
  }
  return sum / looked;
}

/** Average bits of a sample of the zigzag differences between neighbours. */
function deltaBitsOf(values: Float64Array, count: number): number {
  const step = Math.max(1, Math.floor(count / sampleSize));
  let sum = 0;
  let looked = 0;
  for (let index = 1; index < count; index += step) {
    sum += bits(Math.abs(values[index]! - values[index - 1]!) * 2);
    looked++;
  }
  return sum / looked;
}

/** Writes the differences if they take fewer bits than the values; whether it did. */
function writeDeltas(
  out: ByteWriter,
  values: Float64Array,
  count: number,
  smallest: number,
  keys: Float64Array | undefined,
): boolean {
  growScratch(count);
  const plainBits = bitsOf(values, count, smallest);
  const deltaBits = deltaBitsOf(values, count);
  if (keys !== undefined) {
    const largest = deltasOf(values, count, keys);
    const keyedBits = largest < 0 ? Infinity : bitsOf(scratch, count, 0);
    if (keyedBits < plainBits - 1 && keyedBits <= deltaBits) {
      out.u8(forms.keyedDelta);
      out.u8(widthOf(largest));
      writePlanes(out, scratch, count, 0, widthOf(largest));
      return true;
    }
  }
  if (deltaBits >= plainBits - 1) return false;
  const largest = deltasOf(values, count, undefined);
  if (largest < 0) return false;
  out.u8(forms.delta);
  out.u8(widthOf(largest));
  writePlanes(out, scratch, count, 0, widthOf(largest));
  return true;
}

/**
 * Appends `count` values.
 * @param keys the row's key in each row; where given, a value may be coded as the difference from the last with its key
 */
export function writeIntegers(
  out: ByteWriter,
  values: Float64Array,
  count: number,
  keys?: Float64Array,
): void {
  if (count === 0) return;
  let smallest = values[0]!;
  let largest = smallest;
  for (let index = 1; index < count; index++) {
    const value = values[index]!;
    if (value < smallest) smallest = value;
    else if (value > largest) largest = value;
  }
  if (smallest === largest) {
    out.u8(forms.constant);
    out.varint(smallest);
    return;
  }
  const plainWidth = widthOf(largest - smallest);
  if (largest - smallest > 15 && count > 2) {
    if (writeDeltas(out, values, count, smallest, keys)) return;
    if (plainWidth > 1 && count >= shortestWithDictionary) {
      const entries = dictionaryOf(values, count);
      if (entries !== undefined && entries.length * 4 < count * (plainWidth - 1)) {
        out.u8(forms.dictionary);
        out.varint(entries.length);
        for (const entry of entries) out.varint(entry);
        out.raw(scratchIndices, 0, count);
        return;
      }
    }
  }
  out.u8(forms.plain);
  out.u8(plainWidth);
  out.varint(smallest);
  writePlanes(out, values, count, smallest, plainWidth);
}

/** Adds planes of bytes up in `values`. */
function readPlanes(
  input: ByteReader,
  values: Float64Array,
  count: number,
  base: number,
  width: number,
): void {
  if (width < 1 || width > 7) throw new MalformedBytes(`integers of ${width} bytes`);
  const start = input.skip(count * width);
  const { bytes } = input;
  const second = start + count;
  const third = second + count;
  const fourth = third + count;
  // One pass, in whole numbers as far as they reach.
  if (width === 1) for (let index = 0; index < count; index++) values[index] = base + bytes[start + index]!;
  else if (width === 2)
    for (let index = 0; index < count; index++)
      values[index] = base + (bytes[start + index]! | (bytes[second + index]! << 8));
  else if (width === 3)
    for (let index = 0; index < count; index++)
      values[index] =
        base + (bytes[start + index]! | (bytes[second + index]! << 8) | (bytes[third + index]! << 16));
  else
    for (let index = 0; index < count; index++)
      values[index] =
        base +
        ((bytes[start + index]! |
          (bytes[second + index]! << 8) |
          (bytes[third + index]! << 16) |
          (bytes[fourth + index]! << 24)) >>>
          0);
  let scale = 0x1_0000_0000;
  for (let plane = 4; plane < width; plane++) {
    const at = start + plane * count;
    for (let index = 0; index < count; index++) values[index]! += bytes[at + index]! * scale;
    scale *= 256;
  }
  if (width === 7 || base > 0) {
    for (let index = 0; index < count; index++)
      if (!(values[index]! <= Number.MAX_SAFE_INTEGER))
        throw new MalformedBytes('an integer beyond 2^53 - 1');
  }
}

function unzigzag(value: number): number {
  if (value < 0x1_0000_0000) {
    const low = value >>> 0;
    return (low >>> 1) ^ -(low & 1);
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * Reads `count` values; `keysOf` gives the row's key in each row, for columns that may be told by one.
 * @throws MalformedBytes where the bytes are no such column.
 */
export function readIntegers(input: ByteReader, count: number, keysOf?: () => Float64Array): Float64Array {
  const values = new Float64Array(count);
  if (count === 0) return values;
  const form = input.u8();
  switch (form) {
    case forms.constant:
      return values.fill(input.varint());
    case forms.plain: {
      const width = input.u8();
      readPlanes(input, values, count, input.varint(), width);
      return values;
    }
    case forms.delta: {
      readPlanes(input, values, count, 0, input.u8());
      let before = 0;
      for (let index = 0; index < count; index++) {
        before += unzigzag(values[index]!);
        values[index] = before;
        if (!(before >= 0 && before <= Number.MAX_SAFE_INTEGER))
          throw new MalformedBytes('a difference leaves the integers');
      }
      return values;
    }
    case forms.keyedDelta: {
      if (keysOf === undefined) throw new MalformedBytes('differences by a key that is not there');
      const keys = keysOf();
      readPlanes(input, values, count, 0, input.u8());
      const wide = new Map<number, number>();
      columnNumber++;
      for (let index = 0; index < count; index++) {
        const key = keys[index]!;
        const isNarrow = key < mostArrayKeys;
        let value = unzigzag(values[index]!);
        if (!isNarrow) value += wide.get(key) ?? 0;
        else if (lastColumns[key] === columnNumber) value += lastValues[key]!;
        if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
          throw new MalformedBytes('a difference leaves the integers');
        values[index] = value;
        if (isNarrow) {
          lastValues[key] = value;
          lastColumns[key] = columnNumber;
        } else wide.set(key, value);
      }
      return values;
    }
    case forms.dictionary: {
      const length = input.varint();
      if (length < 1 || length > mostEntries) throw new MalformedBytes(`a dictionary of ${length} entries`);
      const entries = new Float64Array(length);
      for (let index = 0; index < length; index++) entries[index] = input.varint();
      const start = input.skip(count);
      for (let index = 0; index < count; index++) {
        const at = input.bytes[start + index]!;
        if (at >= length) throw new MalformedBytes(`entry ${at} of a dictionary of ${length}`);
        values[index] = entries[at]!;
      }
      return values;
    }
    default:
      throw new MalformedBytes(`unknown form ${form} of integers`);
  }
}
