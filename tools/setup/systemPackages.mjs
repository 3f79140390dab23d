import { readFileSync } from 'node:fs';
import { findChromium } from '../lib/chromium.mjs';
import { needsVirtualDisplay } from '../lib/display.mjs';
import { findOnPath, lastLines, run } from '../lib/run.mjs';
import { Advice, say } from '../lib/say.mjs';

/**
 * What Electron needs of the system, as Debian names it. Each row lists the names of one thing, newest first
 * (Debian 13 renamed some libraries); the first that the package index knows is installed.
 */
const libraryPackages = [
  ['libgtk-3-0t64', 'libgtk-3-0'],
  ['libnss3'],
  ['libasound2t64', 'libasound2'],
  ['libgbm1'],
];

/**
 * The peers and the referee of the conformance tests on a real wire, by command. They are welcome and never required: a
 * test that misses one says so and is skipped.
 *
 * @type {readonly { command: string, names: string[] }[]}
 */
const peerPackages = [
  { command: 'ip', names: ['iproute2'] },
  { command: 'curl', names: ['curl'] },
  { command: 'nc', names: ['netcat-openbsd'] },
  { command: 'iperf3', names: ['iperf3'] },
  { command: 'tshark', names: ['tshark'] },
];

/**
 * @typedef {object} Missing
 * @property {string[]} libraries file names the dynamic linker does not find
 * @property {boolean} xvfb the virtual display is needed and not there
 * @property {boolean} chromium
 * @property {readonly string[]} peers commands of {@link peerPackages}
 */

/**
 * @param {string} executable
 * @returns {Promise<string[]>} shared libraries that the dynamic linker does not find
 */
const missingLibraries = async (executable) => {
  const { output } = await run('ldd', [executable]);
  return output
    .split('\n')
    .filter((line) => line.includes('not found'))
    .map((line) => line.trim().split(' ')[0] ?? line);
};

/**
 * @param {string} executable
 * @param {Required} required
 * @returns {Promise<Missing>}
 */
const findMissing = async (executable, required) => ({
  libraries: await missingLibraries(executable),
  xvfb: needsVirtualDisplay() && findOnPath('Xvfb') === undefined,
  chromium: findChromium() === undefined,
  peers: required.peers
    ? peerPackages.map(({ command }) => command).filter((command) => findOnPath(command) === undefined)
    : [],
});

/** @returns {boolean} Debian itself: derivatives have other package names (Ubuntu's chromium is a snap) */
const isDebian = () => {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
};

/**
 * @param {Missing} missing
 * @returns {string[][]} alternatives of Debian package names
 */
const wantedPackages = (missing) => [
  ...(missing.libraries.length > 0 ? libraryPackages : []),
  ...(missing.xvfb ? [['xvfb']] : []),
  ...(missing.chromium ? [['chromium']] : []),
  ...peerPackages.filter(({ command }) => missing.peers.includes(command)).map(({ names }) => names),
];

/** @param {Missing} missing */
const describe = (missing) =>
  [
    ...(missing.libraries.length > 0 ? [`the libraries ${missing.libraries.join(', ')} (for Electron)`] : []),
    ...(missing.xvfb ? ['Xvfb (there is no display)'] : []),
    ...(missing.chromium ? ['Chromium (for the tests of the web viewer)'] : []),
    ...(missing.peers.length > 0 ? [`${missing.peers.join(', ')} (for the tests on a real wire)`] : []),
  ].join('; ');

/**
 * @param {string[][]} alternatives
 * @returns {Promise<string[]>} for each row, the first name that the package index knows
 */
const chooseNames = (alternatives) =>
  Promise.all(
    alternatives.map(async (names) => {
      for (const name of names) {
        if ((await run('apt-cache', ['show', '--no-all-versions', name])).code === 0) return name;
      }
      return names.at(-1) ?? '';
    }),
  );

/** @param {Missing} missing */
const installWithApt = async (missing) => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const lock = ['-o', 'DPkg::Lock::Timeout=120', '-qq'];
  say(`set-up: missing on this machine: ${describe(missing)}`);
  const update = await run('apt-get', [...lock, 'update'], { env });
  const names = await chooseNames(wantedPackages(missing));
  say(`set-up: apt-get install --no-install-recommends ${names.join(' ')}`);
  const install = await run('apt-get', [...lock, 'install', '-y', '--no-install-recommends', ...names], {
    env,
  });
  if (install.code !== 0) {
    throw new Advice(
      `${lastLines(update.code === 0 ? install.output : update.output + install.output)}\n\n` +
        `set-up: apt-get failed. When that is mended, type: npm run setup`,
    );
  }
};

/** @param {Missing} missing */
const commandFor = (missing) => {
  if (isDebian()) {
    // Old names: Debian 13 keeps them as virtual packages, all but libasound2, which it wants spelled out.
    const names = wantedPackages(missing).map((row) => row.at(-1) ?? '');
    return `type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`;
  }
  return missing.chromium && missing.libraries.length === 0 && !missing.xvfb
    ? 'type: npx playwright install chromium'
    : 'type: npx playwright install --with-deps chromium';
};

/**
 * @typedef {object} Required
 * @property {boolean} chromium whether it is an error to be without Chromium
 * @property {boolean} peers whether the peers of the tests on a real wire are wanted; without them those tests are skipped
 */

/**
 * Makes sure that Electron's libraries, a virtual display where there is no real one, and Chromium are there: on
 * Debian as root by installing them, elsewhere by telling the one command to type.
 *
 * @param {string} executable Electron's, absolute
 * @param {Required} required
 * @returns {Promise<void>}
 * @throws {Advice} when something required is missing and is not ours to install
 */
export const installSystemPackages = async (executable, required) => {
  if (process.platform !== 'linux') return;
  const missing = await findMissing(executable, required);
  if (wantedPackages(missing).length === 0) return;
  if (isDebian() && process.getuid?.() === 0) {
    await installWithApt(missing);
    return;
  }
  const needed = { ...missing, chromium: missing.chromium && required.chromium, peers: [] };
  if (wantedPackages(needed).length === 0) return;
  throw new Advice(
    `set-up: missing on this machine: ${describe(needed)}.\nTo install it, ${commandFor(needed)}`,
  );
};
