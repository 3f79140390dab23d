/** A process that works through mutated traces: see `work.ts`. */
import { workThrough } from '../work';
import { fuzzCorpus } from './corpus';
import { exercise } from './exercise';
import { mutated } from './mutations';

await workThrough(process.argv.slice(2), async (root) => {
  const corpus = await fuzzCorpus(root);
  return {
    make: (random) => mutated(random, corpus),
    exercise: async ({ bytes }, number) => {
      const { streamed, opened } = await exercise(bytes, number);
      return `${streamed}, ${opened}`;
    },
  };
});
