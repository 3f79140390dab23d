/**
 * Commands in backquotes. No shell runs them: what they set of the sysctls that mean something to this stack is taken out of their
 * text, in any of the forms that scripts use (`sysctl -q net.ipv4.tcp_sack=0`, `…/proc/sys/net/ipv4/tcp_sack=0`, `echo 0 > /proc/…`).
 */

/** Sysctls by the last part of their names; a value is one number or several. */
export type Sysctls = Readonly<Partial<Record<SysctlName, readonly number[]>>>;

/** Sysctls that mean something here, each with its least and its largest value. */
const bounds = {
  tcp_sack: [0, 1],
  tcp_timestamps: [0, 2],
  tcp_rmem: [1, 1024 ** 3],
  tcp_syn_retries: [1, 127],
  tcp_retries2: [1, 255],
  tcp_reordering: [1, 255],
  tcp_slow_start_after_idle: [0, 1],
  tcp_fin_timeout: [1, 120],
  tcp_keepalive_time: [1, 32767],
  tcp_keepalive_intvl: [1, 32767],
  tcp_keepalive_probes: [1, 127],
  tcp_rto_min_us: [1000, 60_000_000],
  // Linux has none of these; they stand under net.chimneysweep. Segments per acknowledgment and its longest delay in ms (RFC 1122
  // section 4.2.3.2), the initial window in segments, L of RFC 3465, times in ms, and whether only small segments keep small ones back.
  tcp_ack_frequency: [1, 255],
  tcp_delayed_ack_ms: [1, 255],
  tcp_initial_cwnd: [1, 10],
  tcp_appropriate_byte_counting: [0, 1000],
  tcp_rto_min_ms: [1, 60_000],
  tcp_time_wait_ms: [1, 600_000],
  tcp_nagle_minshall: [0, 1],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

/** See {@link Sysctls}. */
export type SysctlName = keyof typeof bounds;

const assignment = /(?:[\w-]+[./])*([a-z_0-9]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"';&|]+)/g;
const echoed = /echo\s+("[^"]*"|'[^']*'|[\w. ]+?)\s*>\s*\/proc\/sys\/(?:[\w-]+\/)*([a-z_0-9]+)/g;
const scripts = /(?:^|[\s;&|])((?:[\w.~$-]*\/)?[\w-]+\.(?:sh|py))\b/g;

/** Files that scripts call to set up or to restore what the interpreter has as its defaults. */
const usualFiles = /(?:defaults\.sh|set_sysctls\.py|sysctl_restore_.*|set_up\.sh)$/;

function isKnown(name: string): name is SysctlName {
  return Object.hasOwn(bounds, name);
}

function isWithin(name: SysctlName, numbers: readonly number[]): boolean {
  const [least, most] = bounds[name];
  return numbers.every((number) => Number.isInteger(number) && number >= least && number <= most);
}

/** Numbers of a value, `$((256*1024))` worked out; undefined if it has others than numbers. */
function numbersOf(text: string): readonly number[] | undefined {
  const plain = text.replace(/^["']|["']$/g, '').replace(/\$\(\(([\d*+ ]+)\)\)/g, (_, product: string) => {
    const value = product
      .split('+')
      .reduce((sum, term) => sum + term.split('*').reduce((all, factor) => all * Number(factor), 1), 0);
    return String(value);
  });
  const numbers = plain
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  return numbers.length > 0 && numbers.every((number) => Number.isFinite(number)) ? numbers : undefined;
}

/** What is set after a command, and what of the command is ignored, in words. */
export function applyCommand(
  before: Sysctls,
  command: string,
): { readonly sysctls: Sysctls; readonly notes: readonly string[] } {
  const sysctls: Partial<Record<SysctlName, readonly number[]>> = { ...before };
  const notes: string[] = [];
  const set = (name: string, text: string): void => {
    const value = numbersOf(text);
    if (value !== undefined && isKnown(name) && isWithin(name, value)) sysctls[name] = value;
    else if (isKnown(name)) notes.push(`${name}=${text} is out of range and ignored`);
    else notes.push(`${name}=${text} means nothing here`);
  };
  const text = command.replace(/#[^\n]*/g, '');
  for (const [, name, value] of text.matchAll(assignment)) set(name!, value!);
  for (const [, value, name] of text.matchAll(echoed)) set(name!, value!);
  for (const [, file] of text.matchAll(scripts))
    if (!usualFiles.test(file!)) notes.push(`${file!} is not run`);
  return { sysctls, notes };
}
