/**
 * Bytes of the `.sweep` file that writer and reader share; docs/trace-format.md describes them for strangers.
 *
 * A file is `magic`, then frames until it ends. A frame is a 12-byte head (tag, payload length, CRC-32 of the payload; all
 * u32, little-endian) and the payload. The first frame is `head` (UTF-8 JSON, the TraceHeader), all others are `data`: first
 * time (f64), first event (u32), record count (u32), then records. A record is its kind (u8), body length (u24) and body.
 */

/** 0x89 "SWEEP" CR LF: the first byte and the line end show a file that a text transfer has damaged. */
export const magic: readonly number[] = [0x89, 0x53, 0x57, 0x45, 0x45, 0x50, 0x0d, 0x0a];

/** Frame tags as little-endian u32 of four ASCII letters. */
export const frameTags = { head: 0x44414548, data: 0x41544144 } as const;

/** Bytes of a frame head. */
export const frameHeadLength = 12;

/** Bytes before the first record of a data frame. */
export const dataPreambleLength = 16;

/** A frame is closed when its payload reaches this size; one record may overshoot it. */
export const targetFrameLength = 64 * 1024;

/** A frame is also closed when it spans this much virtual time, so that a quiet recording reaches the disk. */
export const longestFrameTime = 50_000_000;

/** No reader accepts a longer frame: a damaged length must not make it allocate without bound. */
export const largestFrameLength = 32 * 1024 * 1024;

/** Kind number of a string definition, which is no event: index (varint) and UTF-8 text. */
export const stringDefinitionKind = 0xff;
