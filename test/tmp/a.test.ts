import { it } from 'vitest';
import { readFileSync } from 'node:fs';
import { TraceReader } from '../../shared/trace/traceReader';
const want: Record<string, number[]> = { sk34: [7760, 9772, 9780], sk64:[69778] };
it('x', () => {
  for (const [f, ids] of Object.entries(want)) {
    const reader = new TraceReader([{ onRecord: (r, e) => { if (ids.includes(e)&&r.kind==='call') console.log(f, e, JSON.stringify(r.arguments.filter(a=>a.kind==='net-buffer-lists')).slice(0,900)); } }]);
    reader.push(readFileSync(`/tmp/${f}.sweep`)); reader.close();
  }
});
