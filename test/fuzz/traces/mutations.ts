/**
 * Ways in which a file can be wrong. Each takes a file and chance and makes another file; many mend the checksums, so that what is behind
 * them is reached.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { crc32 } from '../../../shared/base/crc32';
import type { Random } from '../../../shared/base/random';
import { decodeUtf8, encodeUtf8 } from '../../../shared/base/utf8';
import { ByteReader, MalformedBytes } from '../../../shared/trace/byteReader';
import { ByteWriter } from '../../../shared/trace/byteWriter';
import { frameHeadLength, frameTags } from '../../../shared/trace/layout';
import { fileOf, framesOf, type Frame } from './frames';

/** Numbers at which something may break. */
const telling = [
  0,
  1,
  2,
  3,
  7,
  0x7f,
  0x80,
  0xff,
  0x100,
  0xffff,
  0x1_0000,
  0x1_0001,
  65_535,
  65_537,
  1_000_000,
  4_194_304,
  4_194_305,
  0x3fff_ffff,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
  0x1_0000_0000,
  2 ** 40,
  2 ** 52,
  2 ** 53 - 1,
];

const telltaleTexts = [
  '',
  '1e999',
  'null',
  '[]',
  '-1',
  '0.5',
  '"\\u0000"',
  '{"__proto__":1}',
  'true',
  '2',
  '3',
  '1',
];

type Mutation = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.nextBelow(items.length)]!;
}

function spliced(bytes: Uint8Array, start: number, removed: number, inserted: Uint8Array): Uint8Array {
  const end = Math.min(bytes.length, start + removed);
  const result = new Uint8Array(start + inserted.length + (bytes.length - end));
  result.set(bytes.subarray(0, start));
  result.set(inserted, start);
  result.set(bytes.subarray(end), start + inserted.length);
  return result;
}

function varintOf(value: number): Uint8Array {
  const out = new ByteWriter(16);
  out.varint(value);
  return out.bytes.slice(0, out.length);
}

/** A few bytes changed, put in, taken out or copied. */
function scramble(random: Random, bytes: Uint8Array): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let edits = 1 + random.nextBelow(4); edits > 0 && result.length > 0; edits--) {
    const at = random.nextBelow(result.length);
    switch (random.nextBelow(7)) {
      case 0:
        result[at]! ^= 1 << random.nextBelow(8);
        break;
      case 1:
        result[at] = random.nextBelow(256);
        break;
      case 2:
        result[at] = pick(random, [0, 1, 2, 3, 4, 0x7f, 0x80, 0xfe, 0xff]);
        break;
      case 3:
        result = spliced(result, at, random.nextBelow(9), varintOf(pick(random, telling)));
        break;
      case 4:
        result = spliced(result, at, 1 + random.nextBelow(16), new Uint8Array(0));
        break;
      case 5: {
        const noise = new Uint8Array(1 + random.nextBelow(16));
        random.fill(noise);
        result = spliced(result, at, 0, noise);
        break;
      }
      default: {
        const from = random.nextBelow(result.length);
        result = spliced(result, at, random.nextBelow(32), result.slice(from, from + random.nextBelow(64)));
      }
    }
  }
  return result;
}

function inFrame(
  random: Random,
  bytes: Uint8Array,
  wanted: (frame: Frame) => boolean,
  change: (payload: Uint8Array) => Uint8Array,
): Uint8Array {
  const frames = framesOf(bytes);
  const places = frames.flatMap((frame, place) => (wanted(frame) ? [place] : []));
  if (places.length === 0) return scramble(random, bytes);
  const place = pick(random, places);
  frames[place] = { tag: frames[place]!.tag, payload: change(frames[place]!.payload) };
  return fileOf(frames);
}

/** A chunk in its parts. */
interface OpenChunk {
  readonly head: number[];
  readonly blocks: { number: number; codec: number; length: number; rows: number; bytes: Uint8Array }[];
}

function openChunk(payload: Uint8Array): OpenChunk {
  const input = new ByteReader(payload, 0, payload.length);
  const head = [input.varint(), input.varint(), input.f64(), input.f64()];
  const entries = Array.from({ length: Math.min(200, input.varint()) }, () => ({
    number: input.varint(),
    codec: input.u8(),
    stored: input.varint(),
    length: input.varint(),
    rows: input.varint(),
  }));
  const blocks = entries.map(({ number, codec, stored, length, rows }) => {
    const raw = input.raw(stored);
    if (codec !== 1) return { number, codec, length, rows, bytes: raw };
    try {
      return { number, codec, length, rows, bytes: new Uint8Array(inflateRawSync(raw)) };
    } catch {
      return { number, codec: 0, length, rows, bytes: raw };
    }
  });
  return { head, blocks };
}

/** Puts a chunk together; blocks of which `length` was left alone get their real one. */
function closeChunk(random: Random, { head, blocks }: OpenChunk, honest: boolean): Uint8Array {
  const out = new ByteWriter(4096);
  const varint = (value: number): void => {
    out.varint(Number.isSafeInteger(value) && value >= 0 ? value : 0);
  };
  varint(head[0]!);
  varint(head[1]!);
  out.f64(head[2]!);
  out.f64(head[3]!);
  varint(blocks.length);
  const stored = blocks.map(({ codec, bytes }) =>
    codec === 1 ? new Uint8Array(deflateRawSync(bytes)) : bytes,
  );
  blocks.forEach((block, index) => {
    varint(block.number);
    out.u8(block.codec & 0xff);
    varint(honest || random.nextBelow(4) > 0 ? stored[index]!.length : pick(random, telling));
    varint(honest ? block.bytes.length : block.length);
    varint(block.rows);
  });
  for (const bytes of stored) out.raw(bytes);
  return out.bytes.slice(0, out.length);
}

function withChunk(random: Random, bytes: Uint8Array, change: (chunk: OpenChunk) => boolean): Uint8Array {
  return inFrame(
    random,
    bytes,
    ({ tag }) => tag === frameTags.chunk,
    (payload) => {
      try {
        const chunk = openChunk(payload);
        if (chunk.blocks.length === 0) return scramble(random, payload);
        const honest = change(chunk);
        return closeChunk(random, chunk, honest);
      } catch (error) {
        if (error instanceof MalformedBytes) return scramble(random, payload);
        throw error;
      }
    },
  );
}

/** A payload of a codec byte, a length and perhaps compressed bytes: the index, a checkpoint. */
function withPacked(random: Random, payload: Uint8Array): Uint8Array {
  const input = new ByteReader(payload, 0, payload.length);
  let body: Uint8Array;
  try {
    const codec = input.u8();
    input.varint();
    body = payload.subarray(input.position);
    if (codec === 1) body = new Uint8Array(inflateRawSync(body));
  } catch {
    return scramble(random, payload);
  }
  const changed = scramble(random, body);
  const out = new ByteWriter(changed.length + 16);
  const codec = random.nextBelow(2);
  out.u8(codec);
  out.varint(random.nextBelow(8) === 0 ? pick(random, telling) : changed.length);
  out.raw(codec === 1 ? new Uint8Array(deflateRawSync(changed)) : changed);
  return out.bytes.slice(0, out.length);
}

/** The JSON of a header with one value changed, or its text scrambled. */
function withHeader(random: Random, payload: Uint8Array): Uint8Array {
  if (random.nextBelow(3) === 0) return scramble(random, payload);
  try {
    const header = JSON.parse(decodeUtf8(payload)) as Record<string, unknown>;
    const key = pick(random, Object.keys(header));
    const text = pick(random, telltaleTexts);
    const json = JSON.stringify(header).replace(JSON.stringify(header[key]), text || '"x"');
    return encodeUtf8(json);
  } catch {
    return scramble(random, payload);
  }
}

/** The index's place in the tail mended after frames have moved. */
function withTail(frames: Frame[]): Frame[] {
  let offset = 8;
  let index = 0;
  return frames.map((frame) => {
    if (frame.tag === frameTags.index) index = offset;
    offset += frameHeadLength + frame.payload.length;
    if (frame.tag !== frameTags.tail) return frame;
    const payload = new Uint8Array(8);
    new DataView(payload.buffer).setFloat64(0, index, true);
    return { tag: frame.tag, payload };
  });
}

const anyBut =
  (...tags: readonly number[]) =>
  ({ tag }: Frame): boolean =>
    !tags.includes(tag);
const only =
  (...tags: readonly number[]) =>
  ({ tag }: Frame): boolean =>
    tags.includes(tag);

/** All of them; a name for each, since findings name theirs. */
export const mutations: Readonly<Record<string, Mutation>> = {
  bytes: (random, bytes) => scramble(random, bytes),
  truncation: (random, bytes) => bytes.slice(0, random.nextBelow(bytes.length + 1)),
  'anything in a frame': (random, bytes) =>
    inFrame(random, bytes, anyBut(frameTags.head), (payload) => scramble(random, payload)),
  'definitions in a frame': (random, bytes) =>
    inFrame(random, bytes, only(frameTags.definitions), (payload) => scramble(random, payload)),
  'chunk directory': (random, bytes) =>
    withChunk(random, bytes, ({ head, blocks }) => {
      const block = pick(random, blocks);
      switch (random.nextBelow(7)) {
        case 0:
          head[random.nextBelow(2)] = pick(random, telling);
          break;
        case 1:
          head[2 + random.nextBelow(2)] = pick(random, [...telling, NaN, -1, Infinity, 0.5]);
          break;
        case 2:
          block.number = random.nextBelow(2) === 0 ? random.nextBelow(40) : pick(random, telling);
          break;
        case 3:
          block.codec = random.nextBelow(4);
          break;
        case 4:
          block.length = pick(random, telling);
          break;
        case 5:
          block.rows = random.nextBelow(2) === 0 ? block.rows + 1 : pick(random, telling);
          break;
        default:
          blocks.splice(random.nextBelow(blocks.length), 1);
      }
      return false;
    }),
  'columns of a chunk': (random, bytes) =>
    withChunk(random, bytes, ({ blocks }) => {
      const block = pick(random, blocks);
      block.bytes = scramble(random, block.bytes);
      block.codec = random.nextBelow(2);
      return true;
    }),
  'huge lists and counts in a chunk': (random, bytes) =>
    withChunk(random, bytes, ({ blocks }) => {
      // A constant column of a huge count takes two to eight bytes.
      const block = pick(random, blocks);
      const at = random.nextBelow(block.bytes.length + 1);
      const constant = new ByteWriter(16);
      constant.u8(0);
      constant.varint(pick(random, telling));
      block.bytes = spliced(block.bytes, at, random.nextBelow(24), constant.bytes.slice(0, constant.length));
      return true;
    }),
  'more rows in a chunk': (random, bytes) =>
    withChunk(random, bytes, ({ head, blocks }) => {
      const rows = pick(random, [1, 2, 100, 65_535, 65_536, 65_537]);
      const shape = blocks[3 + random.nextBelow(Math.max(1, blocks.length - 3))];
      if (shape === undefined) return true;
      const constant = (value: number): Uint8Array => {
        const out = new ByteWriter(16);
        out.u8(0);
        out.varint(value);
        return out.bytes.slice(0, out.length);
      };
      head[1] = rows;
      head[3] = head[2]!;
      const number = shape.number;
      blocks.length = 0;
      const columns = concatenated(
        Array.from({ length: 24 }, () =>
          constant(random.nextBelow(4) === 0 ? pick(random, telling) : random.nextBelow(3)),
        ),
      );
      blocks.push(
        { number: 0, codec: 0, length: 0, rows, bytes: constant(number - 3 < 0 ? 0 : number - 3) },
        { number: 1, codec: 0, length: 0, rows, bytes: constant(0) },
        { number: 2, codec: 0, length: 0, rows: random.nextBelow(2) === 0 ? rows : 0, bytes: constant(0) },
        {
          number: Math.max(3, number),
          codec: 0,
          length: 0,
          rows,
          bytes: columns.subarray(0, random.nextBelow(columns.length)),
        },
      );
      return true;
    }),
  'index and checkpoints': (random, bytes) => {
    const changed = inFrame(random, bytes, only(frameTags.index, frameTags.checkpoint), (payload) =>
      withPacked(random, payload),
    );
    return random.nextBelow(2) === 0 ? changed : fileOf(withTail(framesOf(changed)));
  },
  tail: (random, bytes) =>
    inFrame(random, bytes, only(frameTags.tail), (payload) => {
      const changed = payload.slice();
      if (changed.length < 8) return scramble(random, payload);
      new DataView(changed.buffer).setFloat64(
        0,
        pick(random, [...telling, -1, NaN, 8.5, bytes.length]),
        true,
      );
      return changed;
    }),
  header: (random, bytes) =>
    inFrame(random, bytes, only(frameTags.head), (payload) => withHeader(random, payload)),
  'frames moved': (random, bytes, other) => {
    const frames = framesOf(bytes);
    for (let moves = 1 + random.nextBelow(3); moves > 0 && frames.length > 2; moves--) {
      const from = 1 + random.nextBelow(frames.length - 1);
      const to = 1 + random.nextBelow(frames.length - 1);
      const [frame, target] = [frames[from]!, frames[to]!];
      switch (random.nextBelow(6)) {
        case 0:
          frames[from] = target;
          frames[to] = frame;
          break;
        case 1:
          frames.splice(from, 1);
          break;
        case 2:
          frames.splice(to, 0, frame);
          break;
        case 3:
          frames[from] = { tag: target.tag, payload: frame.payload };
          break;
        case 4: {
          const foreign = framesOf(other);
          if (foreign.length > 0) frames.splice(to, 0, pick(random, foreign));
          break;
        }
        default:
          frames[from] =
            random.nextBelow(2) === 0
              ? { ...frame, length: pick(random, telling) >>> 0 }
              : { ...frame, checksum: crc32(frame.payload) ^ 1 };
      }
    }
    return fileOf(random.nextBelow(2) === 0 ? withTail(frames) : frames);
  },
  splice: (random, bytes, other) => {
    const [left, right] = [framesOf(bytes), framesOf(other)];
    if (random.nextBelow(2) === 0) {
      const cut = random.nextBelow(bytes.length + 1);
      return spliced(bytes.slice(0, cut), cut, 0, other.slice(random.nextBelow(other.length + 1)));
    }
    return fileOf(
      withTail([
        ...left.slice(0, random.nextBelow(left.length + 1)),
        ...right.slice(random.nextBelow(right.length + 1)),
      ]),
    );
  },
  'a prefix that is whole': (random, bytes) => {
    const frames = framesOf(bytes);
    return fileOf(frames.slice(0, random.nextBelow(frames.length + 1)));
  },
};

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  let result: Uint8Array = new Uint8Array(0);
  for (const piece of pieces) result = spliced(result, result.length, 0, piece);
  return result;
}

const names = Object.keys(mutations);

/** A mutated file, and how it was made: one to three mutations, one upon the other. */
export function mutated(
  random: Random,
  corpus: readonly Uint8Array[],
): { readonly bytes: Uint8Array; readonly story: string } {
  const first = random.nextBelow(corpus.length);
  let bytes = corpus[first]!;
  const story = [`file ${first}`];
  for (let count = pick(random, [1, 1, 1, 2, 2, 3]); count > 0; count--) {
    if (bytes.length === 0) break;
    const name = pick(random, names);
    story.push(name);
    bytes = mutations[name]!(random, bytes, pick(random, corpus));
  }
  return { bytes, story: story.join(', ') };
}
