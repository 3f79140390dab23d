import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../shared/base/random';
import { fuzzCorpus } from './traces/corpus';
import { exercise } from './traces/exercise';
import { mutated } from './traces/mutations';

const root = path.resolve(import.meta.dirname, '../..');
const golden = path.join(root, 'test', 'golden', 'fuzz');

/** Mutated inputs that every run of the tests takes; `npm run fuzz -- traces` takes as many as one likes. */
const inputs = 3000;

describe('a mutated trace', () => {
  it(`never is an exception, whoever reads it (${inputs} inputs)`, async () => {
    const corpus = await fuzzCorpus(root);
    const endings = new Map<string, number>();
    const random = new Random(19_810_901);
    for (let number = 0; number < inputs; number++) {
      const { bytes, story } = mutated(random, corpus);
      try {
        const { streamed, opened } = await exercise(bytes, number);
        for (const ending of [streamed, opened]) endings.set(ending, (endings.get(ending) ?? 0) + 1);
      } catch (error) {
        throw new Error(`input ${number} (${story})`, { cause: error });
      }
    }
    // Mutations that only ever broke the header would find nothing.
    for (const ending of ['complete', 'damaged', 'cut', 'walked', 'by its index'])
      expect(endings.get(ending), ending).toBeGreaterThan(inputs / 200);
  });

  it.each(existsSync(golden) ? readdirSync(golden) : [])('that was a finding once: %s', async (name) => {
    const bytes = new Uint8Array(readFileSync(path.join(golden, name)));
    for (let seed = 0; seed < 8; seed++) expect(await exercise(bytes, seed)).toBeDefined();
  });

  it('that was unharmed in the first place is read to its end', async () => {
    for (const bytes of (await fuzzCorpus(root)).slice(0, 26))
      expect(await exercise(bytes, 4)).toEqual({ streamed: 'complete', opened: 'by its index' });
  });
});
