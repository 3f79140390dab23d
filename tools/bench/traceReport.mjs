import { goalLines, number, table } from './report.mjs';
import { doorNs, slowdownPercent } from './traceGoals.mjs';

/**
 * @typedef {import('./goals.mjs').Goal} Goal
 * @typedef {import('./trace.mjs').TraceRound} TraceRound
 * @typedef {import('../../test/bench/trace/traceMeasurement').SlowdownMeasurement} SlowdownMeasurement
 * @typedef {import('../../test/bench/trace/traceMeasurement').TracePeerMeasurement} TracePeerMeasurement
 */

/** @param {number} bytes */
const megabytes = (bytes) => number(bytes / 1e6);

/** What is printed of a round: a name, and how it reads. @type {readonly [string, (round: TraceRound) => string][]} */
const lines = [
  [
    'recorded, M events/s (with making them)',
    ({ record }) => number(record.events / record.seconds / 1e6, 2),
  ],
  ['at the door, ns CPU/event', (round) => number(doorNs(round))],
  ['making an event (taken off), ns CPU', ({ make }) => number(make.cpuNs / make.events)],
  [
    'what the recorder measures of itself, ns/event',
    ({ record }) => (record.meteredNs === undefined ? '-' : number(record.meteredNs / record.events)),
  ],
  ['recorded, bytes/event', ({ record }) => number(record.bytes / record.events, 2)],
  ['saved, bytes/event', ({ record, save }) => number(save.bytes / record.events, 2)],
  ['recording, peak MB', ({ record }) => megabytes(record.peakBytes)],
  ['recording the last 0.1 s (a ring), peak MB', ({ ring }) => megabytes(ring.recordedPeakBytes)],
  ['and writing what it kept, peak MB', ({ ring }) => megabytes(ring.peakBytes)],
  ['saving, s', ({ save }) => number(save.seconds, 2)],
  ['saving, peak MB', ({ save }) => megabytes(save.peakBytes)],
  [
    'saving what a clock flushed, s',
    ({ rewrite }) => (rewrite === undefined ? '-' : number(rewrite.seconds, 2)),
  ],
  [
    'saving what a clock flushed, peak MB',
    ({ rewrite }) => (rewrite === undefined ? '-' : megabytes(rewrite.peakBytes)),
  ],
  ['open, ms', ({ open }) => number(open.openMs, 1)],
  ['open and one event from the middle, ms', ({ open }) => number(open.firstEventMs, 1)],
  ['open, peak MB', ({ open }) => megabytes(open.peakBytes)],
  ['open and 2,000-pixel picture, ms', ({ picture }) => number(picture.pictureMs, 1)],
  ['picture, peak MB', ({ picture }) => megabytes(picture.peakBytes)],
  ['hot connection in 1 %, events', ({ hot }) => number(hot.found)],
  ['hot, first with opening / warm, ms', ({ hot }) => `${number(hot.firstMs, 1)} / ${number(hot.warmMs, 2)}`],
  ['rare connection in 60 %, events', ({ rare }) => number(rare.found)],
  [
    'rare, first with opening / warm, ms',
    ({ rare }) => `${number(rare.firstMs, 1)} / ${number(rare.warmMs, 2)}`,
  ],
  ['queries, peak MB', ({ hot, rare }) => megabytes(Math.max(hot.peakBytes, rare.peakBytes))],
  ['state of an object, first with opening, ms', ({ state }) => number(state.firstMs, 1)],
  [
    'state of an object, cold / warm, ms',
    ({ state }) => `${number(state.coldMs, 2)} / ${number(state.warmMs, 2)}`,
  ],
  [
    'state of all, cold / warm, ms',
    ({ state }) => `${number(state.allColdMs, 1)} / ${number(state.allWarmMs, 1)}`,
  ],
  ['states, peak MB', ({ state }) => megabytes(state.peakBytes)],
  ['open without index, ms', ({ recover }) => number(recover.recoverMs, 1)],
  ['open without index, peak MB', ({ recover }) => megabytes(recover.peakBytes)],
];

/** @param {number | undefined} value @param {number} digits */
const known = (value, digits) => (value === undefined ? '-' : number(value, digits));

/**
 * @param {readonly TraceRound[]} rounds
 * @param {SlowdownMeasurement | undefined} slowdown
 * @param {readonly TracePeerMeasurement[]} peers
 * @param {readonly Goal[]} goals
 * @returns {string[]}
 */
export const traceReport = (rounds, slowdown, peers, goals) => [
  'Traces; each measurement a process of its own, times from its start of work, files in the page cache',
  ...table([
    ['', ...rounds.map(({ record }) => `${number(record.events)} events`)],
    ...lines.map(([name, text]) => [name, ...rounds.map(text)]),
  ]),
  '',
  ...(slowdown === undefined
    ? []
    : [
        `Scenario "transfer" of ${number(slowdown.events)} events: ${number(slowdown.silentSeconds, 2)} s CPU silent, ${number(slowdown.recordedSeconds, 2)} s recorded (${number(slowdownPercent(slowdown))} % more);`,
        `  ${number(slowdown.bytesRecorded / slowdown.events, 1)} bytes/event recorded, ${number(slowdown.bytesSaved / slowdown.events, 1)} saved (its payload is random bytes)`,
        '',
      ]),
  ...(peers.length === 0
    ? []
    : [
        'Peers: the same events as flat rows; ms are wall time',
        ...table([
          [
            'format',
            'events',
            'write ns/event',
            'bytes/event',
            'load ms',
            'picture ms',
            'hot ms',
            'peak MB',
            'remarks',
          ],
          ...peers.map((peer) => [
            peer.name,
            known(peer.events, 0),
            known(peer.writeNs, 0),
            known(peer.bytesPerEvent, 1),
            known(peer.loadMs, 0),
            known(peer.pictureMs, 0),
            known(peer.hotMs, 1),
            peer.peakBytes === undefined ? '-' : megabytes(peer.peakBytes),
            peer.remarks,
          ]),
        ]),
        '',
      ]),
  ...goalLines(goals),
];
