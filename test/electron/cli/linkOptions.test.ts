import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { linkOptions, linkRequest, type LinkOptions } from '../../../electron/cli/linkOptions';
import { linkRequestSchema } from '../../../shared/contract/linkRequest';

/** What a command line with these words asks of the links. */
function parse(...words: string[]): ReturnType<typeof linkRequest> {
  const program = new Command('test').exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of Object.values(linkOptions)) program.addOption(option);
  program.parse(words, { from: 'user' });
  return linkRequest(program.opts<LinkOptions>());
}

describe('the options about links', () => {
  it('ask for nothing where none is given', () => {
    expect(parse()).toBeUndefined();
  });

  it.each([
    [['--delay', '20ms'], { delay: 20_000_000 }],
    [['--delay', '1.5us'], { delay: 1500 }],
    [['--jitter', '0ns'], { jitter: 0 }],
    [['--rate', '100M'], { bitsPerSecond: 1e8 }],
    [['--rate', '2.5G'], { bitsPerSecond: 2.5e9 }],
    [['--queue', '64K'], { queueBytes: 65_536 }],
    [['--duplicate', '0.01'], { duplicate: 0.01 }],
    [['--reorder', '0.1', '--reorder-delay', '1ms'], { reorder: 0.1, reorderDelay: 1e6 }],
    [['--corrupt', '0.02', '--corrupt-past-fcs', '1'], { corrupt: 0.02, corruptPastFcs: 1 }],
    [['--burst-loss', '0.002,0.3'], { burstLoss: { goodToBad: 0.002, badToGood: 0.3 } }],
  ])('%j ask for %j', (words, expected) => {
    const request = parse(...words);
    expect(request).toEqual(expected);
    expect(linkRequestSchema.safeParse(request).success).toBe(true);
  });

  it.each([
    ['--delay', '20'],
    ['--delay', '3s'],
    ['--delay', '-1ms'],
    ['--delay', '20 parsecs'],
    ['--rate', '5k'],
    ['--rate', 'fast'],
    ['--rate', '500G'],
    ['--queue', '1500'],
    ['--queue', '2G'],
    ['--duplicate', '0.6'],
    ['--reorder', ''],
    ['--corrupt', 'NaN'],
    ['--corrupt-past-fcs', '1.1'],
    ['--burst-loss', '0.1'],
    ['--burst-loss', '0.1,0'],
    ['--burst-loss', '0.1,0.5,0.5'],
  ])('refuse %s %s', (option, value) => {
    expect(() => parse(`${option}=${value}`)).toThrow(/invalid/);
  });
});
