/**
 * Electron's fuses: switches burnt into the executable as ASCII '0' and '1' after a sentinel, a version byte and
 * a length byte (electronjs.org, "Electron Fuses").
 */
const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1');

/** Positions of the fuses this project flips. */
export const Fuse = Object.freeze({
  /** Off, the executable ignores `--inspect`, which Playwright attaches through. */
  nodeCliInspect: 3,
  /** On, it insists on browser_v8_context_snapshot.bin, which is not part of what we unpack. */
  browserProcessSnapshot: 6,
});

/**
 * Sets fuses in an Electron executable's bytes, in place.
 *
 * @param {Buffer} executable
 * @param {ReadonlyMap<number, boolean>} wanted fuse position to on/off
 * @throws {Error} when this is no Electron executable, or has no such fuse
 */
export const setFuses = (executable, wanted) => {
  const start = executable.indexOf(sentinel);
  if (start < 0) throw new Error('No fuses in this executable: it is not an Electron runtime.');
  const length = executable[start + sentinel.length + 1] ?? 0;
  const first = start + sentinel.length + 2;
  for (const [position, on] of wanted) {
    const present = executable[first + position];
    if (position >= length || (present !== 0x30 && present !== 0x31)) {
      throw new Error(
        `Fuse ${String(position)} is not in this Electron executable (it has ${String(length)}).`,
      );
    }
    executable[first + position] = on ? 0x31 : 0x30;
  }
};
