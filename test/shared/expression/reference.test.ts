import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFunctionName, structureLayout, structureNames } from '../../../shared/ddi/catalogue';
import { checkExpression } from '../../../shared/expression/check';
import {
  fieldCatalogue,
  fieldNames,
  fieldReference,
  fieldReferences,
} from '../../../shared/expression/fields';
import { referenceTables } from '../../../shared/expression/referenceTables';

const file = path.resolve(import.meta.dirname, '../../../docs/expressions.md');
const begin = '<!-- generated: begin -->';
const end = '<!-- generated: end -->';

/** The page with the generated part made anew. */
function renewed(page: string): string {
  const head = page.slice(0, page.indexOf(begin) + begin.length);
  return `${head}\n\n${referenceTables()}\n\n${page.slice(page.indexOf(end))}`;
}

describe('docs/expressions.md', () => {
  it('has the tables that the catalogue makes; UPDATE_DOCS=1 writes them', () => {
    const page = readFileSync(file, 'utf8');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, renewed(page));
    expect(readFileSync(file, 'utf8')).toBe(renewed(page));
  });

  it('shows expressions that can be read', () => {
    const page = readFileSync(file, 'utf8');
    const examples = [...page.matchAll(/--where '([^']+)'/g)].map(([, example]) => example!);
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) expect([example, checkExpression(example).ok]).toEqual([example, true]);
  });
});

describe('the catalogue of fields', () => {
  it('gives every name, alias included, to one field only', () => {
    const names = fieldCatalogue.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of fieldNames) expect(fieldReference(name)).toBeDefined();
  });

  it('has parts that are fields of the same type', () => {
    for (const { field } of fieldReferences)
      for (const part of field.parts ?? [])
        expect([part, fieldReference(part)?.field.type]).toEqual([part, field.type]);
  });

  it('refers to standards, and to pages that the DDI catalogue knows', () => {
    const pages = new Set([
      ...structureNames.map((name) => structureLayout(name).page),
      'layers-of-offload-state',
    ]);
    for (const { name, reference } of fieldCatalogue)
      if (reference !== undefined && !/^(RFC \d|IEEE 802)/.test(reference))
        expect([name, pages.has(reference)]).toEqual([name, true]);
  });

  it('has a sentence for each field, and no field that is a function of the DDI', () => {
    for (const { name, meaning } of fieldCatalogue) {
      expect(meaning).toMatch(/[.!?]$/);
      expect(isFunctionName(name)).toBe(false);
    }
  });
});
