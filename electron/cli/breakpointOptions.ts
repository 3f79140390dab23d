/** Breakpoints as options of the command line: what each looks at, and what all of them ask for besides. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { fail, succeed, type Result } from '../../shared/base/result';
import { ruleSeveritySchema } from '../../shared/contract/ruleSeverity';
import {
  mostBreakpoints,
  type Breakpoint,
  type BreakpointTrigger,
  type HitCount,
} from '../../shared/debug/breakpoints';
import { checkBreakpoint } from '../../shared/debug/checkedBreakpoint';
import { problemText } from '../../shared/expression/problemText';
import { isRuleId } from '../../shared/rules/catalogue';
import { parseTime } from './hostCommands';

/** A breakpoint as it was asked for. */
interface Asked {
  /** The option and its value. */
  readonly words: string;
  readonly on: BreakpointTrigger;
}

/** Values of the options as commander names them. */
export interface BreakpointOptions {
  readonly on?: readonly Asked[];
  readonly handler?: readonly Asked[];
  readonly finding?: readonly Asked[];
  readonly status?: readonly Asked[];
  readonly field?: readonly Asked[];
  readonly age?: readonly Asked[];
  readonly packet?: readonly Asked[];
  readonly condition?: string;
  readonly hits?: HitCount;
  readonly log?: string;
}

function readFinding(text: string): BreakpointTrigger {
  const [severity = '', rule] = text.split(':');
  const least = ruleSeveritySchema.safeParse(severity);
  if (!least.success)
    throw new InvalidArgumentError('A severity (error, warning or info), or error:SND-020.');
  if (rule === undefined) return { kind: 'finding', least: least.data };
  if (!isRuleId(rule)) throw new InvalidArgumentError(`No rule is called ${rule}.`);
  return { kind: 'finding', least: least.data, rule };
}

function readField(text: string): BreakpointTrigger {
  const [, name = text, condition = ''] = /^\s*([\w.]+)\s*(.*)$/s.exec(text) ?? [];
  return { kind: 'field', name, ...(condition === '' ? {} : { condition }) };
}

function readAge(text: string): BreakpointTrigger {
  const [, time = text, handler] = /^\s*(\S+)(?:\s+(\S+))?\s*$/.exec(text) ?? [];
  return { kind: 'age', nanoseconds: parseTime(time), ...(handler === undefined ? {} : { handler }) };
}

function parseHits(text: string): HitCount {
  const [, operator = '==', digits = ''] = /^(==|>=|%)?(\d{1,9})$/.exec(text.replaceAll(' ', '')) ?? [];
  const count = Number(digits);
  if (count < 1)
    throw new InvalidArgumentError('The nth hit as 3, those from the nth on as ">=3", every nth as %3.');
  return { operator: operator as HitCount['operator'], count };
}

const triggers: readonly {
  readonly flags: string;
  readonly help: string;
  readonly read: (text: string) => BreakpointTrigger;
}[] = [
  {
    flags: '--on <expression>',
    help: 'where this becomes true for an event, such as: SndWnd == 0 && kind == call',
    read: (text) => ({ kind: 'expression', text }),
  },
  {
    flags: '--handler <name>',
    help: 'where this function is entered; * and ? stand for anything and for one character',
    read: (name) => ({ kind: 'handler', name }),
  },
  {
    flags: '--finding <severity[:rule]>',
    help: 'where a rule is broken with this severity or a graver one, or this rule, such as error:SND-020',
    read: readFinding,
  },
  {
    flags: '--status <status>',
    help: 'where a call returns or passes this status, such as RESOURCES or 0xC000009A',
    read: (status) => ({ kind: 'status', status }),
  },
  {
    flags: '--field <name [condition]>',
    help: 'where this state variable changes, or changes so that this becomes true, such as: SndWnd == 0',
    read: readField,
  },
  {
    flags: '--age <time [handler]>',
    help: 'where a request (of this function) has been pending for longer, such as: 5ms MiniportTcpOffloadSend',
    read: readAge,
  },
  {
    flags: '--packet <expression>',
    help: 'where this becomes true for a frame, such as: tcp.flags.rst',
    read: (text) => ({ kind: 'packet', text }),
  },
];

/** Gives a verb the options; those that say where may be given several times. */
export function addBreakpointOptions(command: Command): Command {
  for (const { flags, help, read } of triggers)
    command.addOption(
      new Option(flags, help).argParser((text: string, before?: readonly Asked[]) => [
        ...(before ?? []),
        { words: `${flags.split(' ')[0]} ${text}`, on: read(text) },
      ]),
    );
  return command
    .option('--condition <expression>', 'and this holds for the event besides')
    .addOption(
      new Option(
        '--hits <count>',
        'only the nth time (3), from the nth time on (>=3), or every nth time (%3)',
      ).argParser(parseHits),
    )
    .option('--log <text>', 'what to say there; {…} stands for the value of an expression');
}

/** The breakpoints that were asked for, each with its option as its id; the error shows the places of what is wrong. */
export function chosenBreakpoints(options: BreakpointOptions): Result<readonly Breakpoint[], string> {
  const { on, handler, finding, status, field, age, packet, condition, hits: hitCount, log } = options;
  const asked = [on, handler, finding, status, field, age, packet].flatMap((list) => list ?? []);
  if (asked.length === 0) return fail('Stop where? --on EXPRESSION, or another of the options of --help.');
  if (asked.length > mostBreakpoints) return fail(`There may be ${mostBreakpoints} breakpoints.`);
  const breakpoints = new Map<string, Breakpoint>();
  for (const one of asked) {
    const besides = {
      ...(condition === undefined ? {} : { condition }),
      ...(hitCount === undefined ? {} : { hitCount }),
      ...(log === undefined ? {} : { log }),
    };
    const breakpoint: Breakpoint = { id: one.words, on: one.on, ...besides, enabled: true };
    const checked = checkBreakpoint(breakpoint);
    if (!checked.ok) {
      const told = checked.error.map(({ part, text, problem }) => {
        const option = part === 'on' ? one.words.split(' ')[0]! : `--${part}`;
        return `${option}:\n${problemText(text, problem)}`;
      });
      return fail(told.join('\n'));
    }
    breakpoints.set(one.words, breakpoint);
  }
  return succeed([...breakpoints.values()]);
}
