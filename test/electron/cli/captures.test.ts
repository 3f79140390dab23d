import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chimneysweep, launcher } from '../../harness/commandLine';
import { readCapture } from '../../harness/readCapture';

let folder = '';

function at(name: string): string {
  return path.join(folder, name);
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-captures-'));
  chimneysweep('--version');
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = ['run', 'first-sweep', '--duplicate', '0.02', '--corrupt', '0.02', '--corrupt-past-fcs', '0.5'];

describe('chimneysweep run --pcapng and chimneysweep pcapng', () => {
  it('make the same capture where the trace keeps whole frames, byte for byte', () => {
    const words = ['--snap-length', 'all', '--out', at('whole.sweep'), '--pcapng', at('live.pcapng')];
    expect(chimneysweep(...run, ...words)).toMatchObject({ code: 0, err: '' });
    const made = chimneysweep('pcapng', at('whole.sweep'), '--out', at('made.pcapng'));
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/^\d+ packets in /);
    expect(readFileSync(at('made.pcapng')).equals(readFileSync(at('live.pcapng')))).toBe(true);
    expect(readCapture(readFileSync(at('live.pcapng'))).packets.length).toBeGreaterThan(300);
  });

  it('say how many packets are cut where the trace keeps a part of each frame', () => {
    chimneysweep(...run, '--out', at('cut.sweep'));
    const made = chimneysweep('pcapng', at('cut.sweep'), '--out', at('cut.pcapng'), '--tap', 'Echo server');
    expect(made.code).toBe(0);
    expect(made.err).toMatch(
      /^chimneysweep: \d+ packets are cut to what the trace keeps .* --snap-length all/,
    );
    const { packets, interfaces } = readCapture(readFileSync(at('cut.pcapng')));
    expect(interfaces.map(({ name }) => name)).toEqual(['Echo server']);
    // Ethernet, IPv4, TCP with options, and 16 bytes of payload.
    const longest = Math.max(...packets.map(({ bytes }) => bytes.length));
    expect(longest).toBeGreaterThanOrEqual(14 + 20 + 32 + 16);
    expect(longest).toBeLessThanOrEqual(14 + 20 + 60 + 16);
    expect(Math.max(...packets.map(({ length }) => length))).toBe(1514);
  });

  it('make what can be made of a trace that was cut, and say so', () => {
    const whole = readFileSync(at('cut.sweep'));
    writeFileSync(at('half.sweep'), whole.subarray(0, whole.length / 2));
    const made = chimneysweep('pcapng', at('half.sweep'), '--out', at('half.pcapng'));
    expect(made.code).toBe(1);
    expect(made.err).toContain('incomplete');
    expect(readCapture(readFileSync(at('half.pcapng'))).end.ok).toBe(true);
  });

  it('name the interfaces that there are when asked for another', () => {
    for (const words of [
      [...run, '--pcapng', at('none.pcapng'), '--tap', 'eth0'],
      ['pcapng', at('cut.sweep'), '--out', at('none.pcapng'), '--tap', 'eth0'],
    ]) {
      const refused = chimneysweep(...words);
      expect(refused.code).toBe(2);
      expect(refused.err).toContain('There is no interface eth0. The interfaces are: ');
      expect(refused.err).toContain('Offload target');
    }
  });

  it.each([
    [['run', 'transfer', '--tap', 'Offload target'], '--pcapng FILE'],
    [['run', 'transfer', '--snap-length', '5'], 'Bytes from 14'],
    [['pcapng', 'missing.sweep', '--out', 'x.pcapng'], 'There is no file missing.sweep'],
    [['pcapng', launcher, '--out', launcher], 'would overwrite'],
    [['pcapng', launcher], '--out'],
  ])('refuse %j', (words, complaint) => {
    const refused = chimneysweep(...words);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(complaint);
  });

  it('refuse what is no trace', () => {
    const refused = chimneysweep('pcapng', launcher, '--out', at('never.pcapng'));
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('not a Chimneysweep trace');
  });

  it('do not make a folder', () => {
    const refused = chimneysweep(...run, '--pcapng', at('nowhere/x.pcapng'));
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('does not exist');
    expect(existsSync(at('nowhere'))).toBe(false);
  });
});
