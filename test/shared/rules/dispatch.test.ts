import { describe, expect, it } from 'vitest';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import { rule, type Handlers } from '../../../shared/rules/engine/rule';
import type { FramePath, TraceRecord } from '../../../shared/trace/records';

function frameOf(path: FramePath): TraceRecord {
  return {
    kind: 'frame',
    sender: 0,
    path,
    connection: undefined,
    cause: undefined,
    length: 60,
    payloadLength: 0,
    retransmission: false,
    bytes: new Uint8Array(60),
  };
}

function fateOf(frame: number): TraceRecord {
  return { kind: 'frame-fate', frame, fate: 'delivered', receiver: 1 };
}

const records = [
  frameOf('host'),
  frameOf('chimney'),
  frameOf('peer'),
  ...[0, 1, 2].map(fateOf),
  // Of a frame that the trace lacks.
  fateOf(99),
];

function feed(handlers: readonly Handlers[]): RuleChecker {
  const ids = ['SND-002', 'SND-003', 'SND-004'] as const;
  const checker = new RuleChecker(handlers.map((one, index) => rule(ids[index]!, () => one)));
  records.forEach((record, index) => {
    checker.onRecord(record, index, index);
  });
  return checker;
}

/** Notes by which handler a frame came. */
function handlersThatNote(seen: string[]): Handlers {
  return {
    frame: ({ path }) => seen.push(`frame of ${path}`),
    hostFrame: ({ path }) => seen.push(`hostFrame of ${path}`),
    chimneyFrame: ({ path }) => seen.push(`chimneyFrame of ${path}`),
    peerFrame: ({ path }) => seen.push(`peerFrame of ${path}`),
    fate: (_fate, frame) => seen.push(`fate of ${frame?.path ?? 'nothing'}`),
    peerFate: (_fate, { path }) => seen.push(`peerFate of ${path}`),
  };
}

describe('frames and fates', () => {
  it('go to the handlers of all frames first, and then to those of their path only', () => {
    const seen: string[] = [];
    feed([handlersThatNote(seen)]);
    expect(seen).toEqual([
      'frame of host',
      'hostFrame of host',
      'frame of chimney',
      'chimneyFrame of chimney',
      'frame of peer',
      'peerFrame of peer',
      'fate of host',
      'fate of chimney',
      'fate of peer',
      'peerFate of peer',
      'fate of nothing',
    ]);
  });

  it('go on to the rules behind one that throws, which sees nothing more, whatever its handler', () => {
    const before: string[] = [];
    const thrown: string[] = [];
    const behind: string[] = [];
    const checker = feed([
      handlersThatNote(before),
      {
        ...handlersThatNote(thrown),
        chimneyFrame: () => {
          throw new Error('a mistake');
        },
      },
      handlersThatNote(behind),
    ]);
    expect(thrown).toEqual(['frame of host', 'hostFrame of host', 'frame of chimney']);
    expect(behind).toEqual(before);
    expect(checker.coverage().map(({ failure }) => failure)).toEqual([undefined, 'a mistake', undefined]);
  });
});
