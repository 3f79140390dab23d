/** Records one seed of a soak in memory and reads it back. */
import { TraceModel } from '../../shared/analysis/traceModel';
import { traceFormatVersion } from '../../shared/trace/records';
import { SoakRun, type SoakResult, type SoakSettings } from '../../electron/emulator/soak/soakRun';
import { TraceRecorder } from '../../electron/recorder/traceRecorder';

/** What a soak leaves. */
export interface RecordedSoak {
  readonly model: TraceModel;
  readonly result: SoakResult;
}

/** Runs a seed to its end. */
export function recordSoak(settings: SoakSettings): RecordedSoak {
  const model = new TraceModel();
  const recorder = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: 'test',
      scenario: 'soak',
      title: 'Soak',
      seed: settings.seed,
      settings: {},
      snapLength: 128,
    },
    {
      write: (bytes) => {
        const pushed = model.push(bytes.slice());
        if (!pushed.ok) throw new Error(pushed.error.message);
      },
    },
  );
  const run = new SoakRun(recorder, settings);
  while (run.advance(100_000));
  recorder.finish(run.report());
  return { model, result: run.result() };
}
