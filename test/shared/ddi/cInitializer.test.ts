import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  constantEntry,
  isStructureName,
  structureLayout,
  structureNames,
  type StructureName,
} from '../../../shared/ddi/catalogue';
import { cInitializer } from '../../../shared/ddi/cInitializer';
import {
  encodeStructure,
  objectHeader,
  type FieldValue,
  type StructureValues,
} from '../../../shared/ddi/structureCodec';
import { arbitraryValues, propertySettings } from './arbitraryStructure';

/** What an initialiser's expression stands for. */
type Parsed = bigint | Parsed[] | { readonly [member: string]: Parsed };

/** Reads the subset of C that the initialiser is written in; anything else is an error of the test. */
class Reader {
  private at = 0;
  private readonly tokens: readonly string[];

  constructor(text: string) {
    const plain = text.replace(/\/\*.*?\*\//g, '');
    this.tokens = plain.match(/[A-Za-z_][\w]*|0x[0-9A-F]+|\d+|\.[A-Za-z_][\w.]*|[{}()=,|;*[\]-]/g) ?? [];
    expect(this.tokens.join('')).toBe(plain.replace(/\s/g, ''));
  }

  private next(): string {
    return this.tokens[this.at++] ?? 'the end';
  }
  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }
  private need(token: string): void {
    const found = this.next();
    if (found !== token) throw new Error(`expected ${token}, found ${found}`);
  }

  declaration(): { readonly type: string; readonly value: Parsed } {
    const type = this.next();
    this.need('value');
    this.need('=');
    const value = this.expression();
    this.need(';');
    if (this.at !== this.tokens.length) throw new Error('more than one declaration');
    return { type, value };
  }

  private expression(): Parsed {
    if (this.take('{')) return this.braces();
    let value = this.number();
    while (this.take('|')) value |= this.number();
    return value;
  }

  private braces(): Parsed {
    const members: Record<string, Parsed> = {};
    const list: Parsed[] = [];
    let named = false;
    while (!this.take('}')) {
      if (this.tokens[this.at]?.startsWith('.') === true) {
        named = true;
        const name = this.next().slice(1);
        this.need('=');
        if (name in members) throw new Error(`${name} is initialised twice`);
        members[name] = this.expression();
      } else list.push(this.expression());
      if (!this.take(',') && this.tokens[this.at] !== '}') throw new Error('expected , or }');
    }
    return named ? members : list;
  }

  private number(): bigint {
    const token = this.next();
    if (token === '-') return -this.number();
    if (token === '(') {
      while (this.next() !== ')');
      return this.number();
    }
    if (token === 'sizeof') {
      this.need('(');
      const name = this.next();
      this.need(')');
      if (!isStructureName(name)) throw new Error(`sizeof an unknown ${name}`);
      return BigInt(structureLayout(name).size);
    }
    if (token === 'NULL' || token === 'FALSE') return 0n;
    if (token === 'TRUE') return 1n;
    if (/^\d/.test(token)) return BigInt(token);
    const value = constantEntry(token)?.value;
    if (value === undefined || value === null) throw new Error(`${token} is no constant`);
    return BigInt.asUintN(32, BigInt(value));
  }
}

function bytesOf(parsed: Parsed, size: number, ctype: string): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (Array.isArray(parsed)) {
    if (ctype === 'GUID' && parsed.length === 4) {
      view.setUint32(0, Number(parsed[0]), true);
      view.setUint16(4, Number(parsed[1]), true);
      view.setUint16(6, Number(parsed[2]), true);
      bytes.set((parsed[3] as bigint[]).map(Number), 8);
    } else bytes.set((parsed as bigint[]).map(Number));
  } else if (typeof parsed === 'object') {
    view.setBigUint64(0, parsed['Alignment'] as bigint, true);
    view.setBigUint64(8, parsed['Region'] as bigint, true);
  }
  return bytes;
}

/** What was read, as `encodeStructure` takes it. */
function valuesOf(name: StructureName, parsed: Parsed, bytes: number): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {};
  const { fields } = structureLayout(name);
  if (typeof parsed === 'bigint' || Array.isArray(parsed)) return values;
  for (const [member, value] of Object.entries(parsed)) {
    const field = fields.find((candidate) => candidate.name === member);
    if (field === undefined) throw new Error(`${name} has no ${member}`);
    if (field.structure !== undefined) values[member] = valuesOf(field.structure, value, field.size);
    else if (field.kind === 'bytes') {
      const size = field.flexible === true ? bytes - field.offset : field.size;
      values[member] = bytesOf(value, size, field.ctype);
    } else if (field.kind === 'pointers') values[member] = value as bigint[];
    else if (typeof value !== 'bigint') throw new Error(`${member} is no number`);
    else if (field.size === 8) values[member] = value;
    else values[member] = Number(field.kind === 'signed' ? BigInt.asIntN(field.size * 8, value) : value);
  }
  return values;
}

describe.each(structureNames)('%s', (name) => {
  test('the initialiser stands for the same bytes', () => {
    fc.assert(
      fc.property(arbitraryValues(name), (values) => {
        const bytes = encodeStructure(name, values as StructureValues<typeof name>);
        // Where no alternative is known to be live, the first is written; it may be shorter than the one that was set.
        const chosen = structureLayout(name).fields.filter(({ union, name: member }) => {
          return union !== undefined && member in values;
        });
        const live = [...new Map(chosen.map((field) => [field.union, field.name])).values()];
        const { type, value } = new Reader(cInitializer(name, bytes, { live })).declaration();
        expect(type).toBe(name);
        const again = encodeStructure(
          name,
          valuesOf(name, value, bytes.length) as StructureValues<typeof name>,
        );
        expect(again).toEqual(bytes);
      }),
      { ...propertySettings, numRuns: 25 },
    );
  });
});

test('names stand where the WDK has them', () => {
  const bytes = encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', {
    Header: { Length: 128, RecognizedOptions: 0 },
    State: 4,
    'KeepAlive.ProbeCount': 3,
    'KeepAlive.TimeoutDelta': 0xffffffff,
    SendBacklogSize: 4096,
  });
  const text = cInitializer('TCP_OFFLOAD_STATE_DELEGATED', bytes, { live: ['SendBacklogSize'] });
  expect(text).toContain('.Length = sizeof(TCP_OFFLOAD_STATE_DELEGATED),');
  expect(text).toContain('.State = TcpConnectionEstablished,');
  expect(text).toContain('.KeepAlive.ProbeCount = 3,');
  expect(text).toContain('.KeepAlive.TimeoutDelta = 4294967295 /* not running */,');
  expect(text).toContain('.SendBacklogSize = 4096,');
  expect(text).not.toContain('SendDataHead');
});

test('a header is written with the constants of the structure that it heads', () => {
  const name = 'NDIS_MINIPORT_DRIVER_CHARACTERISTICS';
  const text = cInitializer(name, encodeStructure(name, { Header: objectHeader(name) }));
  expect(text).toContain('.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,');
  expect(text).toContain('.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,');
  expect(text).toContain('.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,');
});

test('a size without a published constant is written as sizeof, handlers with their type', () => {
  const name = 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
  const bytes = encodeStructure(name, {
    Header: { Type: 0x8f, Revision: 1, Size: 48 },
    InitiateOffloadHandler: 0xfffffa8000001500n,
  });
  const text = cInitializer(name, bytes);
  expect(text).toContain('.Type = NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,');
  expect(text).toContain('.Revision = 1,');
  expect(text).toContain(`.Size = sizeof(${name}),`);
  expect(text).toContain(')0xFFFFFA8000001500,');
  expect(text).toContain('.TerminateOffloadHandler = NULL,');
});

test('an array ends with its last element that is not zero', () => {
  const name = 'NEIGHBOR_OFFLOAD_STATE_CACHED';
  const bytes = encodeStructure(name, { DlDestinationAddress: Uint8Array.of(2, 0, 9) });
  expect(cInitializer(name, bytes)).toContain('.DlDestinationAddress = { 0x02, 0x00, 0x09 },');
});

test('members that the bytes do not hold are left out', () => {
  const text = cInitializer('TCP_OFFLOAD_STATE_CONST', new Uint8Array(12));
  expect(text).toContain('.Flags');
  expect(text).not.toContain('HashValue');
  expect(cInitializer('TCP_OFFLOAD_STATE_CONST', new Uint8Array(0))).toBe(
    'TCP_OFFLOAD_STATE_CONST value = { 0 };\n',
  );
});
