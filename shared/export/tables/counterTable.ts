/** Quantities over time as a table. */
import { countersOf, type Counter } from '../counters';
import { column, optional, table } from '../tableTypes';

interface SampleRow {
  readonly counter: Counter;
  readonly at: number;
}

/** Every value of every counter. */
export const counters = table<SampleRow>({
  name: 'counters',
  meaning:
    'Quantities over time: one row a change. A value holds until the next row of the same counter and connection.',
  *rows(source) {
    for (const counter of countersOf(source))
      for (let at = 0; at < counter.times.length; at++) yield { counter, at };
  },
  columns: [
    column(
      'counter',
      'varchar',
      '`throughput host`, `throughput chimney`, `throughput peer` (new TCP payload), `requests in flight` (asynchronous ones), `bytes in flight` (SndNxt - SndUna), `send window` (SndWnd), `congestion window` (CWnd)',
      ({ counter }) => counter.name,
    ),
    optional(
      'connection',
      'integer',
      '`connections.connection`; null for the whole machine',
      ({ counter }) => counter.connection,
    ),
    column(
      'time_ns',
      'bigint',
      'Virtual time from which the value holds, ns',
      ({ counter, at }) => counter.times[at]!,
    ),
    column('value', 'double', 'The value', ({ counter, at }) => counter.values[at]!),
    column('unit', 'varchar', '`bits/s`, `bytes` or `requests`', ({ counter }) => counter.unit),
  ],
});
