import { expect, test } from 'vitest';
import { contrast, readableOn } from '../../../renderer/timeline/colors';
import { functionFamily, isAsynchronous } from '../../../renderer/timeline/families';
import { FrameScheduler } from '../../../renderer/timeline/frameScheduler';
import { wheelIntent } from '../../../renderer/timeline/wheel';

test.each([
  ['NdisSetOptionalHandlers', 'registration'],
  ['MiniportSetOptions', 'registration'],
  ['MiniportInitializeEx', 'registration'],
  ['NdisMGetOffloadHandlers', 'registration'],
  ['MiniportInitiateOffload', 'state'],
  ['NdisTerminateOffload', 'state'],
  ['NdisMInitiateOffloadComplete', 'completion'],
  ['ProtocolTcpOffloadSendComplete', 'completion'],
  ['MiniportTcpOffloadSend', 'data'],
  ['NdisOffloadTcpDisconnect', 'data'],
  ['NdisMOffloadEventIndicate', 'indication'],
  ['ProtocolTcpOffloadReceiveIndicate', 'indication'],
  ['NdisTcpOffloadReceiveHandler', 'indication'],
  ['NdisSendNetBufferLists', 'packets'],
  ['MiniportOidRequest', 'packets'],
  ['SomethingFromALaterVersion', 'other'],
])('%s belongs to %s', (name, family) => {
  expect(functionFamily(name)).toBe(family);
});

test('what completes later is known from the catalogue', () => {
  expect(isAsynchronous('MiniportInitiateOffload')).toBe(true);
  expect(isAsynchronous('NdisSetOptionalHandlers')).toBe(false);
  expect(isAsynchronous('Unknown')).toBe(false);
});

const still = { deltaX: 0, deltaY: 0, deltaMode: 0, ctrlKey: false, metaKey: false, shiftKey: false };

test('the wheel scrolls, pans with Shift or sideways, and zooms with Control', () => {
  expect(wheelIntent({ ...still, deltaY: 30 })).toEqual({ kind: 'move', panPixels: 0, scrollPixels: 30 });
  expect(wheelIntent({ ...still, deltaY: 30, shiftKey: true })).toEqual({
    kind: 'move',
    panPixels: 30,
    scrollPixels: 0,
  });
  expect(wheelIntent({ ...still, deltaX: 12, deltaY: 2 })).toEqual({
    kind: 'move',
    panPixels: 12,
    scrollPixels: 2,
  });
  expect(wheelIntent({ ...still, deltaY: 2, deltaMode: 1 })).toMatchObject({ scrollPixels: 36 });
  const closer = wheelIntent({ ...still, deltaY: -100, ctrlKey: true });
  expect(closer.kind === 'zoom' && closer.factor).toBeLessThan(1);
  const farther = wheelIntent({ ...still, deltaY: 100, metaKey: true });
  expect(farther.kind === 'zoom' && farther.factor).toBeGreaterThan(1);
});

test('text on a bar can be read on any of the category colours', () => {
  for (const fill of [
    '#b06f00',
    '#0072b2',
    '#b2588c',
    '#2a86bf',
    '#00855f',
    '#6b7480',
    '#e69f00',
    '#7cc4ee',
    '#12b287',
  ]) {
    expect(contrast(fill, readableOn(fill))).toBeGreaterThanOrEqual(4);
  }
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
});

test('parts asked for many times are drawn once a frame, and idleness waits for them', async () => {
  const queue: (() => void)[] = [];
  const scheduler = new FrameScheduler((callback) => queue.push(callback));
  let drawn = 0;
  const draw = (): void => {
    drawn++;
  };
  scheduler.invalidate(draw);
  scheduler.invalidate(draw);
  let idle = false;
  const done = scheduler.idle().then(() => (idle = true));
  expect(queue).toHaveLength(1);
  queue.shift()!();
  expect(drawn).toBe(1);
  await Promise.resolve();
  expect(idle).toBe(false);
  while (queue.length > 0) {
    queue.shift()!();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await done;
  expect(drawn).toBe(1);
});

test('a part that is gone is not drawn', () => {
  const queue: (() => void)[] = [];
  const scheduler = new FrameScheduler((callback) => queue.push(callback));
  let drawn = 0;
  const draw = (): void => {
    drawn++;
  };
  scheduler.invalidate(draw);
  scheduler.remove(draw);
  queue.shift()!();
  expect(drawn).toBe(0);
});
