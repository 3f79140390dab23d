import { describe, expect, it } from 'vitest';
import { stackModes } from '../../../electron/packetdrill/runner/handOver';
import { runScript, type ScriptChoices } from '../../../electron/packetdrill/runner/runScript';
import type { ScriptReport } from '../../../electron/packetdrill/runner/verdict';
import { silentProbe } from '../../harness/silentProbe';

const passiveOpen = `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 65535 <mss 1000>
   +0 > S. 0:0(0) ack 1 <mss 1460>
  +.1 < . 1:1(0) ack 1 win 65535
   +0 accept(3, ..., ...) = 4
`;

function run(source: string, choices: Partial<ScriptChoices> = {}): ScriptReport {
  return runScript(silentProbe(), source, { stack: 'host', seed: 1, ...choices });
}

/** The verdict as `line:column message`, its first line. */
function verdictOf(source: string, choices: Partial<ScriptChoices> = {}): string {
  const { verdict } = run(source, choices);
  if (verdict.kind === 'passed') return 'passed';
  const { position, message } = verdict.kind === 'error' ? verdict.problem : verdict;
  return `${verdict.kind} ${position.line}:${position.column} ${message.split('\n')[0]!}`;
}

describe('what the stack sends', () => {
  it('is compared in flags, numbers, length and options', () => {
    expect(verdictOf(`${passiveOpen}+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1`)).toBe('passed');
    expect(
      verdictOf(`${passiveOpen}+0 write(4, ..., 100) = 100\n+0 > F. 2:52(50) ack 7 <nop,nop,TS val 1 ecr 2>`),
    ).toBe(
      'failed 10:4 flags F. expected, P. found; sequence number 2 expected, 1 found; length 50 expected, 100 found; acknowledgment 7 expected, 1 found; <TS ecr 2> expected, no options found',
    );
  });

  it('is compared in its window only where the script names one', () => {
    const script = (window: string): string =>
      `${passiveOpen}+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 ${window}`;
    expect(verdictOf(script(''))).toBe('passed');
    expect(verdictOf(script('win 65535'))).toBe('passed');
    expect(verdictOf(script('win 10'))).toBe('failed 10:4 window 10 expected, 65535 found');
  });

  it('may be several segments where the script has one, unless it is strict', () => {
    const script = `${passiveOpen}+0 write(4, ..., 3000) = 3000\n+0 > P. 1:3001(3000) ack 1`;
    expect(verdictOf(script)).toBe('passed');
    expect(verdictOf(`--strict_segments${script}`)).toBe(
      'failed 10:4 flags P. expected, . found; length 3000 expected, 1000 found',
    );
  });

  it('has to come in its time', () => {
    expect(verdictOf(`${passiveOpen}+0 write(4, ..., 100) = 100\n+.1 > P. 1:101(100) ack 1`)).toContain(
      'failed 10:5 P. 1:101(100) ack 1 was expected at 0.200000 s and came at 0.100',
    );
    expect(
      verdictOf(
        `--tolerance_usecs=200000${passiveOpen}+0 write(4, ..., 100) = 100\n+.1 > P. 1:101(100) ack 1`,
      ),
    ).toBe('passed');
    expect(verdictOf(`${passiveOpen}+0 > P. 1:101(100) ack 1`)).toBe(
      'failed 9:4 timed out waiting for P. 1:101(100) ack 1 by 0.100000 s',
    );
  });
});

describe('system calls', () => {
  it('are compared in result and errno', () => {
    expect(verdictOf(`${passiveOpen}+0 read(9, ..., 10) = -1 EBADF (Bad file descriptor)`)).toBe('passed');
    expect(verdictOf(`${passiveOpen}+0 write(4, ..., 10) = 9`)).toBe('failed 9:4 write returns 10, not 9');
    expect(
      verdictOf(`${passiveOpen}+0 shutdown(4, SHUT_WR) = 0\n+0 write(4, ..., 10) = -1 EAGAIN (later)`),
    ).toBe('failed 10:4 write returns -1 EPIPE, not -1 EAGAIN');
  });

  it('that block need a time to return', () => {
    expect(verdictOf(`${passiveOpen}+0 read(4, ..., 10) = 10`)).toBe(
      'failed 9:4 read blocks; the script gives it no time to return (0...0.1)',
    );
    expect(verdictOf(`${passiveOpen}+0...0.1 read(4, ..., 10) = 10\n+.1 < P. 1:11(10) ack 1 win 65535`)).toBe(
      'passed',
    );
    expect(
      verdictOf(`${passiveOpen}+0...0.1 read(4, ..., 10) = 10\n+.2 < P. 1:11(10) ack 1 win 65535`),
    ).toContain('read has not returned by 0.204');
    expect(
      verdictOf(`${passiveOpen}+0...0.3 read(4, ..., 10) = 10\n+.1 < P. 1:11(10) ack 1 win 65535`),
    ).toContain('read was to return at 0.400000 s and returned at 0.200');
  });

  it('do not block on a socket that is told not to', () => {
    expect(
      verdictOf(
        `${passiveOpen}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)`,
      ),
    ).toBe('passed');
  });

  it.each(stackModes)('poll and epoll tell when a socket is ready, stack %s', (stack) => {
    const script = `${passiveOpen}
      +0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
      +0 epoll_create(1) = 5
      +0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0
      +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 0
      +0 poll([{fd=4, events=POLLIN}], 1, 0) = 0
      +0...0.05 poll([{fd=4, events=POLLIN}], 1, 50) = 0
      +.1...0.15 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 500) = 1
      +.05 < P. 1:11(10) ack 1 win 65535
      +0 > . 1:1(0) ack 11
      +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1
      +0 read(4, ..., 10) = 10`;
    expect(verdictOf(script, { stack })).toBe('passed');
  });
});

describe('assertions', () => {
  it('fail with what they are about', () => {
    expect(verdictOf(`${passiveOpen}+0 %{ assert tcpi_snd_mss == 7, tcpi_snd_mss }%`)).toBe(
      'failed 9:7 assertion failed: tcpi_snd_mss == 7: 1000',
    );
  });

  it('about what no chimney tells are refused', () => {
    expect(verdictOf(`${passiveOpen}+0 %{ assert tcpi_reord_seen == 0 }%`)).toBe(
      "error 9:14 not supported: 'tcpi_reord_seen' in code",
    );
  });
});

describe('what is not supported', () => {
  it.each([
    ['a system call', '0 splice(3, 4) = 0', 'error 1:3 not supported: the system call splice'],
    [
      'a system call named like a property',
      '0 constructor(3) = 0',
      'error 1:3 not supported: the system call constructor',
    ],
    [
      'a socket that is no TCP',
      '0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3',
      'error 1:15 not supported: sockets that are no TCP',
    ],
    [
      'an option of the tool',
      '--frobnicate=1\n0 close(3) = 0',
      'error 1:1 nobody knows the option --frobnicate',
    ],
    ['a symbol', '0 close(FOUR) = 0', 'error 1:9 not supported: the symbol FOUR'],
    [
      'a socket option',
      '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 setsockopt(3, SOL_TCP, TCP_REPAIR, [1], 4) = 0',
      'error 2:39 not supported: the socket option TCP_REPAIR',
    ],
    [
      'a write that nobody could hold',
      '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 write(3, ..., 3000000000) = 1',
      'error 2:4 not supported: a write of more than 67108864 bytes',
    ],
  ])('%s is told with line and column', (_, script, problem) => {
    expect(verdictOf(script)).toBe(problem);
  });
});

describe('a run', () => {
  it('is a pure function of script and seed', () => {
    const script = `${passiveOpen}+0 write(4, ..., 3000) = 3000\n+0 > P. 1:3001(3000) ack 1`;
    for (const stack of stackModes) expect(run(script, { stack })).toEqual(run(script, { stack }));
  });

  it('hands connections over as its stack says', () => {
    const script = `${passiveOpen}
      +0 write(4, ..., 100) = 100
      +0 > P. 1:101(100) ack 1
      +.1 < . 1:1(0) ack 101 win 65535
      +.1 < P. 1:101(100) ack 101 win 65535
      +0 > . 101:101(0) ack 101
      +0 read(4, ..., 1000) = 100`;
    const [inHost, offloaded, handedOver] = stackModes.map((stack) => run(script, { stack }));
    for (const { verdict } of [inHost!, offloaded!, handedOver!]) expect(verdict).toEqual({ kind: 'passed' });
    expect([inHost!.handOvers, offloaded!.handOvers]).toEqual([0, 1]);
    expect(handedOver!.handOvers).toBeGreaterThanOrEqual(4);
  });

  it('takes what sysctls of its first command set, and notes what it ignores', () => {
    const script = passiveOpen
      .replace('<mss 1000>', '<mss 1000,nop,wscale 4>')
      .replace('1460>', '1460,nop,wscale 2>');
    const command =
      '`sysctl -q net.ipv4.tcp_rmem="4096 100000 200000" net.core.somaxconn=5 tcp_sack=7; ./strange.sh`';
    const report = run(command + script);
    expect(report.verdict.kind).toBe('passed');
    expect(report.notes).toEqual([
      'line 1: somaxconn=5 means nothing here',
      'line 1: tcp_sack=7 is out of range and ignored',
      'line 1: ./strange.sh is not run',
    ]);
  });
});
