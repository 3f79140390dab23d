import { describe, expect, test } from 'vitest';
import { canonicalDefinition } from '../../../shared/scenario/canonical';
import { library, libraryScenario } from '../../../shared/scenario/library';
import { quantityText } from '../../../shared/scenario/quantityText';
import { readScenario } from '../../../shared/scenario/readScenario';
import { writeScenario } from '../../../shared/scenario/writeScenario';
import { isWritten, partAt, partOnLine, yamlOutline } from '../../../shared/scenario/yamlOutline';

describe('a definition is written as a file', () => {
  test.each(library.map((definition) => [definition.scenario, definition] as const))(
    '%s is read back as it was',
    (_name, definition) => {
      const read = readScenario(writeScenario(definition));
      expect(read.ok && canonicalDefinition(read.value)).toEqual(canonicalDefinition(definition));
    },
  );

  test('what goes without saying is left out, and quantities have units', () => {
    const text = writeScenario(libraryScenario('failover')!);
    expect(text).toContain('bytes: 4MiB');
    expect(text).toContain('connectInterval: 60us');
    expect(text).not.toContain('expectations');
    expect(text).not.toContain('processors');
  });

  test.each([
    [50_000, 'duration', '50us'],
    [1_500_000, 'duration', '1.5ms'],
    [1_234_567, 'duration', '1234567ns'],
    [0, 'duration', '0'],
    [2 * 1024 * 1024, 'size', '2MiB'],
    [1000, 'size', '1000'],
    [2_500_000_000, 'rate', '2.5Gbit/s'],
  ] as const)('%d of %s is %s', (value, kind, text) => {
    expect(quantityText(value, kind)).toBe(text);
  });
});

describe('the outline of a text', () => {
  const text = [
    'scenario: one',
    'topology:',
    '  team:',
    '    adapters: 2',
    'steps:',
    '  - do: wait',
    '    after: 5us',
    '  - do: upload',
    '',
  ].join('\n');

  test('parts have the lines from their key to their last value', () => {
    const outline = yamlOutline(text);
    expect(partAt(outline, ['topology', 'team'])).toMatchObject({ firstLine: 3, lastLine: 4 });
    expect(partAt(outline, ['steps', 0])).toMatchObject({ firstLine: 6, lastLine: 7 });
    expect(partAt(outline, ['steps', 1])).toMatchObject({ firstLine: 8, lastLine: 8 });
  });

  test('what is not written is found at what stands around it', () => {
    const outline = yamlOutline(text);
    expect(isWritten(outline, ['topology', 'link', 'rate'])).toBe(false);
    expect(partAt(outline, ['topology', 'link', 'rate'])?.path).toEqual(['topology']);
    expect(partAt(outline, ['faults', 0])).toBeUndefined();
  });

  test('a line leads to the innermost part on it', () => {
    const outline = yamlOutline(text);
    expect(partOnLine(outline, 4)?.path).toEqual(['topology', 'team', 'adapters']);
    expect(partOnLine(outline, 7)?.path).toEqual(['steps', 0, 'after']);
  });

  test('a text that is wrong has the parts that can be told', () => {
    const outline = yamlOutline('topology:\n  team: [1, 2\nsteps:\n  - do: wait\n');
    expect(partAt(outline, ['topology'])?.firstLine).toBe(1);
  });

  test('a text that is nested without end has a few parts, or none', () => {
    expect(yamlOutline('['.repeat(100_000)).parts.length).toBeLessThan(20);
    expect(yamlOutline('- '.repeat(100_000)).parts.length).toBeLessThan(20);
  });
});
