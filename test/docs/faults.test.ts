import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { faultReference } from '../../shared/scenario/faultReference';

const page = path.resolve(import.meta.dirname, '../../docs/faults.md');
const line = '\n---\n';

describe('docs/faults.md', () => {
  it('says what the schema says (UPDATE_DOCS=1 writes it)', async () => {
    const text = readFileSync(page, 'utf8');
    const head = text.slice(0, text.indexOf(line) + line.length);
    const made = await format(faultReference(), { ...(await resolveConfig(page)), parser: 'markdown' });
    const expected = `${head}\n${made}`;
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, expected);
    else expect(text).toBe(expected);
  });
});
