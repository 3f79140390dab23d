/** Options about the links of a run: what they are called, and how their values are written. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { linkLimits, type LinkRequest } from '../../shared/contract/linkRequest';

/** Values of the options as commander names them. */
export interface LinkOptions {
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly reorderDelay?: number;
  readonly corrupt?: number;
  readonly corruptPastFcs?: number;
  readonly burstLoss?: NonNullable<LinkRequest['burstLoss']>;
  readonly delay?: number;
  readonly jitter?: number;
  readonly rate?: number;
  readonly queue?: number;
}

/** ns of each unit. */
const timeUnits: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

const decimalUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 };
const binaryUnits: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  K: 1024,
  M: 1024 * 1024,
  G: 1024 * 1024 * 1024,
};

/** A number with a unit; undefined if it is none. */
function withUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text.trim());
  const factor = match === null ? undefined : units[match[2]!];
  return factor === undefined ? undefined : Math.round(Number(match![1]) * factor);
}

/** Reads a probability from 0 to `highest`. */
function parseProbability(highest: number): (text: string) => number {
  return (text) => {
    const probability = Number(text);
    if (text.trim() === '' || !(probability >= 0 && probability <= highest))
      throw new InvalidArgumentError(`A number from 0 to ${highest}, such as 0.01.`);
    return probability;
  };
}

/** A duration such as `20ms`, in ns. */
export function parseDuration(text: string): number {
  const duration = withUnit(text, timeUnits);
  if (duration === undefined || duration > linkLimits.delay)
    throw new InvalidArgumentError(
      `A duration of at most ${linkLimits.delay / 1e9}s, such as 50us, 20ms or 1.5s.`,
    );
  return duration;
}

/** A rate such as `100M`, in bits per second. */
export function parseRate(text: string): number {
  const rate = withUnit(text, decimalUnits);
  if (rate === undefined || rate < linkLimits.slowest || rate > linkLimits.fastest)
    throw new InvalidArgumentError('Bits per second from 10k to 400G, such as 100M.');
  return rate;
}

/** A size such as `64K`, in bytes. */
export function parseQueue(text: string): number {
  const bytes = withUnit(text, binaryUnits);
  if (bytes === undefined || bytes < linkLimits.smallestQueue || bytes > linkLimits.largestQueue)
    throw new InvalidArgumentError('Bytes from 2000 to 1G, such as 64K.');
  return bytes;
}

function parseBurstLoss(text: string): NonNullable<LinkRequest['burstLoss']> {
  const [goodToBad, badToGood, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (
    more.length > 0 ||
    !(goodToBad! >= 0 && goodToBad! <= linkLimits.probability) ||
    !(badToGood! >= 0.01 && badToGood! <= 1)
  )
    throw new InvalidArgumentError(
      `Two probabilities, of a burst's begin (0 to ${linkLimits.probability}) and of its end (0.01 to 1), such as 0.002,0.3.`,
    );
  return { goodToBad: goodToBad!, badToGood: badToGood! };
}

const probability = parseProbability(linkLimits.probability);

/** The options themselves, by name. */
export const linkOptions = {
  duplicate: new Option('--duplicate <probability>', 'frames that arrive twice').argParser(probability),
  reorder: new Option(
    '--reorder <probability>',
    'frames that are held back, so that others overtake them',
  ).argParser(probability),
  reorderDelay: new Option(
    '--reorder-delay <duration>',
    'longest time for which a frame is held back (200us)',
  ).argParser(parseDuration),
  corrupt: new Option('--corrupt <probability>', 'frames in which bits flip').argParser(probability),
  corruptPastFcs: new Option(
    '--corrupt-past-fcs <part>',
    'part of them whose frame check sequence is right all the same (0.1)',
  ).argParser(parseProbability(1)),
  burstLoss: new Option(
    '--burst-loss <begin,end>',
    'lose frames in bursts: probabilities that one begins and ends before a frame',
  ).argParser(parseBurstLoss),
  delay: new Option('--delay <duration>', 'propagation delay of each direction (50us)').argParser(
    parseDuration,
  ),
  jitter: new Option('--jitter <duration>', 'longest additional delay of a frame').argParser(parseDuration),
  rate: new Option('--rate <bits>', 'bits per second of each direction (1G)').argParser(parseRate),
  queue: new Option('--queue <bytes>', 'bytes that may wait in front of each transmitter (512K)').argParser(
    parseQueue,
  ),
} as const;

/** Gives a verb all of them, in this order. */
export function addLinkOptions(command: Command): Command {
  for (const option of Object.values(linkOptions)) command.addOption(option);
  return command;
}

/** What the options ask of the links; undefined if none of them was given. */
export function linkRequest(options: LinkOptions): LinkRequest | undefined {
  const request: LinkRequest = {
    bitsPerSecond: options.rate,
    delay: options.delay,
    queueBytes: options.queue,
    duplicate: options.duplicate,
    reorder: options.reorder,
    reorderDelay: options.reorderDelay,
    corrupt: options.corrupt,
    corruptPastFcs: options.corruptPastFcs,
    jitter: options.jitter,
    burstLoss: options.burstLoss,
  };
  return Object.values(request).every((value) => value === undefined) ? undefined : request;
}
