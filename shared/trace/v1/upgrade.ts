/**
 * Traces of format version 1, read as such and written anew, in memory, in the format of today. Frozen: what version 1 was does not change.
 */
import { ByteReader, MalformedBytes } from '../byteReader';
import { frameHeadLength } from '../layout';
import type { TraceHeader } from '../records';
import { TraceEncoder } from '../traceEncoder';
import { decodeUtf8 } from '../../base/utf8';
import { dataPreambleLength, frameTags, largestFrameLength, stringDefinitionKind } from './layout';
import { decodeRecord } from './recordDecoder';

/** Limit of the number of interned strings; a trace of ours has a few hundred. */
const mostStrings = 1_000_000;

/** Takes the payload of a frame of today's format. */
export type FrameTaker = (tag: number, payload: Uint8Array) => void;

/** See the file's head. */
export class VersionOneUpgrade {
  /** Tag of a data frame. */
  static readonly dataTag = frameTags.data;
  /** No frame of version 1 is longer. */
  readonly largestFrameLength = largestFrameLength;
  private readonly strings: string[] = [];
  private readonly encoder: TraceEncoder;
  private take: FrameTaker = () => undefined;
  private lastTime = 0;

  constructor(header: TraceHeader) {
    let written = 0;
    // What was cut to version 1's snap length is cut already.
    this.encoder = new TraceEncoder(
      { ...header, snapLength: Number.MAX_SAFE_INTEGER },
      {
        write: (bytes) => {
          // The magic and the header come first.
          if (written++ < 2) return;
          this.take(new ByteReader(bytes, 0, frameHeadLength).u32(), bytes.slice(frameHeadLength));
        },
      },
    );
  }

  /** Whether a frame of version 1 may have this tag. */
  isKnownTag(tag: number): boolean {
    return tag === frameTags.head || tag === frameTags.data;
  }

  /**
   * Reads a data frame and hands over what it becomes. Answers what is wrong with it; what stood before has been handed over.
   * @throws MalformedBytes where the references of its records are wrong
   */
  read(payload: Uint8Array, take: FrameTaker): string | undefined {
    this.take = take;
    let problem: string | undefined;
    try {
      this.readRecords(payload);
    } catch (error) {
      if (error instanceof MalformedBytes || error instanceof RangeError) problem = error.message;
      else throw error;
    }
    this.encoder.flush();
    return problem;
  }

  private readRecords(payload: Uint8Array): void {
    const { encoder, strings } = this;
    const input = new ByteReader(payload, 0, payload.length);
    let time = input.f64();
    const firstEvent = input.u32();
    const recordCount = input.u32();
    const lengthBefore = encoder.eventCount;
    if (firstEvent !== lengthBefore)
      throw new MalformedBytes(`frame starts at event ${firstEvent}, not ${lengthBefore}`);
    if (!(Number.isFinite(time) && time >= this.lastTime)) throw new MalformedBytes('time goes backwards');
    input.position = dataPreambleLength;
    while (input.position < input.end) {
      const kind = input.u8();
      const length = input.u24();
      const bodyStart = input.position;
      const bodyEnd = bodyStart + length;
      if (bodyEnd > input.end) throw new MalformedBytes(`record at ${bodyStart} overruns its frame`);
      const body = new ByteReader(payload, bodyStart, bodyEnd);
      if (kind === stringDefinitionKind) {
        const index = body.varint();
        if (index !== strings.length || index >= mostStrings)
          throw new MalformedBytes(`string ${index} out of order`);
        strings.push(decodeUtf8(body.raw(bodyEnd - body.position)));
      } else {
        time += body.varint();
        const record = decodeRecord(kind, encoder.eventCount, body, { strings });
        if (record.kind === 'unknown') throw new MalformedBytes(`version 1 has no records of kind ${kind}`);
        encoder.write(time, record);
        this.lastTime = time;
      }
      input.position = bodyEnd;
    }
    const read = encoder.eventCount - lengthBefore;
    if (read !== recordCount) throw new MalformedBytes(`frame promises ${recordCount} records`);
  }
}
