import { describe, expect, it } from 'vitest';
import { checkExpression } from '../../../shared/expression/check';
import { evaluate, type RecordRow } from './recordRows';

/** The pieces of the text that problems point at, with messages. */
function problems(text: string): readonly (readonly [string, string])[] {
  const result = checkExpression(text);
  if (result.ok) throw new Error('nothing is wrong with it');
  return result.error.map(({ start, end, message }) => [text.slice(start, end), message] as const);
}

function warnings(text: string): readonly string[] {
  const result = checkExpression(text, { components: ['NDIS', 'Offload target'], arguments: ['StatusCode'] });
  if (!result.ok) throw new Error(result.error[0]!.message);
  return result.value.warnings.map(({ message }) => message);
}

function kinds(text: string): readonly string[] {
  const result = checkExpression(text);
  if (!result.ok) throw new Error(result.error[0]!.message);
  return [...result.value.kinds];
}

const send: RecordRow = {
  kind: 'call',
  handler: 'MiniportTcpOffloadSend',
  bytes: 100_000,
  status: 0x103,
  caller: 'NDIS',
  callee: 'Offload target',
  remote: '192.0.2.77',
  'remote.port': 7,
  'local.port': 49152,
  'arg.Oid': 0x10106,
  'arg.Name': 'eth0',
  duration: 1_500_000,
  irql: 2,
};

describe('the example of the specification', () => {
  const text = 'handler == "MiniportTcpOffloadSend" && bytes > 64K && status != SUCCESS';
  it('matches a pending send of 100,000 bytes', () => expect(evaluate(text, send)).toBe(true));
  it('does not match a small one, a successful one, or another handler', () => {
    expect(evaluate(text, { ...send, bytes: 65536 })).toBe(false);
    expect(evaluate(text, { ...send, status: 0 })).toBe(false);
    expect(evaluate(text, { ...send, handler: 'MiniportTcpOffloadReceive' })).toBe(false);
  });
});

describe('evaluation', () => {
  it.each([
    ['status == PENDING', true],
    ['status == NDIS_STATUS_PENDING', true],
    ['status == STATUS_PENDING', true],
    ['status == "PENDING"', true],
    ['status == 0x103', true],
    ['status in (SUCCESS, PENDING)', true],
    ['status in (SUCCESS, FAILURE)', false],
    ['failed(status)', false],
    ['succeeded(status)', true],
    ['handler == MiniportTcpOffloadSend', true],
    ['handler in (MiniportTcpOffloadSend, "X")', true],
    ['handler contains "Send"', true],
    ['handler startsWith "Mini" && handler endsWith "Send"', true],
    ['handler like "Miniport*Send"', true],
    ['handler like "*Send?"', false],
    ['lower(handler) == "miniporttcpoffloadsend"', true],
    ['length(handler) == 22', true],
    ['irql == DISPATCH_LEVEL', true],
    ['irql in (PASSIVE_LEVEL..APC_LEVEL)', false],
    ['bytes / 2 > 49K - 200 && bytes % 1000 == 0', true],
    ['bytes & 0x20 != 0', true],
    ['-bytes < 0 && abs(-bytes) == bytes', true],
    ['min(bytes, 5, 7) == 5 && max(bytes, 5) == 100000', true],
    ['duration >= 1.5ms && duration < 1501us', true],
    ['duration * 2 == 3ms && duration / 500us == 3', true],
    ['bytes in (1..10, 90000..110000)', true],
    ['remote == 192.0.2.0/24', true],
    ['remote in (10.0.0.0/8, 192.0.2.64/26)', true],
    ['remote == "192.0.2.77"', true],
    ['remote != 192.0.2.77', false],
    ['remote == 2001:db8::/32', false],
    ['component == "Nobody"', false],
    ['component == "Offload target" && component == "NDIS"', true],
    ['component != "NDIS"', false],
    ['component != "Peer"', true],
    ['port == 7 && port > 40000 && port in (1..10)', true],
    ['exists(component) && exists(status) && !exists(note)', true],
    ['arg.Oid == OID_GEN_MAXIMUM_FRAME_SIZE', true],
    ['arg.Oid > 0x10000', true],
    ['arg.Name contains "eth" && arg.Name == "eth0"', true],
    ['kind == call', true],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(text, send)).toBe(expected);
  });

  it('makes every comparison with an absent value false, != included; exists asks', () => {
    for (const operator of ['==', '!=', '<', '<=', '>', '>='])
      expect(evaluate(`bytes ${operator} 5`, {})).toBe(false);
    for (const text of [
      'note == "x"',
      'note != "x"',
      'note like "*"',
      'component != "x"',
      'bytes in (0..9)',
      'retransmission == false',
      'failed(status)',
      'remote != 192.0.2.1',
    ])
      expect(evaluate(text, {})).toBe(false);
    expect(evaluate('!(bytes == 5)', {})).toBe(true);
    expect(evaluate('bytes + 1 > 0 || 5 / 0 == 5 || max(bytes, 5) == 5', {})).toBe(false);
  });

  it('takes a boolean field as a condition, and compares it', () => {
    expect(evaluate('retransmission', { retransmission: true })).toBe(true);
    expect(evaluate('!retransmission && retransmission == false', { retransmission: false })).toBe(true);
  });

  it('reads layer == path as the layer path, and path == chimney as a field of frames', () => {
    expect(evaluate('layer == path', { layer: 'path' })).toBe(true);
    expect(evaluate('path == chimney', { path: 'chimney' })).toBe(true);
    expect(evaluate('path == layer', { path: 'x', layer: 'x' })).toBe(true);
  });

  it('measures sequence numbers modulo 2^32 (RFC 9293, 3.4)', () => {
    expect(evaluate('distance(SndNxt, SndUna) == 20', { SndNxt: 10, SndUna: 2 ** 32 - 10 })).toBe(true);
    expect(evaluate('distance(SndUna, SndNxt) == -20', { SndNxt: 10, SndUna: 2 ** 32 - 10 })).toBe(true);
  });

  it('asks what changed', () => {
    expect(evaluate('changed(SndWnd) && SndWnd == 0', { 'changed SndWnd': true, SndWnd: 0 })).toBe(true);
    expect(evaluate('changed(SndWnd)', { SndWnd: 0 })).toBe(false);
  });
});

describe('what does not fit', () => {
  it.each([
    ['byts > 5', 'byts', /Did you mean `bytes`/],
    ['status == SUCESS', 'SUCESS', /No status code.*`SUCCESS`/],
    ['status == "SUCESS"', '"SUCESS"', /No status code.*`SUCCESS`/],
    ['handler == MiniportTcpOffloadSnd', 'MiniportTcpOffloadSnd', /`MiniportTcpOffloadSend`/],
    ['kind == "cal"', '"cal"', /one of call, frame, state, ownership, note.*`"call"`/],
    ['Owner == target', 'Owner', /Did you mean `owner`/],
    ['irql == DISPATCH', 'DISPATCH', /Did you mean `DISPATCH_LEVEL`/],
    ['note contains retrieve', 'retrieve', /quotation marks.*`"retrieve"`/],
    ['owner == hots', 'hots', /Did you mean `host`/],
    ['duration > 100', '100', /has a unit.*`100ns`, `100us` or `100ms`/],
    ['duration > 64K', '64K', /do not go together/],
    ['status < SUCCESS', '<', /has no order/],
    ['handler > "A"', '>', /has no order/],
    ['bytes', 'bytes', /`exists\(bytes\)`/],
    ['bytes && status == SUCCESS', 'bytes', /condition is needed/],
    ['bytes == "x"', '==', /cannot be compared/],
    ['bytes contains "x"', 'bytes', /looks into text/],
    ['note contains 5', '5', /quotation marks/],
    ['remote == "nowhere"', '"nowhere"', /address is needed/],
    ['remote in (10..20)', 'remote in (10..20)', /have no order/],
    ['component + 1 > 0', 'component', /A number is needed|several fields/],
    ['maximum(1, 2) > 0', 'maximum', /There is no function/],
    ['max(1) > 0', 'max(1)', /written `max\(a, b, …\)`/],
    ['exists(5)', '5', /names? one|asks about a field/],
    ['exists(byts)', 'byts', /`bytes`/],
    ['changed(bytes)', 'bytes', /Only state variables/],
    ['failed(bytes)', 'bytes', /status code/],
    ['duration * duration > 0', 'duration', /multiplied/],
    ['retransmission == 1', '==', /cannot be compared/],
    ['bytes in ("x")', '"x"', /number is needed/],
  ])('%s: points at %j', (text, place, message) => {
    const [[pointed, said]] = problems(text) as [readonly [string, string]];
    expect(pointed).toBe(place);
    expect(said).toMatch(message);
  });

  it('is told all at once', () => {
    expect(problems('byts > 5 && (duration > 3 || !(kind == cll))').map(([place]) => place)).toEqual([
      'byts',
      '3',
      'cll',
    ]);
  });

  it('is only a warning where a trace may know more', () => {
    expect(warnings('handler == "MiniportTcpOffloadSnd"')[0]).toMatch(/never.*`"MiniportTcpOffloadSend"`/);
    expect(warnings('caller == "Ndis"')[0]).toMatch(/`"NDIS"`/);
    expect(warnings('arg.StatusCod == 5')[0]).toMatch(/`arg.StatusCode`/);
    expect(warnings('arg.StatusCode == 5 && caller == NDIS && handler == "MiniportTcpOffloadSend"')).toEqual(
      [],
    );
  });
});

describe('kinds of events that can match', () => {
  it.each([
    ['handler == "x"', ['call']],
    ['tcp.flags.syn && tcp.seq > 5', ['frame']],
    ['bytes > 5', ['call', 'frame']],
    ['bytes > 5 && handler == "x"', ['call']],
    ['handler == "x" || note contains "y"', ['call', 'note']],
    ['!(handler == "x")', ['call', 'frame', 'state', 'ownership', 'note']],
    ['kind in (call, note)', ['call', 'note']],
    ['kind != frame', ['call', 'state', 'ownership', 'note']],
    ['changed(SndWnd)', ['state']],
    ['handler == "x" && tcp.seq == 5', []],
  ])('%s: %j', (text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });
});
