import { describe, expect, it } from 'vitest';
import {
  constantEntry,
  constantGroups,
  constantValue,
  constantsInGroup,
  flagNames,
  functionEntry,
  functionNames,
  isFunctionName,
  isStructureName,
  nameInGroup,
  namesInGroup,
  structureLayout,
  structureNames,
} from '../../../shared/ddi/catalogue';
import type { StructureField, StructureName, ValuedConstantName } from '../../../shared/ddi/catalogue';

function fieldOf(structure: StructureName, name: string): StructureField {
  const field = structureLayout(structure).fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${structure} has no ${name}`);
  return field;
}

/** First and last bit of a field. */
function bitsOf(field: StructureField): readonly [number, number] {
  const start = field.offset * 8 + (field.bitOffset ?? 0);
  return [start, start + (field.bitWidth ?? field.size * 8)];
}

describe('layouts', () => {
  it.each([
    ['NDIS_OBJECT_HEADER', 4],
    ['OFFLOAD_STATE_HEADER', 8],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 152],
    ['NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', 152],
    ['NDIS_OFFLOAD_HANDLE', 16],
    ['TCP_OFFLOAD_STATE_CONST', 24],
    ['TCP_OFFLOAD_STATE_CACHED', 44],
    ['TCP_OFFLOAD_STATE_DELEGATED', 128],
    ['PATH_OFFLOAD_STATE_CONST', 24],
    ['PATH_OFFLOAD_STATE_CACHED', 12],
    ['PATH_OFFLOAD_STATE_DELEGATED', 8],
    ['NEIGHBOR_OFFLOAD_STATE_CONST', 44],
    ['NEIGHBOR_OFFLOAD_STATE_CACHED', 44],
    ['NEIGHBOR_OFFLOAD_STATE_DELEGATED', 12],
    ['NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', 48],
    ['NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', 56],
    ['NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', 56],
    ['NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', 64],
    ['NDIS_TCP_OFFLOAD_EVENT_HANDLERS', 56],
    ['NDIS_TCP_CONNECTION_OFFLOAD', 20],
    ['NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', 60],
    ['NET_BUFFER', 176],
    ['NET_BUFFER_LIST', 288],
    ['MDL', 48],
    ['NDIS_OID_REQUEST', 240],
    ['NDIS_STATUS_INDICATION', 112],
    ['TCP_OFFLOAD_STATS', 40],
    ['IP_OFFLOAD_STATS', 64],
  ] as const)('%s has %i bytes', (name, size) => {
    expect(structureLayout(name).size).toBe(size);
  });

  it.each([
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 'DependentBlockList', 16],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 'Status', 24],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 'MiniportOffloadContext', 48],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 'NdisOffloadHandle', 56],
    ['NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST', 'OffloadHandle', 56],
    ['NDIS_MINIPORT_OFFLOAD_BLOCK_LIST', 'NetBufferListChain', 144],
    ['TCP_OFFLOAD_STATE_CACHED', 'TtlOrHopLimit', 40],
    ['TCP_OFFLOAD_STATE_DELEGATED', 'SndUna', 24],
    ['TCP_OFFLOAD_STATE_DELEGATED', 'KeepAlive.ProbeCount', 80],
    ['TCP_OFFLOAD_STATE_DELEGATED', 'Retransmit.TimeoutDelta', 92],
    ['TCP_OFFLOAD_STATE_DELEGATED', 'SendDataHead', 96],
    ['TCP_OFFLOAD_STATE_DELEGATED', 'SendBacklogSize', 96],
    ['TCP_OFFLOAD_STATE_DELEGATED', 'DWnd', 120],
    ['NET_BUFFER_LIST', 'NetBufferListInfo', 144],
    ['NET_BUFFER_LIST', 'NetBufferListInfo[17]', 280],
  ] as const)('%s.%s is at %i', (structure, field, offset) => {
    expect(fieldOf(structure, field).offset).toBe(offset);
  });

  it.each(structureNames)(
    '%s: every byte belongs to a field or to padding, and fields stay inside',
    (name) => {
      const layout = structureLayout(name);
      const covered = new Uint8Array(layout.size);
      for (const part of [...layout.fields, ...(layout.padding ?? [])]) {
        expect(part.offset).toBeGreaterThanOrEqual(0);
        expect(part.offset + part.size).toBeLessThanOrEqual(layout.size);
        covered.fill(1, part.offset, part.offset + part.size);
      }
      for (const gap of layout.padding ?? []) {
        const inside = layout.fields.filter(
          (field) => field.offset < gap.offset + gap.size && gap.offset < field.offset + field.size,
        );
        expect(inside.map((field) => field.name)).toEqual([]);
      }
      expect(covered.includes(0)).toBe(false);
      expect(layout.size % layout.alignment).toBe(0);
    },
  );

  it.each(structureNames)('%s: only members of different alternatives of a union overlap', (name) => {
    const { fields } = structureLayout(name);
    expect(new Set(fields.map((field) => field.name)).size).toBe(fields.length);
    for (const [index, a] of fields.entries()) {
      for (const b of fields.slice(index + 1)) {
        const [aStart, aEnd] = bitsOf(a);
        const [bStart, bEnd] = bitsOf(b);
        if (aStart >= bEnd || bStart >= aEnd) continue;
        const slot = a.elementOf === b.name || b.elementOf === a.name;
        const alternatives = a.union !== undefined && a.union === b.union && a.arm !== b.arm;
        expect([`${a.name} and ${b.name}`, slot || alternatives]).toEqual([`${a.name} and ${b.name}`, true]);
      }
    }
  });

  it.each(structureNames)(
    '%s: bit-fields fit their unit, nested structures have the size of their layout',
    (name) => {
      for (const field of structureLayout(name).fields) {
        expect((field.bitOffset ?? 0) + (field.bitWidth ?? 0)).toBeLessThanOrEqual(field.size * 8);
        expect(field.kind === 'bits').toBe(field.bitWidth !== undefined);
        if (field.structure !== undefined) expect(field.size).toBe(structureLayout(field.structure).size);
      }
    },
  );

  it.each(structureNames)(
    '%s: revisions agree with their constants and with RTL_SIZEOF_THROUGH_FIELD',
    (name) => {
      const layout = structureLayout(name);
      for (const revision of layout.header?.revisions ?? []) {
        expect(revision.sizeof).toBeGreaterThanOrEqual(revision.size);
        if (revision.sizeConstant !== undefined) {
          expect(constantEntry(revision.sizeConstant)?.value).toBe(revision.size);
        }
        if (revision.revision !== undefined) {
          expect(constantEntry(revision.revision)?.value).toBe(revision.value);
        }
        if (revision.throughField !== undefined) {
          const last = fieldOf(name, revision.throughField);
          expect(last.offset + last.size).toBe(revision.size);
        }
      }
    },
  );

  it('keeps both block lists alike except for the two members that an intermediate driver converts', () => {
    const shape = (name: StructureName): readonly string[] =>
      structureLayout(name).fields.map((field) => `${field.name}@${field.offset}+${field.size}`);
    const protocol = shape('NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST');
    const miniport = shape('NDIS_MINIPORT_OFFLOAD_BLOCK_LIST');
    expect(miniport.filter((field) => !protocol.includes(field))).toEqual([
      'NdisReserved@32+16',
      'MiniportOffloadContext@48+8',
      'NdisOffloadHandle@56+8',
    ]);
    expect(protocol.filter((field) => !miniport.includes(field))).toEqual([
      'NdisReserved@32+24',
      'OffloadHandle@56+8',
    ]);
  });

  it('names the page that a structure comes from, and no file of a third party', () => {
    expect(structureLayout('TCP_OFFLOAD_STATE_CONST').page).toBe('ns-ndischimney-_tcp_offload_state_const');
    const pages = [
      ...structureNames.map((name) => structureLayout(name).page),
      ...functionNames.map((name) => functionEntry(name).page),
    ].filter((page) => page !== undefined);
    expect(pages.length).toBeGreaterThan(100);
    for (const page of pages) expect(page).toMatch(/^[\w-]+$/);
  });

  it('tells structure names from other text', () => {
    expect(isStructureName('TCP_OFFLOAD_STATE_CONST')).toBe(true);
    expect(isStructureName('toString')).toBe(false);
    expect(isStructureName('TCP_OFFLOAD_STATE')).toBe(false);
  });
});

describe('functions', () => {
  it('links requests, completions and handlers both ways', () => {
    expect(functionEntry('MiniportInitiateOffload')).toMatchObject({
      completes: 'NdisMInitiateOffloadComplete',
      asynchronous: true,
      page: 'nc-ndischimney-w_initiate_offload_handler',
      typedef: 'W_INITIATE_OFFLOAD_HANDLER',
    });
    for (const name of functionNames) {
      const { completes } = functionEntry(name);
      if (completes !== undefined) expect(functionEntry(completes).completionOf).toBe(name);
    }
  });

  it('gives every code pointer of the chimney characteristics its handler', () => {
    const characteristics = structureNames.filter((name) => /CHIMNEY_OFFLOAD_(GENERIC|TCP)_CHAR/.test(name));
    const pointers = characteristics.flatMap((name) =>
      structureLayout(name).fields.filter((field) => field.kind === 'codePointer'),
    );
    expect(pointers).toHaveLength(22);
    for (const pointer of pointers) expect(pointer.handler).toMatch(/^(Miniport|Protocol)/);
    expect(
      fieldOf('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', 'TcpOffloadSendHandler').handler,
    ).toBe('MiniportTcpOffloadSend');
  });

  it('names only statuses of the catalogue', () => {
    for (const name of functionNames) {
      const { statuses = [], statusesWritten = [] } = functionEntry(name);
      for (const status of [...statuses, ...statusesWritten]) expect(constantEntry(status)).toBeDefined();
    }
    expect(isFunctionName('NdisInitiateOffload')).toBe(true);
    expect(isFunctionName('NdisQueryOffload')).toBe(false);
  });
});

describe('constants', () => {
  it('gives values as unsigned numbers', () => {
    expect(constantValue('NdisTcpChimneyOffload')).toBe(1);
    expect(constantValue('TcpOffloadState')).toBe(0x11);
    expect(constantValue('NDIS_STATUS_UPLOAD_REQUESTED')).toBe(0xc0231003);
    expect(constantValue('OID_TCP_TASK_OFFLOAD')).toBe(0xfc010201);
    for (const group of constantGroups) {
      for (const { value } of constantsInGroup(group)) {
        if (value !== null) expect(value === value >>> 0).toBe(true);
      }
    }
  });

  it('refuses names without a number', () => {
    const name: string = 'NDIS_STATUS_OFFLOAD_PATH_MTU';
    expect(() => constantValue(name as ValuedConstantName)).toThrow(RangeError);
    expect(() => constantValue('NO_SUCH_NAME' as ValuedConstantName)).toThrow(/NO_SUCH_NAME/);
  });

  it('names values in their group', () => {
    expect(nameInGroup('TCP_OFFLOAD_CONNECTION_STATE', 4)).toBe('TcpConnectionEstablished');
    expect(nameInGroup('TCP_OFFLOAD_CONNECTION_STATE', 99)).toBeUndefined();
    expect(namesInGroup('NDIS_NET_BUFFER_LIST_INFO', 0)).toEqual([
      'TcpIpChecksumNetBufferListInfo',
      'TcpOffloadBytesTransferred',
    ]);
  });

  it('splits flag words by the group that is asked for', () => {
    expect(flagNames('TCP_OFFLOAD_STATE_CONST.Flags', 0x3)).toEqual({
      names: ['TCP_FLAG_TIMESTAMP_ENABLED', 'TCP_FLAG_SACK_ENABLED'],
      unknownBits: 0,
    });
    expect(flagNames('TCP_OFFLOAD_STATE_CACHED.Flags', 0x23)).toEqual({
      names: ['TCP_FLAG_KEEP_ALIVE_ENABLED', 'TCP_FLAG_NAGLING_ENABLED'],
      unknownBits: 0x20,
    });
    expect(flagNames('TCP_OFFLOAD_STATE_CONST.Flags', 0)).toEqual({ names: [], unknownBits: 0 });
    expect(flagNames('NDIS_ENCAPSULATION', 0).names).toEqual(['NDIS_ENCAPSULATION_NOT_SUPPORTED']);
    expect(flagNames('NBL_FLAGS', 0xfff00000)).toEqual({
      names: ['NBL_FLAGS_PROTOCOL_RESERVED'],
      unknownBits: 0,
    });
    expect(flagNames('NDIS_PAUSE', 0x80000000).unknownBits).toBe(0x80000000);
  });
});
