/** A process that works through mutated expressions: see `work.ts`. */
import { workThrough } from '../work';
import { expressionSubject } from './expressions';

await workThrough(process.argv.slice(2), expressionSubject);
