/** The state of every object behind chunks that are about to be forgotten, so that what is kept can begin with it. */
import type { Chunk } from './chunk';
import type { Definitions } from './definitions';
import { stateOwners, type TraceRecord } from './records';
import { decodeRow } from './rowDecoder';
import { StateTracker } from './stateTracker';

/** See the file's head. Its memory grows with the objects, not with the events. */
export class StateFold {
  private readonly tracker = new StateTracker();
  private declared = 0;

  /** Takes the changes of a chunk in; everything that its rows refer to is in `definitions`. */
  take(chunk: Chunk, definitions: Definitions): void {
    const { tracker } = this;
    while (this.declared < definitions.stateObjects.length)
      tracker.declare(definitions.stateObjects[this.declared++]!);
    const isAbout = definitions.shapes.map(
      ({ kind }) => kind === 'state-change' || kind === 'ownership' || kind === 'relink',
    );
    const rowShapes = chunk.shapes();
    const ranks = chunk.ranks();
    for (let row = 0; row < chunk.rows; row++) {
      const shape = rowShapes[row]!;
      if (!isAbout[shape]!) continue;
      const event = chunk.firstEvent + row;
      const record = decodeRow(chunk, shape, ranks[row]!, event, undefined, definitions);
      if (record.kind === 'state-change') {
        tracker.values(event, record.object, record.changes);
        tracker.writtenBy(record.object, record.writer);
      } else if (record.kind === 'ownership')
        tracker.owned(event, record.object, stateOwners.indexOf(record.owner));
      else if (record.kind === 'relink') tracker.relinked(event, record.object, record.parent);
    }
  }

  /** Records that say all this, as if it had all happened at one moment. */
  records(): TraceRecord[] {
    return this.tracker.changedSince(0, Infinity);
  }
}
