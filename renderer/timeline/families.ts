/** Which kind of work a function does: gives it colour, glyph and word on the timeline. */
import { functionEntry, isFunctionName } from '../../shared/ddi/catalogue';

/** Kinds of functions, in the order in which they win when several share a pixel. */
export const functionFamilies = [
  'registration',
  'state',
  'indication',
  'completion',
  'data',
  'packets',
  'other',
] as const;

/** See {@link functionFamilies}. */
export type FunctionFamily = (typeof functionFamilies)[number];

/** The words for legend and details. */
export const familyTitles: Readonly<Record<FunctionFamily, string>> = {
  registration: 'Registration',
  state: 'State manipulation',
  indication: 'Indication or event',
  completion: 'Completion',
  data: 'Data request',
  packets: 'Packets and OIDs',
  other: 'Other',
};

const registration =
  /Register|SetOptions|SetOptionalHandlers|Initialize|SetMiniportAttributes|GetOffloadHandlers|Adapter(Complete)?Ex$|Halt|Unload|Uninstall|Pause|Restart|PnP/;
const packets = /NetBufferLists?(Complete)?$|Oid|Status(Ex)?$|NetBuffer|Mdl/;

function familyOf(name: string): FunctionFamily {
  if (isFunctionName(name)) {
    const entry = functionEntry(name);
    if (entry.family !== undefined) {
      if (entry.completionOf !== undefined || name.endsWith('Complete')) return 'completion';
      if (/Event|Indicate|ReceiveHandler/.test(name)) return 'indication';
      if (name === 'NdisMGetOffloadHandlers') return 'registration';
      return entry.family === 'tcp' ? 'data' : 'state';
    }
  }
  if (registration.test(name)) return 'registration';
  if (packets.test(name)) return 'packets';
  return 'other';
}

const known = new Map<string, FunctionFamily>();

/** The family of a function by its name; functions outside of the catalogue are told apart by their spelling. */
export function functionFamily(name: string): FunctionFamily {
  let family = known.get(name);
  if (family === undefined) known.set(name, (family = familyOf(name)));
  return family;
}

/** Whether the work of a function ends with another call. */
export function isAsynchronous(name: string): boolean {
  return isFunctionName(name) && functionEntry(name).asynchronous === true;
}
