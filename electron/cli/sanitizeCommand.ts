/** `chimneysweep sanitize`: a trace that may be given away. */
import { InvalidArgumentError, type Command } from 'commander';
import { createHmac, randomBytes } from 'node:crypto';
import { sanitizeTrace, type SanitizeResult } from '../../shared/sanitize/sanitizeTrace';
import { fileProblem } from '../files/fileProblem';
import { FileSource } from '../files/fileSource';
import { isSameFile, writeNewTrace } from '../files/newTraceFile';
import { zlibCodec } from '../files/zlibCodec';
import { complain } from './complain';
import { ProgressLine } from './progressLine';

interface SanitizeOptions {
  readonly out: string;
  readonly key?: string;
  readonly keepPayload?: boolean;
  readonly keepAddresses?: boolean;
  readonly keepNames?: boolean;
  readonly json?: boolean;
}

/** Fewer characters could be guessed one after the other. */
const shortestKey = 8;

function parseKey(text: string): string {
  if (text.length < shortestKey)
    throw new InvalidArgumentError(`A key of at least ${shortestKey} characters.`);
  return text;
}

/** Adds the verb to the program. */
export function addSanitizeCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('sanitize')
    .description('Write a trace without payload, addresses and names, to give it away.')
    .argument('<trace>', 'a .sweep file')
    .requiredOption('--out <trace>', 'write the sanitized trace to this .sweep file')
    .option(
      '--key <text>',
      'secret that addresses are replaced by; the same key, the same addresses (a random one)',
      parseKey,
    )
    .option('--keep-payload', 'keep the payload of frames')
    .option('--keep-addresses', 'keep IP and Ethernet addresses')
    .option('--keep-names', 'keep names of files, driver modules, applications and authors')
    .option('--json', 'print what was written as JSON')
    .action(async (trace: string, options: SanitizeOptions) => {
      exitWith(await sanitize(trace, options));
    });
}

async function sanitize(path: string, options: SanitizeOptions): Promise<number> {
  const { out, key = randomBytes(32).toString('hex'), keepPayload, keepAddresses, keepNames } = options;
  if (isSameFile(path, out))
    return complain(`--out would overwrite ${path}, the trace to sanitize. Name another file.`);
  let source: FileSource;
  try {
    source = new FileSource(path);
  } catch (error) {
    return complain(fileProblem(error, 'read', path));
  }
  const progress = new ProgressLine('sanitized');
  try {
    const hash = (text: string): Uint8Array => createHmac('sha256', key).update(text).digest();
    const { answer, bytes } = await writeNewTrace(out, async (sink) => {
      const made = await sanitizeTrace(source, sink, zlibCodec, hash, {
        keepPayload,
        keepAddresses,
        keepNames,
        onProgress: (fraction) => {
          progress.show(fraction);
        },
      });
      return { isGood: made.ok, answer: made };
    });
    progress.clear();
    if (!answer.ok) return complain(`${path}: ${answer.error.message}`);
    print(answer.value, bytes, options);
    if (answer.value.flaw === undefined) return 0;
    process.stderr.write(`chimneysweep: ${path}: ${answer.value.flaw}\n`);
    return 1;
  } catch (error) {
    progress.clear();
    if (!(error instanceof Error && 'code' in error)) throw error;
    return complain(
      fileProblem(error, error.code === 'EISDIR' ? 'read' : 'write', error.code === 'EISDIR' ? path : out),
    );
  } finally {
    source.close();
  }
}

function print(result: SanitizeResult, bytes: number, { out, json }: SanitizeOptions): void {
  const { events, addresses, payloadBytes, flaw } = result;
  if (json === true) {
    const report = { out, bytes, events, addresses, payloadBytes, complete: flaw === undefined };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${events} events, ${bytes} bytes in ${out}: ${addresses} addresses replaced, ${payloadBytes} bytes of payload dropped\n`,
  );
}
