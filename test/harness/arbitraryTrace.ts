/** Any trace that the emulator could record: declared before used, references backwards, time forwards. */
import fc from 'fast-check';
import { structureNames } from '../../shared/ddi/catalogue';
import {
  blockRoles,
  componentRoles,
  findingSeverities,
  frameFates,
  framePaths,
  lossReasons,
  recordKinds,
  stateLayers,
  stateOwners,
  type CallArgument,
  type EventId,
  type Irql,
  type TraceRecord,
} from '../../shared/trace/records';
import type { TimedRecord } from './traceBytes';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const name = fc.constantFrom('NetBufferList', 'OffloadBlockList', 'Flags', 'Größe', '');
const bytes = fc.uint8Array({ maxLength: 24 });
const u32 = fc.nat({ max: 0xffff_ffff });
const wide = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }));
const structure = fc.constantFrom(...structureNames);
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const argument: fc.Arbitrary<CallArgument> = fc.oneof(
  fc.record({ kind: fc.constant('number'), name, value: wide, group: maybe(fc.constantFrom('IRQL', 'OID')) }),
  fc.record({ kind: fc.constant('status'), name, value: u32 }),
  fc.record({ kind: fc.constant('text'), name, value: text }),
  fc.record({ kind: fc.constant('pointer'), name, value: wide, label: text }),
  fc.record({ kind: fc.constant('structure'), name, structure, address: wide, bytes }),
  fc.record({
    kind: fc.constant('block-list'),
    name,
    form: fc.constantFrom('protocol', 'miniport'),
    blocks: fc.array(
      fc.record({
        address: wide,
        depth: fc.nat({ max: 3 }),
        role: fc.constantFrom(...blockRoles),
        object: maybe(wide),
        bytes,
        states: fc.array(fc.record({ structure, bytes }), { maxLength: 2 }),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    kind: fc.constant('net-buffer-lists'),
    name,
    lists: fc.array(
      fc.record({
        address: wide,
        dataLength: wide,
        netBufferCount: wide,
        mdlCount: wide,
        status: u32,
        bytesTransferred: wide,
        streamOffset: maybe(wide),
      }),
      { maxLength: 3 },
    ),
  }),
);

/** Everything that one record may need; `build` takes what its kind uses. Picks choose among what has been declared. */
const recipeParts = {
  after: fc.oneof(fc.constant(0), fc.nat({ max: 90_000 }), fc.nat({ max: 200_000_000 })),
  picks: fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()),
  present: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  text,
  otherText: text,
  bytes,
  numbers: fc.tuple(wide, wide),
  status: maybe(u32),
  arguments: fc.array(argument, { maxLength: 3 }),
  changes: fc.array(fc.record({ variable: fc.nat({ max: 80 }), value: fc.oneof(wide, bytes) }), {
    maxLength: 5,
  }),
};

function recipeOf(kinds: readonly TraceRecord['kind'][]) {
  return fc.record({ kind: fc.constantFrom(...kinds.filter((kind) => kind !== 'end')), ...recipeParts });
}

type Recipe = ReturnType<typeof recipeOf> extends fc.Arbitrary<infer Value> ? Value : never;

function pickFrom<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items.length === 0 ? undefined : items[pick % items.length];
}

/** Turns recipes into records; a recipe that needs something undeclared becomes a note. */
function build(recipes: readonly Recipe[], ended: boolean): TimedRecord[] {
  const timed: TimedRecord[] = [];
  const calls: EventId[] = [];
  const frames: EventId[] = [];
  let components = 0;
  let connections = 0;
  let objects = 0;
  let time = 0;
  const add = (record: TraceRecord): void => {
    if (record.kind === 'call') calls.push(timed.length);
    if (record.kind === 'frame') frames.push(timed.length);
    timed.push({ time, record });
  };
  add({ kind: 'component', id: components++, role: 'ndis', name: 'ndis.sys' });
  for (const item of recipes) {
    time += item.after;
    const [first, second, third, fourth] = item.picks;
    const component = first % components;
    const connection = item.present[0] && connections > 0 ? second % connections : undefined;
    const cause = item.present[1] ? third % timed.length : undefined;
    const object = second % Math.max(1, objects);
    const note: TraceRecord = { kind: 'note', component, connection, cause, text: item.text };
    switch (item.kind) {
      case 'component':
        add({ kind: 'component', id: components++, role: pickFrom(componentRoles, first)!, name: item.text });
        break;
      case 'connection':
        add({ kind: 'connection', id: connections++, local: item.text, remote: item.otherText });
        break;
      case 'state-object':
        add({
          kind: 'state-object',
          id: objects++,
          layer: pickFrom(stateLayers, first)!,
          parent: item.present[2] && objects > 1 ? third % (objects - 1) : undefined,
          connection,
          label: item.text,
        });
        break;
      case 'state-change':
        add(
          objects === 0
            ? note
            : { kind: 'state-change', object, writer: component, cause, changes: item.changes },
        );
        break;
      case 'ownership':
        add(
          objects === 0 ? note : { kind: 'ownership', object, owner: pickFrom(stateOwners, first)!, cause },
        );
        break;
      case 'call':
        add({
          kind: 'call',
          functionName: item.text,
          caller: component,
          callee: fourth % components,
          irql: (first % 3) as Irql,
          processor: first % 64,
          connection,
          parent: item.present[2] ? pickFrom(calls, third) : undefined,
          cause,
          completes: item.present[3] ? calls.slice(0, fourth % 3) : [],
          arguments: item.arguments,
        });
        break;
      case 'return': {
        const call = pickFrom(calls, third);
        add(
          call === undefined ? note : { kind: 'return', call, status: item.status, outputs: item.arguments },
        );
        break;
      }
      case 'frame':
        add({
          kind: 'frame',
          sender: component,
          path: pickFrom(framePaths, fourth)!,
          connection,
          cause,
          length: item.bytes.length + (item.numbers[0] % 9000),
          payloadLength: item.numbers[1],
          retransmission: item.present[3],
          bytes: item.bytes,
        });
        break;
      case 'frame-fate': {
        const frame = pickFrom(frames, third);
        add(
          frame === undefined
            ? note
            : {
                kind: 'frame-fate',
                frame,
                fate: pickFrom(frameFates, fourth)!,
                receiver: component,
                ...(item.present[3] ? { flippedBits: [0, 7, 12_111] } : {}),
              },
        );
        break;
      }
      case 'note':
        add(note);
        break;
      case 'relink':
        add(
          objects === 0
            ? note
            : { kind: 'relink', object, parent: item.present[2] ? third % objects : undefined, cause },
        );
        break;
      case 'counter':
        add({ kind: 'counter', component, name: item.text, value: item.numbers[0] });
        break;
      case 'finding':
        add({
          kind: 'finding',
          rule: item.otherText,
          severity: pickFrom(findingSeverities, first)!,
          object: item.present[2] && objects > 0 ? object : undefined,
          events: calls.slice(0, fourth % 3),
          text: item.text,
        });
        break;
      case 'annotation':
        add({
          kind: 'annotation',
          from: second % timed.length,
          to: third % timed.length,
          author: item.otherText,
          text: item.text,
        });
        break;
      case 'loss':
        add({ kind: 'loss', reason: pickFrom(lossReasons, first)!, records: 0, from: 0, until: time });
        break;
    }
  }
  if (ended) add({ kind: 'end', report: '{"scenario":"transfer"}' });
  return timed;
}

/** Any sequence of records of some kinds with their times; `ended` puts an end record behind them. */
export function arbitraryRecords(
  ended = true,
  maxLength = 60,
  kinds: readonly TraceRecord['kind'][] = recordKinds,
): fc.Arbitrary<TimedRecord[]> {
  return fc.array(recipeOf(kinds), { maxLength, size: 'max' }).map((recipes) => build(recipes, ended));
}
