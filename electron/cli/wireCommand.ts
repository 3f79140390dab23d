/** `chimneysweep wire`: the emulated host on a real wire, or in front of recorded traffic. */
import { Option, type Command } from 'commander';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { RunReport } from '../../shared/analysis/runReport';
import { highestLoss } from '../../shared/contract/recording';
import { recordingCostText } from '../../shared/contract/recordingCost';
import { saveTrace } from '../files/saveTrace';
import { TraceFileSink } from '../files/traceFileSink';
import { fileProblem } from '../files/fileProblem';
import { requestedLink } from '../emulator/scenarios/scenarioSettings';
import { macAddress } from '../emulator/scenarios/topology';
import { formatEndpoint, formatIpAddress, isIpv6, type Ipv4Address } from '../emulator/wire/address';
import type { HandOverPolicy } from '../emulator/wired/handOvers';
import type { WiredHostSettings } from '../emulator/wired/wiredHost';
import { everyService, type ServedPort } from '../emulator/wired/wiredServices';
import { DeviceProblem, type FrameDevice } from '../realwire/frameDevice';
import { RealWire, type RealWireCounts } from '../realwire/realWire';
import { openTap } from '../realwire/tapDevice';
import { WireSession, type WireSessionSettings } from '../realwire/wireSession';
import { addLinkOptions, linkRequest, type LinkOptions } from './linkOptions';
import { parseIpVersion, parseLoss, parseSeed } from './runCommand';
import { applicationName } from './version';
import { addressesText, wireAddresses, type AddressOptions, type WireAddresses } from './wireAddresses';
import {
  collectGateway,
  collectInterfaceAddress,
  collectServedPort,
  parseIpv4,
  parseOffload,
  parsePlayTime,
  type InterfaceAddress,
} from './wireOptions';
import { replay } from './wireReplay';
import { complain } from './complain';
import { monotonicClock, recordingCostFigures } from './recordingFigures';
import { tellStatistics } from './wireStatistics';

/** A wire without `--rate` and `--queue`: faster than anything that plays in real time, with room for what that sends at once. */
const wireRate = 100e9;
const wireQueue = 64 * 1024 * 1024;

/** What the options of the verb are. */
export interface WireOptions extends LinkOptions, AddressOptions {
  readonly tap?: string;
  readonly largeFrames?: boolean;
  readonly offload: HandOverPolicy;
  readonly duration?: number;
  readonly out?: string;
  readonly pcapng?: string;
  readonly seed: number;
  readonly loss?: number;
  readonly replay?: string;
  readonly as?: Ipv4Address;
  readonly serve?: readonly ServedPort[];
  /** Real time between two reports while it plays, ns. */
  readonly stats?: number;
  readonly json?: boolean;
}

/** Adds the verb to the program. */
export function addWireCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command('wire')
    .description('Plug the emulated host into a TAP device (Linux), so that real stacks talk to it.')
    .option('--tap <name>', 'TAP device; it is made if there is none')
    .option('--replay <capture>', 'feed the frames of a pcap or pcapng file to the host, in virtual time')
    .option(
      '--as <address>',
      'with --replay: the recorded host that the emulated one stands for (that to which most connections are opened)',
      parseIpv4,
    )
    .option(
      '--serve <port=service>',
      `one more port of http, echo, discard, chargen, source or iperf3; may be given several times`,
      collectServedPort,
    )
    .option(
      '--address <address>',
      'address of the emulated host (10.0.0.2/24, fd00::2/64); may be given for each IP version',
      collectInterfaceAddress,
    )
    .option(
      '--kernel-address <address>',
      "give the kernel's end this address, and bring it up (runs ip); may be given for each IP version",
      collectInterfaceAddress,
    )
    .option(
      '--gateway <address>',
      'router to everything that is not on the link; may be given for each IP version',
      collectGateway,
    )
    .option('--ip-version <version>', '4, 6, or both (those of --address, or 4)', parseIpVersion)
    .addOption(
      new Option('--offload <when>', 'never, always, or by turns: every 100ms, or every 2M bytes')
        .argParser(parseOffload)
        .default({ kind: 'offload' }, 'always'),
    )
    .option('--large-frames', 'let frames of up to 64 KiB pass, as large sends and receive coalescing do')
    .option('--duration <time>', 'stop after this time; otherwise Ctrl+C does', parsePlayTime)
    .option(
      '--stats <time>',
      'tell chimneystats and netstat on standard error so often while it plays; SIGUSR2 asks for them at any time',
      parsePlayTime,
    )
    .option('--out <trace>', 'write the recording to this .sweep file')
    .option('--pcapng <capture>', 'write whole frames to this pcapng file; --replay reads it')
    .option('--seed <number>', 'seed of all randomness', parseSeed, 1)
    .option('--loss <probability>', `frame loss in each direction, 0 to ${highestLoss}`, parseLoss);
  addLinkOptions(command)
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
The host serves HTTP on port 80 (/bytes/N is N bytes; PUT to /sha256 answers the hash), echo on 7, discard on 9, characters on 19
generated content on 5002 and iperf3 (TCP, one test at a time) on 5201. In a shell of its own:
  npx chimneysweep wire --tap tap0 --address 10.0.0.2/24 --kernel-address 10.0.0.1/24 --offload 100ms
  curl http://10.0.0.2/bytes/100000000 | sha256sum
  iperf3 -c 10.0.0.2 -t 3
A capture that --pcapng wrote is repeated exactly when the other options are the same. In any other capture the emulated host takes
the place of a recorded one: frames for that are readdressed, and acknowledge what the emulated host sends.`,
    )
    .action(async (options: WireOptions) => {
      exitWith(await wire(options));
    });
}

/** How the host of these options is set up. */
function hostSettings(options: WireOptions, addresses: WireAddresses): WiredHostSettings {
  const link = {
    ...requestedLink(linkRequest(options)),
    loss: options.loss ?? 0,
    delay: options.delay ?? 0,
    bitsPerSecond: options.rate ?? wireRate,
    queueBytes: options.queue ?? wireQueue,
  };
  return {
    seed: options.seed,
    processors: 1,
    mac: macAddress(1),
    address: addresses.address,
    ipv6Address: addresses.ipv6Address,
    gateways: addresses.gateways,
    link,
    handOvers: options.offload,
    largeFrames: options.largeFrames === true,
  };
}

async function wire(options: WireOptions): Promise<number> {
  const { tap, replay: recording } = options;
  if ((tap === undefined) === (recording === undefined))
    return complain('Either --tap NAME says where the wire is, or --replay FILE what comes over it.');
  if (options.as !== undefined && recording === undefined) return complain('--as goes with --replay.');
  if (options.stats !== undefined && tap === undefined) return complain('--stats goes with --tap.');
  if (options.out !== undefined && options.out === options.pcapng)
    return complain('--out and --pcapng name the same file.');
  const addresses = wireAddresses(options);
  if (!addresses.ok) return complain(addresses.error);
  const host = hostSettings(options, addresses.value);
  if (recording !== undefined) return playAgain(recording, options, host);
  const opened = await openTap({ name: tap!, largeFrames: options.largeFrames === true });
  if (!opened.ok) return complain(opened.error);
  const device = opened.value;
  try {
    const problem =
      options.kernelAddress === undefined ? undefined : configure(device.name, options.kernelAddress);
    return problem === undefined ? await play(device, options, host) : complain(problem);
  } finally {
    device.close();
  }
}

/** Gives the kernel's end its addresses; answers what went wrong. */
function configure(name: string, addresses: readonly InterfaceAddress[]): string | undefined {
  const commands = [
    ...addresses.map(({ address, prefixLength }) => [
      ...['address', 'replace', `${formatIpAddress(address)}/${prefixLength}`, 'dev', name],
      // Nobody else is on the wire: no need to wait until it is sure that the address is free (RFC 4862 section 5.4).
      ...(isIpv6(address) ? ['nodad'] : []),
    ]),
    ['link', 'set', name, 'txqueuelen', '10000', 'up'],
  ];
  for (const words of commands) {
    const { error, status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
    if (error !== undefined) return `ip can't be run: ${error.message}`;
    if (status !== 0) return `ip ${words.join(' ')}: ${stderr.trim()}`;
  }
  return undefined;
}

/** Longest time between what happens and its way to the disk, ms. */
const flushInterval = 250;

/** Opens the files that a session writes, lets it play, and closes them. */
async function withFiles(
  options: WireOptions,
  host: WiredHostSettings,
  work: (settings: Omit<WireSessionSettings, 'otherEnd'>) => number | Promise<number>,
): Promise<number> {
  const sinks: TraceFileSink[] = [];
  const sinkFor = (file: string | undefined): TraceFileSink | undefined => {
    if (file === undefined) return undefined;
    const sink = new TraceFileSink(file);
    sinks.push(sink);
    return sink;
  };
  try {
    const code = await work({
      host,
      services: everyService(options.serve ?? []),
      application: applicationName,
      trace: sinkFor(options.out),
      clock: monotonicClock,
      capture: sinkFor(options.pcapng),
    });
    for (const sink of sinks) sink.close();
    // Chunks that a clock has closed stay as they are: no two sessions with real programs are the same anyway.
    if (options.out !== undefined) await saveTrace(options.out, false);
    return code;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return complain(fileProblem(error, 'write', options.out ?? options.pcapng ?? 'the files'));
  } finally {
    for (const sink of sinks) sink.close();
  }
}

async function playAgain(file: string, options: WireOptions, host: WiredHostSettings): Promise<number> {
  if (file === options.pcapng) return complain('--pcapng would overwrite the capture that is replayed.');
  return withFiles(options, host, (settings) => {
    const request = { file, as: options.as, rest: options.duration };
    const replayed = replay(request, { ...settings, otherEnd: path.basename(file) });
    if (!replayed.ok) return complain(replayed.error);
    const { session, success, summary } = replayed.value;
    const report = session.finish(success, summary);
    print(report, session, undefined, options);
    return report.success ? 0 : 1;
  });
}

async function play(device: FrameDevice, options: WireOptions, host: WiredHostSettings): Promise<number> {
  return withFiles(options, host, async (settings) => {
    const realWire = new RealWire(device, (frame, time, direction) => {
      session.pass(frame, time, direction);
    });
    const otherEnd = `TAP device ${device.name}`;
    const session = new WireSession({ ...settings, otherEnd }, realWire.deliver);
    const stop = (): void => {
      realWire.stop();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    process.stderr.write(`The emulated host ${addressesText(host)} is on ${device.name}. Ctrl+C stops.\n`);
    const endStatistics = tellStatistics(session.host, {
      interval: options.stats,
      json: options.json === true,
      write: (text) => process.stderr.write(text),
    });
    const flushing = setInterval(() => {
      session.flush();
    }, flushInterval);
    const problem = await problemOf(realWire.run(session.host, options.duration));
    clearInterval(flushing);
    endStatistics();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    const { length } = session.host.connections;
    const report = session.finish(problem === undefined, problem ?? `${length} connections were served.`);
    print(report, session, realWire.counts, options);
    return report.success ? 0 : 1;
  });
}

/** The message of a device that has gone; undefined if all went well. */
async function problemOf(work: Promise<void>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof DeviceProblem) return error.message;
    throw error;
  }
}

/** Connections as they are printed. */
function connectionsOf({ host }: WireSession) {
  return host.connections.map((connection) => ({
    remote: formatEndpoint(connection.remoteAddress, connection.remotePort),
    port: connection.localPort,
    received: connection.received,
    acknowledged: connection.acknowledgedBytes,
    ...connection.handOvers,
  }));
}

function print(
  report: RunReport,
  session: WireSession,
  counts: RealWireCounts | undefined,
  options: WireOptions,
): void {
  const connections = connectionsOf(session);
  const { cost } = session;
  if (options.json === true) {
    const { out: trace = null, pcapng = null } = options;
    const recording = cost === undefined ? null : recordingCostFigures(cost);
    process.stdout.write(
      JSON.stringify(
        {
          ...report,
          events: session.eventCount,
          recording,
          device: counts ?? null,
          connections,
          trace,
          pcapng,
        },
        null,
        2,
      ) + '\n',
    );
    return;
  }
  const { bytesSent, bytesReceived, frames } = report;
  const lines = [
    `${report.success ? 'OK' : 'FAILED'}: ${report.summary}`,
    `  bytes sent        ${bytesSent.hostPath} by host path, ${bytesSent.chimney} by chimney`,
    `  bytes received    ${bytesReceived.hostPath} by host path, ${bytesReceived.chimney} by chimney`,
    `  frames            ${frames.sent} on the wire, ${frames.lost} lost, ${frames.retransmitted} retransmitted`,
    `  time              ${(report.virtualTime / 1e9).toFixed(6)} s`,
  ];
  for (const { remote, port, received, acknowledged, offloads, uploads } of connections.slice(-20))
    lines.push(
      `  ${remote} to port ${port}: ${received.hostPath + received.chimney} bytes in, ${acknowledged} out, offloaded ${offloads} times, uploaded ${uploads} times`,
    );
  if (cost !== undefined) lines.push(`  recording         ${recordingCostText(cost)}`);
  if (options.out !== undefined) lines.push(`  trace             ${options.out}`);
  if (options.pcapng !== undefined) lines.push(`  capture           ${options.pcapng}`);
  process.stdout.write(lines.join('\n') + '\n');
}
