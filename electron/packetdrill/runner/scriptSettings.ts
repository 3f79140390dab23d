/** How a script wants the stack and the interpreter set up: its `--options`, and the sysctls that its commands set. */
import type { Script, ScriptOption, ShellCommand } from '../language/script';
import { syntaxError, unsupported } from '../language/scriptProblem';
import type { IpVersion } from './liveSegment';
import { applyCommand, type Sysctls } from './sysctls';

/** See the file's head. Times in ns. */
export interface ScriptSettings {
  readonly ipVersion: IpVersion;
  /** How far an event may be from its time. */
  readonly tolerance: number;
  /** The same as a part of the time since the event before it, 0 to 1. */
  readonly relativeTolerance: number;
  readonly strictSegments: boolean;
  /** Time of a tick of the script's timestamps; 0: their values are not checked. */
  readonly timestampTick: number;
  /** MTU of the interface. */
  readonly mtu: number;
  /** Ports of the wire where a script names none. */
  readonly bindPort: number;
  readonly connectPort: number;
  readonly sysctls: Sysctls;
  /** Whatever commands ask for beyond that. */
  readonly notes: readonly string[];
}

/** Options that change nothing here: they are about how and where the original tool runs. */
const idleOptions: ReadonlySet<string> = new Set([
  'define',
  'non_fatal',
  'init_scripts',
  'speed',
  'dry_run',
  'verbose',
  'persistent_tun_dev',
  'tun_dev',
  'local_ip',
  'remote_ip',
  'local_linux_ip',
  'gateway_ip',
  'netmask_ip',
  'so_filename',
  'so_flags',
  'fm_filename',
  'fm_flags',
  'code_command',
  'code_format',
  'code_sockopt',
  'debug',
  'no_cleanup',
  'send_omit_free',
  'udp_src_port',
  'mss',
  'tcp_ts_ecr_scaled',
]);

/** Options of the original tool for what no stack here has. */
const unknownFeatures: ReadonlySet<string> = new Set([
  'wire_client',
  'wire_server',
  'wire_server_ip',
  'wire_server_at',
  'wire_server_port',
  'wire_client_dev',
  'wire_server_dev',
  'psp_udp_port',
  'is_anyip',
]);

const defaultTolerance = 4_000_000;

function numberOf(option: ScriptOption, least: number, most: number): number {
  const value = Number(option.value ?? NaN);
  if (!(value >= least && value <= most))
    syntaxError(`--${option.name} wants a number from ${least} to ${most}`, option);
  return value;
}

function ipVersionOf(option: ScriptOption): IpVersion {
  if (option.value === 'ipv4') return 4;
  if (option.value === 'ipv6') return 6;
  return unsupported(`--ip_version=${option.value ?? ''}`, option);
}

/** Reads the settings of a script.
 * @throws ScriptError for an option that nobody knows or that is not supported */
export function settingsOf(script: Script): ScriptSettings {
  const settings = {
    ipVersion: 4 as IpVersion,
    tolerance: defaultTolerance,
    relativeTolerance: 0,
    strictSegments: false,
    timestampTick: 0,
    mtu: 1500,
    bindPort: 8080,
    connectPort: 8080,
  };
  for (const option of script.options) {
    switch (option.name) {
      case 'ip_version':
        settings.ipVersion = ipVersionOf(option);
        break;
      case 'tolerance_usecs':
        settings.tolerance = numberOf(option, 1, 1e9) * 1000;
        break;
      case 'tolerance_percent':
        settings.relativeTolerance = numberOf(option, 0, 100) / 100;
        break;
      case 'strict_segments':
        settings.strictSegments = true;
        break;
      case 'tcp_ts_tick_usecs':
        settings.timestampTick = numberOf(option, 0, 1e6) * 1000;
        break;
      case 'mtu':
        settings.mtu = numberOf(option, 68, 1500);
        break;
      case 'bind_port':
        settings.bindPort = numberOf(option, 1, 0xffff);
        break;
      case 'connect_port':
        settings.connectPort = numberOf(option, 1, 0xffff);
        break;
      default:
        if (unknownFeatures.has(option.name)) unsupported(`--${option.name}`, option);
        if (!idleOptions.has(option.name)) syntaxError(`nobody knows the option --${option.name}`, option);
    }
  }
  const notes: string[] = [];
  let sysctls: Sysctls = {};
  const commands: (ShellCommand | undefined)[] = [script.setUp];
  for (const { action } of script.events) {
    if (action.kind !== 'command') break;
    commands.push(action);
  }
  for (const command of commands) {
    if (command === undefined) continue;
    const applied = applyCommand(sysctls, command.text);
    sysctls = applied.sysctls;
    notes.push(...applied.notes.map((note) => `line ${command.line}: ${note}`));
  }
  return { ...settings, sysctls, notes };
}
