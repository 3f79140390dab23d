import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { inRoot } from '../lib/paths.mjs';
import { findOnPath, lastLines, run } from '../lib/run.mjs';
import { benchFolder } from './bundle.mjs';
import { measureKernel } from './kernelFloor.mjs';

/**
 * @typedef {object} PeerMeasurement
 * @property {string} name
 * @property {number | undefined} connections
 * @property {number | undefined} nsPerSegment CPU time of a 1,460-byte segment, both ends; undefined if it was not measured
 * @property {string} remarks what it is, or why there is no number
 */

/** Segments that ns-3 simulates of each number of connections. */
const segments = new Map([
  [1, 40_000],
  [64, 40_000],
  [1024, 20_000],
]);

/** Libraries of ns-3 that the program needs, without version. */
const modules = ['core', 'network', 'internet', 'point-to-point', 'applications', 'traffic-control', 'stats'];

/** Longest time that a build or a run may take, ms. */
const longest = 180_000;

/**
 * ns-3, where its library is installed: virtual payload and no checksums, so it does less.
 *
 * @param {readonly number[]} counts numbers of connections
 * @returns {Promise<PeerMeasurement[]>}
 */
const measureNs3 = async (counts) => {
  const name = 'ns-3 (Debian)';
  /** @param {string} remarks */
  const none = (remarks) => [{ name, connections: undefined, nsPerSegment: undefined, remarks }];
  const pkgConfig = findOnPath('pkg-config');
  const compiler = findOnPath('g++');
  if (pkgConfig === undefined || compiler === undefined) return none('not installed (no pkg-config or g++)');
  const packages = modules.map((module) => `ns3-${module}`);
  const flags = await run(pkgConfig, ['--cflags', '--libs', ...packages]);
  if (flags.code !== 0) return none('not installed (Debian: libns3-dev)');
  const version = (await run(pkgConfig, ['--modversion', 'ns3-core'])).output.trim();
  mkdirSync(benchFolder, { recursive: true });
  const program = path.join(benchFolder, 'ns3-bulk');
  const source = inRoot('tools', 'bench', 'ns3', 'bulkTransfer.cc');
  const words = flags.output.trim().split(/\s+/u);
  const built = await run(compiler, ['-O2', '-std=c++17', '-w', source, '-o', program, ...words], {
    timeoutMs: longest,
  });
  if (built.code !== 0) return none(`could not be built: ${lastLines(built.output, 1)}`);
  /** @type {PeerMeasurement[]} */
  const measured = [];
  for (const connections of counts) {
    const wanted = segments.get(connections);
    if (wanted === undefined) continue;
    const ran = await run(program, [String(connections), String(wanted)], { timeoutMs: longest });
    const nsPerSegment = ran.code === 0 ? Number(ran.output.trim()) : undefined;
    const remarks =
      ran.code === 0
        ? `${version}, virtual payload, no checksums`
        : ran.timedOut
          ? `not finished in ${longest / 1000} s`
          : lastLines(ran.output, 1);
    measured.push({ name, connections, nsPerSegment, remarks });
  }
  return measured;
};

/**
 * What else carries TCP on this machine.
 *
 * @param {readonly number[]} counts numbers of connections
 * @returns {Promise<PeerMeasurement[]>}
 */
export const measurePeers = async (counts) => [...(await measureNs3(counts)), ...(await measureKernel())];
