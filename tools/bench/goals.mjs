/**
 * @typedef {import('../../test/bench/tcp/transferMeasurement').TransferMeasurement} TransferMeasurement
 * @typedef {import('../../test/bench/tcp/measureEvents').EventMeasurement} EventMeasurement
 *
 * @typedef {object} Goal
 * @property {string} name
 * @property {number} limit
 * @property {string} unit
 * @property {number} measured
 * @property {boolean} met
 * @property {string | undefined} missedBy such as `1.4 times`; absent when it is met
 */

/** CPU time of a recorded 1,460-byte segment, both ends together, ns, by number of connections. */
const segmentLimits = new Map([
  [1, 2500],
  [64, 2500],
  [1024, 3500],
  [16384, 3500],
]);

/** Bytes of an idle connection beside its buffers. */
const connectionLimit = 2048;

/** Bytes by segment that count as "no allocation": what a sampling clock of ours and V8's own bookkeeping may take. */
const allocationLimit = 1;

/** Events by second of CPU time that the event core reaches alone. */
const eventLimit = 15e6;

/**
 * @param {string} name
 * @param {number} measured
 * @param {number} limit
 * @param {string} unit
 * @param {'at most' | 'at least'} sense
 * @returns {Goal}
 */
export const goalOf = (name, measured, limit, unit, sense) => {
  const met = sense === 'at most' ? measured <= limit : measured >= limit;
  const times = sense === 'at most' ? measured / limit : limit / measured;
  return { name, limit, unit, measured, met, missedBy: met ? undefined : `${times.toFixed(2)} times` };
};

/**
 * What the goals of the project say about measurements; only what has been measured is judged.
 *
 * @param {readonly TransferMeasurement[]} transfers
 * @param {readonly EventMeasurement[]} events
 * @returns {Goal[]}
 */
export const judge = (transfers, events) => {
  /** @type {Goal[]} */
  const goals = [];
  for (const cell of transfers) {
    const limit = segmentLimits.get(cell.connections);
    const name = `${cell.path} ${cell.direction} x${cell.connections}`;
    if (cell.recorded && limit !== undefined)
      goals.push(goalOf(`${name}: time by segment`, cell.nsPerSegment, limit, 'ns', 'at most'));
    if (cell.recorded && cell.allocatedPerSegment !== undefined)
      goals.push(
        goalOf(
          `${name}: allocation by segment`,
          cell.allocatedPerSegment,
          allocationLimit,
          'bytes',
          'at most',
        ),
      );
    // Few connections would count what the first of them brings along.
    if (!cell.recorded && cell.direction === 'send' && cell.connections >= 1024)
      goals.push(
        goalOf(`${name}: idle connection`, cell.memoryPerConnection, connectionLimit, 'bytes', 'at most'),
      );
  }
  for (const { name, eventsPerSecond, isGoal } of events)
    if (isGoal)
      goals.push(goalOf(`event core, ${name}`, eventsPerSecond, eventLimit, 'events/s', 'at least'));
  return goals;
};
