/**
 * The few functions of the C library that Node has no name for. They come through koffi, which is loaded when somebody asks for them
 * and not before.
 */
import type Koffi from 'koffi';
import type { KoffiFunc } from 'koffi';
import { fail, succeed, type Result } from '../../shared/base/result';

/** Functions of the C library; each answers what the C function does, -1 with `errno` where it failed. */
export interface Libc {
  open(path: string, flags: number): number;
  close(descriptor: number): number;
  ioctl(descriptor: number, request: number, argument: Uint8Array): number;
  /** ioctl whose argument is a number. */
  ioctlNumber(descriptor: number, request: number, argument: number): number;
  read(descriptor: number, into: Uint8Array, length: number): number;
  write(descriptor: number, from: Uint8Array, length: number): number;
  /** ppoll in a thread of its own; `limit` in ns, Infinity for none. `descriptors` is an array of struct pollfd. */
  poll(descriptors: Uint8Array, count: number, limit: number): Promise<number>;
  errno(): number;
}

/** Numbers of errors that have a meaning of their own here. */
export const errorNumbers = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
} as const;

/** Loads the functions; answers the remedy where that is not possible. */
export async function loadLibc(): Promise<Result<Libc, string>> {
  if (process.platform !== 'linux') return fail('A real wire needs Linux: TAP devices are its own.');
  let koffi: typeof Koffi;
  try {
    koffi = (await import('koffi')).default;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return fail(
      `A real wire needs the npm package koffi with its binary for this platform (${process.platform}-${process.arch}), ` +
        `which is not there: run npm install in the folder of chimneysweep, without --omit=optional. (${reason})`,
    );
  }
  const library = koffi.load(null);
  const define = <Signature extends (...values: never[]) => unknown>(text: string): KoffiFunc<Signature> =>
    library.func(text) as KoffiFunc<Signature>;
  const ppoll = define<
    (descriptors: Uint8Array, count: number, limit: Uint8Array | null, mask: null) => number
  >('int ppoll(void *fds, unsigned long nfds, const void *limit, const void *mask)');
  const limitBytes = new Uint8Array(16);
  const limitView = new DataView(limitBytes.buffer);
  return succeed({
    open: define('int open(const char *path, int flags)'),
    close: define('int close(int fd)'),
    ioctl: define('int ioctl(int fd, unsigned long request, void *argument)'),
    ioctlNumber: define('int ioctl(int fd, unsigned long request, unsigned long argument)'),
    read: define('int64_t read(int fd, void *into, size_t length)'),
    write: define('int64_t write(int fd, const void *from, size_t length)'),
    poll: (descriptors, count, limit) => {
      if (limit !== Infinity) {
        limitView.setBigInt64(0, BigInt(Math.floor(limit / 1e9)), true);
        limitView.setBigInt64(8, BigInt(Math.floor(limit % 1e9)), true);
      }
      return new Promise((resolve) => {
        const limitArgument = limit === Infinity ? null : limitBytes;
        ppoll.async(descriptors, count, limitArgument, null, (_error: unknown, result: number) => {
          resolve(result);
        });
      });
    },
    errno: () => koffi.errno(),
  });
}
