/** What a recording has cost the run that it records, as it is measured where it is made and shown where it is looked at. No trace has it: it differs from run to run. */
import { z } from 'zod';

/** Times are wall time. */
export const recordingCostSchema = z
  .object({
    /** Records so far. */
    events: z.number().int().nonnegative(),
    /** Time for records, chunks and their way to the disk, ms. That of single records is an estimate by samples; the rest is measured. */
    milliseconds: z.number().nonnegative(),
    /** How much of `milliseconds` whatever takes the bytes had them: the disk, or the ring of `--keep-last`. */
    sinkMilliseconds: z.number().nonnegative(),
    /** How long emulation and recording have been at work together, ms. */
    runMilliseconds: z.number().nonnegative(),
    /** How long it took to make a compact file of it behind the run, ms; absent where nothing was saved, or not yet. */
    saveMilliseconds: z.number().nonnegative().optional(),
  })
  .strict();

/** See {@link recordingCostSchema}. */
export type RecordingCost = z.infer<typeof recordingCostSchema>;

/** Time for each event, ns; 0 without events. */
export function nanosecondsPerEvent({ events, milliseconds }: RecordingCost): number {
  return events === 0 ? 0 : (milliseconds * 1e6) / events;
}

/** Share of the run that went into recording, 0 to 1: samples may say a little more than there was. */
export function recordingShare({ milliseconds, runMilliseconds }: RecordingCost): number {
  return runMilliseconds <= 0 ? 0 : Math.min(1, milliseconds / runMilliseconds);
}

/** From this share of the recording's time on it is worth saying that it waits for the disk. */
const noticeableSinkShare = 0.5;

/** `3,120,000 events, 410 ns each, 17 % of the run`, and what else there is to say. */
export function recordingCostText(cost: RecordingCost): string {
  const { events, milliseconds, sinkMilliseconds, saveMilliseconds } = cost;
  const grouped = String(events).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const share = `${Math.round(recordingShare(cost) * 100)} % of the run`;
  const waited =
    sinkMilliseconds > milliseconds * noticeableSinkShare
      ? [`${Math.round((sinkMilliseconds / milliseconds) * 100)} % of that while its bytes were taken`]
      : [];
  const saved = saveMilliseconds === undefined ? [] : [`saved in ${(saveMilliseconds / 1000).toFixed(2)} s`];
  const each = `${Math.round(nanosecondsPerEvent(cost))} ns each`;
  return [`${grouped} events`, each, share, ...waited, ...saved].join(', ');
}
