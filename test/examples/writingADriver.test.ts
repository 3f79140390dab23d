import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleFile } from '../harness/driverModule';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/writing-a-driver.md'), 'utf8');

function withoutIndentation(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n');
}

describe('docs/writing-a-driver.md', () => {
  const examples = ['minimal-target', 'minimal-intermediate'].map((folder) =>
    withoutIndentation(readFileSync(exampleFile(folder, 'driver.ts'), 'utf8')),
  );
  const excerpts = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => withoutIndentation(text!));

  it('has excerpts', () => {
    expect(excerpts.length).toBeGreaterThan(4);
  });

  it.each(excerpts)('shows code that stands in an example: %s', (excerpt) => {
    expect(examples.some((example) => example.includes(excerpt))).toBe(true);
  });
});
