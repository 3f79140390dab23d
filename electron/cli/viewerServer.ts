/**
 * Serves the web viewer and one trace to browsers on this machine. Only who knows the token in the path gets anything, and only by a name of this machine:
 * a page of somebody else's can't read a trace by letting its own name point here.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { parseRange } from './byteRange';

/** What is served, and where. */
export interface ViewerServerOptions {
  /** Folder of the built viewer. */
  readonly viewer: string;
  /** The trace. */
  readonly trace: string;
  /** TCP port; 0 for any that is free. */
  readonly port?: number | undefined;
}

/** A server that is running. */
export interface ViewerServer {
  /** Opens the trace in the viewer; holds the token. */
  readonly url: string;
  /** Ends the server and what it is sending. */
  close(): Promise<void>;
}

const loopback = '127.0.0.1';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

const commonHeaders = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/** Files of a folder by their paths in addresses. What is not listed here can't be asked for, whatever the address is. */
function listFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    files.set(path.relative(folder, file).split(path.sep).map(encodeURIComponent).join('/'), file);
  }
  return files;
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { ...commonHeaders, ...headers, 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

function isSameText(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Sends a file or the part of it that is asked for (RFC 9110 section 14). */
function sendFile(request: IncomingMessage, response: ServerResponse, file: string, type: string): void {
  let size: number;
  let tag: string;
  try {
    const facts = statSync(file);
    size = facts.size;
    tag = `"${facts.size.toString(16)}-${Math.trunc(facts.mtimeMs).toString(16)}"`;
  } catch {
    refuse(response, 404, 'This file is not there any more.');
    return;
  }
  const condition = request.headers['if-range'];
  const asked =
    condition === undefined || condition === tag ? parseRange(request.headers.range, size) : 'all';
  if (asked === 'none') {
    refuse(response, 416, 'The file ends before that.', { 'Content-Range': `bytes */${size}` });
    return;
  }
  const { first, last } = asked === 'all' ? { first: 0, last: size - 1 } : asked;
  response.writeHead(asked === 'all' ? 200 : 206, {
    ...commonHeaders,
    'Accept-Ranges': 'bytes',
    'Content-Type': type,
    'Content-Length': String(last - first + 1),
    ETag: tag,
    ...(asked === 'all' ? {} : { 'Content-Range': `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  const stream = createReadStream(file, { start: first, end: last });
  // The head is out already: who reads must see that something is missing.
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}

/** Answers one request. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  token: string,
  files: ReadonlyMap<string, string>,
  trace: string,
): void {
  const { host } = request.headers;
  if (host !== `${loopback}:${port}` && host !== `localhost:${port}`) {
    refuse(response, 403, 'This server answers to names of its own machine only.');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, 405, 'Only GET and HEAD.', { Allow: 'GET, HEAD' });
    return;
  }
  const [asked = ''] = (request.url ?? '').split('?');
  const [, given = '', ...rest] = asked.split('/');
  if (!isSameText(given, token)) {
    refuse(response, 404, 'There is nothing here.');
    return;
  }
  if (rest.length === 2 && rest[0] === 'trace') {
    sendFile(request, response, trace, 'application/x-chimneysweep-trace');
    return;
  }
  const name = rest.join('/');
  const file = files.get(name === '' ? 'index.html' : name);
  if (file === undefined) refuse(response, 404, 'The viewer has no such file.');
  else sendFile(request, response, file, contentTypes[path.extname(file)] ?? 'application/octet-stream');
}

/**
 * Starts a server on the loopback interface.
 * @throws Error (with Node's `code`) if the viewer's folder can't be read or the port is taken
 */
export async function startViewerServer({
  viewer,
  trace,
  port = 0,
}: ViewerServerOptions): Promise<ViewerServer> {
  const files = listFiles(viewer);
  const token = randomBytes(24).toString('base64url');
  const server: Server = createServer((request, response) => {
    answer(request, response, (server.address() as AddressInfo).port, token, files, trace);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, resolve);
  });
  const address = (server.address() as AddressInfo).port;
  const name = encodeURIComponent(path.basename(trace));
  return {
    url: `http://${loopback}:${address}/${token}/index.html?trace=${encodeURIComponent(`trace/${name}`)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
