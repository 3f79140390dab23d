/** Reads what users type into the scenario dialog. Pure. */
import { highestLoss } from '../../shared/contract/recording';

/** A seed, or undefined if the text is none. */
export function parseSeed(text: string): number | undefined {
  if (!/^\s*\d{1,10}\s*$/.test(text)) return undefined;
  const seed = Number(text);
  return seed <= 0xffff_ffff ? seed : undefined;
}

/** A loss in per cent, with dot or comma, as a share; undefined if the text is none. */
export function parseLossPercent(text: string): number | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (!/^\d{1,3}(\.\d{0,6})?$/.test(trimmed)) return undefined;
  const loss = Number((Number(trimmed) / 100).toPrecision(9));
  return loss <= highestLoss ? loss : undefined;
}
