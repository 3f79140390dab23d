import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteOwners } from '../../../../renderer/views/structure/byteOwners';
import { structureAsJson, structureAsText } from '../../../../renderer/views/structure/copyStructure';
import {
  breakName,
  breakValue,
  structureLines,
  type StructureLine,
} from '../../../../renderer/views/structure/structureLines';
import { structureLayout, structureNames, type StructureName } from '../../../../shared/ddi/catalogue';
import { encodeStructure } from '../../../../shared/ddi/structureCodec';
import { propertySettings } from '../../../shared/ddi/arbitraryStructure';

/** Bytes as they come: too few, as many as the structure has, too many. */
function anyBytes(name: StructureName): fc.Arbitrary<Uint8Array> {
  const { size } = structureLayout(name);
  return fc.oneof(
    fc.uint8Array({ minLength: size, maxLength: size }),
    fc.uint8Array({ maxLength: size }),
    fc.uint8Array({ minLength: size, maxLength: size + 40 }),
    fc.nat(size + 40).map((length) => new Uint8Array(length)),
  );
}

/** What holds for the lines of any structure and any bytes. */
function check(name: StructureName, bytes: Uint8Array): readonly StructureLine[] {
  const { lines, problems } = structureLines(name, bytes);
  const { fields, size } = structureLayout(name);
  const paths = lines.map((line) => line.path);
  expect(new Set(paths).size, 'paths are unique').toBe(paths.length);
  for (const field of fields) expect(paths).toContain(field.name);
  lines.forEach((line, index) => {
    const nested = (lines[index + 1]?.row.depth ?? 0) > line.row.depth;
    expect(line.text === '', `${line.path} has a value or members`).toBe(
      nested || (line.row.kind === 'field' && line.row.text === ''),
    );
    expect(line.nameParts.join('')).toBe(
      line.row.kind === 'field' || line.row.kind === 'missing' ? line.row.name : line.nameParts.join(''),
    );
    expect(line.textParts.join('')).toBe(line.text);
    for (const [fact, text] of line.facts) expect(`${fact}${text}`).not.toContain('undefined');
  });
  if (bytes.length < size) {
    const held = paths.filter((_path, index) => lines[index]!.row.kind !== 'missing');
    expect(problems.length > 0 || held.length > 0 || bytes.length === 0).toBe(true);
  }
  const owners = byteOwners(lines, bytes.length);
  owners.forEach((owner, at) => {
    if (owner === undefined) return;
    const { row } = lines[owner]!;
    expect(row.kind).not.toBe('missing');
    expect(at >= row.offset && at < row.offset + row.size, `byte ${at} belongs to ${row.path}`).toBe(true);
  });
  return lines;
}

describe.each(structureNames)('%s', (name) => {
  const { size } = structureLayout(name);

  test('zero bytes show every member, and every byte belongs to a line', () => {
    const bytes = new Uint8Array(size);
    const lines = check(name, bytes);
    const gaps = byteOwners(lines, size).flatMap((owner, at) => (owner === undefined ? [at] : []));
    expect(gaps).toEqual([]);
    expect(lines.filter((line) => line.row.kind === 'missing').map((line) => line.path)).toEqual([]);
  });

  test('any bytes, too short or too long, show what they hold', () => {
    fc.assert(
      fc.property(anyBytes(name), (bytes) => void check(name, bytes)),
      { ...propertySettings, numRuns: 40 },
    );
  });

  test('any bytes can be copied as text and as JSON', () => {
    fc.assert(
      fc.property(anyBytes(name), (bytes) => {
        const text = structureAsText(name, bytes);
        expect(text.split('\n')[0]).toBe(`${name}, ${bytes.length} of ${size} bytes`);
        const json = JSON.parse(structureAsJson(name, bytes)) as { members: { member: string }[] };
        for (const field of structureLayout(name).fields) {
          expect(text).toContain(field.name);
          expect(json.members.some(({ member }) => member === field.name)).toBe(true);
        }
      }),
      { ...propertySettings, numRuns: 10 },
    );
  });
});

const lineOf = (lines: readonly StructureLine[], path: string): StructureLine =>
  lines.find((line) => line.path === path)!;

test('a header whose members follow has no summary of its own', () => {
  const bytes = encodeStructure('TCP_OFFLOAD_STATE_CONST', { Header: { Length: 24, RecognizedOptions: 0 } });
  const { lines, stateClass, problems } = structureLines('TCP_OFFLOAD_STATE_CONST', bytes);
  expect(lineOf(lines, 'Header').text).toBe('');
  expect(lineOf(lines, 'Header.Length').text).toBe('24 bytes');
  expect(stateClass).toBe('const');
  expect(problems).toEqual([]);
});

test('alternatives of a union stand together, and the live one is marked', () => {
  const bytes = encodeStructure('NDIS_OID_REQUEST', { RequestType: 1 });
  const { lines } = structureLines('NDIS_OID_REQUEST', bytes, { live: ['SET_INFORMATION'] });
  const data = lines.filter((line) => line.row.union === 'DATA');
  const arms = data.map((line) => line.row.arm);
  expect([...new Set(arms)]).toEqual(['QUERY_INFORMATION', 'SET_INFORMATION', 'METHOD_INFORMATION']);
  expect(arms).toEqual([...arms].sort((left, right) => arms.indexOf(left) - arms.indexOf(right)));
  expect(new Set(data.map((line) => `${line.row.arm} ${line.role}`))).toEqual(
    new Set(['QUERY_INFORMATION other', 'SET_INFORMATION live', 'METHOD_INFORMATION other']),
  );
  const at = lineOf(lines, 'DATA.SET_INFORMATION.Oid').row.offset;
  expect(lines[byteOwners(lines, bytes.length)[at]!]!.path).toBe('DATA.SET_INFORMATION.Oid');
});

test('without a live alternative all of them are open', () => {
  const { lines } = structureLines('TCP_OFFLOAD_STATE_DELEGATED', new Uint8Array(128));
  expect(lineOf(lines, 'SendBacklogSize').role).toBe('open');
  expect(lineOf(lines, 'SendDataHead').role).toBe('open');
});

test('a bit-field shows its bits and their values', () => {
  const bytes = Uint8Array.of(0x5d, 0x12, 0, 0, 0, 0, 0, 0);
  const { lines } = structureLines('NDIS_NET_BUFFER_LIST_8021Q_INFO', bytes);
  const priority = lineOf(lines, 'TagHeader.UserPriority');
  expect(priority.bits).toBe('bits 0–2');
  expect(priority.facts).toContainEqual(['Bits', 'bits 0–2: 101 of 32 bits']);
  expect(lineOf(lines, 'TagHeader.CanonicalFormatId').bits).toBe('bit 3');
  expect(lineOf(lines, 'TagHeader.VlanId').text).toBe(String(0x125));
});

test('too short a structure says what is missing', () => {
  const { lines, problems } = structureLines('TCP_OFFLOAD_STATE_CONST', new Uint8Array(12));
  expect(problems[0]).toContain('only 12 are there');
  expect(lineOf(lines, 'HashValue').text).toBe('not in these bytes');
});

test('names and values break between words, never inside one', () => {
  expect(breakName('RecognizedOptions')).toEqual(['RecognizedOptions']);
  expect(breakName('KeepAlive.ProbeCount')).toEqual(['KeepAlive.', 'ProbeCount']);
  expect(breakName('TcpOffloadReceiveIndicateHandler')).toEqual([
    'Tcp',
    'Offload',
    'Receive',
    'Indicate',
    'Handler',
  ]);
  expect(breakValue('0 bytes')).toEqual(['0 ', 'bytes']);
  expect(breakValue('NDIS_OBJECT_TYPE_DEFAULT | X').slice(0, 2)).toEqual(['NDIS_', 'OBJECT_']);
});
