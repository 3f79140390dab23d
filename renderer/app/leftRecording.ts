/** Offers a recording that an earlier process of the app left behind unsaved. */
import type { LeftChoice, LeftRecording } from '../../shared/contract/desktopBridge';
import { formatBytes } from '../format/quantity';
import type { Workspace } from './workspace';

const topic = 'left';

/** What the offer says. */
export function leftWords({ name, bytes, recordedAt }: LeftRecording): string {
  const when = new Date(recordedAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return `A recording was not saved: ${name}, ${formatBytes(bytes)}, ${when}.`;
}

/** Looks for one and makes the offer, which stays until it is answered or dismissed; dismissed, it comes again at the next start. */
export async function offerLeftRecording({ platform, notices }: Workspace): Promise<void> {
  const left = await platform.leftRecording();
  if (left === null) return;
  const settle = async (choice: LeftChoice): Promise<void> => {
    const settled = await platform.settleLeft(choice);
    if (settled.ok) notices.clear(topic);
    else notices.show('error', 'refused', settled.error.message);
  };
  notices.show('note', topic, leftWords(left), [
    { words: 'Open recording', run: () => void settle('open') },
    { words: 'Discard', run: () => void settle('discard') },
  ]);
}
