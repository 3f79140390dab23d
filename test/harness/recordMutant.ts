/** Records the run of a mutant in memory. */
import { runMutant } from '../../electron/emulator/mutants/runMutant';
import type { Mutant } from '../../electron/emulator/mutants/mutant';
import { mutants } from '../../electron/emulator/mutants/mutants';
import { TraceRecorder } from '../../electron/recorder/traceRecorder';
import type { RunReport } from '../../shared/analysis/runReport';
import type { RuleId } from '../../shared/rules/catalogue';
import { traceFormatVersion } from '../../shared/trace/records';
import { concatenate } from './traceBytes';

/** The first mutant that breaks a rule. */
export function mutantOf(rule: RuleId): Mutant {
  const found = mutants.find(({ breaks }) => breaks === rule);
  if (found === undefined) throw new Error(`no mutant breaks ${rule}`);
  return found;
}

/** What is left of a report of which nobody asks more. */
const report: RunReport = {
  scenario: 'transfer',
  success: true,
  summary: 'A mutant has run.',
  seed: 1,
  fileBytes: 0,
  sha256: { source: null, peer: null, returned: null },
  bytesSent: { hostPath: 0, chimney: 0 },
  bytesReceived: { hostPath: 0, chimney: 0 },
  callsRecorded: 0,
  optionalHandlersCalls: 0,
  frames: { sent: 0, lost: 0, retransmitted: 0 },
  virtualTime: 600e9,
};

/** The trace of a mutant. */
export function recordMutant(mutant: Mutant): Uint8Array {
  const pieces: Uint8Array[] = [];
  const recorder = new TraceRecorder(
    {
      format: 'chimneysweep-trace',
      version: traceFormatVersion,
      application: 'test',
      scenario: 'transfer',
      title: 'A bad driver',
      seed: 1,
      settings: {},
      snapLength: 64,
    },
    { write: (bytes) => pieces.push(bytes.slice()) },
  );
  runMutant([], mutant, 1, recorder);
  recorder.finish(report);
  return concatenate(pieces);
}
