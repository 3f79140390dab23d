/** Which lanes the timeline has and where their rows stand. Pure. */
import type { TraceModel } from '../../shared/analysis/traceModel';
import {
  framePaths,
  type ComponentRecord,
  type ComponentRole,
  type FramePath,
  type StateOwner,
} from '../../shared/trace/records';
import { countOf } from '../format/quantity';
import { scopeTitle, type BufferRow, type BufferScope } from './bufferRows';
import type { CallRow, FrameRow, LaneIndex, RequestRow } from './laneIndex';

/** Heights in CSS pixels, before rows grow. */
export const rowHeight = 18;
const requestHeight = 14;
const frameHeight = 20;
const milestoneHeight = 26;
export const rowGap = 2;
export const lanePadding = 6;

/** Rows grow by at most this factor where there is room: wider bars would say no more. */
export const mostGrowth = 1.6;

/** A row of bars inside a lane; `y` counts from the top of all lanes. */
export type LaneRow =
  | { readonly kind: 'milestones'; readonly y: number; readonly height: number }
  | { readonly kind: 'calls'; readonly y: number; readonly height: number; readonly source: CallRow }
  | {
      readonly kind: 'ownership';
      readonly y: number;
      readonly height: number;
      readonly objects: readonly number[];
    }
  | { readonly kind: 'requests'; readonly y: number; readonly height: number; readonly source: RequestRow }
  | { readonly kind: 'buffers'; readonly y: number; readonly height: number; readonly source: BufferRow }
  | {
      readonly kind: 'frames';
      readonly y: number;
      readonly height: number;
      readonly source: FrameRow;
      readonly path: FramePath;
    };

/** One lane. */
export interface Lane {
  /** Stable name, for keys and for speaking. */
  readonly id: string;
  readonly title: string;
  /** What it is, in two or three words. */
  readonly subtitle: string;
  readonly y: number;
  readonly height: number;
  readonly rows: readonly LaneRow[];
  /** Component behind the lane, if it is one. */
  readonly component: number | undefined;
}

const roleTitles: Readonly<Record<ComponentRole, string>> = {
  application: 'application',
  'host-stack': 'host stack',
  ndis: 'NDIS',
  'intermediate-driver': 'intermediate driver',
  'offload-target': 'offload target',
  wire: 'wire',
  peer: 'remote peer',
};

/** The words for a component's role. */
export function roleTitle(role: ComponentRole): string {
  return roleTitles[role];
}

/** The words for the paths that frames take. */
export const pathTitles: Readonly<Record<FramePath, string>> = {
  host: 'host path',
  chimney: 'chimney',
  peer: 'peer',
};

/** The words for owners of a state object. */
export const ownerTitles: Readonly<Record<StateOwner, string>> = {
  host: 'host',
  offloading: 'offloading',
  target: 'target',
  uploading: 'uploading',
  gone: 'gone',
};

/** Rows that show who has lists. */
export interface BufferLane {
  readonly scope: BufferScope;
  readonly rows: readonly BufferRow[];
}

class LaneBuilder {
  readonly lanes: Lane[] = [];
  private y = 0;

  constructor(private readonly growth: number) {}

  /** A row's height in whole pixels, so that edges stay sharp. */
  grown(height: number): number {
    return Math.floor(height * this.growth);
  }

  add(
    id: string,
    title: string,
    subtitle: string,
    component: number | undefined,
    rows: readonly ((y: number) => LaneRow)[],
  ): void {
    const top = this.y;
    const padding = this.grown(lanePadding);
    let y = top + padding;
    const placed: LaneRow[] = [];
    for (const make of rows) {
      const row = make(y);
      placed.push(row);
      y += row.height + rowGap;
    }
    // A lane is at least tall enough for its two lines of heading.
    const height = Math.max(y - rowGap + padding - top, 40);
    this.lanes.push({ id, title, subtitle, y: top, height, rows: placed, component });
    this.y = top + height;
  }
}

/** Components as they lie on top of each other: intermediate drivers, the uppermost first, stand above the adapters' drivers. */
function stacked(components: readonly ComponentRecord[]): readonly ComponentRecord[] {
  const isBetween = ({ role }: ComponentRecord): boolean => role === 'intermediate-driver';
  const between = components.filter(isBetween).reverse();
  const others = components.filter((component) => !isBetween(component));
  const firstTarget = others.findIndex(({ role }) => role === 'offload-target');
  const at = firstTarget < 0 ? others.length : firstTarget;
  return [...others.slice(0, at), ...between, ...others.slice(at)];
}

/** The lanes of a trace from top to bottom: milestones, components, connections, wire; `growth` times as tall as usual. */
function lanesOf(
  model: TraceModel,
  index: LaneIndex,
  growth: number,
  buffers: BufferLane | undefined,
): Lane[] {
  const store = model.store;
  if (store === undefined) return [];
  const builder = new LaneBuilder(growth);
  builder.add('milestones', 'Milestones', 'what happened', undefined, [
    (y) => ({ kind: 'milestones', y, height: builder.grown(milestoneHeight) }),
  ]);
  for (const component of stacked(store.components)) {
    const rows = index.callRows[component.id];
    if (rows === undefined) continue;
    const role = roleTitle(component.role);
    const sameWord = role.toLowerCase() === component.name.toLowerCase();
    builder.add(
      `component-${component.id}`,
      component.name,
      sameWord
        ? countOf(
            rows.reduce((sum, row) => sum + row.length, 0),
            'call',
          )
        : role,
      component.id,
      rows.map((source) => (y: number): LaneRow => ({
        kind: 'calls',
        y,
        height: builder.grown(rowHeight),
        source,
      })),
    );
  }
  if (buffers !== undefined) {
    const name = scopeTitle(buffers.scope);
    builder.add(
      'buffers',
      name,
      buffers.rows.length === 0 ? 'never lent' : 'by who has them',
      undefined,
      buffers.rows.map((source) => (y: number): LaneRow => ({
        kind: 'buffers',
        y,
        height: builder.grown(rowHeight),
        source,
      })),
    );
  }
  for (const connection of store.connections) {
    const objects = store.stateObjects
      .filter((object) => object.layer === 'tcp' && object.connection === connection.id)
      .map((object) => object.id);
    const requests = index.requestRows[connection.id] ?? [];
    builder.add(`connection-${connection.id}`, `Connection ${connection.id}`, connection.remote, undefined, [
      (y) => ({ kind: 'ownership', y, height: builder.grown(rowHeight), objects }),
      ...requests.map((source) => (y: number): LaneRow => ({
        kind: 'requests',
        y,
        height: builder.grown(requestHeight),
        source,
      })),
    ]);
  }
  if (index.hasFrames) {
    builder.add(
      'wire',
      'Wire',
      'frames by sender',
      undefined,
      framePaths.map((path) => (y: number): LaneRow => {
        return { kind: 'frames', y, height: builder.grown(frameHeight), source: index.frameRows[path], path };
      }),
    );
  }
  return builder.lanes;
}

/**
 * The lanes of a trace from top to bottom. Where they need less than `room` pixels, their rows grow to fill it, up to
 * {@link mostGrowth} times their usual height.
 */
export function layoutLanes(model: TraceModel, index: LaneIndex, room = 0, buffers?: BufferLane): Lane[] {
  let best = lanesOf(model, index, 1, buffers);
  if (lanesHeight(best) >= room) return best;
  let fits = 1;
  let tooMuch = mostGrowth;
  const largest = lanesOf(model, index, mostGrowth, buffers);
  if (lanesHeight(largest) <= room) return largest;
  // The height is no smooth function of the growth: rows are whole pixels, and lanes have a least height.
  for (let round = 0; round < 7; round++) {
    const growth = (fits + tooMuch) / 2;
    const lanes = lanesOf(model, index, growth, buffers);
    if (lanesHeight(lanes) > room) tooMuch = growth;
    else {
      fits = growth;
      best = lanes;
    }
  }
  return best;
}

/** Height of all lanes together. */
export function lanesHeight(lanes: readonly Lane[]): number {
  const last = lanes[lanes.length - 1];
  return last === undefined ? 0 : last.y + last.height;
}
