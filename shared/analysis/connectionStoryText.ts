/** The story of a connection in sentences, for reports, lessons and the command line. */
import { nameInGroup } from '../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../ddi/status';
import type { ConnectionStory, SentSums, StoryMoment } from './connectionStory';

/** What happened, as a sentence without its time. */
export function momentText(moment: StoryMoment): string {
  switch (moment.kind) {
    case 'opened':
      return moment.by === 'peer' ? 'The peer opens it.' : 'The host opens it.';
    case 'established':
      return 'The handshake is complete.';
    case 'offered':
      return moment.outstandingSends > 0
        ? `The host offers it to the chimney, with ${moment.outstandingSends} bytes sent and not acknowledged.`
        : 'The host offers it to the chimney.';
    case 'accepted':
      return 'The target takes it.';
    case 'refused':
      return `The target refuses it: ${statusName(moment.status)}.`;
    case 'upload-asked-for':
      return `The target asks for its upload: ${nameInGroup('TCP_UPLOAD_REASON', moment.reason) ?? `reason ${moment.reason}`}.`;
    case 'peer-disconnect-indicated':
      return 'The target indicates that the peer has closed its side.';
    case 'abort-indicated':
      return 'The target indicates that the peer has reset it.';
    case 'invalidated':
      return 'The host invalidates its state.';
    case 'terminated':
      return 'The host takes it back.';
    case 'uploaded':
      return moment.status === NDIS_STATUS.SUCCESS
        ? 'The host has it again.'
        : `The target could not give it back: ${statusName(moment.status)}.`;
    case 'finished':
      return moment.by === 'peer'
        ? 'The peer has no more to send (FIN).'
        : 'This end has no more to send (FIN).';
    case 'reset':
      return moment.by === 'peer' ? 'The peer resets it (RST).' : 'This end resets it (RST).';
    case 'closed':
      return 'It is closed.';
  }
}

function repeated(name: string, { retransmissions, retransmittedBytes, lostFrames }: SentSums): string {
  return `${name}: ${retransmissions} retransmissions (${retransmittedBytes} bytes), ${lostFrames} frames lost`;
}

/** The sums of a connection in sentences. */
export function connectionSumsText(story: ConnectionStory): readonly string[] {
  const { sent, received } = story;
  const lines = [
    `Sent ${sent.host.newBytes + sent.chimney.newBytes} bytes: ${sent.host.newBytes} by the host path, ${sent.chimney.newBytes} through the chimney.`,
    `Received ${received.host + received.chimney} bytes: ${received.host} by the host path, ${received.chimney} through the chimney.`,
  ];
  const troubles: string[] = [];
  for (const [name, sums] of [
    ['host path', sent.host],
    ['chimney', sent.chimney],
  ] as const)
    if (sums.retransmissions > 0 || sums.lostFrames > 0) troubles.push(repeated(name, sums));
  if (story.peerRetransmissions > 0) troubles.push(`peer: ${story.peerRetransmissions} retransmissions`);
  if (troubles.length > 0) lines.push(`Repeated by ${troubles.join('; ')}.`);
  const others = [
    [story.updates, 'updates'],
    [story.queries, 'queries'],
    [story.forwardedSegments, 'forwarded segments'],
  ] as const;
  const some = others.filter(([times]) => times > 0).map(([times, what]) => `${times} ${what}`);
  if (some.length > 0) lines.push(`While it was offloaded: ${some.join(', ')}.`);
  return lines;
}

/** Times in ms and event ids in front of the sentences, and the sums behind them; without line ends. */
export function connectionStoryText(story: ConnectionStory): readonly string[] {
  return [
    `Connection ${story.connection}, ${story.local} to ${story.remote}:`,
    ...story.moments.map(
      (moment) =>
        `  ${(moment.time / 1e6).toFixed(3).padStart(12)} ms  #${String(moment.event).padEnd(9)} ${momentText(moment)}`,
    ),
    ...connectionSumsText(story).map((line) => `  ${line}`),
  ];
}
