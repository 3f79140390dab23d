import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { rulePages } from '../harness/rulePages';

const folder = path.resolve(import.meta.dirname, '../../docs/rules');

describe('docs/rules', () => {
  const pages = rulePages();
  if (process.env['UPDATE_DOCS'] !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of pages) writeFileSync(path.join(folder, name), text);
  }

  it('has a page for every rule, and no other', () => {
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  });

  it('says what the catalogue and the code say (UPDATE_DOCS=1 writes it anew)', () => {
    const stale = [...pages].filter(([name, text]) => readFileSync(path.join(folder, name), 'utf8') !== text);
    expect(stale.map(([name]) => name)).toEqual([]);
  });
});
