/**
 * A situation with one connection on which nothing happens but what a script makes happen: the application has sent a part of its file, and
 * what it got back has been acknowledged. The remote host and its way back can be made to do as the script likes.
 */
import type { HostConnection } from '../host/hostConnection';
import type { HostStack } from '../host/hostStack';
import { EchoApplication } from '../peer/echoApplication';
import type { EchoHost } from '../peer/echoHost';
import type { PeerConnection } from '../peer/peerApplication';
import type { ScenarioRun } from '../scenarios/scenarioRun';
import type { TransferApplication } from '../scenarios/transferApplication';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import type { Frame } from '../wire/frame';
import type { Situation } from './mutant';

/** What a script may touch. */
export class QuietScene {
  /** What becomes of segments on their way back; undefined: nothing. */
  private way: ((frame: Frame) => Frame | undefined) | undefined;

  private remote: PeerConnection | undefined;
  private pauses = false;
  /** Whether the remote application sends back what it gets. */
  echoes = true;
  /** Whether the remote application leaves its side open when the other one is closed. */
  keepsOpen = false;

  constructor(
    readonly run: ScenarioRun,
    readonly connection: HostConnection,
  ) {
    const { pool } = run.topology;
    const { peer } = this;
    peer.serve((remote, window) => {
      this.remote = remote;
      const echo = new EchoApplication(remote, window);
      let waiting = 0;
      return {
        receiveSpace: () => (this.pauses ? Math.max(0, window - waiting) : echo.receiveSpace()),
        onData: (bytes, start, length) => {
          if (this.pauses) waiting += length;
          else if (this.echoes) echo.onData(bytes, start, length);
        },
        onPeerClosed: () => {
          if (!this.keepsOpen) echo.onPeerClosed();
        },
      };
    });
    peer.sendThrough((link) => ({
      transmit: (from, frame) => {
        const isSegment = etherTypeOf(frame.bytes, frame.length) !== etherTypes.arp;
        const sent = isSegment && this.way !== undefined ? this.way(frame) : frame;
        if (sent !== undefined) return link.transmit(from, sent);
        pool.release(frame);
        return run.now;
      },
    }));
  }

  get host(): HostStack {
    return this.run.topology.host;
  }

  get peer(): EchoHost {
    return this.run.topology.peers[0]!;
  }

  get application(): TransferApplication {
    return this.run.streams[0]!.application;
  }

  /** Nothing comes from the remote host any more, or everything does again. */
  silence(silent = true): void {
    this.way = silent ? () => undefined : undefined;
  }

  /** So many segments come from the remote host, and then nothing. */
  passSegments(count: number): void {
    let left = count;
    this.way = (frame) => (left-- > 0 ? frame : undefined);
  }

  /** The remote application stops reading, or goes on: what comes meanwhile fills its window. */
  pauseReading(pauses = true): void {
    this.pauses = pauses;
    if (pauses) return;
    this.remote?.receiveSpaceGrew();
    this.remote?.run();
  }

  /** The remote application sends so many bytes. */
  answer(bytes: number): void {
    this.remote?.send(new Uint8Array(bytes), { onAcknowledged: () => undefined });
    this.remote?.run();
  }

  /** The application sends so many bytes more. */
  send(bytes: number): void {
    this.connection.send(new Uint8Array(bytes), () => undefined);
  }

  /** The host stack asks for the delegated variables. */
  query(): void {
    if (this.connection.place === 'Offloaded')
      this.host.offloads.query(this.connection, 'delegated', () => undefined);
  }

  /** The host stack takes the connection back. */
  upload(): void {
    if (this.connection.place === 'Offloaded') this.connection.upload();
  }

  offload(): void {
    this.connection.offload();
  }
}

/** A step: ms after the start, and what happens then. The start is when the connection is quiet. */
export type QuietStep = readonly [number, (scene: QuietScene) => void];

/** See the file's head. `offloadAt`: ms after the start. */
export function quietConnection(
  steps: readonly QuietStep[],
  {
    plan = {},
    offloadAt = 300,
  }: { readonly plan?: Situation['plan']; readonly offloadAt?: number | 'by-script' } = {},
): Situation {
  const scenes = new WeakMap<ScenarioRun, QuietScene>();
  const all: readonly QuietStep[] =
    offloadAt === 'by-script'
      ? steps
      : [
          [
            offloadAt,
            (scene) => {
              scene.offload();
            },
          ],
          ...steps,
        ];
  return {
    plan: { halfway: 'nothing', offload: 'policy', ...plan },
    act: (run) => {
      const connection = run.streams[0]?.connection;
      if (connection === undefined || scenes.has(run)) return connection === undefined;
      const scene = new QuietScene(run, connection);
      scenes.set(run, scene);
      run.streams[0]!.application.open(0.2);
      for (const [at, step] of all)
        run.topology.host.kernel.queueWorkItem(() => {
          step(scene);
        }, at * 1e6);
      return false;
    },
  };
}
