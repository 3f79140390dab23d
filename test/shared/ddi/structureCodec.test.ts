import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { structureLayout, structureNames } from '../../../shared/ddi/catalogue';
import type { StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import {
  decodeStructure,
  describeStructure,
  encodeStructure,
  fieldValue,
  objectHeader,
  stateHeader,
} from '../../../shared/ddi/structureCodec';
import type {
  DecodedStructure,
  FieldValues,
  StructureProblem,
  StructureRow,
  StructureValues,
} from '../../../shared/ddi/structureCodec';
import { arbitraryValues, propertySettings } from './arbitraryStructure';

interface Decoded<Name extends StructureName> {
  readonly value: DecodedStructure<Name>;
  readonly problems: readonly StructureProblem[];
}

function decoded<Name extends StructureName>(
  name: Name,
  bytes: Uint8Array,
  live: readonly string[] = [],
): Decoded<Name> {
  const result = decodeStructure(name, bytes, { live });
  if (!result.ok) throw new Error(result.error.message);
  return result;
}

function encodeAny(name: StructureName, values: FieldValues, size?: number): Uint8Array {
  return encodeStructure(name, values as StructureValues<StructureName>, size === undefined ? {} : { size });
}

function rowAt(rows: readonly StructureRow[], path: string): StructureRow {
  const row = rows.find((candidate) => candidate.path === path);
  if (row === undefined) throw new Error(`no row ${path}`);
  return row;
}

/** Bytes that the shortest acceptable input has. */
function contentEnd(name: StructureName): number {
  return Math.max(...structureLayout(name).fields.map((field) => field.offset + field.size));
}

describe('round trip', () => {
  it.each(structureNames)('%s: what was encoded is decoded', (name) => {
    fc.assert(
      fc.property(arbitraryValues(name), (values) => {
        const unions = new Set(structureLayout(name).fields.flatMap((field) => field.union ?? []));
        const live = structureLayout(name)
          .fields.filter(
            (field) => field.union !== undefined && unions.has(field.union) && field.name in values,
          )
          .map((field) => field.name);
        const bytes = encodeAny(name, values);
        const { value, problems } = decoded(name, bytes, live);
        expect(value.values).toMatchObject(values);
        expect(problems).toEqual([]);
        expect(value.missing).toEqual([]);
        // Without knowing the live members all are given, and they encode to the same bytes.
        expect(encodeAny(name, decoded(name, bytes).value.values)).toEqual(bytes);
      }),
      propertySettings,
    );
  });

  it.each(structureNames)('%s: any bytes are read or refused, never thrown at', (name) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: structureLayout(name).size + 16 }), (bytes) => {
        const result = decodeStructure(name, bytes);
        if (result.ok) expect(result.value.size).toBeLessThanOrEqual(bytes.length);
        else expect(result.error.needed).toBeGreaterThan(bytes.length);
        const rows = describeStructure(name, bytes);
        const known = structureLayout(name).fields.map((field) => field.name);
        expect(
          rows
            .filter((row) => row.depth === 0 && row.name !== '')
            .map((row) => row.name)
            .sort(),
        ).toEqual(known.sort());
      }),
      propertySettings,
    );
  });

  it.each(structureNames)('%s: every shorter buffer is refused with the bytes it lacks', (name) => {
    const needed = contentEnd(name);
    const whole = encodeAny(name, {});
    for (let length = 0; length < needed; length += 1) {
      // Zeros in the header would declare a size of zero, which is ignored.
      expect(decodeStructure(name, whole.subarray(0, length))).toMatchObject({
        ok: false,
        error: { code: 'tooShort', structure: name, needed, available: length },
      });
    }
    expect(decodeStructure(name, whole.subarray(0, needed)).ok).toBe(true);
  });
});

describe('storage', () => {
  it('packs bit-fields into their unit', () => {
    const bytes = encodeStructure('TCP_OFFLOAD_STATE_CONST', { SndWindScale: 0xa, RcvWindScale: 0x3 });
    expect(bytes[14]).toBe(0x3a);
    const cached = encodeStructure('TCP_OFFLOAD_STATE_CACHED', { FlowLabel: 0xabcde, UserPriority: 5 });
    expect([...cached.subarray(36, 44)]).toEqual([0xde, 0xbc, 0x0a, 0, 0, 0, 5, 0]);
    const capabilities = encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD', {
      SupportIPv4: 1,
      SupportIPv6: 1,
      SupportSack: 1,
      CongestionAlgorithm: 0xf,
    });
    expect(new DataView(capabilities.buffer).getUint32(8, true)).toBe(0xf45);
  });

  it('reads the bits of a full 32-bit unit as unsigned', () => {
    const bytes = encodeStructure('NDIS_NET_BUFFER_LIST_8021Q_INFO', { Value: 0xffff5678n });
    const { value } = decoded('NDIS_NET_BUFFER_LIST_8021Q_INFO', bytes);
    expect(fieldValue(value, 'TagHeader.Reserved')).toBe(0xffff);
    expect(fieldValue(value, 'TagHeader.VlanId')).toBe(0x567);
    expect(fieldValue(value, 'TagHeader.UserPriority')).toBe(0);
    expect(fieldValue(value, 'TagHeader.CanonicalFormatId')).toBe(1);
  });

  it('lays out integers, pointers and nested members little-endian', () => {
    const bytes = encodeStructure('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', {
      Header: objectHeader('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { type: 0x11 }),
      Status: NDIS_STATUS.UPLOAD_REQUESTED,
      MiniportReserved: [1n, 0xfffff80012345678n],
    });
    expect(bytes).toHaveLength(152);
    expect([...bytes.subarray(0, 4)]).toEqual([0x11, 1, 152, 0]);
    expect([...bytes.subarray(24, 28)]).toEqual([0x03, 0x10, 0x23, 0xc0]);
    expect([...bytes.subarray(88, 96)]).toEqual([0x78, 0x56, 0x34, 0x12, 0x00, 0xf8, 0xff, 0xff]);
  });

  it('keeps signed members signed and flag words unsigned', () => {
    const list = encodeStructure('NET_BUFFER_LIST', { ChildRefCount: -1 });
    expect([...list.subarray(132, 136)]).toEqual([0xff, 0xff, 0xff, 0xff]);
    expect(fieldValue(decoded('NET_BUFFER_LIST', list).value, 'ChildRefCount')).toBe(-1);
    const mdl = encodeStructure('MDL', { MdlFlags: 0x8004 });
    expect(fieldValue(decoded('MDL', mdl).value, 'MdlFlags')).toBe(0x8004);
  });

  it('fills up short arrays with zeros and copies bytes out', () => {
    const bytes = encodeStructure('NEIGHBOR_OFFLOAD_STATE_CACHED', {
      DlDestinationAddress: Uint8Array.of(2, 0, 0, 0, 0, 9),
    });
    const { value } = decoded('NEIGHBOR_OFFLOAD_STATE_CACHED', bytes);
    const address = fieldValue(value, 'DlDestinationAddress');
    expect(address).toHaveLength(32);
    bytes.fill(0xff);
    expect(address[0]).toBe(2);
  });

  it('reads from the middle of a larger buffer', () => {
    const memory = new Uint8Array(64);
    memory.set(encodeStructure('OFFLOAD_STATE_HEADER', { Length: 128 }), 13);
    expect(fieldValue(decoded('OFFLOAD_STATE_HEADER', memory.subarray(13)).value, 'Length')).toBe(128);
  });

  it('appends and reads flexible data', () => {
    const ContextData = Uint8Array.of(1, 2, 3);
    const bytes = encodeStructure('NET_BUFFER_LIST_CONTEXT', { Size: 3, ContextData });
    expect(bytes).toHaveLength(19);
    expect(fieldValue(decoded('NET_BUFFER_LIST_CONTEXT', bytes).value, 'ContextData')).toEqual(ContextData);
  });
});

describe('unions', () => {
  it('yields every alternative, or the live one alone', () => {
    const bytes = encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', {
      Header: stateHeader('TCP_OFFLOAD_STATE_DELEGATED'),
      SendBacklogSize: 65536,
    });
    const all = decoded('TCP_OFFLOAD_STATE_DELEGATED', bytes).value;
    expect(fieldValue(all, 'SendBacklogSize')).toBe(65536);
    expect(fieldValue(all, 'SendDataHead')).toBe(65536n);
    expect(all.fields.find((field) => field.name === 'SendDataTail')).toMatchObject({
      union: 'SendDataHead|SendBacklogSize',
      arm: 'SendDataHead',
    });
    const live = decoded('TCP_OFFLOAD_STATE_DELEGATED', bytes, ['SendBacklogSize', 'BufferedData']).value;
    expect(live.values).not.toHaveProperty('SendDataHead');
    expect(live.values).not.toHaveProperty('SendDataTail');
    expect(live.values).toMatchObject({ SendBacklogSize: 65536, BufferedData: 0n });
    expect(live.fields.find((field) => field.name === 'SendDataHead')?.live).toBe(false);
    expect(live.fields.find((field) => field.name === 'SendBacklogSize')?.live).toBe(true);
    expect(() => fieldValue(live, 'SendDataHead')).toThrow(/SendDataHead/);
  });

  it('refuses alternatives that contradict each other', () => {
    expect(() =>
      encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', { SendDataHead: 1n, SendBacklogSize: 2 }),
    ).toThrow(/TCP_OFFLOAD_STATE_DELEGATED\.SendBacklogSize contradicts/);
    expect(() =>
      encodeStructure('NDIS_NET_BUFFER_LIST_8021Q_INFO', { 'TagHeader.VlanId': 1, Value: 0n }),
    ).toThrow(RangeError);
  });

  it('takes slots of NetBufferListInfo singly or the whole array', () => {
    const bytes = encodeStructure('NET_BUFFER_LIST', {
      'NetBufferListInfo[0]': 1460n,
      'NetBufferListInfo[17]': 9n,
    });
    const slots = fieldValue(decoded('NET_BUFFER_LIST', bytes).value, 'NetBufferListInfo');
    expect([slots.length, slots[0], slots[17]]).toEqual([18, 1460n, 9n]);
  });

  it('refuses a live member that is in no union', () => {
    const bytes = new Uint8Array(128);
    expect(() => decodeStructure('TCP_OFFLOAD_STATE_DELEGATED', bytes, { live: ['SndUna'] })).toThrow(
      /TCP_OFFLOAD_STATE_DELEGATED\.SndUna/,
    );
  });
});

describe('revisions', () => {
  it('reads an older revision and names what it lacks', () => {
    const bytes = encodeStructure(
      'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS',
      {
        Header: objectHeader('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', { revision: 1 }),
        Encapsulation: { Header: objectHeader('NDIS_OFFLOAD_ENCAPSULATION') },
        NceStaleTicks: 3000,
      },
      { size: 56 },
    );
    expect(bytes).toHaveLength(56);
    const { value, problems } = decoded('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', bytes);
    expect(fieldValue(value, 'NceStaleTicks')).toBe(3000);
    expect(value.missing).toEqual(['CongestionAlgorithm']);
    expect(() => fieldValue(value, 'CongestionAlgorithm')).toThrow(RangeError);
    expect(problems).toMatchObject([
      { code: 'olderRevision', declaredSize: 56, missing: ['CongestionAlgorithm'] },
    ]);
    expect(problems[0]?.message).toMatch(/NDIS 6\.0/);
  });

  it('asks for the bytes of the declared revision, not of the newest', () => {
    const bytes = encodeStructure(
      'NDIS_OFFLOAD_PARAMETERS',
      { Header: objectHeader('NDIS_OFFLOAD_PARAMETERS', { revision: 1 }) },
      { size: 20 },
    );
    expect(decodeStructure('NDIS_OFFLOAD_PARAMETERS', bytes).ok).toBe(true);
    expect(decodeStructure('NDIS_OFFLOAD_PARAMETERS', bytes.subarray(0, 19))).toMatchObject({
      ok: false,
      error: { needed: 20, available: 19 },
    });
  });

  it('does not read members behind a smaller declared size even where bytes follow', () => {
    const bytes = encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', { DWnd: 77 });
    new DataView(bytes.buffer).setUint32(0, 120, true);
    const { value, problems } = decoded('TCP_OFFLOAD_STATE_DELEGATED', bytes);
    expect(value.size).toBe(120);
    expect(value.values).not.toHaveProperty('DWnd');
    expect(problems.map((problem) => problem.code)).toEqual(['olderRevision']);
  });

  it('reads members behind a size constant that ends early, and does not call that older', () => {
    const bytes = encodeStructure('NET_PNP_EVENT_NOTIFICATION', {
      Header: objectHeader('NET_PNP_EVENT_NOTIFICATION'),
      Flags: 5,
    });
    expect(bytes[2]).toBe(160);
    const { value, problems } = decoded('NET_PNP_EVENT_NOTIFICATION', bytes);
    expect(fieldValue(value, 'Flags')).toBe(5);
    expect(problems).toEqual([]);
    expect(decoded('NET_PNP_EVENT_NOTIFICATION', bytes.subarray(0, 160)).value.missing).toEqual(['Flags']);
  });

  it.each([
    [100, 'newerRevision', 0],
    [33, 'unknownSize', 10],
    [2, 'sizeTooSmall', 0],
  ] as const)('reports a declared size of %i as %s', (Size, code, missing) => {
    const bytes = encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {
      Header: { Type: 0x80, Revision: 1, Size },
      Encapsulation: { Header: objectHeader('NDIS_OFFLOAD_ENCAPSULATION') },
    });
    const { value, problems } = decoded('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', bytes);
    expect(problems).toMatchObject([{ code, declaredSize: Size }]);
    expect(value.missing).toHaveLength(missing);
  });

  it('reports problems of nested headers with their place', () => {
    const bytes = encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {
      Header: objectHeader('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS'),
      Encapsulation: { Header: { Type: 0xa8, Revision: 1, Size: 16 } },
    });
    const { problems } = decoded('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', bytes);
    expect(problems).toMatchObject([
      { code: 'unknownSize', path: 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS.Encapsulation', declaredSize: 16 },
    ]);
  });

  it('takes the size of a structure without header from the caller', () => {
    const bytes = new Uint8Array(240);
    expect(decodeStructure('NET_BUFFER_LIST', bytes).ok).toBe(false);
    const result = decodeStructure('NET_BUFFER_LIST', bytes, { size: 240 });
    if (!result.ok) throw new Error(result.error.message);
    expect(fieldValue(result.value, 'NetBufferListInfo')).toHaveLength(12);
    expect(result.value.missing).toContain('NetBufferListInfo[17]');
  });

  it('accepts the size of the whole table in the header of its common start', () => {
    const table = encodeStructure('NDIS_TCP_OFFLOAD_EVENT_HANDLERS', {
      Header: objectHeader('NDIS_TCP_OFFLOAD_EVENT_HANDLERS', { type: 1 }),
    });
    expect(decoded('NDIS_OFFLOAD_EVENT_HANDLERS', table).problems).toEqual([]);
  });

  it.each([
    ['NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {}, { Type: 0x80, Revision: 2, Size: 60 }],
    ['NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', {}, { Type: 0x8f, Revision: 1, Size: 48 }],
    ['NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', {}, { Type: 0x94, Revision: 1, Size: 56 }],
    ['NDIS_OFFLOAD_PARAMETERS', {}, { Type: 0x80, Revision: 2, Size: 22 }],
    ['NDIS_OFFLOAD_PARAMETERS', { revision: 1 }, { Type: 0x80, Revision: 1, Size: 20 }],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { type: 4 }, { Type: 4, Revision: 1, Size: 152 }],
  ] as const)('fills the header of %s %o', (name, choice, header) => {
    expect(objectHeader(name, choice)).toEqual(header);
  });

  it('does not invent headers', () => {
    expect(() => objectHeader('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST')).toThrow(/OFFLOAD_STATE_TYPE/);
    expect(() => objectHeader('NDIS_LINK_STATE', { revision: 9 })).toThrow(RangeError);
    expect(() => objectHeader('MDL')).toThrow(/MDL/);
    expect(() => stateHeader('MDL')).toThrow(/MDL/);
    expect(stateHeader('TCP_OFFLOAD_STATE_CACHED')).toEqual({ Length: 44, RecognizedOptions: 0 });
  });
});

describe('refused values', () => {
  it.each([
    ['TCP_OFFLOAD_STATE_CONST', { RemotePort: 65536 }, 'TCP_OFFLOAD_STATE_CONST.RemotePort'],
    ['TCP_OFFLOAD_STATE_CONST', { RemotePort: -1 }, 'TCP_OFFLOAD_STATE_CONST.RemotePort'],
    ['TCP_OFFLOAD_STATE_CONST', { RemotePort: 1.5 }, 'TCP_OFFLOAD_STATE_CONST.RemotePort'],
    ['TCP_OFFLOAD_STATE_CONST', { RemotePort: 1n }, 'TCP_OFFLOAD_STATE_CONST.RemotePort'],
    ['TCP_OFFLOAD_STATE_CONST', { SndWindScale: 16 }, 'TCP_OFFLOAD_STATE_CONST.SndWindScale'],
    ['TCP_OFFLOAD_STATE_CONST', { SndWindscale: 1 }, 'TCP_OFFLOAD_STATE_CONST.SndWindscale'],
    ['TCP_OFFLOAD_STATE_CONST', { Header: 8 }, 'TCP_OFFLOAD_STATE_CONST.Header'],
    ['TCP_OFFLOAD_STATE_CONST', { Header: { Length: -1 } }, 'TCP_OFFLOAD_STATE_CONST.Header.Length'],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { NextBlock: 5 }, 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST.NextBlock'],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { NextBlock: -1n }, 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST.NextBlock'],
    [
      'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST',
      { NextBlock: 2n ** 64n },
      'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST.NextBlock',
    ],
    [
      'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST',
      { Scratch: [1n, 2n, 3n] },
      'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST.Scratch',
    ],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { Scratch: [-1n] }, 'NDIS_MINIPORT_OFFLOAD_BLOCK_LIST.Scratch[0]'],
    [
      'NEIGHBOR_OFFLOAD_STATE_CONST',
      { DlSourceAddress: new Uint8Array(33) },
      'NEIGHBOR_OFFLOAD_STATE_CONST.DlSourceAddress',
    ],
    ['NET_BUFFER_LIST', { ChildRefCount: 2 ** 31 }, 'NET_BUFFER_LIST.ChildRefCount'],
  ] as const)('%s %o names %s', (name, values, path) => {
    const encode = (): Uint8Array => encodeAny(name, values);
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(path);
  });

  it('does not compile misspelt names and wrong types', () => {
    // @ts-expect-error the member is SndWindScale
    expect(() => encodeStructure('TCP_OFFLOAD_STATE_CONST', { SndWindscale: 1 })).toThrow(RangeError);
    // @ts-expect-error a port is a number
    expect(() => encodeStructure('TCP_OFFLOAD_STATE_CONST', { RemotePort: 1n })).toThrow(RangeError);
    // @ts-expect-error the member of the nested header is Length
    expect(() => encodeStructure('TCP_OFFLOAD_STATE_CONST', { Header: { Size: 1 } })).toThrow(RangeError);
  });

  it('refuses members outside of the chosen size and impossible sizes', () => {
    expect(() => encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', { DWnd: 1 }, { size: 120 })).toThrow(/DWnd/);
    expect(() => encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', {}, { size: 129 })).toThrow(RangeError);
    expect(() => encodeStructure('TCP_OFFLOAD_STATE_DELEGATED', {}, { size: 0 })).toThrow(RangeError);
  });
});

describe('structure view', () => {
  it('shows members, nested members and padding in the order of memory', () => {
    const bytes = encodeStructure('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', {
      Header: objectHeader('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', { type: 0x11 }),
      Status: NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS,
      NextBlock: 0xfffffa8001234560n,
    });
    bytes[5] = 1;
    const rows = describeStructure('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', bytes);
    expect(rows.slice(0, 6).map((row) => [row.kind, row.path, row.depth, row.offset, row.text])).toEqual([
      ['field', 'Header', 0, 0, 'Type TcpOffloadState, Revision 1, Size 152 bytes'],
      ['field', 'Header.Type', 1, 0, 'TcpOffloadState'],
      ['field', 'Header.Revision', 1, 1, '1'],
      ['field', 'Header.Size', 1, 2, '152 bytes'],
      ['padding', 'padding@4', 0, 4, 'not zero'],
      ['field', 'NextBlock', 0, 8, '0xFFFFFA8001234560'],
    ]);
    expect(rowAt(rows, 'Status').text).toBe('NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS');
    expect(rowAt(rows, 'DependentBlockList').text).toBe('NULL');
    expect(rowAt(rows, 'Scratch').text).toBe('2 x NULL');
    expect(rows.map((row) => row.offset)).toEqual(rows.map((row) => row.offset).sort((a, b) => a - b));
  });

  it('places nested members and their padding at absolute offsets', () => {
    const rows = describeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', new Uint8Array(60));
    expect(rowAt(rows, 'Encapsulation.IPv4.EncapsulationType')).toMatchObject({
      offset: 12,
      depth: 1,
      text: 'NDIS_ENCAPSULATION_NOT_SUPPORTED',
    });
    expect(rowAt(rows, 'Encapsulation.Header.Type')).toMatchObject({ offset: 4, depth: 2 });
  });

  it('shows what is missing and what follows', () => {
    const short = describeStructure('TCP_OFFLOAD_STATS', new Uint8Array(20));
    expect(rowAt(short, 'CurrentlyEstablished').kind).toBe('field');
    expect(rowAt(short, 'ResetEstablished')).toMatchObject({ kind: 'missing', offset: 20, text: '' });
    const long = describeStructure('TCP_OFFLOAD_STATS', new Uint8Array(50));
    expect(long.at(-1)).toMatchObject({ kind: 'trailing', offset: 40, size: 10 });
    expect(
      describeStructure('TCP_OFFLOAD_STATS', new Uint8Array(0)).every((row) => row.kind === 'missing'),
    ).toBe(true);
  });

  it('gives values names', () => {
    const handlers = encodeStructure('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', {
      Header: objectHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      OffloadType: 1,
      TcpOffloadSendHandler: 0x1000n,
      TcpOffloadReceiveHandler: 0x2000n,
    });
    const rows = describeStructure('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', handlers, {
      addressName: (address) => (address === 0x2000n ? 'target!Receive' : undefined),
    });
    expect(rowAt(rows, 'Header.Type').text).toBe('NDIS_OBJECT_TYPE_PROVIDER_CHIMNEY_OFFLOAD_CHARACTERISTICS');
    expect(rowAt(rows, 'OffloadType').text).toBe('NdisTcpChimneyOffload');
    expect(rowAt(rows, 'TcpOffloadSendHandler').text).toBe('0x0000000000001000 (MiniportTcpOffloadSend)');
    expect(rowAt(rows, 'TcpOffloadReceiveHandler').text).toBe('0x0000000000002000 (target!Receive)');
    expect(rowAt(rows, 'TcpOffloadForwardHandler').text).toBe('NULL');

    const request = encodeStructure('NDIS_OID_REQUEST', {
      Header: objectHeader('NDIS_OID_REQUEST'),
      RequestType: 1,
      'DATA.SET_INFORMATION.Oid': 0xfc030201,
      'DATA.SET_INFORMATION.BytesRead': 1,
    });
    const oid = describeStructure('NDIS_OID_REQUEST', request, { live: ['SET_INFORMATION'] });
    expect(rowAt(oid, 'DATA.SET_INFORMATION.Oid')).toMatchObject({
      text: 'OID_TCP_CONNECTION_OFFLOAD_PARAMETERS',
      union: 'DATA',
      live: true,
    });
    expect(rowAt(oid, 'DATA.SET_INFORMATION.BytesRead').text).toBe('1 byte');
    expect(rowAt(oid, 'DATA.QUERY_INFORMATION.Oid').live).toBe(false);
    expect(rowAt(oid, 'Timeout').text).toBe('0 (no timeout)');

    const pool = encodeStructure('NET_BUFFER_POOL_PARAMETERS', { PoolTag: 0x796d6843 });
    expect(rowAt(describeStructure('NET_BUFFER_POOL_PARAMETERS', pool), 'PoolTag').text).toBe("'Chmy'");
    const status = encodeStructure('NDIS_STATUS_INDICATION', {
      StatusCode: NDIS_STATUS.UPLOAD_ALL,
      Guid: Uint8Array.of(
        0x33,
        0x22,
        0x11,
        0,
        0x55,
        0x44,
        0x77,
        0x66,
        0x88,
        0x99,
        0xaa,
        0xbb,
        0xcc,
        0xdd,
        0xee,
        0xff,
      ),
    });
    const indication = describeStructure('NDIS_STATUS_INDICATION', status);
    expect(rowAt(indication, 'StatusCode').text).toBe('NDIS_STATUS_UPLOAD_ALL');
    expect(rowAt(indication, 'Guid').text).toBe('{00112233-4455-6677-8899-aabbccddeeff}');
  });

  it('names header types by the enumeration that they really hold', () => {
    const table = encodeStructure('NDIS_TCP_OFFLOAD_EVENT_HANDLERS', {
      Header: objectHeader('NDIS_TCP_OFFLOAD_EVENT_HANDLERS', { type: 1 }),
    });
    const rows = describeStructure('NDIS_TCP_OFFLOAD_EVENT_HANDLERS', table);
    expect(rowAt(rows, 'Header.Type').text).toBe('NdisTcpChimneyOffload');
    const block = encodeStructure('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', { Header: { Type: 0x77 } });
    expect(rowAt(describeStructure('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', block), 'Header.Type').text).toBe(
      'unknown (0x77)',
    );
  });
});
