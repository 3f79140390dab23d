/**
 * A scenario as a picture: what it is played on from the application down to the remote hosts, where each thing stands in the definition,
 * and which steps and faults concern it. Pure: places and words, no drawing.
 */
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import type { Fault } from '../../shared/scenario/faults';
import { quantityText } from '../../shared/scenario/quantityText';
import type { ScenarioStep } from '../../shared/scenario/steps';
import type { TreePath } from '../../shared/scenario/yamlTree';

/** What an element stands for; decides its looks. */
export type DiagramKind = 'application' | 'host' | 'driver' | 'adapter' | 'link' | 'switch' | 'peer';

/** A thing in the picture. Places are in the units of the picture, which are pixels where it is not scaled. */
export interface DiagramElement {
  readonly id: string;
  readonly kind: DiagramKind;
  readonly title: string;
  /** What is to be said of it, a few words each. */
  readonly lines: readonly string[];
  /** Where the definition speaks of it. */
  readonly path: TreePath;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Numbers of the steps and faults that concern it, from 1. */
  readonly steps: readonly number[];
  readonly faults: readonly number[];
}

/** A straight line between two elements. */
export interface DiagramWire {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** See the file's head. */
export interface Diagram {
  readonly width: number;
  readonly height: number;
  /** The machine around everything that is in it. */
  readonly machine: {
    readonly title: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  readonly elements: readonly DiagramElement[];
  readonly wires: readonly DiagramWire[];
}

const pictureWidth = 620;
const margin = 12;
const rowGap = 20;
const lineHeight = 15;

/** How many of a kind have a box of their own; what is beyond shares one. */
const mostAdapters = 4;
const mostPeers = 4;
const mostDrivers = 3;

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

const offloadWords = {
  each: 'offers each connection by itself',
  together: 'offers all in one tree',
  policy: 'decides by its policy what to offer',
  never: 'offers nothing by itself',
} as const;

const ipWords = { ipv4: 'IPv4', ipv6: 'IPv6', both: 'IPv4 and IPv6' } as const;

function applicationLines({ workload }: ScenarioDefinition): string[] {
  const { connections, bytes, halfway, peer } = workload;
  return [
    `${counted(connections, 'connection')}, ${quantityText(bytes, 'size')} in all`,
    ...(halfway === 'nothing' ? [] : [`halfway: ${halfway}`]),
    ...(peer.closes ? ['the peer closes first'] : []),
  ];
}

function hostLines({ policy }: ScenarioDefinition): string[] {
  const set = Object.entries(policy.host).filter(([, value]) => value !== undefined);
  return [
    offloadWords[policy.offload],
    ...(policy.chimney === undefined ? [] : [`chimney=${policy.chimney.state}`]),
    ...(set.length === 0 ? [] : [`${counted(set.length, 'setting')} of its own`]),
  ];
}

/** What its owner would want to know of an adapter first. */
function adapterLines({ adapter, link }: ScenarioDefinition['topology']): string[] {
  const { tcpCapacity = 1024, hasIPv6, offloadsIPv4, offloadsIPv6, limits, uploadPolicy } = adapter;
  return [
    `capacity ${tcpCapacity}`,
    ...(hasIPv6 === false ? ['no IPv6 in hardware'] : []),
    ...(offloadsIPv4 === false ? ['IPv4 offload off'] : []),
    ...(offloadsIPv6 === false ? ['IPv6 offload off'] : []),
    ...(limits === undefined
      ? []
      : [counted(Object.values(limits).filter((one) => one !== undefined).length, 'limit')]),
    ...(uploadPolicy === undefined ? [] : ['asks for uploads']),
    ...(link.rate === undefined ? [] : [quantityText(link.rate, 'rate')]),
  ].slice(0, 3);
}

function linkLines({ link }: ScenarioDefinition['topology']): string[] {
  const { rate = 1e9, delay = 50_000, loss, duplicate, reorder, corrupt, jitter, burstLoss } = link;
  const bad = [
    ...(loss > 0 ? [`loses ${percent(loss)}`] : []),
    ...(duplicate === undefined || duplicate === 0 ? [] : [`doubles ${percent(duplicate)}`]),
    ...(reorder === undefined || reorder === 0 ? [] : [`reorders ${percent(reorder)}`]),
    ...(corrupt === undefined || corrupt === 0 ? [] : [`corrupts ${percent(corrupt)}`]),
    ...(jitter === undefined || jitter === 0 ? [] : [`jitter ${quantityText(jitter, 'duration')}`]),
    ...(burstLoss === undefined ? [] : ['losses in bursts']),
  ];
  return [
    `${quantityText(rate, 'rate')}, ${quantityText(delay, 'duration')}`,
    bad.length === 0 ? 'no impairment' : bad.slice(0, 3).join(', '),
  ];
}

/** The remote host that a connection leads to, from 1. */
function peerOf(connection: number, { paths, neighbors }: ScenarioDefinition['topology']): number {
  return (((connection - 1) % paths) % neighbors) + 1;
}

/** What a step or fault is about: the ids of elements. */
type Concern = 'workload' | 'policy' | 'link' | `adapter-${number}` | `peer-${number}`;

function concernOfStep(step: ScenarioStep, topology: ScenarioDefinition['topology']): Concern {
  switch (step.do) {
    case 'target-pause':
    case 'target-upload-all':
    case 'target-resume':
    case 'break-hardware':
    case 'hang':
    case 'cable':
    case 'power':
    case 'pause-adapter':
      return `adapter-${step.adapter}`;
    case 'replace-next-hop-adapter':
      return `peer-${step.neighbor}`;
    case 'peer-reset':
      return `peer-${peerOf(step.connection, topology)}`;
    case 'set-options':
    case 'reads':
    case 'abort':
      return 'workload';
    default:
      return 'policy';
  }
}

function concernOfFault(fault: Fault, topology: ScenarioDefinition['topology']): Concern {
  switch (fault.kind) {
    case 'mac-change':
      return `peer-${fault.neighbor}`;
    case 'peer-reset':
    case 'zero-window':
    case 'window-shrink':
    case 'wrong-ack':
    case 'peer-silence':
      return `peer-${peerOf(fault.connection, topology)}`;
    case 'mtu-change':
      return 'policy';
    case 'wire':
      return 'link';
    default:
      return `adapter-${fault.adapter}`;
  }
}

/** A row of boxes of the same kind: those that have one of their own, and one for the rest. */
function shares(count: number, most: number): { readonly own: number; readonly rest: number } {
  return count <= most ? { own: count, rest: 0 } : { own: most - 1, rest: count - most + 1 };
}

/** Makes the picture from the top down. */
class Composer {
  readonly elements: DiagramElement[] = [];
  readonly wires: DiagramWire[] = [];
  y = margin;
  private readonly concerns = new Map<string, { steps: number[]; faults: number[] }>();

  constructor({ steps, faults, topology }: ScenarioDefinition) {
    steps.forEach((step, index) => this.concern(concernOfStep(step, topology)).steps.push(index + 1));
    faults.forEach((fault, index) => this.concern(concernOfFault(fault, topology)).faults.push(index + 1));
  }

  private concern(id: string): { steps: number[]; faults: number[] } {
    let found = this.concerns.get(id);
    if (found === undefined) this.concerns.set(id, (found = { steps: [], faults: [] }));
    return found;
  }

  /** Puts a row of boxes below what there is; `ids` of a box are those whose steps and faults are shown at it. */
  row(
    boxes: readonly {
      readonly kind: DiagramKind;
      readonly ids: readonly string[];
      readonly title: string;
      readonly lines: readonly string[];
      readonly path: TreePath;
    }[],
    inset: number,
    widest = Infinity,
  ): DiagramElement[] {
    const room = pictureWidth - 2 * inset;
    const gap = 12;
    const width = Math.min(widest, (room - gap * (boxes.length - 1)) / boxes.length);
    const left = (pictureWidth - (width * boxes.length + gap * (boxes.length - 1))) / 2;
    const height = 28 + Math.max(0, ...boxes.map(({ lines }) => lines.length)) * lineHeight;
    const made = boxes.map(({ kind, ids, title, lines, path }, index): DiagramElement => {
      const concerns = ids.map((id) => this.concern(id));
      return {
        id: ids[0]!,
        kind,
        title,
        lines,
        path,
        x: left + index * (width + gap),
        y: this.y,
        width,
        height,
        steps: concerns.flatMap(({ steps }) => steps).sort((a, b) => a - b),
        faults: concerns.flatMap(({ faults }) => faults).sort((a, b) => a - b),
      };
    });
    this.elements.push(...made);
    this.y += height + rowGap;
    return made;
  }

  /** Joins the lower edges of one row with the upper edges of the next: each with each where that is few, else with the nearest. */
  join(upper: readonly DiagramElement[], lower: readonly DiagramElement[]): void {
    for (const one of upper)
      for (const other of lower)
        this.wires.push({
          x1: one.x + one.width / 2,
          y1: one.y + one.height,
          x2: other.x + other.width / 2,
          y2: other.y,
        });
  }
}

/** See the file's head. */
export function scenarioDiagram(definition: ScenarioDefinition): Diagram {
  const { topology } = definition;
  const composer = new Composer(definition);
  const inside = margin + 16;
  const machineTop = margin;
  composer.y = machineTop + 30;
  const application = composer.row(
    [
      {
        kind: 'application',
        ids: ['workload'],
        title: 'Application',
        lines: applicationLines(definition),
        path: ['workload'],
      },
    ],
    inside,
    300,
  );
  const host = composer.row(
    [{ kind: 'host', ids: ['policy'], title: 'Host stack', lines: hostLines(definition), path: ['policy'] }],
    inside,
    300,
  );
  composer.join(application, host);
  const adapterCount = topology.team?.adapters ?? 1;
  let above = host;
  const { team } = topology;
  if (team !== undefined) {
    const drivers = shares(team.layers, mostDrivers);
    const boxes = drivers.rest > 0 ? 1 : drivers.own;
    for (let layer = boxes; layer >= 1; layer--) {
      const lowest = layer === 1;
      const driver = composer.row(
        [
          {
            kind: 'driver',
            ids: [`driver-${layer}`],
            title:
              drivers.rest > 0
                ? `${team.layers} intermediate drivers`
                : `Intermediate driver${boxes > 1 ? ` ${layer}` : ''}`,
            lines: [
              lowest
                ? `${team.mode} over ${counted(adapterCount, 'adapter')}${team.chimney === false ? ', without chimney' : ''}`
                : 'on top of the one below',
            ],
            path: ['topology', 'team'],
          },
        ],
        inside,
      );
      composer.join(above, driver);
      above = driver;
    }
  }
  const adapters = shares(adapterCount, mostAdapters);
  const numbers = (from: number, count: number): number[] =>
    Array.from({ length: count }, (_, at) => from + at);
  const adapterRow = composer.row(
    [
      ...numbers(1, adapters.own).map((number) => ({
        kind: 'adapter' as const,
        ids: [`adapter-${number}`],
        title: adapterCount === 1 ? 'Adapter with offload target' : `Adapter ${number}`,
        lines: adapterLines(topology),
        path: ['topology', 'adapter'],
      })),
      ...(adapters.rest === 0
        ? []
        : [
            {
              kind: 'adapter' as const,
              ids: numbers(adapters.own + 1, adapters.rest).map((number) => `adapter-${number}`),
              title: `and ${adapters.rest} more`,
              lines: ['as the others'],
              path: ['topology', 'team', 'adapters'],
            },
          ]),
    ],
    inside,
    300,
  );
  composer.join(above, adapterRow);
  const machineBottom = composer.y - rowGap + 12;
  composer.y = machineBottom + rowGap;
  const link = composer.row(
    [
      {
        kind: 'link',
        ids: ['link'],
        title: adapterCount === 1 ? 'Link' : 'Links, each',
        lines: linkLines(topology),
        path: ['topology', 'link'],
      },
    ],
    margin,
    300,
  );
  composer.join(adapterRow, link);
  let below = link;
  if (topology.switch !== undefined) {
    const { hostLinks } = topology.switch;
    const switchRow = composer.row(
      [
        {
          kind: 'switch',
          ids: ['switch'],
          title: 'Switch',
          lines: [
            hostLinks.length === 0
              ? 'a cable to each remote host'
              : `${counted(hostLinks.length, 'cable')} described`,
          ],
          path: ['topology', 'switch'],
        },
      ],
      margin,
      300,
    );
    composer.join(link, switchRow);
    below = switchRow;
  }
  const peers = shares(topology.neighbors, mostPeers);
  const pathsOf = (peer: number): number => Math.ceil((topology.paths - peer + 1) / topology.neighbors);
  const peerRow = composer.row(
    [
      ...numbers(1, peers.own).map((number) => ({
        kind: 'peer' as const,
        ids: [`peer-${number}`],
        title: topology.neighbors === 1 ? 'Remote host' : `Remote host ${number}`,
        lines: [
          `${counted(Math.max(0, pathsOf(number)), 'path')}, ${ipWords[topology.ipVersions]}`,
          definition.workload.peer.echoes === 0 ? 'only reads' : 'echoes (RFC 862)',
        ],
        path: ['topology', 'neighbors'],
      })),
      ...(peers.rest === 0
        ? []
        : [
            {
              kind: 'peer' as const,
              ids: numbers(peers.own + 1, peers.rest).map((number) => `peer-${number}`),
              title: `and ${peers.rest} more`,
              lines: ['as the others'],
              path: ['topology', 'neighbors'],
            },
          ]),
    ],
    margin,
    300,
  );
  composer.join(below, peerRow);
  return {
    width: pictureWidth,
    height: composer.y - rowGap + margin,
    machine: {
      title: `Host with ${counted(topology.processors, 'processor')}`,
      x: margin,
      y: machineTop,
      width: pictureWidth - 2 * margin,
      height: machineBottom - machineTop,
    },
    elements: composer.elements,
    wires: composer.wires,
  };
}

/** The element nearest in a direction from another one; itself where there is none. */
export function elementTowards(
  { elements }: Diagram,
  from: DiagramElement,
  direction: 'up' | 'down' | 'left' | 'right',
): DiagramElement {
  const middle = ({ x, y, width, height }: DiagramElement): readonly [number, number] => [
    x + width / 2,
    y + height / 2,
  ];
  const [fromX, fromY] = middle(from);
  let best = from;
  let least = Infinity;
  for (const element of elements) {
    const [x, y] = middle(element);
    const [along, across] =
      direction === 'up'
        ? [fromY - y, x - fromX]
        : direction === 'down'
          ? [y - fromY, x - fromX]
          : direction === 'left'
            ? [fromX - x, y - fromY]
            : [x - fromX, y - fromY];
    if (along <= 1) continue;
    const distance = along + 3 * Math.abs(across);
    if (distance < least) [best, least] = [element, distance];
  }
  return best;
}
