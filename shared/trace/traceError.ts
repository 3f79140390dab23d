/** Everything that can be wrong with a trace file, as values. Each message says what to do. */
export type TraceError =
  | { readonly code: 'not-a-trace'; readonly message: string }
  | { readonly code: 'newer-version'; readonly message: string; readonly version: number }
  | { readonly code: 'older-version'; readonly message: string; readonly version: number }
  | { readonly code: 'bad-header'; readonly message: string }
  | { readonly code: 'damaged'; readonly message: string; readonly byteOffset: number };

/** How a trace ended. Only `complete` traces hold everything that happened. */
export type TraceEnding =
  | { readonly kind: 'complete' }
  /** The file stops early: the recorder was killed, the copy was interrupted, or the recording is still being written. */
  | { readonly kind: 'cut'; readonly byteOffset: number; readonly lastTime: number; readonly message: string }
  /** A frame fails its checksum or makes no sense; everything before it can be read. */
  | {
      readonly kind: 'damaged';
      readonly byteOffset: number;
      readonly lastTime: number;
      readonly message: string;
    };

/** The refusal of a file that is no trace. */
export function notATrace(detail: string): TraceError {
  return {
    code: 'not-a-trace',
    message: `This is not a Chimneysweep trace: ${detail} Choose a .sweep file that Chimneysweep recorded.`,
  };
}

/** What was wrong with the end of a trace, in words; undefined for a complete one. */
export function flawOf(ending: TraceEnding): string | undefined {
  return ending.kind === 'complete' ? undefined : ending.message;
}
