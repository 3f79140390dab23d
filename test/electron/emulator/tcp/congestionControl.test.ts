import { describe, expect, it } from 'vitest';
import { CongestionControl } from '../../../../electron/emulator/tcp/congestionControl';
import { defaultTcpSettings, type TcpSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { TcpVariables } from '../../../../electron/emulator/tcp/tcpVariables';

const threshold = 3;

class Sender {
  readonly variables = new TcpVariables();
  readonly control: CongestionControl;

  constructor(
    private readonly mss = 1000,
    iss = 0xffff_f000,
    settings: Partial<TcpSettings> = {},
  ) {
    this.variables.SndUna = this.variables.SndNxt = this.variables.SndMax = (iss + 1) >>> 0;
    this.control = new CongestionControl(this.variables, {
      mss: this.mss,
      settings: { ...defaultTcpSettings, ...settings },
    });
    this.control.start();
  }

  get window(): number {
    return this.variables.CWnd;
  }

  /** Puts bytes in flight. */
  transmit(count: number): this {
    const { variables } = this;
    variables.SndNxt = variables.SndMax = (variables.SndMax + count) >>> 0;
    return this;
  }

  acknowledge(count: number): { readonly partial: boolean; readonly restartTimer: boolean } {
    const { variables } = this;
    const acknowledgment = (variables.SndUna + count) >>> 0;
    const answer = this.control.onAcknowledged(acknowledgment);
    variables.SndUna = acknowledgment;
    if (!answer.partial) variables.DupAckCount = 0;
    return answer;
  }

  /** Counts duplicates and answers for each whether it asked for a retransmission. */
  duplicates(count: number): boolean[] {
    return Array.from({ length: count }, () => {
      this.variables.DupAckCount++;
      return this.control.onDuplicate(threshold);
    });
  }
}

describe('initial window (RFC 3390)', () => {
  it.each([
    [500, 2000],
    [1095, 4380],
    [1460, 4380],
    [2190, 4380],
    [4312, 8624],
  ])('for segments of %i bytes is %i', (mss, window) => {
    expect(new Sender(mss).window).toBe(window);
  });
});

describe('initial window (RFC 6928)', () => {
  it.each([
    [500, 5000],
    [1460, 14_600],
    [2000, 14_600],
    [9000, 18_000],
  ])('for segments of %i bytes is %i', (mss, window) => {
    expect(new Sender(mss, 0, { initialWindow: 'RFC 6928' }).window).toBe(window);
  });
});

describe('appropriate byte counting (RFC 3465)', () => {
  it('lets slow start grow by what is acknowledged, at most L segments (section 2.2)', () => {
    const sender = new Sender(1000, 0, { appropriateByteCounting: 2 }).transmit(20_000);
    sender.acknowledge(1500);
    expect(sender.window).toBe(5500);
    sender.acknowledge(5000);
    expect(sender.window).toBe(7500);
  });

  it('adds a segment in congestion avoidance when a whole window has been acknowledged (section 2.1)', () => {
    const sender = new Sender(1000, 0, { appropriateByteCounting: 2 });
    sender.variables.CWnd = sender.variables.SsThresh = 10_000;
    sender.transmit(30_000).acknowledge(9999);
    expect(sender.window).toBe(10_000);
    sender.acknowledge(1);
    expect(sender.window).toBe(11_000);
    sender.acknowledge(10_999);
    expect(sender.window).toBe(11_000);
  });
});

describe('slow start (RFC 5681 section 3.1)', () => {
  it('adds a segment for every full segment acknowledged', () => {
    const sender = new Sender().transmit(4000);
    for (let count = 0; count < 4; count++) sender.acknowledge(1000);
    expect(sender.window).toBe(8000);
  });

  it('adds no more than a segment for one acknowledgment, and no more than it acknowledges', () => {
    const sender = new Sender().transmit(4000);
    sender.acknowledge(2000);
    expect(sender.window).toBe(5000);
    sender.acknowledge(10);
    expect(sender.window).toBe(5010);
  });

  it('begins with a threshold that no first window reaches', () => {
    expect(new Sender().variables.SsThresh).toBeGreaterThan(1e9);
  });
});

describe('congestion avoidance (RFC 5681 section 3.1)', () => {
  it('adds about a segment for each window acknowledged', () => {
    const sender = new Sender();
    sender.variables.CWnd = sender.variables.SsThresh = 10_000;
    sender.transmit(10_000);
    for (let count = 0; count < 10; count++) sender.acknowledge(1000);
    expect(sender.window).toBeGreaterThan(10_900);
    expect(sender.window).toBeLessThanOrEqual(11_000);
  });

  it('grows even when the window is larger than a segment squared', () => {
    const sender = new Sender(100);
    sender.variables.SsThresh = 1000;
    sender.variables.CWnd = 100_000;
    sender.transmit(1000).acknowledge(100);
    expect(sender.window).toBe(100_001);
  });
});

describe('limited transmit (RFC 3042)', () => {
  it('allows one more segment for each of the first two duplicates', () => {
    const sender = new Sender().transmit(4000);
    expect(sender.control.allowance).toBe(4000);
    sender.duplicates(1);
    expect(sender.control.allowance).toBe(5000);
    sender.duplicates(1);
    expect(sender.control.allowance).toBe(6000);
    expect(sender.window).toBe(4000);
  });
});

describe('fast retransmit and recovery (RFC 5681 section 3.2, RFC 6582)', () => {
  it('starts at the third duplicate, also for the first segment of a connection', () => {
    expect(new Sender().transmit(4000).duplicates(4)).toEqual([false, false, true, false]);
  });

  it('halves the flight, and sets the window to that plus the three segments that have left', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    expect(sender.variables.SsThresh).toBe(5000);
    expect(sender.window).toBe(8000);
    expect(sender.control.inRecovery).toBe(true);
  });

  it('does not count what limited transmit has sent as flight', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(2);
    sender.transmit(2000).duplicates(1);
    expect(sender.variables.SsThresh).toBe(5000);
  });

  it('keeps a threshold of at least two segments', () => {
    const sender = new Sender().transmit(2000);
    sender.duplicates(3);
    expect(sender.variables.SsThresh).toBe(2000);
  });

  it('inflates the window by a segment for each further duplicate', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(6);
    expect(sender.window).toBe(11_000);
  });

  it('answers a partial acknowledgment with the next lost segment and deflates by what was acknowledged', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    expect(sender.acknowledge(2000)).toEqual({ partial: true, restartTimer: true });
    expect(sender.window).toBe(8000 - 2000 + 1000);
    expect(sender.control.inRecovery).toBe(true);
  });

  it('restarts the timer for the first partial acknowledgment only', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    expect(
      [sender.acknowledge(2000), sender.acknowledge(2000)].map(({ restartTimer }) => restartTimer),
    ).toEqual([true, false]);
  });

  it('ends with the acknowledgment of all that was in flight when it began, without a burst', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    expect(sender.acknowledge(10_000)).toEqual({ partial: false, restartTimer: true });
    expect(sender.control.inRecovery).toBe(false);
    expect(sender.window).toBe(2000);
  });

  it('ends at the threshold when enough is still in flight', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    sender.transmit(8000).acknowledge(10_000);
    expect(sender.window).toBe(5000);
  });

  it('does not start again for duplicates of what was in flight before', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    sender.acknowledge(10_000);
    expect(sender.duplicates(5)).toEqual([false, false, false, false, false]);
  });

  it('starts again for a loss behind that', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    sender.transmit(5000).acknowledge(11_000);
    expect(sender.duplicates(3)).toEqual([false, false, true]);
  });

  it('starts for a loss however much was sent since the last one', () => {
    const sender = new Sender();
    for (let sent = 0; sent < 2 ** 31 + 2 ** 20; sent += 2 ** 20)
      sender.transmit(2 ** 20).acknowledge(2 ** 20);
    expect(sender.transmit(10_000).duplicates(3)).toEqual([false, false, true]);
  });
});

describe('an engine that takes over (RFC 6582 over a hand-over)', () => {
  const adopted = (members: Partial<TcpVariables>): Sender => {
    const sender = new Sender();
    const flight = { SndUna: 5000, SndNxt: 15_000, SndMax: 15_000, CWnd: 10_000, SsThresh: 0x3fff_ffff };
    Object.assign(sender.variables, flight, members);
    sender.control.adopt(threshold);
    return sender;
  };

  it('notices a loss in what is in flight', () => {
    const sender = adopted({ DupAckCount: threshold - 1 });
    expect(sender.duplicates(1)).toEqual([true]);
  });

  it('goes on with a recovery, and halves the window no second time', () => {
    const sender = adopted({ DupAckCount: 5, CWnd: 10_000, SsThresh: 5000 });
    expect(sender.control.recovery).toBe('NewReno');
    expect(sender.duplicates(1)).toEqual([false]);
    expect(sender.acknowledge(1000).partial).toBe(true);
    sender.acknowledge(9000);
    expect(sender.variables).toMatchObject({ SsThresh: 5000, CWnd: 2000 });
    expect(sender.control.recovery).toBe('no');
  });

  it('goes on with a recovery by SACK', () => {
    const sender = adopted({ DupAckCount: 3, CWnd: 5000, SsThresh: 5000, sackEnabled: true });
    expect(sender.control.recovery).toBe('SACK');
    sender.acknowledge(10_000);
    expect(sender.variables).toMatchObject({ SsThresh: 5000, CWnd: 5000 });
  });

  it.each([
    ['what a timeout has made it send again is on its way', { SndNxt: 7000, CWnd: 2000, SsThresh: 5000 }],
    ['the timer has expired', { RetransmitCount: 1, CWnd: 1000, SsThresh: 5000 }],
    ['slow start after a timeout is under way', { CWnd: 3000, SsThresh: 5000 }],
  ])('takes no duplicates for a loss while %s', (_what, members) => {
    const sender = adopted(members);
    expect(sender.duplicates(5)).toEqual([false, false, false, false, false]);
  });
});

describe('retransmission timeout (RFC 5681 section 3.1)', () => {
  it('leaves one segment of window and half the flight as threshold', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).control.onTimeout(true);
    expect(sender.variables).toMatchObject({ CWnd: 1000, SsThresh: 5000 });
  });

  it('halves the threshold once only, however often the same segment times out', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).control.onTimeout(true);
    sender.control.onTimeout(false);
    expect(sender.variables).toMatchObject({ CWnd: 1000, SsThresh: 5000 });
  });

  it('ends a recovery, and duplicates of what was sent before start none (RFC 6582 section 3.2 step 4)', () => {
    const sender = new Sender();
    sender.variables.CWnd = 10_000;
    sender.transmit(10_000).duplicates(3);
    sender.control.onTimeout(true);
    sender.variables.DupAckCount = 0;
    expect(sender.control.inRecovery).toBe(false);
    expect(sender.duplicates(4)).toEqual([false, false, false, false]);
    sender.acknowledge(10_000);
    expect(sender.duplicates(4)).toEqual([false, false, false, false]);
  });
});
