/** What NDIS answers wrongly, for mutants of NDIS itself: what calls return is changed on its way to whoever watches. */
import type { FunctionName } from '../../../shared/ddi/catalogue';
import type { StructureName } from '../../../shared/ddi/generated/structures';
import type { CallArgument, CallRecord, EventId, ReturnRecord } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import type { Probe } from '../probe';

type Entry = Omit<CallRecord, 'kind'>;
type Exit = Omit<ReturnRecord, 'kind'>;

/** Returns of a function are something else than they should be. */
export function answering(
  functionName: FunctionName,
  change: (exit: Exit, entry: Entry) => Exit,
): (inner: Probe) => Probe {
  return (inner) => {
    const calls = new Map<EventId, Entry>();
    return passOn(inner, {
      call: (time, call) => {
        const event = inner.call(time, call);
        if (call.functionName === functionName) calls.set(event, call);
        return event;
      },
      return: (time, exit) => {
        const entry = calls.get(exit.call);
        calls.delete(exit.call);
        inner.return(time, entry === undefined ? exit : change(exit, entry));
      },
    });
  };
}

/** The arguments with the bytes of the structures of a kind edited, each in a copy. */
export function editingStructure(
  values: readonly CallArgument[],
  structure: StructureName,
  edit: (view: DataView) => void,
): CallArgument[] {
  return values.map((value) => {
    if (value.kind !== 'structure' || value.structure !== structure) return value;
    const bytes = value.bytes.slice();
    edit(new DataView(bytes.buffer));
    return { ...value, bytes };
  });
}
