import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expressionSubject } from './text/expressions';
import { packetdrillSubject } from './text/packetdrill';
import { inputOf, type FuzzSubject } from './subject';

const root = path.resolve(import.meta.dirname, '../..');

/** Mutated inputs that every run of the tests takes; `npm run fuzz` takes as many as one likes. Scripts are longer. */
const [expressions, scripts] = [3000, 1000];

/** Gives so many inputs of one seed to a subject; answers how often each ending came. */
async function endingsOf(subject: FuzzSubject, inputs: number): Promise<ReadonlyMap<string, number>> {
  const endings = new Map<string, number>();
  for (let number = 0; number < inputs; number++) {
    const input = inputOf(subject, 20_081_122, number);
    try {
      const ending = await subject.exercise(input, number);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    } catch (error) {
      throw new Error(`input ${number} (${input.story})`, { cause: error });
    }
  }
  return endings;
}

describe('a mutated text is never an exception, and every problem names a place in it:', () => {
  it(`expressions (${expressions} inputs)`, async () => {
    const endings = await endingsOf(expressionSubject(root), expressions);
    // Mutations that only ever broke the syntax would find nothing.
    for (const ending of ['no expression', 'of wrong types', 'evaluated'])
      expect(endings.get(ending), ending).toBeGreaterThan(expressions / 20);
  });

  it(`packetdrill scripts (${scripts} inputs)`, async () => {
    const endings = await endingsOf(packetdrillSubject(root), scripts);
    for (const ending of ['syntax', 'unsupported', 'read'])
      expect(endings.get(ending), ending).toBeGreaterThan(scripts / 100);
  });
});
