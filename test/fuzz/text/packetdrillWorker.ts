/** A process that works through mutated scripts: see `work.ts`. */
import { workThrough } from '../work';
import { packetdrillSubject } from './packetdrill';

await workThrough(process.argv.slice(2), packetdrillSubject);
