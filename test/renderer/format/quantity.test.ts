import { expect, test } from 'vitest';
import { countOf, formatBytes, formatRate, formatShare } from '../../../renderer/format/quantity';

const plain = (text: string): string => text.replace(/\u2009/g, '_').replace(/\u00a0/g, ' ');

test('bytes count in binary units, rates in decimal ones', () => {
  expect(plain(formatBytes(0))).toBe('0 B');
  expect(plain(formatBytes(1023))).toBe('1_023 B');
  expect(plain(formatBytes(384 * 1024))).toBe('384 KiB');
  expect(plain(formatBytes(20 * 1024 * 1024))).toBe('20 MiB');
  expect(plain(formatRate(940e6))).toBe('940 Mbit/s');
  expect(plain(formatRate(1.25e9))).toBe('1.25 Gbit/s');
});

test('shares are per cent, counts have their plural', () => {
  expect(plain(formatShare(0.004))).toBe('0.4 %');
  expect(plain(countOf(1, 'call'))).toBe('1 call');
  expect(plain(countOf(1200, 'call'))).toBe('1_200 calls');
});
