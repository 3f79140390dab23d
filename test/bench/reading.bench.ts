import { bench, describe } from 'vitest';
import { TraceModel } from '../../shared/analysis/traceModel';
import { TraceEncoder } from '../../shared/trace/traceEncoder';
import { TraceReader } from '../../shared/trace/traceReader';
import { recordScenario } from '../harness/recordScenario';

const { bytes, model } = recordScenario('transfer', { fileBytes: 4_000_000, loss: 0.01 });
const events = model.store!.length;

describe(`trace of ${events} events, ${bytes.length} bytes`, () => {
  bench('read', () => {
    new TraceReader().push(bytes);
  });
  bench('read and analyse', () => {
    new TraceModel().push(bytes);
  });
  bench('throughput of the whole trace in 200 bins', () => {
    model.frames.throughput(0, model.store!.lastTime, 200);
  });
  bench('state of the connection at 1,000 instants', () => {
    for (let index = 0; index < 1000; index++) model.states.objectAt(2, Math.floor((events * index) / 1000));
  });
});

describe('write path: 100,000 frames of 1,514 bytes', () => {
  const frame = new Uint8Array(2048);
  bench('encode, 128 bytes of each', () => {
    const encoder = new TraceEncoder(model.store!.header, { write: () => undefined });
    encoder.write(0, { kind: 'component', id: 0, role: 'wire', name: 'Wire' });
    for (let index = 0; index < 100_000; index++) {
      encoder.writeFrame(index * 12_300, 0, 1, undefined, undefined, 1514, 1460, false, frame);
    }
    encoder.flush();
  });
});
