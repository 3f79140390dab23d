import { expect, test } from 'vitest';
import { isTraceName } from '../../../renderer/app/droppedFile';
import { parseLossPercent, parseSeed } from '../../../renderer/app/scenarioForm';
import { recordingRequestSchema } from '../../../shared/contract/recording';

test.each([
  ['0', 0],
  [' 42 ', 42],
  ['4294967295', 4_294_967_295],
  ['4294967296', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['abc', undefined],
])('the seed %j is %s', (text, seed) => {
  expect(parseSeed(text)).toBe(seed);
});

test.each([
  ['0', 0],
  ['0.4', 0.004],
  ['1,5', 0.015],
  ['30', 0.3],
  ['30.1', undefined],
  ['-1', undefined],
  ['', undefined],
  ['1e1', undefined],
])('the loss %j is %s', (text, loss) => {
  expect(parseLossPercent(text)).toBe(loss);
});

test('what the form accepts, the engine accepts', () => {
  for (const loss of ['0', '0.4', '30']) {
    const request = { scenario: 'transfer', seed: parseSeed('7'), loss: parseLossPercent(loss) };
    expect(recordingRequestSchema.safeParse(request).success).toBe(true);
  }
});

test('traces are told by their ending, in any case', () => {
  expect(isTraceName('a.sweep')).toBe(true);
  expect(isTraceName('A.SWEEP')).toBe(true);
  expect(isTraceName('a.sweep.zip')).toBe(false);
});
