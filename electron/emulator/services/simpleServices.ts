/** The small services of every Internet host: echo (RFC 862), discard (RFC 863), character generator (RFC 864), and a source. */
import type { ConnectionUser } from '../host/connectionUser';
import { GeneratedContent } from './generatedContent';
import { ReadLoop, SendLoop, serviceBufferBytes, type Service } from './serviceConnection';

/** Counts what services carry. */
export interface ServiceTotals {
  connections: number;
  bytesReceived: number;
  bytesSent: number;
}

/** Totals of nothing. */
export function noTotals(): ServiceTotals {
  return { connections: 0, bytesReceived: 0, bytesSent: 0 };
}

const nothing = (): undefined => undefined;

/** Sends back what it receives, reading no faster than the peer takes it. */
export function echoService(totals: ServiceTotals = noTotals()): Service {
  return (connection): ConnectionUser => {
    const held: Uint8Array[] = [];
    let ended = false;
    const sends = new SendLoop(
      connection,
      () => {
        const bytes = held.shift();
        totals.bytesSent += bytes?.length ?? 0;
        return bytes;
      },
      () => {
        if (ended && held.length === 0) connection.shutdown();
        else reads.start();
      },
    );
    const reads = new ReadLoop(
      connection,
      (bytes) => {
        totals.bytesReceived += bytes.length;
        held.push(bytes);
        if (held.length >= 4) reads.pause();
        sends.start();
      },
      () => {
        ended = true;
        sends.start();
      },
    );
    return {
      reading: 'on-request',
      onConnected: () => {
        totals.connections++;
        reads.start();
      },
      onData: nothing,
      onPeerClosed: nothing,
      onClosed: () => {
        reads.stop();
        sends.stop();
      },
    };
  };
}

/** Takes everything and answers nothing; closes when its peer does. */
export function discardService(totals: ServiceTotals = noTotals()): Service {
  return (connection): ConnectionUser => {
    const reads = new ReadLoop(
      connection,
      (bytes) => {
        totals.bytesReceived += bytes.length;
      },
      () => {
        connection.shutdown();
      },
    );
    return {
      reading: 'on-request',
      onConnected: () => {
        totals.connections++;
        reads.start();
      },
      onData: nothing,
      onPeerClosed: nothing,
      onClosed: () => {
        reads.stop();
      },
    };
  };
}

/** Sends what `contentAt` makes up, for as long as the peer listens, and takes what comes without looking at it. */
function endlessService(
  contentAt: (offset: number) => Uint8Array,
  totals: ServiceTotals,
  limit: number,
): Service {
  return (connection): ConnectionUser => {
    let offset = 0;
    const sends = new SendLoop(
      connection,
      () => {
        if (offset >= limit) return undefined;
        const bytes = contentAt(offset).subarray(0, limit - offset);
        offset += bytes.length;
        totals.bytesSent += bytes.length;
        return bytes;
      },
      () => {
        if (offset >= limit) connection.shutdown();
      },
    );
    const reads = new ReadLoop(
      connection,
      (bytes) => {
        totals.bytesReceived += bytes.length;
      },
      () => {
        // The peer has heard enough: RFC 864 goes on until the connection is closed.
        offset = limit;
        connection.shutdown();
      },
    );
    return {
      reading: 'on-request',
      onConnected: () => {
        totals.connections++;
        reads.start();
        sends.start();
      },
      onData: nothing,
      onPeerClosed: nothing,
      onClosed: () => {
        reads.stop();
        sends.stop();
      },
    };
  };
}

/** Characters of a line of the character generator, and the printable ones that it rotates through. */
const lineCharacters = 72;
const printable = 95;

/** All lines of the ring pattern of RFC 864, after which it begins anew. */
function ringPattern(): Uint8Array {
  const bytes = new Uint8Array(printable * (lineCharacters + 2));
  for (let line = 0; line < printable; line++) {
    const at = line * (lineCharacters + 2);
    for (let column = 0; column < lineCharacters; column++)
      bytes[at + column] = 0x20 + ((line + column) % printable);
    bytes[at + lineCharacters] = 0x0d;
    bytes[at + lineCharacters + 1] = 0x0a;
  }
  return bytes;
}

/** Sends the ring pattern of RFC 864 until its peer closes. */
export function characterGeneratorService(totals: ServiceTotals = noTotals()): Service {
  const pattern = ringPattern();
  return endlessService(() => pattern, totals, Infinity);
}

/** Sends generated content: `limit` bytes and a FIN, or on and on until its peer closes. */
export function sourceService(seed: number, limit = Infinity, totals: ServiceTotals = noTotals()): Service {
  const content = new GeneratedContent(seed);
  return endlessService((offset) => content.bytes(offset, serviceBufferBytes), totals, limit);
}
