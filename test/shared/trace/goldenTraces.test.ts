import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTrace, type Reading } from '../../harness/traceBytes';

/** What a trace says, in one line: the SHA-256 of its records and times as JSON. */
function digest({ records, times }: Reading): string {
  const text = JSON.stringify({ records, times }, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

describe('a golden trace', () => {
  // The digests of version 1 were taken with the reader of version 1, before it was frozen.
  it.each([
    ['v1-transfer', 263, 'e21c5b21a1867a81908ed6bc67773592b5a451c48ae69f97fe04213596c21bb1'],
    ['v1-failover', 771, 'fac08898bc9f2b0ad7b894b291088171d7e38bc9f44782dc0491769a66d74e84'],
    ['v2-transfer', 263, 'ba09febed37d28d31cbed1a7c513b18f1ccd5710051a5a902fc0ba6f0fca3ff4'],
    ['v2-failover', 771, '78f5847c6ddce0fc02aa5fbf24606a14baee168cd5b5e6b750b2b1c47b65eeec'],
  ])('says what it said when it was recorded: %s', (name, count, expected) => {
    const reading = readTrace(readFileSync(path.join('test/golden/traces', `${name}.sweep`)));
    expect(reading.end).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(reading.records.length).toBe(count);
    expect(digest(reading)).toBe(expected);
  });
});

describe('a golden trace that is not whole', () => {
  it('from the future is refused, and says that a newer Chimneysweep is needed', () => {
    const reading = readTrace(readFileSync('test/golden/traces/v3-future.sweep'));
    expect(reading.end).toMatchObject({ ok: false, error: { code: 'newer-version', version: 3 } });
  });

  it.each([
    ['v2-torn', 'cut', 256],
    ['v2-corrupt', 'damaged', 256],
  ])('opens up to where it is whole: %s', (name, kind, count) => {
    const whole = readTrace(readFileSync('test/golden/traces/v2-failover.sweep'));
    const reading = readTrace(readFileSync(path.join('test/golden/traces', `${name}.sweep`)));
    expect(reading.end).toMatchObject({ ok: true, value: { kind } });
    expect(reading.records.length).toBe(count);
    expect(reading.records).toEqual(whole.records.slice(0, count));
  });
});
