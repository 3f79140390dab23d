import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startViewerServer, type ViewerServer } from '../../../electron/cli/viewerServer';
import { httpSource, type RangeResponse } from '../../../shared/trace/httpSource';
import { TraceFile } from '../../../shared/trace/traceFile';
import { memorySource, type TraceSource } from '../../../shared/trace/traceSource';
import { Random } from '../../../shared/base/random';
import { syntheticTrace } from '../../harness/syntheticTrace';

let folder = '';
let server: ViewerServer;
let traceUrl = '';
/** More than the source keeps. */
const bytes = new Uint8Array(6_000_000);

beforeAll(async () => {
  new Random(3, 1).fill(bytes);
  folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-ranges-'));
  writeFileSync(path.join(folder, 'index.html'), '');
  writeFileSync(path.join(folder, 'bytes.bin'), bytes);
  writeFileSync(path.join(folder, 'a.sweep'), syntheticTrace({ sends: 400 }));
  server = await startViewerServer({ viewer: folder, trace: path.join(folder, 'a.sweep') });
  traceUrl = new URL('bytes.bin', server.url).href;
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(url: string): Promise<TraceSource> {
  const source = await httpSource(url, fetch);
  if (!source.ok) throw new Error(source.error);
  return source.value;
}

describe('a source on a web server (RFC 9110 section 14)', () => {
  it('answers exactly the bytes that are asked for, within a block, across blocks, and more than it keeps', async () => {
    const source = await opened(traceUrl);
    expect(source.size).toBe(bytes.length);
    const random = new Random(8, 1);
    const lengths = [0, 1, 7, 131_072, 131_073, 400_000, 3_000_000];
    for (let round = 0; round < 60; round++) {
      const length = lengths[round % lengths.length]!;
      const offset = Math.floor(random.nextFraction() * (bytes.length - length));
      const got = await source.read(offset, length);
      expect(Buffer.compare(got, bytes.subarray(offset, offset + length)), `seed 8, round ${round}`).toBe(0);
    }
    const tail = await source.read(bytes.length - 20, 20);
    expect([...tail]).toEqual([...bytes.subarray(-20)]);
  });

  it('asks for a block once while it keeps it', async () => {
    let requests = 0;
    const counted = await httpSource(traceUrl, (url, request) => {
      requests++;
      return fetch(url, request);
    });
    if (!counted.ok) throw new Error(counted.error);
    for (let index = 0; index < 50; index++) await counted.value.read(index * 10, 100);
    expect(requests).toBe(2);
  });

  it('opens a trace as from memory', async () => {
    const url = new URL(new URL(server.url).searchParams.get('trace')!, server.url).href;
    const file = await TraceFile.open(await opened(url));
    const local = await TraceFile.open(memorySource(syntheticTrace({ sends: 400 })));
    if (!file.ok || !local.ok) throw new Error('it does not open');
    expect(file.value.length).toBe(local.value.length);
    const last = file.value.length - 1;
    expect(await file.value.record(last)).toEqual(await local.value.record(last));
  });
});

describe('a server that does not do its part', () => {
  let odd: Server;
  let oddUrl = '';
  let answer: (range: string) => {
    status: number;
    headers?: Record<string, string>;
    body?: string;
  } = () => ({
    status: 200,
  });

  beforeAll(async () => {
    odd = createServer((request, response) => {
      const { status, headers, body } = answer(request.headers.range ?? '');
      response.writeHead(status, headers);
      response.end(body ?? '');
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    oddUrl = `http://127.0.0.1:${(odd.address() as AddressInfo).port}/x.sweep`;
  });

  afterAll(() => {
    odd.close();
  });

  it.each([
    [200, {}, 'the server knows no ranges'],
    [404, {}, 'the server answers 404'],
    [416, {}, 'is empty'],
    [206, {}, 'does not say how long the file is'],
    [206, { 'Content-Range': 'bytes 0-0/*' }, 'does not say how long the file is'],
    [206, { 'Content-Range': 'bytes 5-5/100' }, 'does not say how long the file is'],
    [206, { 'Content-Range': 'bytes 0-0/99999999999999999999' }, 'does not say how long the file is'],
  ])('answers %i %j: said when it is opened', async (status, headers, problem) => {
    answer = () => ({ status, headers });
    const source = await httpSource(oddUrl, fetch);
    expect(source.ok ? '' : source.error).toContain(problem);
  });

  it.each([
    [{ status: 200, body: 'another' }, 'has changed on the server'],
    [
      { status: 206, headers: { 'Content-Range': 'bytes 0-9/11' }, body: '0123456789' },
      'has changed on the server',
    ],
    [{ status: 206, headers: { 'Content-Range': 'bytes 0-9/10' }, body: '0123' }, 'sent 4 bytes of 10'],
    [{ status: 500 }, 'the server answers 500'],
  ])('answers %j to a part: the reader is told, and may ask again', async (wrong, problem) => {
    answer = () => ({ status: 206, headers: { 'Content-Range': 'bytes 0-0/10' }, body: '0' });
    const source = await opened(oddUrl);
    answer = () => wrong;
    await expect(source.read(0, 10)).rejects.toThrow(problem);
    answer = () => ({ status: 206, headers: { 'Content-Range': 'bytes 0-9/10' }, body: '0123456789' });
    expect(Buffer.from(await source.read(0, 10)).toString()).toBe('0123456789');
  });

  it('can not be reached: said when it is opened', async () => {
    const none = (): Promise<RangeResponse> => Promise.reject(new Error('no route'));
    const source = await httpSource('http://192.0.2.1/x.sweep', none);
    expect(source.ok ? '' : source.error).toContain('could not be reached: no route');
  });
});
