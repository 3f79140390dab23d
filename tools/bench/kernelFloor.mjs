import { findOnPath, lastLines, run } from '../lib/run.mjs';

/** Payload of a full segment, bytes. */
const segmentBytes = 1460;

/**
 * @typedef {object} IperfEnd what is read of iperf3's report
 * @property {{ host_total: number, remote_total: number }} cpu_utilization_percent
 * @property {{ seconds: number }} sum_sent
 * @property {{ bytes: number, bits_per_second: number }} sum_received
 */

/** Seconds that iperf3 sends. */
const seconds = 2;

/** Largest segments that the kernel hands to the device: 64 KB, or a frame for each segment. */
const segmentations = [
  { remarks: 'segments of 64 KB', limit: [] },
  { remarks: 'a frame for each segment', limit: ['gso_max_size', '1514'] },
];

/**
 * The kernel's TCP over a pair of virtual Ethernet devices, by iperf3: the floor.
 *
 * @returns {Promise<import('./peers.mjs').PeerMeasurement[]>}
 */
export const measureKernel = async () => {
  const name = 'kernel over veth (iperf3)';
  const [iperf, ip] = ['iperf3', 'ip'].map((program) => findOnPath(program));
  if (iperf === undefined || ip === undefined)
    return [{ name, connections: 1, nsPerSegment: undefined, remarks: 'not installed (iperf3, iproute2)' }];
  /** @type {import('./peers.mjs').PeerMeasurement[]} */
  const measured = [];
  for (const { remarks, limit } of segmentations) {
    const answer = await measureOver(ip, iperf, limit);
    measured.push(
      typeof answer === 'string'
        ? { name, connections: 1, nsPerSegment: undefined, remarks: answer }
        : {
            name,
            connections: 1,
            nsPerSegment: answer.nsPerSegment,
            remarks: `${(answer.bitsPerSecond / 1e9).toFixed(1)} Gb/s, ${remarks}; CPU time of the two programs only`,
          },
    );
  }
  return measured;
};

/**
 * Carries bytes between two network namespaces that are made and deleted here.
 *
 * @param {string} ip
 * @param {string} iperf
 * @param {readonly string[]} limit what limits the segments of a device
 * @returns {Promise<string | { nsPerSegment: number, bitsPerSecond: number }>} why it is not possible, or what was measured
 */
const measureOver = async (ip, iperf, limit) => {
  const tag = `csbench${process.pid}`;
  const [left, right] = [`${tag}a`, `${tag}b`];
  // A server whose client fails would wait for ever.
  const inside = (/** @type {string} */ space, /** @type {readonly string[]} */ words) =>
    run(ip, ['netns', 'exec', space, ...words], { timeoutMs: 10_000 * seconds });
  try {
    for (const words of [
      ['netns', 'add', left],
      ['netns', 'add', right],
      ['link', 'add', 'veth0', 'netns', left, 'type', 'veth', 'peer', 'name', 'veth0', 'netns', right],
      ['-n', left, 'addr', 'add', '192.0.2.1/24', 'dev', 'veth0'],
      ['-n', right, 'addr', 'add', '192.0.2.2/24', 'dev', 'veth0'],
      ['-n', left, 'link', 'set', 'veth0', 'up', ...limit],
      ['-n', right, 'link', 'set', 'veth0', 'up', ...limit],
    ]) {
      const { code, output } = await run(ip, words);
      if (code !== 0) return `not permitted here: ${lastLines(output, 1)}`;
    }
    const server = inside(right, [iperf, '--server', '--one-off']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const sends = ['--client', '192.0.2.2', '--time', String(seconds), '--congestion', 'reno', '--json'];
    const client = await inside(left, [iperf, ...sends]);
    if (client.code !== 0) return lastLines(client.output, 1);
    await server;
    /** @type {{ end: IperfEnd }} */
    const { end } = JSON.parse(client.output);
    const { host_total: local, remote_total: remote } = end.cpu_utilization_percent;
    const cpuNanoseconds = ((local + remote) / 100) * end.sum_sent.seconds * 1e9;
    const { bytes, bits_per_second: bitsPerSecond } = end.sum_received;
    return { nsPerSegment: cpuNanoseconds / (bytes / segmentBytes), bitsPerSecond };
  } finally {
    for (const space of [left, right]) await run(ip, ['netns', 'delete', space]);
  }
};
