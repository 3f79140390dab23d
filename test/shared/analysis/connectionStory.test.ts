import { describe, expect, it } from 'vitest';
import type { ConnectionStory } from '../../../shared/analysis/connectionStory';
import { connectionStoryText } from '../../../shared/analysis/connectionStoryText';
import type { ScenarioId } from '../../../shared/contract/scenarios';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { analyseTrace } from '../../harness/analyseTrace';
import { recordScenario } from '../../harness/recordScenario';

function storiesOf(
  scenario: ScenarioId,
  choices: Parameters<typeof recordScenario>[1] = {},
): {
  readonly stories: readonly ConnectionStory[];
  readonly run: ReturnType<typeof recordScenario>;
} {
  const run = recordScenario(scenario, choices);
  return { stories: analyseTrace(run.bytes).analysis.stories.stories, run };
}

function kinds({ moments }: ConnectionStory): readonly string[] {
  return moments.map(({ kind }) => kind);
}

describe('the story of a connection', () => {
  it('goes from the handshake over offer, acceptance and upload to its end', () => {
    const { stories } = storiesOf('first-sweep', { seed: 1 });
    expect(stories.map(kinds)).toEqual([
      [
        'opened',
        'established',
        'offered',
        'accepted',
        'finished',
        'finished',
        'closed',
        'peer-disconnect-indicated',
        'terminated',
        'upload-asked-for',
        'uploaded',
      ],
    ]);
  });

  it('names records of the trace at the times that they have, in order', () => {
    const { stories, run } = storiesOf('upload-all', { seed: 2 });
    const { store } = run.model;
    for (const { moments } of stories) {
      for (const { event, time } of moments) expect(store!.time(event)).toBe(time);
      const events = moments.map(({ event }) => event);
      expect(events).toEqual([...events].sort((left, right) => left - right));
    }
    expect(kinds(stories[0]!).filter((kind) => kind === 'offered')).toHaveLength(2);
  });

  it('says why an offer was refused', () => {
    const [story] = storiesOf('no-tcp-entries').stories;
    expect(story!.moments.find(({ kind }) => kind === 'refused')).toMatchObject({
      status: NDIS_STATUS.OFFLOAD_TCP_ENTRIES,
    });
    expect(connectionStoryText(story!).join('\n')).toContain(
      'The target refuses it: NDIS_STATUS_OFFLOAD_TCP_ENTRIES.',
    );
  });

  it.each<ScenarioId>([
    'first-sweep',
    'upload-all',
    'terminate-with-data',
    'no-tcp-entries',
    'many-connections',
  ])('counts the bytes that left by each path, and all that arrived, in %s', (scenario) => {
    const { stories, run } = storiesOf(scenario);
    const sum = (of: (story: ConnectionStory) => number): number =>
      stories.reduce((all, story) => all + of(story), 0);
    const { bytesSent, bytesReceived } = run.report;
    expect(sum(({ sent }) => sent.host.newBytes)).toBe(bytesSent.hostPath);
    expect(sum(({ sent }) => sent.chimney.newBytes)).toBe(bytesSent.chimney);
    expect(sum(({ received }) => received.host + received.chimney)).toBe(
      bytesReceived.hostPath + bytesReceived.chimney,
    );
  });

  it('counts what was repeated and lost as the index of frames does', () => {
    const { stories, run } = storiesOf('transfer', { loss: 0.02, seed: 9, fileBytes: 400_000 });
    const { host, chimney } = run.model.frames.totals;
    const [{ sent }] = stories as [ConnectionStory];
    expect(sent.host.retransmissions + sent.chimney.retransmissions).toBe(
      host.retransmissions + chimney.retransmissions,
    );
    expect(sent.host.retransmittedBytes + sent.chimney.retransmittedBytes).toBe(
      host.retransmittedBytes + chimney.retransmittedBytes,
    );
    expect(sent.chimney.retransmissions).toBeGreaterThan(0);
  });

  it('reads as sentences with times and events', () => {
    const [story] = storiesOf('first-sweep', { seed: 1 }).stories;
    const lines = connectionStoryText(story!);
    expect(lines[0]).toMatch(/^Connection 0, \S+:\d+ to \S+:7:$/);
    expect(lines[1]).toMatch(/^ +\d+\.\d{3} ms {2}#\d+ +The host opens it\.$/);
    expect(lines).toContain('  Sent 393216 bytes: 73848 by the host path, 319368 through the chimney.');
  });
});
