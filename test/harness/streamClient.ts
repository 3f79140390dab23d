/** A client at one end of a pair of wired hosts, whose server echoes. */
import type { ConnectionUser } from '../../electron/emulator/host/connectionUser';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import { streamByte } from './segmentNotation';
import type { WiredPair } from './wiredPair';

/** Where the server echoes (RFC 862). */
const echoPort = 7;

/** Sends a stream, closes, and looks at what comes back. */
export class StreamClient implements ConnectionUser {
  returned = 0;
  firstWrong: number | undefined;
  ended: string | undefined;
  connection: HostConnection | undefined;

  constructor(private readonly count: number) {}

  onConnected(): void {
    const piece = 50_000;
    for (let at = 0; at < this.count; at += piece) {
      const bytes = Uint8Array.from({ length: Math.min(piece, this.count - at) }, (_, index) =>
        streamByte(at + index),
      );
      this.connection!.send(bytes, () => undefined);
    }
    this.connection!.shutdown();
  }

  onData(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte !== streamByte(this.returned)) this.firstWrong ??= this.returned;
      this.returned++;
    }
  }

  onPeerClosed(): void {
    // Everything is over when the connection is.
  }

  onClosed(reason: string): void {
    this.ended = reason;
  }
}

/** Lets a client send `count` bytes to the pair's server until its connection is over. */
export function carry(pair: WiredPair, count: number): StreamClient {
  const client = new StreamClient(count);
  client.connection = pair.connect(echoPort, client);
  pair.play(20_000_000_000, () => client.ended !== undefined);
  return client;
}
