import { expect, test } from 'vitest';
import { structureNames } from '../../../shared/ddi/catalogue';
import { describeStructure, encodeStructure } from '../../../shared/ddi/structureCodec';
import { liveAlternatives } from '../../../shared/ddi/unionAlternatives';

const liveMembers = (...parameters: Parameters<typeof liveAlternatives>): string[] =>
  describeStructure(parameters[0], parameters[1], { live: liveAlternatives(...parameters) })
    .filter((row) => row.live === true)
    .map((row) => row.path);

test('queries carry backlog sizes, offload and upload carry chains of data', () => {
  const bytes = new Uint8Array(128);
  expect(liveMembers('TCP_OFFLOAD_STATE_DELEGATED', bytes, 'NdisMQueryOffloadStateComplete')).toEqual([
    'SendBacklogSize',
    'ReceiveBacklogSize',
  ]);
  for (const call of ['MiniportInitiateOffload', 'NdisTerminateOffload']) {
    expect(liveMembers('TCP_OFFLOAD_STATE_DELEGATED', bytes, call)).toEqual([
      'SendDataHead',
      'SendDataTail',
      'BufferedData',
    ]);
  }
  expect(liveMembers('TCP_OFFLOAD_STATE_DELEGATED', bytes)).toEqual([]);
});

test('the type of an OID request chooses its data', () => {
  const armOf = (RequestType: number): string[] => {
    const bytes = encodeStructure('NDIS_OID_REQUEST', { RequestType });
    return [
      ...new Set(liveMembers('NDIS_OID_REQUEST', bytes).map((path) => path.split('.').slice(0, 2).join('.'))),
    ];
  };
  expect(armOf(0)).toEqual(['DATA.QUERY_INFORMATION']);
  expect(armOf(1)).toEqual(['DATA.SET_INFORMATION']);
  expect(armOf(12)).toEqual(['DATA.METHOD_INFORMATION']);
  expect(armOf(5)).toEqual([]);
  expect(liveAlternatives('NDIS_OID_REQUEST', new Uint8Array(3))).toEqual([]);
});

test('a list that is passed in a call is not in its pool', () => {
  expect(liveMembers('NET_BUFFER_LIST', new Uint8Array(288), 'NdisReturnNetBufferLists').slice(0, 2)).toEqual(
    ['Next', 'FirstNetBuffer'],
  );
  expect(liveMembers('NET_BUFFER_LIST', new Uint8Array(288))).toEqual([]);
});

test('every answer is one that the decoder takes', () => {
  for (const name of structureNames) {
    for (const call of [undefined, 'NdisQueryOffloadState', 'MiniportInitiateOffload']) {
      const live = liveAlternatives(name, new Uint8Array(300), call);
      expect(() => describeStructure(name, new Uint8Array(300), { live })).not.toThrow();
    }
  }
});
