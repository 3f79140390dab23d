/**
 * @typedef {import('../../test/bench/tcp/transferMeasurement').TransferMeasurement} TransferMeasurement
 * @typedef {import('../../test/bench/tcp/measureEvents').EventMeasurement} EventMeasurement
 * @typedef {import('./goals.mjs').Goal} Goal
 * @typedef {import('./peers.mjs').PeerMeasurement} PeerMeasurement
 */

/**
 * @param {number} value
 * @param {number} [digits]
 */
export const number = (value, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/**
 * Columns in their widths; the first is text, the others are numbers.
 *
 * @param {readonly (readonly string[])[]} rows
 */
export const table = (rows) => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
};

/**
 * @param {readonly TransferMeasurement[]} cells
 * @returns {string[]}
 */
export const transferTable = (cells) => [
  'Whole emulator, both ends, real bytes, checksums made and verified; ns are CPU time',
  ...table([
    [
      'path, direction',
      'connections',
      'recording',
      'ns/segment',
      'segments/s',
      'MB/s',
      'Gb/s simulated',
      'allocated B/segment',
      'trace B/segment',
      'B/idle connection',
      'RSS MB',
    ],
    ...cells.map((cell) => [
      `${cell.path} ${cell.direction}`,
      number(cell.connections),
      cell.recorded ? 'on' : 'off',
      number(cell.nsPerSegment),
      number(cell.segmentsPerSecond),
      number(cell.bytesPerSecond / 1e6),
      number(cell.simulatedBitsPerSecond / 1e9, 2),
      cell.allocatedPerSegment === undefined ? '?' : number(cell.allocatedPerSegment, 1),
      cell.recorded ? number(cell.traceBytesPerSegment) : '-',
      number(cell.memoryPerConnection),
      number(cell.residentBytes / 1e6),
    ]),
  ]),
];

/**
 * @param {readonly EventMeasurement[]} events
 * @returns {string[]}
 */
export const eventTable = (events) => [
  'Event core alone: one pop and one push',
  ...table([
    ['delays', 'pending', 'M events/s', 'ns/event'],
    ...events.map(({ name, pending, eventsPerSecond }) => [
      name,
      number(pending),
      number(eventsPerSecond / 1e6, 1),
      number(1e9 / eventsPerSecond, 1),
    ]),
  ]),
];

/**
 * @param {readonly PeerMeasurement[]} peers
 * @returns {string[]}
 */
export const peerTable = (peers) =>
  peers.length === 0
    ? []
    : [
        'Peers',
        ...table([
          ['program', 'connections', 'ns/segment', 'remarks'],
          ...peers.map(({ name, connections, nsPerSegment, remarks }) => [
            name,
            connections === undefined ? '-' : number(connections),
            nsPerSegment === undefined ? '-' : number(nsPerSegment),
            remarks,
          ]),
        ]),
        '',
      ];

/**
 * @param {Goal} goal
 * @returns {string}
 */
const describe = ({ name, measured, limit, unit, missedBy }) =>
  `${name} ${number(measured, limit < 20 ? 2 : 0)} of ${number(limit)} ${unit}${missedBy === undefined ? '' : ` (missed by ${missedBy})`}`;

/**
 * What is missed, line by line, and all in one at the end.
 *
 * @param {readonly Goal[]} goals
 * @returns {string[]}
 */
export const goalLines = (goals) => {
  const missed = goals.filter(({ met }) => !met);
  const summary = `Goals: ${goals.length - missed.length} of ${goals.length} met`;
  const list = missed.map((goal) => describe(goal)).join('; ');
  return [
    ...goals.filter(({ met }) => met).map((goal) => `met: ${describe(goal)}`),
    missed.length === 0 ? `${summary}.` : `${summary}; missed: ${list}.`,
  ];
};
