/** `chimneysweep why`: why an event happened, or why a state variable has its value, back to what came from outside. */
import { InvalidArgumentError, type Command } from 'commander';
import { whyEvent, type WhyChain } from '../../shared/analysis/whyEvent';
import { findVariable, whyValue } from '../../shared/analysis/whyValue';
import { complain } from './complain';
import { addInstantOptions, instantOf, type InstantOptions } from './instant';
import { openTrace } from './openTrace';

interface WhyOptions extends InstantOptions {
  readonly object?: number;
  readonly variable?: string;
  readonly json?: boolean;
}

function parseObject(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('The number of a state object, from 0.');
  return Number(text);
}

/** Adds the verb to the program. */
export function addWhyCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command('why')
    .description('Tell why an event happened, or why a state variable has its value: each step a sentence.')
    .argument('<trace>', 'a .sweep file');
  addInstantOptions(command)
    .option(
      '--object <number>',
      'the state object whose variable it is, as state --json numbers them',
      parseObject,
    )
    .option('--variable <name>', 'why this variable has its value then, such as SndUna or Retransmit.Count')
    .option('--json', 'print JSON; all times in ns')
    .action((trace: string, options: WhyOptions) => {
      exitWith(why(trace, options));
    });
}

function why(path: string, options: WhyOptions): number {
  const { object, variable } = options;
  if ((object === undefined) !== (variable === undefined))
    return complain('--object and --variable go together: the variable of which object?');
  if (object === undefined && options.event === undefined)
    return complain('Why what? --event names an event, --object and --variable a value.');
  const opened = openTrace(path);
  if (!opened.ok) return complain(opened.error);
  const { model, flaw } = opened.value;
  const instant = instantOf(model, path, options);
  if (!instant.ok) return complain(instant.error);
  const event = instant.value;
  let chain: WhyChain | undefined;
  if (object !== undefined && variable !== undefined) {
    const found = findVariable(model, object, variable);
    if (!found.ok) return complain(found.error);
    chain = whyValue(model, object, found.value, event);
  } else chain = whyEvent(model, event);
  if (chain === undefined) process.stdout.write(`Nobody has written ${variable} by event ${event}.\n`);
  else if (options.json === true)
    process.stdout.write(`${JSON.stringify({ event, object, variable, ...chain }, null, 2)}\n`);
  else process.stdout.write(whyText(chain));
  if (flaw === undefined) return chain === undefined || chain.origin.kind === 'unknown' ? 1 : 0;
  process.stderr.write(`chimneysweep: ${flaw}\n`);
  return 1;
}

function whyText({ steps, origin }: WhyChain): string {
  const lines = steps.map(
    ({ event, time, text }) => `${(time / 1e6).toFixed(6).padStart(14)} ms  #${event}  ${text}`,
  );
  return `${[...lines, `Cause (${origin.kind}, #${origin.event}): ${origin.text}`].join('\n')}\n`;
}
