import { goalOf } from './goals.mjs';

/**
 * @typedef {import('./goals.mjs').Goal} Goal
 * @typedef {import('./trace.mjs').TraceRound} TraceRound
 * @typedef {import('../../test/bench/trace/traceMeasurement').SlowdownMeasurement} SlowdownMeasurement
 */

/**
 * CPU time of one event at the door, ns: encoding and writing; making the event taken off.
 *
 * @param {TraceRound} round
 */
export const doorNs = ({ make, record }) => record.cpuNs / record.events - make.cpuNs / make.events;

/** Percent by which recording slows a run. @param {SlowdownMeasurement} slowdown */
export const slowdownPercent = ({ silentSeconds, recordedSeconds }) =>
  (recordedSeconds / silentSeconds - 1) * 100;

/**
 * What the goals of the project say about measurements; goals for a number of events are judged at that number.
 *
 * @param {readonly TraceRound[]} rounds
 * @param {SlowdownMeasurement | undefined} slowdown
 * @returns {Goal[]}
 */
export const judgeTrace = (rounds, slowdown) => {
  /** @type {Goal[]} */
  const goals = [];
  for (const round of rounds) {
    const { record, save, open, picture, hot, rare, state } = round;
    const million = Math.round(record.events / 1e6);
    /** @type {(name: string, measured: number, limit: number, unit: string) => void} */
    const atMost = (name, measured, limit, unit) => {
      goals.push(goalOf(`${million}M, ${name}`, measured, limit, unit, 'at most'));
    };
    atMost('event at the door', doorNs(round), 250, 'ns');
    atMost('event saved', save.bytes / record.events, 5, 'bytes');
    if (million <= 10) {
      atMost('ready for random access', open.firstEventMs, 1000, 'ms');
      atMost('memory when ready', open.peakBytes / 1e6, 400, 'MB');
      atMost('first picture', picture.pictureMs, 100, 'ms');
      atMost('hot connection, warm', hot.warmMs, 2, 'ms');
      atMost('rare connection, warm', rare.warmMs, 5, 'ms');
      atMost('state of an object, cold', state.coldMs, 10, 'ms');
      atMost('state of an object, warm', state.warmMs, 1, 'ms');
    } else atMost('memory when ready', open.peakBytes / 1e6, 500, 'MB');
  }
  if (slowdown !== undefined)
    goals.push(goalOf('scenario slowed by recording', slowdownPercent(slowdown), 25, '%', 'at most'));
  return goals;
};
