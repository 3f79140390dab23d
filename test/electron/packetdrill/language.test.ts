import { describe, expect, it } from 'vitest';
import { evaluateCode } from '../../../electron/packetdrill/language/evaluateCode';
import { parseScript } from '../../../electron/packetdrill/language/parser';
import type { Script, ScriptEvent } from '../../../electron/packetdrill/language/script';
import { describeProblem } from '../../../electron/packetdrill/language/scriptProblem';
import { tcpFlags } from '../../../electron/emulator/wire/tcpSegment';

function parsed(source: string): Script {
  const script = parseScript(source);
  if (!script.ok) throw new Error(describeProblem('script', source, script.error));
  return script.value;
}

function onlyEvent(source: string): ScriptEvent {
  const { events } = parsed(source);
  expect(events).toHaveLength(1);
  return events[0]!;
}

/** What is wrong with a script, as `line:column message`. */
function problemOf(source: string): string {
  const script = parseScript(source);
  if (script.ok) throw new Error('the script has been accepted');
  const { position, message } = script.error;
  return `${position.line}:${position.column} ${message}`;
}

describe('times of events', () => {
  it.each([
    ['0.25', { kind: 'absolute', at: 250_000_000 }],
    ['+.1', { kind: 'relative', after: 100_000_000 }],
    ['*', { kind: 'any' }],
    ['1~2', { kind: 'absolute-range', from: 1e9, to: 2e9 }],
    ['+0~+.2', { kind: 'relative-range', from: 0, to: 200_000_000 }],
  ])('%s', (time, expected) => {
    expect(onlyEvent(`${time} > . 1:1(0) ack 1`).time).toEqual(expected);
  });

  it('give a blocking call the time at which it returns', () => {
    expect(onlyEvent('+.1...0.35 read(4, ..., 10) = 10').action).toMatchObject({
      name: 'read',
      returnsAt: 350_000_000,
    });
  });

  it('may be open for packets of the stack only', () => {
    expect(problemOf('* < . 1:1(0) ack 1')).toBe("1:1 '*' and ranges of time are for outbound packets only");
    expect(problemOf('2~1 > . 1:1(0) ack 1')).toBe('1:1 this range of time ends before it begins');
  });
});

describe('packets', () => {
  it('have flags, sequence numbers, acknowledgment, window, urgent pointer and options', () => {
    const { action } = onlyEvent(
      '0 < FP. 1:11(10) ack 7 win 300 urg 4 <mss 1460,nop,wscale 7,sackOK,TS val 5 ecr 6,sack 1:3 5:7,eol>',
    );
    expect(action).toMatchObject({
      kind: 'tcp',
      direction: 'inbound',
      flags: tcpFlags.FIN | tcpFlags.PSH | tcpFlags.ACK | tcpFlags.URG,
      sequence: 1,
      payloadLength: 10,
      acknowledgment: 7,
      window: 300,
      urgentPointer: 4,
      options: [
        { kind: 'mss', value: 1460 },
        { kind: 'nop' },
        { kind: 'wscale', value: 7 },
        { kind: 'sackOK' },
        { kind: 'TS', value: 5, echo: 6 },
        {
          kind: 'sack',
          blocks: [
            { left: 1, right: 3 },
            { left: 5, right: 7 },
          ],
        },
        { kind: 'eol' },
      ],
    });
  });

  it.each([
    ['no flags', '0 < - 1:1(0)', { flags: 0 }],
    ['an ECN code point', '0 > [ect0] P. 1:2(1) ack 1', { ip: { ecn: 'ect0' } }],
    ['a type of service', '0 < (tos 0x1c) . 1:1(0) ack 1', { ip: { typeOfService: 0x1c } }],
    ['ports', '0 < 33000 > 8080 S 0:0(0)', { ports: { source: 33000, destination: 8080 } }],
    ['any options', '0 > S 0:0(0) <...>', { options: 'any' }],
    ['sequence numbers that wrap around', '0 > . 4294967295:4(5) ack 1', { sequence: 4294967295 }],
  ])('may have %s', (_, source, expected) => {
    expect(onlyEvent(source).action).toMatchObject(expected);
  });

  it('may be ICMP errors', () => {
    expect(onlyEvent('0 < icmp unreachable frag_needed mtu 1200 [1:1461(1460)]').action).toMatchObject({
      kind: 'icmp',
      type: 'unreachable',
      code: 'frag_needed',
      mtu: 1200,
      echoed: { sequence: 1, payloadLength: 1460 },
    });
  });
});

describe('system calls', () => {
  it('take addresses, lists, structures, symbols, strings and dots', () => {
    const { action } = onlyEvent(
      '0 connect(3, {sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("192.0.2.1")}, ...) = -1 EINPROGRESS (Operation now in progress)',
    );
    expect(action).toMatchObject({
      name: 'connect',
      errno: 'EINPROGRESS',
      result: { kind: 'integer', value: -1 },
    });
    const { action: poll } = onlyEvent('0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 0) = 1');
    expect(poll).toMatchObject({ name: 'poll', arguments: [{ kind: 'list' }, { value: 1 }, { value: 0 }] });
    const { action: message } = onlyEvent(
      '0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 100}], msg_flags=0}, 0) = 100',
    );
    expect(message).toMatchObject({ arguments: [{}, { kind: 'structure' }, {}] });
  });

  it('may have words that --define has given a value', () => {
    const { events } = parsed('--define=SIZE=1000\n0 write(4, ..., SIZE) = SIZE');
    expect(events[0]!.action).toMatchObject({
      arguments: [{}, {}, { value: 1000 }],
      result: { value: 1000 },
    });
  });
});

describe('scripts', () => {
  it('have options, commands around the events, and comments of two kinds', () => {
    const script = parsed(
      '// first\n--tolerance_usecs=9000\n`sysctl -q net.ipv4.tcp_sack=0`\n/* then\n * this */ 0 close(3) = 0 // why\n`true`',
    );
    expect(script.options).toMatchObject([{ name: 'tolerance_usecs', value: '9000', line: 2 }]);
    expect(script.setUp?.text).toBe('sysctl -q net.ipv4.tcp_sack=0');
    expect(script.events).toHaveLength(1);
    expect(script.cleanUp?.text).toBe('true');
  });

  it.each([
    [
      'an unknown sign',
      '0 close(3) = 0\n  +0 ? 1',
      "2:6 expected a packet, a system call, a command or code, found '?'",
    ],
    ['lengths that do not add up', '0 > . 1:5(3) ack 1', '1:7 1 and 3 bytes are not 5'],
    [
      'a flag that TCP lacks',
      '0 > X. 1:1(0)',
      "1:5 'X' is no TCP flag: they are F, S, R, P, U, E, W and '.'",
    ],
    ['a string that never ends', '0 write(3, "abc, 3) = 3', '1:12 this string never ends'],
    ['a comment that never ends', '0 close(3) = 0\n/* on and on', '2:1 this comment never ends'],
    [
      'an option out of range',
      '0 < S 0:0(0) <mss 70000>',
      '1:19 a maximum segment size is from 0 to 65535, not 70000',
    ],
    ['an empty script', '// nothing', '1:11 expected an event, found the end of the script'],
    ['Fast Open', '0 > S 0:0(0) <mss 1460,FO>', '1:24 not supported: the TCP option FO'],
    ['UDP', '0 < udp (100)', '1:5 not supported: UDP'],
    ['MPLS', '0 < mpls (label 0, tc 0, ttl 0): . 1:1(0)', '1:5 not supported: tunnelled packets (mpls)'],
  ])('with %s are refused with line and column', (_, source, problem) => {
    expect(problemOf(source)).toBe(problem);
  });

  it('nested without end are refused and not followed', () => {
    expect(problemOf(`0 close(${'['.repeat(5000)}`)).toContain('expressions are nested at most 32 deep');
    expect(problemOf(`0 %{ assert ${'('.repeat(5000)} }%`)).toContain(
      'expressions are nested at most 64 deep',
    );
    expect(problemOf(`0 %{ assert ${'-'.repeat(5000)}1 }%`)).toContain('nested at most 64 deep');
    expect(problemOf(`0 %{ assert ${'1+'.repeat(5000)}1 }%`)).toContain('code has at most 1000 operators');
    expect(problemOf(`0 poll(${'POLLIN|'.repeat(5000)}POLLIN) = 1`)).toContain(
      "at most 32 values are joined by '|'",
    );
  });

  it('show the line with a caret under the place', () => {
    const source = '0 close(3) = 0\n\t+0 > S 0:1(0)';
    const script = parseScript(source);
    expect(script.ok ? '' : describeProblem('a.pkt', source, script.error)).toBe(
      'a.pkt:2:9: 0 and 0 bytes are not 1\n  \t+0 > S 0:1(0)\n  \t       ^',
    );
  });
});

describe('code', () => {
  const truth = (code: string): boolean[] => {
    const { action } = onlyEvent(`0 %{ ${code} }%`);
    if (action.kind !== 'code') throw new Error('this is no code');
    const names = new Map<string, number | boolean>([
      ['tcpi_snd_cwnd', 10],
      ['tcpi_snd_mss', 1000],
    ]);
    return action.statements.flatMap((statement) => {
      if (statement.kind === 'assignment')
        names.set(
          statement.name,
          evaluateCode(statement.value, (name) => names.get(name)),
        );
      return statement.kind === 'assert'
        ? [Boolean(evaluateCode(statement.condition, (name) => names.get(name)))]
        : [];
    });
  };

  it.each([
    ['assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd', [true]],
    ['assert 5 <= tcpi_snd_cwnd < 10', [false]],
    ['assert tcpi_snd_cwnd * tcpi_snd_mss == 10000; assert tcpi_snd_cwnd > 10', [true, false]],
    ['assert not (1 > 2) and (0 or 7 // 2 == 3)', [true]],
    ['assert -7 % 3 == 2 and 6 & 3 == 2 | 1 << 1', [true]],
    ['half = tcpi_snd_cwnd / 2\nhalf += 1\nassert half == 6, "half"', [true]],
    ['print(tcpi_snd_cwnd)\nassert abs(-3) == max(1, 3)', [true]],
  ])('%s', (code, expected) => {
    expect(truth(code)).toEqual(expected);
  });

  it.each(['1 / 0 & 1', '1 | 0 / 0', '1 << 2000 ^ 1'])('refuses bits of what has none: %s', (condition) => {
    const event = onlyEvent(`0 %{ assert ${condition} }%`);
    if (event.action.kind !== 'code') throw new Error('no code');
    const [statement] = event.action.statements;
    if (statement?.kind !== 'assert') throw new Error('no assertion');
    expect(() => evaluateCode(statement.condition, () => 1)).toThrow(/with what is no whole number/);
  });

  it('is refused where it is more than assertions, with its line and column', () => {
    expect(problemOf('0 %{ assert 1\nfor x in y: pass }%')).toBe(
      "2:1 not supported: the statement 'for' in code",
    );
    expect(problemOf('0 %{ assert open("x") }%')).toBe('1:13 not supported: the function open in code');
    expect(problemOf('0 %{ assert 1 + }%')).toContain('1:17 expected a value');
  });
});

describe('a script of one line', () => {
  it.each(['""', '1:', '.', '<', '0x', '-'])(
    'of a million characters (%s ...) is refused in time that grows with its length',
    (piece) => {
      // The square of this length would be hours.
      expect(problemOf(`0 ${piece.repeat(1_000_000 / piece.length)}`)).toMatch(/^1:\d+ /);
    },
  );
});
