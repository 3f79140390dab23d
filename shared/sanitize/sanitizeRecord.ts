/** One record without payload, addresses and names. */
import { structureLayout } from '../ddi/catalogue';
import { offloadStateVariables } from '../ddi/offloadState';
import type { StructureName } from '../ddi/generated/structures';
import type { CallArgument, StateLayer, StateValue, TraceHeader, TraceRecord } from '../trace/records';
import type { AddressRewriter } from './addressMap';
import { sanitizeFrame } from './sanitizeFrame';
import { sanitizeText, type AddressReplacement, type TextRules } from './sanitizeText';
import { isNamedSetting, settingSubstitute } from './names';

/** How records are rewritten. */
export interface RecordRules {
  /** Undefined keeps addresses. */
  readonly addresses: AddressReplacement | undefined;
  readonly text: TextRules;
  readonly keepPayload: boolean;
  readonly keepNames: boolean;
  /** What stands in the place of the author of an annotation. */
  readonly author: (name: string) => string;
}

const unchanged: AddressRewriter = { ipv4: (bytes) => bytes, ipv6: (bytes) => bytes, mac: (bytes) => bytes };

/** Bytes of an address that is not as long as addresses are stay as they are. */
function addressBytes(bytes: Uint8Array, addresses: AddressRewriter): Uint8Array {
  if (bytes.length === 4) return addresses.ipv4(bytes);
  if (bytes.length === 16) return addresses.ipv6(bytes);
  return bytes;
}

/** A link-layer address at the front of an array that is longer. */
function linkBytes(bytes: Uint8Array, addresses: AddressRewriter): Uint8Array {
  if (bytes.length < 6) return bytes;
  const made = bytes.slice();
  made.set(addresses.mac(bytes.subarray(0, 6)));
  return made;
}

const linkFields = new Map<StructureName, readonly number[]>();

/** Offsets of Ethernet addresses in a structure. */
function linkFieldsOf(structure: StructureName): readonly number[] {
  let offsets = linkFields.get(structure);
  if (offsets === undefined) {
    offsets = structureLayout(structure)
      .fields.filter(({ kind, unit }) => kind === 'bytes' && unit === 'MAC bytes')
      .map(({ offset }) => offset);
    linkFields.set(structure, offsets);
  }
  return offsets;
}

/** See the file's head. */
export class RecordSanitizer {
  /** Layer of each state object that has been declared. */
  private readonly layers: StateLayer[] = [];

  constructor(private readonly rules: RecordRules) {}

  header(header: TraceHeader): TraceHeader {
    const settings = Object.entries(header.settings).map(
      ([name, value]): [string, string | number | boolean] => {
        if (typeof value !== 'string') return [name, value];
        const named = isNamedSetting(name) && !this.rules.keepNames ? settingSubstitute(name, value) : value;
        return [name, this.text(named)];
      },
    );
    // What was run may name addresses, and the file by its digest.
    const { run: _run, ...others } = header;
    return {
      ...others,
      title: this.text(header.title),
      settings: {
        ...Object.fromEntries(settings),
        sanitized: [
          this.rules.keepPayload ? [] : ['payload'],
          this.rules.addresses === undefined ? [] : ['addresses'],
          this.rules.keepNames ? [] : ['names'],
        ]
          .flat()
          .join(', '),
      },
    };
  }

  record(record: TraceRecord): TraceRecord {
    switch (record.kind) {
      case 'component':
        return { ...record, name: this.text(record.name) };
      case 'connection':
        return { ...record, local: this.text(record.local), remote: this.text(record.remote) };
      case 'state-object':
        this.layers[record.id] = record.layer;
        return { ...record, label: this.text(record.label) };
      case 'state-change':
        return {
          ...record,
          changes: record.changes.map(({ variable, value }) => ({
            variable,
            value: this.stateValue(record.object, variable, value),
          })),
        };
      case 'call':
        return { ...record, arguments: this.arguments(record.arguments) };
      case 'return':
        return { ...record, outputs: this.arguments(record.outputs) };
      case 'frame': {
        const addresses = this.rules.addresses?.rewriter ?? unchanged;
        const { keepPayload } = this.rules;
        return { ...record, bytes: sanitizeFrame(record.bytes, { addresses, keepPayload }) };
      }
      case 'note':
      case 'finding':
        return { ...record, text: this.text(record.text) };
      case 'counter':
        return { ...record, name: this.text(record.name) };
      case 'annotation':
        return {
          ...record,
          author: this.rules.keepNames ? this.text(record.author) : this.rules.author(record.author),
          text: this.text(record.text),
        };
      case 'end':
        return { ...record, report: this.report(record.report) };
      default:
        return record;
    }
  }

  private text(text: string): string {
    return sanitizeText(text, this.rules.text);
  }

  /** Texts inside a report keep their JSON whole. */
  private report(report: string): string {
    const walk = (value: unknown): unknown => {
      if (typeof value === 'string') return this.text(value);
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [this.text(name), walk(inner)]));
    };
    try {
      return JSON.stringify(walk(JSON.parse(report)));
    } catch {
      return this.text(report);
    }
  }

  private stateValue(object: number, index: number, value: StateValue): StateValue {
    const addresses = this.rules.addresses?.rewriter;
    const layer = this.layers[object];
    if (typeof value === 'number' || addresses === undefined || layer === undefined) return value;
    const variable = offloadStateVariables(layer)[index];
    if (variable?.indirect === true) return addressBytes(value, addresses);
    return variable?.field.unit === 'MAC bytes' ? linkBytes(value, addresses) : this.bytes(value);
  }

  /** Bytes of which nobody knows what they are. */
  private bytes(bytes: Uint8Array): Uint8Array {
    return this.rules.addresses?.anywhere(bytes) ?? bytes;
  }

  private structure(structure: StructureName, bytes: Uint8Array): Uint8Array {
    const addresses = this.rules.addresses?.rewriter;
    if (addresses === undefined) return bytes;
    const made = this.bytes(bytes).slice();
    for (const offset of linkFieldsOf(structure))
      if (offset + 6 <= bytes.length) made.set(addresses.mac(bytes.subarray(offset, offset + 6)), offset);
    return made;
  }

  private arguments(list: readonly CallArgument[]): readonly CallArgument[] {
    return list.map((argument): CallArgument => {
      switch (argument.kind) {
        case 'text':
          return { ...argument, value: this.text(argument.value) };
        case 'pointer':
          return { ...argument, label: this.text(argument.label) };
        case 'structure':
          return { ...argument, bytes: this.structure(argument.structure, argument.bytes) };
        case 'block-list':
          return {
            ...argument,
            blocks: argument.blocks.map((block) => ({
              ...block,
              bytes: this.bytes(block.bytes),
              states: block.states.map(({ structure, bytes }) => ({
                structure,
                bytes: this.structure(structure, bytes),
              })),
            })),
          };
        default:
          return argument;
      }
    });
  }
}
