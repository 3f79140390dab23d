import { expect, test } from 'vitest';
import { byteOwners, dumpShape, stepByte } from '../../../../renderer/views/structure/byteOwners';
import { structureLines } from '../../../../renderer/views/structure/structureLines';

test('a byte belongs to the innermost member, padding to its own line', () => {
  const { lines } = structureLines('TCP_OFFLOAD_STATE_DELEGATED', new Uint8Array(128));
  const owners = byteOwners(lines, 128);
  const nameAt = (at: number): string => lines[owners[at]!]!.path;
  expect(nameAt(0)).toBe('Header.Length');
  expect(nameAt(7)).toBe('Header.RecognizedOptions');
  expect(nameAt(0x33)).toBe('CWnd');
  expect(nameAt(0x4e)).toBe('padding@78');
});

test('arrow keys move by bytes and lines and stay inside', () => {
  const step = (key: string, at: number): number | undefined => stepByte(key, at, 20, 8);
  expect([step('ArrowLeft', 0), step('ArrowLeft', 5)]).toEqual([0, 4]);
  expect([step('ArrowRight', 19), step('ArrowRight', 5)]).toEqual([19, 6]);
  expect([step('ArrowUp', 3), step('ArrowUp', 11)]).toEqual([3, 3]);
  expect([step('ArrowDown', 3), step('ArrowDown', 11), step('ArrowDown', 13)]).toEqual([11, 19, 13]);
  expect([step('Home', 11), step('End', 11), step('End', 17)]).toEqual([8, 15, 19]);
  expect([step('PageUp', 11), step('PageDown', 3), step('PageDown', 5)]).toEqual([3, 19, 13]);
  expect(step('x', 3)).toBeUndefined();
});

test('a dump has sixteen bytes a line where they fit, and their characters where these fit, too', () => {
  expect(dumpShape(90)).toEqual({ perLine: 16, characters: true });
  expect(dumpShape(60)).toEqual({ perLine: 16, characters: false });
  expect(dumpShape(45)).toEqual({ perLine: 8, characters: true });
  expect(dumpShape(20)).toEqual({ perLine: 8, characters: false });
});
