import { expect, test } from 'vitest';
import { formatDuration, formatInstant, groupDigits } from '../../../renderer/format/time';

const plain = (text: string): string => text.replace(/\u2009/g, '_').replace(/\u00a0/g, ' ');

test.each([
  [0, '0.000 µs'],
  [345_678, '345.678 µs'],
  [12_345_678, '12.345_678 ms'],
  [1_000_000, '1.000_000 ms'],
  [2_000_000_001, '2.000_000_001 s'],
  [12_345_000_000_000, '12_345.000_000_000 s'],
  [-1500, '−1.500 µs'],
])('the instant %d ns reads %s, with no nanosecond lost', (time, text) => {
  expect(plain(formatInstant(time))).toBe(text);
});

test.each([
  [850, '850 ns'],
  [12_340, '12.34 µs'],
  [1_500_000, '1.5 ms'],
  [3_000_000_000, '3 s'],
  [5_000_000_000_000, '5_000 s'],
  [0, '0 ns'],
])('the length %d ns reads %s', (length, text) => {
  expect(plain(formatDuration(length))).toBe(text);
});

test('digits are grouped by thousands from the right', () => {
  expect(plain(groupDigits(1_234_567))).toBe('1_234_567');
  expect(plain(groupDigits(999))).toBe('999');
});
