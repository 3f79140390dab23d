/** Tables about the run as a whole: what it was, who took part, and its milestones. */
import type { Note } from '../../analysis/noteIndex';
import { parseRunReport, type RunReport } from '../../analysis/runReport';
import type { ComponentRecord, ConnectionRecord } from '../../trace/records';
import { column, componentName, optional, table, type TableSource } from '../tableTypes';

interface RunRow extends TableSource {
  readonly report: RunReport | undefined;
}

/** One row: the trace. */
export const traces = table<RunRow>({
  name: 'traces',
  meaning:
    'The trace as a whole: one row. The columns behind `complete` are null where the recording was cut.',
  *rows(source) {
    const { report } = source.store;
    yield { ...source, report: report === undefined ? undefined : parseRunReport(report) };
  },
  columns: [
    column(
      'application',
      'varchar',
      'What recorded it, with its version',
      ({ store }) => store.header.application,
    ),
    column('title', 'varchar', 'Title of the scenario for people', ({ store }) => store.header.title),
    column('format_version', 'bigint', 'Version of the trace format', ({ store }) => store.header.version),
    column(
      'snap_length',
      'bigint',
      'Bytes kept of each frame; longer frames are cut in the trace',
      ({ store }) => store.header.snapLength,
    ),
    column(
      'events',
      'bigint',
      'Number of events that could be read',
      ({ store }) => store.length - store.lostRecords,
    ),
    column(
      'lost_events',
      'bigint',
      'Events that the recorder lost; ids of events count them',
      ({ store }) => store.lostRecords,
    ),
    column('end_ns', 'bigint', 'Virtual time of the last event, ns', ({ store }) => store.lastTime),
    column('complete', 'boolean', 'Whether the recording came to its end', ({ complete }) => complete),
    optional('success', 'boolean', 'Whether the scenario reached its goal', ({ report }) => report?.success),
    optional('summary', 'varchar', 'How it went, in a sentence', ({ report }) => report?.summary),
    optional(
      'file_bytes',
      'bigint',
      'Size of the file that was carried, bytes',
      ({ report }) => report?.fileBytes,
    ),
    optional(
      'sent_host_bytes',
      'bigint',
      'Application bytes that left by the host path, each counted once',
      ({ report }) => report?.bytesSent.hostPath,
    ),
    optional(
      'sent_chimney_bytes',
      'bigint',
      'Application bytes that left by the chimney, each counted once',
      ({ report }) => report?.bytesSent.chimney,
    ),
    optional(
      'received_host_bytes',
      'bigint',
      'Application bytes that came back by the host path',
      ({ report }) => report?.bytesReceived.hostPath,
    ),
    optional(
      'received_chimney_bytes',
      'bigint',
      'Application bytes that came back by the chimney',
      ({ report }) => report?.bytesReceived.chimney,
    ),
  ],
});

/** The settings of the run. */
export const settings = table<readonly [string, string | number | boolean]>({
  name: 'settings',
  meaning: 'Every setting that the run depended on, by name.',
  rows: ({ store }) => Object.entries(store.header.settings),
  columns: [
    column('name', 'varchar', 'Name of the setting', ([name]) => name),
    column('value', 'varchar', 'Its value as text', ([, value]) => String(value)),
  ],
});

/** Who took part. */
export const components = table<ComponentRecord>({
  name: 'components',
  meaning: 'Drivers, NDIS itself, applications, links and remote hosts.',
  rows: ({ store }) => store.components,
  columns: [
    column('component', 'integer', 'Number of the component in its trace, from 0', ({ id }) => id),
    column(
      'role',
      'varchar',
      '`application`, `host-stack`, `ndis`, `intermediate-driver`, `offload-target`, `wire` or `peer`',
      ({ role }) => role,
    ),
    column('name', 'varchar', 'Its name', ({ name }) => name),
  ],
});

/** Address and port of an end such as `192.0.2.1:80` or `[2001:db8::1]:80`; undefined where the text is neither. */
export function splitEndpoint(text: string): { readonly address: string; readonly port: number } | undefined {
  const found = /^\[?(.+?)\]?:(\d{1,5})$/.exec(text);
  return found === null ? undefined : { address: found[1]!, port: Number(found[2]) };
}

/** TCP connections. */
export const connections = table<ConnectionRecord>({
  name: 'connections',
  meaning: 'TCP connections of the host.',
  rows: ({ store }) => store.connections,
  columns: [
    column('connection', 'integer', 'Number of the connection in its trace, from 0', ({ id }) => id),
    column('local', 'varchar', 'Its local end: address and port', ({ local }) => local),
    column('remote', 'varchar', 'Its remote end: address and port', ({ remote }) => remote),
    optional('local_address', 'varchar', 'Local IP address', ({ local }) => splitEndpoint(local)?.address),
    optional('local_port', 'integer', 'Local port', ({ local }) => splitEndpoint(local)?.port),
    optional(
      'remote_address',
      'varchar',
      'Remote IP address',
      ({ remote }) => splitEndpoint(remote)?.address,
    ),
    optional('remote_port', 'integer', 'Remote port', ({ remote }) => splitEndpoint(remote)?.port),
  ],
});

/** Milestones. */
export const notes = table<Note & { readonly name: string | undefined }>({
  name: 'notes',
  meaning: 'Milestones in words: "offload accepted", "file sent".',
  *rows({ model, store }) {
    for (const note of model.notes.notes) yield { ...note, name: componentName(store, note.component) };
  },
  columns: [
    column('event', 'bigint', 'Id of the event', ({ event }) => event),
    column('time_ns', 'bigint', 'Virtual time, ns', ({ time }) => time),
    column('component', 'integer', 'Who says it: `components.component`', ({ component }) => component),
    optional('component_name', 'varchar', 'Its name', ({ name }) => name),
    optional(
      'connection',
      'integer',
      'What it is about: `connections.connection`; null for no connection',
      ({ connection }) => connection,
    ),
    optional('cause', 'bigint', 'Event that led to it; null where none is known', ({ cause }) => cause),
    column('text', 'varchar', 'What happened', ({ text }) => text),
  ],
});
