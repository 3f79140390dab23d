/**
 * A network namespace of its own, with the Linux kernel's TCP behind a TAP device that a test plays the other end of. What a test makes
 * it takes away again, whatever becomes of the test.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Address of the kernel and of the emulated host. */
export const kernelAddress = '10.77.0.1';
export const emulatedAddress = '10.77.0.2';

/** The same over IPv6, where a test wants it. */
export const kernelIpv6Address = 'fd77::1';
export const emulatedIpv6Address = 'fd77::2';

/** What a program in the namespace has come to. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

let made = 0;

/** See the file's head. */
export class KernelNetwork {
  readonly name: string;
  /** Name for the TAP device; the interface must not be there yet. */
  readonly tapName: string;

  /** Makes the namespace.
   * @throws Error if that is not permitted. */
  constructor() {
    const unique = `${process.pid.toString(36)}${(made++).toString(36)}`;
    this.name = `chimneysweep-${unique}`;
    this.tapName = `cs${unique}`;
    execFileSync('ip', ['netns', 'add', this.name], { stdio: 'pipe' });
  }

  /**
   * Moves the TAP device, which is open by now, into the namespace and brings it up. `patient`: the kernel waits for acknowledgments
   * as long as a busy machine makes it wait, and repeats nothing for that reason alone. `ipv6`: it has an address of each version.
   */
  plugIn(patient = false, ipv6 = false): void {
    const { name, tapName } = this;
    execFileSync('ip', ['link', 'set', tapName, 'netns', name], { stdio: 'pipe' });
    const inside = (...command: string[]): void => {
      execFileSync('ip', ['netns', 'exec', name, ...command], { stdio: 'pipe' });
    };
    inside('sh', '-c', `echo ${ipv6 ? 0 : 1} > /proc/sys/net/ipv6/conf/${tapName}/disable_ipv6`);
    inside('ip', 'link', 'set', 'lo', 'up');
    inside('ip', 'address', 'add', `${kernelAddress}/24`, 'dev', tapName);
    if (ipv6) inside('ip', 'address', 'add', `${kernelIpv6Address}/64`, 'dev', tapName, 'nodad');
    inside('ip', 'link', 'set', tapName, 'txqueuelen', '10000', 'up');
    if (!patient) return;
    inside('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/tcp_early_retrans');
    const route = [`${kernelAddress.replace(/\d+$/, '0')}/24`, 'dev', tapName, 'src', kernelAddress];
    inside('ip', 'route', 'replace', ...route, 'rto_min', '60s');
  }

  /** Runs a program in the namespace while the test goes on. */
  run(command: string, args: readonly string[], input?: Uint8Array): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const child = spawn('ip', ['netns', 'exec', this.name, command, ...args]);
      const stdout: Buffer[] = [];
      let stderr = '';
      child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
      child.stdin.on('error', () => undefined);
      child.on('error', reject);
      child.on('close', (code) => {
        resolve({ code, stdout: Buffer.concat(stdout), stderr });
      });
      child.stdin.end(input);
    });
  }

  /** Takes everything away; what still runs in the namespace is ended. */
  dispose(): void {
    const pids = spawnSync('ip', ['netns', 'pids', this.name], { encoding: 'utf8' }).stdout;
    for (const pid of pids.split('\n').filter((line) => line !== '')) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    spawnSync('ip', ['netns', 'delete', this.name]);
  }
}

/** Why tests with the kernel as peer can't run here; undefined: they can. */
export function whyNoKernelNetwork(...programs: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return 'TAP devices and network namespaces are Linux';
  if (process.getuid?.() !== 0) return 'making a network namespace needs root';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  for (const program of ['ip', ...programs]) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
    if (!found) return `${program} is not installed`;
  }
  try {
    new KernelNetwork().dispose();
  } catch (error) {
    return `making a network namespace is not permitted (${error instanceof Error ? error.message.split('\n')[0] : ''})`;
  }
  return undefined;
}
