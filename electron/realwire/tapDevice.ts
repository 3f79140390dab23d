/**
 * A TAP device of Linux: the kernel's end is an ordinary Ethernet interface, ours a file that gives and takes one frame per call
 * (kernel documentation, "Universal TUN/TAP device driver").
 */
import { fail, succeed, type Result } from '../../shared/base/result';
import type { Frame } from '../emulator/wire/frame';
import { DeviceProblem, type FrameDevice } from './frameDevice';
import { errorNumbers, loadLibc, type Libc } from './libc';
import { readVirtioNetHeader, virtioNetHeaderLength, writeVirtioNetHeader } from './virtioNetHeader';

/** What <linux/if_tun.h> and <fcntl.h> call them. */
const TUNSETIFF = 0x400454ca;
const TUNSETOFFLOAD = 0x400454d0;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const O_RDWR = 0x02;
const O_NONBLOCK = 0x800;
const POLLIN = 0x001;

/** Bytes of struct ifreq, of the name in it, and where the flags stand. */
const ifreqLength = 40;
const interfaceNameLength = 16;

/** How to attach to a device. */
export interface TapOptions {
  /** Name of the interface; it is made if there is none, and goes with its last user unless it was made to stay. */
  readonly name: string;
  /** Whether to ask for frames that stand for many packets. */
  readonly largeFrames: boolean;
}

/** What is wrong with a name for an interface; undefined: nothing. */
export function interfaceNameProblem(name: string): string | undefined {
  const isUsable = /^[^\s/:%]+$/.test(name) && name !== '.' && name !== '..';
  const fits = new TextEncoder().encode(name).length < interfaceNameLength;
  return isUsable && fits
    ? undefined
    : `"${name}" can't be the name of an interface: 1 to ${interfaceNameLength - 1} bytes without spaces, "/", ":" and "%".`;
}

/** Attaches to a TAP device; answers the remedy where that is not possible. */
export async function openTap(options: TapOptions): Promise<Result<FrameDevice, string>> {
  const nameProblem = interfaceNameProblem(options.name);
  if (nameProblem !== undefined) return fail(nameProblem);
  const libc = await loadLibc();
  return libc.ok ? attach(libc.value, options) : libc;
}

function attach(libc: Libc, { name, largeFrames }: TapOptions): Result<FrameDevice, string> {
  const descriptor = libc.open('/dev/net/tun', O_RDWR | O_NONBLOCK);
  if (descriptor < 0) return fail(openProblem(libc.errno()));
  const request = new Uint8Array(ifreqLength);
  new TextEncoder().encodeInto(name, request);
  const flags = IFF_TAP | IFF_NO_PI | (largeFrames ? IFF_VNET_HDR : 0);
  new DataView(request.buffer).setUint16(interfaceNameLength, flags, true);
  const problem = (text: string): Result<FrameDevice, string> => {
    libc.close(descriptor);
    return fail(text);
  };
  if (libc.ioctl(descriptor, TUNSETIFF, request) < 0) return problem(attachProblem(name, libc.errno()));
  if (largeFrames) {
    // The features are the argument itself, not what it points to.
    if (libc.ioctlNumber(descriptor, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)
      return problem(`The TAP device ${name} takes no large frames (error ${libc.errno()}).`);
  }
  return succeed(new TapDevice(libc, descriptor, name, largeFrames));
}

function openProblem(error: number): string {
  if (error === errorNumbers.ENOENT)
    return 'There is no /dev/net/tun: load the module tun, or give the container that device.';
  if (error === errorNumbers.EACCES || error === errorNumbers.EPERM)
    return '/dev/net/tun is not for this user: run as root, or with CAP_NET_ADMIN.';
  return `/dev/net/tun can't be opened (error ${error}).`;
}

function attachProblem(name: string, error: number): string {
  if (error === errorNumbers.EPERM)
    return `The TAP device ${name} is not for this user: run as root, with CAP_NET_ADMIN, or make it with "ip tuntap add dev ${name} mode tap user NAME".`;
  if (error === errorNumbers.EBUSY) return `The TAP device ${name} is in use by another program.`;
  return `${name} can't be used as a TAP device (error ${error}): is there another interface of that name?`;
}

/** See the file's head. */
class TapDevice implements FrameDevice {
  private readonly pollDescriptor = new Uint8Array(8);
  /** A header and the longest frame; what stands here is on its way between the kernel and a frame. */
  private readonly buffer: Uint8Array;
  private closed = false;

  constructor(
    private readonly libc: Libc,
    private readonly descriptor: number,
    readonly name: string,
    readonly carriesLargeFrames: boolean,
  ) {
    const view = new DataView(this.pollDescriptor.buffer);
    view.setInt32(0, descriptor, true);
    view.setInt16(4, POLLIN, true);
    this.buffer = new Uint8Array(virtioNetHeaderLength + 0x11000);
  }

  read(frame: Frame): boolean {
    const { libc, buffer } = this;
    const { bytes } = frame;
    const headed = this.carriesLargeFrames;
    const count = headed
      ? libc.read(this.descriptor, buffer, buffer.length)
      : libc.read(this.descriptor, bytes, bytes.length);
    if (count < 0) {
      this.check('read');
      return false;
    }
    if (!headed) {
      frame.length = count;
      return true;
    }
    const length = count - virtioNetHeaderLength;
    if (length < 0 || length > bytes.length) return false;
    bytes.set(buffer.subarray(virtioNetHeaderLength, count));
    frame.length = length;
    readVirtioNetHeader(buffer, frame);
    return true;
  }

  write(frame: Frame): boolean {
    const { libc, buffer } = this;
    const { bytes, length } = frame;
    let count: number;
    if (this.carriesLargeFrames) {
      writeVirtioNetHeader(buffer, frame);
      buffer.set(bytes.subarray(0, length), virtioNetHeaderLength);
      count = libc.write(this.descriptor, buffer, virtioNetHeaderLength + length);
    } else count = libc.write(this.descriptor, bytes, length);
    if (count < 0) this.check('written to');
    return count >= 0;
  }

  async wait(limit: number): Promise<void> {
    await this.libc.poll(this.pollDescriptor, 1, limit);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.libc.close(this.descriptor);
  }

  /** Tells what ends a session from what only means "not now". */
  private check(verb: string): void {
    const error = this.libc.errno();
    const { EAGAIN, EINTR, EIO } = errorNumbers;
    // The kernel answers EIO while the interface is down.
    if (error === EAGAIN || error === EINTR || error === EIO) return;
    throw new DeviceProblem(`The TAP device ${this.name} can't be ${verb} any more (error ${error}).`);
  }
}
