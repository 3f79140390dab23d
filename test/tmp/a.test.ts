import { it } from 'vitest';
import { readFileSync } from 'node:fs';
import { TraceReader } from '../../shared/trace/traceReader';
it('x', () => {
  const reader = new TraceReader([{ onRecord: (r, e) => { if ([24534,24536,24538].includes(e)) console.log(e, JSON.stringify({...r, bytes: 0})); if (e===24533||e===24160||e===24166||e===24159) console.log(e, JSON.stringify(r).slice(0,400)); } }]);
  reader.push(readFileSync('/tmp/sk27.sweep')); reader.close();
});
