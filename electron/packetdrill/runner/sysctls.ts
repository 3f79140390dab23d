/**
 * Commands in backquotes. No shell runs them: what they set of the sysctls that mean something to this stack is taken out of their
 * text, in any of the forms that scripts use (`sysctl -q net.ipv4.tcp_sack=0`, `…/proc/sys/net/ipv4/tcp_sack=0`, `echo 0 > /proc/…`).
 */

/** Sysctls by the last part of their names; a value is one number or several. */
export type Sysctls = Readonly<Partial<Record<SysctlName, readonly number[]>>>;

/** Sysctls that mean something here. The ones that Linux does not have are ours, under net.chimneysweep. */
const names = [
  'tcp_sack',
  'tcp_timestamps',
  'tcp_rmem',
  'tcp_syn_retries',
  'tcp_retries2',
  'tcp_reordering',
  'tcp_slow_start_after_idle',
  'tcp_fin_timeout',
  'tcp_keepalive_time',
  'tcp_keepalive_intvl',
  'tcp_keepalive_probes',
  'tcp_rto_min_us',
  // Ours: segments per acknowledgment and its longest delay in ms (RFC 1122 section 4.2.3.2), congestion windows in segments.
  'tcp_ack_frequency',
  'tcp_delayed_ack_ms',
  'tcp_initial_cwnd',
  'tcp_appropriate_byte_counting',
  'tcp_rto_min_ms',
  'tcp_time_wait_ms',
] as const;

/** See {@link Sysctls}. */
export type SysctlName = (typeof names)[number];

const known: ReadonlySet<string> = new Set(names);

const assignment = /(?:[\w-]+[./])*([a-z_0-9]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"';&|]+)/g;
const echoed = /echo\s+("[^"]*"|'[^']*'|[\w. ]+?)\s*>\s*\/proc\/sys\/(?:[\w-]+\/)*([a-z_0-9]+)/g;
const scripts = /(?:^|[\s;&|])((?:[\w.~$-]*\/)?[\w-]+\.(?:sh|py))\b/g;

/** Files that scripts call to set up or to restore what the interpreter has as its defaults. */
const usualFiles = /(?:defaults\.sh|set_sysctls\.py|sysctl_restore_.*|set_up\.sh)$/;

function isKnown(name: string): name is SysctlName {
  return known.has(name);
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
    if (value !== undefined && isKnown(name)) sysctls[name] = value;
    else notes.push(`${name}=${text} means nothing here`);
  };
  const text = command.replace(/#[^\n]*/g, '');
  for (const [, name, value] of text.matchAll(assignment)) set(name!, value!);
  for (const [, value, name] of text.matchAll(echoed)) set(name!, value!);
  for (const [, file] of text.matchAll(scripts))
    if (!usualFiles.test(file!)) notes.push(`${file!} is not run`);
  return { sysctls, notes };
}
