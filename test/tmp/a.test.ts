import { it } from 'vitest';
import { readFileSync } from 'node:fs';
import { TraceReader } from '../../shared/trace/traceReader';
it('x', () => {
  const reader = new TraceReader([{ onRecord: (r, e, t) => { if (r.kind === 'call' && r.functionName === 'NdisMIndicateStatusEx') console.log(e, t, JSON.stringify(r.arguments).slice(0,900)); } }]);
  reader.push(readFileSync('/tmp/sk1.sweep')); reader.close();
});
