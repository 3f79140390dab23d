import { expect, test } from 'vitest';
import { layoutHex } from '../../../renderer/widgets/hexLayout';

test('sixteen bytes a line, as hexadecimal and as text', () => {
  const lines = layoutHex(Uint8Array.from({ length: 20 }, (_, index) => 0x3c + index));
  expect(lines.map((line) => line.offset)).toEqual([0, 16]);
  expect(lines[0]!.parts).toHaveLength(1);
  expect(lines[0]!.parts[0]!.hex).toBe('3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b ');
  expect(lines[0]!.parts[0]!.text).toBe('<=>?@ABCDEFGHIJK');
  expect(layoutHex(Uint8Array.of(0, 0x7f))[0]!.parts[0]!.text).toBe('··');
});

test('a marked stretch is split off, over line ends, too', () => {
  const lines = layoutHex(new Uint8Array(32), { offset: 14, length: 4 });
  expect(lines.map((line) => line.parts.map((part) => [part.text.length, part.marked]))).toEqual([
    [
      [14, false],
      [2, true],
    ],
    [
      [2, true],
      [14, false],
    ],
  ]);
});

test('nothing gives no lines', () => {
  expect(layoutHex(new Uint8Array(0))).toEqual([]);
});
