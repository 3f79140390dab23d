import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import {
  chimneyPolicyOf,
  defaultChimneyPolicy,
  exclusionOf,
  type ConnectionFacts,
} from '../../../../electron/emulator/host/offloadPolicy';
import { constantValue } from '../../../../shared/ddi/catalogue';
import type { ChimneyRequest } from '../../../../shared/contract/chimneyRequest';
import { ClientBench, RecordingHostUser, patternBytes } from '../../../harness/clientBench';

/** A connection that automatic mode offloads. */
const worthy: ConnectionFacts = {
  localPort: 80,
  remotePort: 50_000,
  application: 'server',
  isEstablished: true,
  mayOffload: true,
  age: 1e9,
  bytes: 200_000,
  roundTripTime: 1e6,
  linkBitsPerSecond: 10e9,
  stays: 0,
};

function verdict(request: ChimneyRequest, facts: Partial<ConnectionFacts> = {}) {
  return exclusionOf({ ...worthy, ...facts }, chimneyPolicyOf(request));
}

describe('what the host offloads by itself', () => {
  it('disabled: nothing, whatever rules say', () => {
    expect(verdict({ state: 'disabled', ports: { 80: 'enabled' } })).toBe('chimney-disabled');
  });

  it('enabled: every established connection', () => {
    const poor = { bytes: 0, roundTripTime: 1e9, linkBitsPerSecond: 1e6, age: 0 };
    expect(verdict({ state: 'enabled' }, poor)).toBeUndefined();
    expect(verdict({ state: 'enabled' }, { isEstablished: false })).toBe('not-established');
    expect(verdict({ state: 'enabled' }, { mayOffload: false })).toBe('adapter-not-ready');
  });

  it.each([
    ['link-too-slow', { linkBitsPerSecond: 1e9 }],
    ['round-trip-too-long', { roundTripTime: 20e6 }],
    ['too-few-bytes', { bytes: 130 * 1024 - 1 }],
    ['came-back', { stays: 1 }],
  ] as const)('automatic: %s', (reason, facts) => {
    expect(verdict({ state: 'automatic' }, facts)).toBe(reason);
    expect(verdict({ state: 'automatic' })).toBeUndefined();
  });

  it('automatic: the age is a threshold of ours, off unless asked for', () => {
    expect(verdict({ state: 'automatic' }, { age: 0 })).toBeUndefined();
    expect(verdict({ state: 'automatic', minimumAge: 2e9 })).toBe('too-young');
  });

  it('before the first sample the round-trip time excludes nothing', () => {
    expect(verdict({ state: 'automatic' }, { roundTripTime: undefined })).toBeUndefined();
  });

  it.each([80, 50_000])('a rule for port %i holds for local and remote ports', (port) => {
    expect(verdict({ state: 'enabled', ports: { [port]: 'disabled' } })).toBe('port-disabled');
    expect(verdict({ state: 'automatic', ports: { [port]: 'enabled' } }, { bytes: 0 })).toBeUndefined();
  });

  it('a rule for an application comes first, and what excludes wins', () => {
    const applications = { server: 'disabled' } as const;
    expect(verdict({ state: 'enabled', applications })).toBe('application-disabled');
    const enabled = { server: 'enabled' } as const;
    expect(verdict({ state: 'automatic', applications: enabled }, { bytes: 0 })).toBeUndefined();
    expect(verdict({ state: 'automatic', applications: enabled, ports: { 80: 'disabled' } })).toBe(
      'port-disabled',
    );
  });
});

describe('a host with a policy', () => {
  function served(request: ChimneyRequest) {
    const bench = new ClientBench({
      host: { chimney: chimneyPolicyOf(request), linkBitsPerSecond: 10e9 },
      link: { bitsPerSecond: 10e9 },
    });
    let connection: HostConnection | undefined;
    bench.host.listen(80, {}, (accepted) => {
      connection = accepted;
      return new RecordingHostUser();
    });
    const session = bench.open(80);
    return { bench, session, connection: connection! };
  }

  it('offloads a connection when it has carried enough, and not before', () => {
    const { bench, session, connection } = served({ state: 'automatic' });
    session.send(patternBytes(100_000));
    bench.runFor(1e9);
    expect(connection.place).toBe('InHost');
    expect(bench.host.policy!.exclusionOf(connection)).toBe('too-few-bytes');
    session.send(patternBytes(50_000));
    bench.runFor(1e9);
    expect(connection.place).toBe('Offloaded');
  });

  it('enabled offloads at once; netstat shows it beside the listener', () => {
    const { bench, connection } = served({ state: 'enabled' });
    bench.runFor(20e6);
    expect(connection.place).toBe('Offloaded');
    expect(bench.host.netstat().map(({ state, offloadState }) => [state, offloadState])).toEqual([
      ['LISTENING', 'InHost'],
      ['ESTABLISHED', 'Offloaded'],
    ]);
  });

  it('hysteresis: what came back stays for a while, twice as long each time, and has to earn it anew', () => {
    const { bench, session, connection } = served({ state: 'automatic' });
    const stays: number[] = [];
    for (let round = 0; round < 3; round++) {
      session.send(patternBytes(200_000));
      bench.runFor(8e9);
      expect(connection.place).toBe('Offloaded');
      bench.passively(() => {
        connection.upload();
      }, 10e6);
      expect(connection.place).toBe('InHost');
      expect(bench.host.policy!.exclusionOf(connection)).toBe('came-back');
      const from = bench.machine.now;
      while (bench.host.policy!.exclusionOf(connection) === 'came-back') bench.runFor(100e6);
      expect(bench.host.policy!.exclusionOf(connection)).toBe('too-few-bytes');
      stays.push(Math.round((bench.machine.now - from) / 1e9));
    }
    expect(stays).toEqual([1, 2, 4]);
  });

  it('EVT-022: an upload for low activity waits until the offload has lasted; drops are believed at once', () => {
    const { bench, connection } = served({ state: 'enabled' });
    bench.runFor(20e6);
    const { policy } = bench.host;
    expect(policy!.grants(connection, constantValue('LowActivity'))).toBe(false);
    expect(policy!.grants(connection, constantValue('HighDropRate'))).toBe(true);
    bench.runFor(defaultChimneyPolicy.shortestOffload);
    expect(policy!.grants(connection, constantValue('LowActivity'))).toBe(true);
  });

  it('forgets connections that are over', () => {
    const { bench, session, connection } = served({ state: 'automatic' });
    expect(bench.host.policy!.watched).toBe(1);
    bench.passively(() => {
      connection.abort();
    });
    expect(bench.host.policy!.watched).toBe(0);
    expect(session.engine.variables.State).toBe(0);
  });
});
