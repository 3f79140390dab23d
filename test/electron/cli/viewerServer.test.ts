import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange } from '../../../electron/cli/byteRange';
import { startViewerServer, type ViewerServer } from '../../../electron/cli/viewerServer';
import { recordScenario } from '../../harness/recordScenario';

const bytes = recordScenario('first-sweep').bytes;
let folder = '';
let viewer = '';
let trace = '';
let server: ViewerServer;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-open-'));
  viewer = path.join(folder, 'viewer');
  trace = path.join(folder, 'a run.sweep');
  mkdirSync(path.join(viewer, 'assets'), { recursive: true });
  writeFileSync(path.join(viewer, 'index.html'), '<title>viewer</title>');
  writeFileSync(path.join(viewer, 'assets', 'main.js'), 'export {};');
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  writeFileSync(trace, bytes);
  server = await startViewerServer({ viewer, trace });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The address of the trace, as the page works it out from its own. */
function traceUrl(): URL {
  const page = new URL(server.url);
  return new URL(page.searchParams.get('trace')!, page);
}

/** A request with any path and headers, which fetch would not send. */
function rawStatus(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: target, headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the server of the viewer', () => {
  it('serves the page, its files, and the trace under its name', async () => {
    const page = await fetch(server.url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toBe('<title>viewer</title>');
    const script = await fetch(new URL('assets/main.js', server.url));
    expect([script.status, script.headers.get('content-type')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
    ]);
    expect(decodeURIComponent(traceUrl().pathname)).toMatch(/\/a run\.sweep$/);
    const whole = await fetch(traceUrl());
    expect(whole.status).toBe(200);
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes);
  });

  it('serves parts (RFC 9110 section 14.2)', async () => {
    const part = await fetch(traceUrl(), { headers: { range: 'bytes=8-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 8-19/${bytes.length}`]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(8, 20));
    const end = await fetch(traceUrl(), { headers: { range: 'bytes=-20' } });
    expect(new Uint8Array(await end.arrayBuffer())).toEqual(bytes.slice(-20));
    const behind = await fetch(traceUrl(), { headers: { range: `bytes=${bytes.length}-` } });
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
  });

  it('serves all where the file is another than the one that a part was asked of (RFC 9110 section 13.1.5)', async () => {
    const whole = await fetch(traceUrl());
    await whole.arrayBuffer();
    const tag = whole.headers.get('etag')!;
    const part = (ifRange: string): Promise<Response> =>
      fetch(traceUrl(), { headers: { range: 'bytes=0-3', 'if-range': ifRange } });
    expect((await part(tag)).status).toBe(206);
    expect((await part('"another"')).status).toBe(200);
  });

  it('tells the length without the bytes to HEAD', async () => {
    const head = await fetch(traceUrl(), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
    expect((await head.arrayBuffer()).byteLength).toBe(0);
  });

  it('gives nothing to who does not know the token', async () => {
    const { port, pathname } = new URL(server.url);
    for (const target of ['/', '/index.html', '/trace/a%20run.sweep', pathname.replace(/^\/./, '/!')])
      expect(await rawStatus(target, { host: `127.0.0.1:${port}` })).toBe(404);
  });

  it('gives nothing outside of the viewer, however the path is written', async () => {
    const { port, pathname } = new URL(server.url);
    const token = pathname.split('/')[1]!;
    for (const climb of [
      '../secret.txt',
      '..%2fsecret.txt',
      '%2e%2e/secret.txt',
      'assets/../../secret.txt',
      '..\\secret.txt',
      `/${folder}/secret.txt`,
      'assets',
      'trace',
      'trace/../secret.txt/x',
      ''.padEnd(4000, '../'),
    ]) {
      const status = await rawStatus(`/${token}/${climb}`, { host: `127.0.0.1:${port}` });
      expect([climb, status]).toEqual([climb, 404]);
    }
  });

  it('refuses names that are not of this machine, so that no other page can make itself at home here', async () => {
    const { port, pathname } = new URL(server.url);
    expect(await rawStatus(pathname, { host: `attacker.example:${port}` })).toBe(403);
    expect(await rawStatus(pathname, { host: '127.0.0.1' })).toBe(403);
    expect(await rawStatus(pathname, { host: `localhost:${port}` })).toBe(200);
  });

  it('lets no other site read it or put it in a frame', async () => {
    const { headers } = await fetch(server.url);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('takes no other methods', async () => {
    const { port, pathname } = new URL(server.url);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect(await rawStatus(pathname, { host: `127.0.0.1:${port}` }, method)).toBe(405);
  });

  it('closes, with what it is sending', async () => {
    const other = await startViewerServer({ viewer, trace });
    const { port } = new URL(other.url);
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await other.close();
    await closed;
    await expect(fetch(other.url)).rejects.toThrow();
  });
});

describe('a Range header (RFC 9110 section 14.1.2)', () => {
  it.each([
    [undefined, 'all'],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=5-', { first: 5, last: 9 }],
    ['bytes=5-99', { first: 5, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-99', { first: 0, last: 9 }],
    ['bytes=10-', 'none'],
    ['bytes=-0', 'none'],
    ['bytes=4-2', 'all'],
    ['bytes=-', 'all'],
    ['bytes=0-1,3-4', 'all'],
    ['lines=0-1', 'all'],
  ])('of %s in 10 bytes', (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });
});

describe('chimneysweep open', () => {
  const built = path.resolve(import.meta.dirname, '../../../out/cli/index.cjs');
  const launcher = path.resolve(import.meta.dirname, '../../../bin/chimneysweep.mjs');

  it('tells the address, serves until it is interrupted, and ends with 0', async () => {
    // The launcher builds the command line where it has to.
    const launched = spawn(process.execPath, [launcher, '--version']);
    await new Promise((resolve) => launched.once('close', resolve));
    const child = spawn(process.execPath, [built, 'open', trace, '--viewer', viewer, '--json']);
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve(String(data))),
    );
    const { url } = JSON.parse(line) as { url: string };
    expect(await (await fetch(url)).text()).toBe('<title>viewer</title>');
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  }, 60_000);

  it.each([
    ['a file that is not there', () => ['nothing.sweep', '--viewer', viewer]],
    ['a file that is no trace', () => [path.join(folder, 'secret.txt'), '--viewer', viewer]],
    ['a viewer that is not built', () => [trace, '--viewer', folder]],
  ])('answers 2 for %s', async (_, words) => {
    const child = spawn(process.execPath, [built, 'open', ...words()]);
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  });
});
