/** Wrong scripts for everything that reads packetdrill's language: lexer, parser, code, and the text of problems. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { evaluateCode } from '../../../electron/packetdrill/language/evaluateCode';
import { parseScript } from '../../../electron/packetdrill/language/parser';
import type { Script } from '../../../electron/packetdrill/language/script';
import {
  describeProblem,
  ScriptError,
  type ScriptProblem,
} from '../../../electron/packetdrill/language/scriptProblem';
import { decodeUtf16, encodeUtf16 } from './utf16';
import type { FuzzSubject } from '../subject';
import { mutatedText, type FuzzedLanguage } from './mutations';

/** The scripts of the checkout. */
export function scriptsOf(root: string): readonly string[] {
  const folder = path.join(root, 'test', 'conformance', 'packetdrill');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.pkt'),
  );
  return files.sort().map((file) => readFileSync(path.join(folder, file), 'utf8'));
}

const words = [
  ...[
    'socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
    '+0',
    '0.1~0.2',
    '*',
    '<',
    '>',
    'S.',
    'P.',
    'F.',
    'R.',
    '.',
  ],
  ...[
    '1:1001(1000)',
    'ack 1',
    'win 65535',
    'urg 1',
    '<mss 1460,nop,wscale 7>',
    'sack 1:2 3:4',
    'TS val 1 ecr 2',
  ],
  ...[
    'icmp unreachable frag_needed mtu 1200 [1:1(0)]',
    '%{ assert tcpi_cwnd == 10 }%',
    '`sysctl -w a=1`',
    '-1 EAGAIN',
  ],
  ...[
    '{sa_family = AF_INET, sin_port = htons(8080)}',
    '[{iov_base=..., iov_len=1}]',
    '--mtu=1500',
    '--define=A=B',
    'ect0',
  ],
  ...[
    '%{ x = 1 << 40; assert x & 1 / 0 }%',
    '"abc"',
    'POLLIN|POLLOUT',
    '(1 + 2) * 3',
    '~0',
    '::1',
    '192.0.2.1',
    '...',
  ],
];

const phrases = [
  ...[
    '+0 %{ assert tcpi_cwnd == 10, tcpi_rto }%',
    '+0 %{ x = 1 << 40; assert x & 1 }%',
    '0 %{ assert 1 / 0 & 1 }%',
  ],
  ...[
    '+0 %{ y = 0 / 0; assert -y | 2 < 4 <= 5 }%',
    '+0 %{ assert not min(1, 2) ^ ~3 or max(x) }%',
    '+0 %{ abs }%',
  ],
  ...[
    '+0 %{ print(tcpi_state) }%',
    '+0 %{ assert x % 0 == 1 // 0 and 1 >> -2000 }%',
    '+0 %{ assert 1 << 2000 & 1 }%',
  ],
  ...['+0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 14>', '+0 > S. 0:0(0) ack 1 <...>'],
  ...['+0...1 read(4, ..., 1000) = 10', '+0 < icmp unreachable port_unreachable [1:1(0)]', '+0 `true`'],
  ...[
    '+0 < [ect0] . 1:1(0) ack 1 <md5 000>',
    '+0 > udp (0)',
    '+.1~+.2 > . 4294967295:1(2) ack 1',
    '* > R. 1:1(0) ack 1',
  ],
  ...[
    '+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0',
    '+0 foo({a = {b = [1, "c", ...]}}) = -1 EINVAL (no)',
  ],
];

/** Values that code's names have: those at which arithmetic may break. */
const values = [0, 1, -1, 2 ** 40, Number.MAX_SAFE_INTEGER, 0.5];

function expectPlace(source: string, problem: ScriptProblem): void {
  const { line, column } = problem.position;
  const lines = source.split('\n');
  if (!(line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 2))
    throw new Error(`the place ${line}:${column} of "${problem.message}" is not in the script`);
  describeProblem('script', source, problem);
}

/** Works out all code of a script, as a run would. */
function evaluateAll(source: string, script: Script, number: number): void {
  const names = (name: string): number => values[(name.length + number) % values.length]!;
  for (const { action } of script.events) {
    if (action.kind !== 'code') continue;
    for (const statement of action.statements)
      try {
        if (statement.kind === 'assert') evaluateCode(statement.condition, names);
        if (statement.kind === 'assignment') evaluateCode(statement.value, names);
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        expectPlace(source, error.problem);
      }
  }
}

/** Makes a subject; `root` is the checkout. */
export function packetdrillSubject(root: string): FuzzSubject {
  const language: FuzzedLanguage = {
    corpus: scriptsOf(root),
    words,
    phrases,
    // On lines of their own.
    join: (random, text, phrase) => {
      const lines = text.split('\n');
      lines.splice(random.nextBelow(lines.length + 1), 0, phrase);
      return lines.join('\n');
    },
  };
  return {
    make: (random) => {
      const { text, story } = mutatedText(random, language);
      return { bytes: encodeUtf16(text), story };
    },
    exercise: ({ bytes }, number) => {
      const source = decodeUtf16(bytes);
      const script = parseScript(source, number % 16 === 0 ? ['MSS=1460'] : []);
      if (!script.ok) {
        expectPlace(source, script.error);
        return script.error.kind;
      }
      evaluateAll(source, script.value, number);
      return 'read';
    },
  };
}
