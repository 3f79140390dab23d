import { describe, expect, it } from 'vitest';
import { AddressSpace } from '../../../../electron/emulator/machine/addressSpace';
import {
  allocateNetBufferList,
  chainToArray,
  linkChain,
  netBufferListInfo,
  type NET_BUFFER_LIST,
} from '../../../../electron/emulator/ndis/netBufferList';
import { ReceiveDelivery } from '../../../../electron/emulator/target/receiveDelivery';
import { settleList } from '../../../../electron/emulator/target/sendRequest';
import { NDIS_STATUS } from '../../../../shared/ddi/status';

/** A client whose answers a test decides, and the log of what it saw. */
class Client {
  readonly log: string[] = [];
  pushTimer = false;
  /** RcvIndicationSize. */
  indicationSize = 0;
  answer: (bytes: Uint8Array) => { status: number; BytesConsumed: number } = (bytes) => ({
    status: NDIS_STATUS.SUCCESS,
    BytesConsumed: bytes.length,
  });
  onComplete: () => void = () => undefined;
  readonly delivery: ReceiveDelivery;
  private readonly addresses = new AddressSpace();
  private readonly names = new Map<NET_BUFFER_LIST, string>();
  private readonly buffers = new Map<NET_BUFFER_LIST, Uint8Array>();

  constructor() {
    this.delivery = new ReceiveDelivery({
      completeReceives: (lists) => {
        this.log.push(
          `complete ${chainToArray(lists)
            .map((list) => this.describe(list))
            .join(' ')}`,
        );
        this.onComplete();
      },
      indicate: (bytes) => {
        this.log.push(`indicate ${String.fromCharCode(...bytes)}`);
        return this.answer(bytes);
      },
      indicationSize: () => this.indicationSize,
      startPushTimer: () => {
        this.pushTimer = true;
      },
      stopPushTimer: () => {
        this.pushTimer = false;
      },
      drained: () => {
        this.log.push('drained');
      },
    });
    this.delivery.start();
  }

  request(name: string, bytes: number, mode: 'push' | 'nonpush' = 'push'): NET_BUFFER_LIST {
    const buffer = new Uint8Array(bytes);
    const list = allocateNetBufferList(this.addresses, [buffer]);
    list.NetBufferListInfo[netBufferListInfo.TcpReceiveNoPush] = mode === 'nonpush' ? 1 : 0;
    this.names.set(list, name);
    this.buffers.set(list, buffer);
    return list;
  }

  /** Posts a request that the target can't serve. */
  postInVain(name: string): void {
    const list = this.request(name, 4);
    settleList(list, NDIS_STATUS.REQUEST_ABORTED, 0);
    this.delivery.refuse(list);
  }

  post(...lists: NET_BUFFER_LIST[]): void {
    this.delivery.post(linkChain(lists)!);
  }

  arrive(text: string, push = false): void {
    this.delivery.onData(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
      0,
      text.length,
      push,
    );
  }

  private describe(list: NET_BUFFER_LIST): string {
    const count = list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred]!;
    const bytes = this.buffers.get(list)!.subarray(0, count);
    const status = list.Status === NDIS_STATUS.SUCCESS ? '' : '!';
    return `${this.names.get(list)!}=${String.fromCharCode(...bytes)}${status}`;
  }
}

describe('receive delivery algorithm', () => {
  it('TMR-048: a push-mode request that is posted with bytes in it starts the push timer, a nonpush one does not', () => {
    for (const mode of ['push', 'nonpush'] as const) {
      const client = new Client();
      const request = client.request('A', 10, mode);
      request.NetBufferListInfo[netBufferListInfo.TcpReceiveBytesTransferred] = 4;
      client.post(request);
      expect(client.pushTimer).toBe(mode === 'push');
    }
  });

  it('RCV-019: a receive of no bytes waits for those that were posted before it', () => {
    const client = new Client();
    client.post(client.request('A', 4), client.request('B', 0));
    expect(client.log).toEqual([]);
    client.arrive('1234');
    expect(client.log).toEqual(['complete A=1234 B=']);
  });

  it('RCV-013: without a request and without buffered data, a segment is indicated', () => {
    const client = new Client();
    client.arrive('abc');
    expect(client.log).toEqual(['indicate abc']);
  });

  it('RCV-016: a filled request is completed at once, in push and in nonpush mode', () => {
    const client = new Client();
    client.post(client.request('A', 3), client.request('B', 3, 'nonpush'));
    client.arrive('abcdef');
    expect(client.log).toEqual(['complete A=abc B=def']);
  });

  it('RCV-015: data left over after the requests are filled is indicated in the same pass', () => {
    const client = new Client();
    client.post(client.request('A', 3));
    client.arrive('abcde');
    expect(client.log).toEqual(['complete A=abc', 'indicate de']);
  });

  it('RCV-017: PSH and time do not complete a partial nonpush request', () => {
    const client = new Client();
    client.post(client.request('A', 5, 'nonpush'));
    client.arrive('abc', true);
    client.delivery.onPushTimer();
    expect(client.log).toEqual([]);
    expect(client.pushTimer).toBe(false);
    client.arrive('de');
    expect(client.log).toEqual(['complete A=abcde']);
  });

  it('RCV-018: a segment with PSH completes a partial push-mode request', () => {
    const client = new Client();
    client.post(client.request('A', 5));
    client.arrive('abc', true);
    expect(client.log).toEqual(['complete A=abc']);
  });

  it('RCV-018: without PSH the push timer runs, and its expiry completes the request', () => {
    const client = new Client();
    client.post(client.request('A', 5));
    client.arrive('abc');
    expect(client.log).toEqual([]);
    expect(client.pushTimer).toBe(true);
    client.delivery.onPushTimer();
    expect(client.log).toEqual(['complete A=abc']);
  });

  it('a completion stops the push timer', () => {
    const client = new Client();
    client.post(client.request('A', 5));
    client.arrive('abc');
    client.arrive('de');
    expect(client.pushTimer).toBe(false);
  });

  it('TMR-051: so does the end of the stream, which completes a partial request', () => {
    const client = new Client();
    client.post(client.request('A', 5));
    client.arrive('abc');
    client.delivery.onPeerClosed();
    expect(client.log).toEqual(['complete A=abc', 'drained']);
    expect(client.pushTimer).toBe(false);
  });

  it('an expiry without a partial request does nothing: races happen', () => {
    const client = new Client();
    client.delivery.onPushTimer();
    client.post(client.request('A', 5));
    client.delivery.onPushTimer();
    expect(client.log).toEqual([]);
  });

  it('RCV-014: after a refusal data is appended and nothing is indicated until a request is posted', () => {
    const client = new Client();
    client.answer = () => ({ status: NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED, BytesConsumed: 0 });
    client.arrive('abc');
    client.arrive('def');
    expect(client.log).toEqual(['indicate abc']);
    expect(client.delivery.bufferedBytes).toBe(6);
    client.post(client.request('A', 6));
    expect(client.log).toEqual(['indicate abc', 'complete A=abcdef']);
  });

  it('A106: a partial acceptance takes the first bytes and keeps the rest', () => {
    const client = new Client();
    client.answer = () => ({ status: NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED, BytesConsumed: 2 });
    client.arrive('abcde');
    client.post(client.request('A', 3));
    expect(client.log).toEqual(['indicate abcde', 'complete A=cde']);
  });

  it('IND-017: a zero-length request lifts the block: it is completed with nothing, then the data is indicated', () => {
    const client = new Client();
    client.answer = () => ({ status: NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED, BytesConsumed: 0 });
    client.arrive('abc');
    client.answer = (bytes) => ({ status: NDIS_STATUS.SUCCESS, BytesConsumed: bytes.length });
    client.post(client.request('Z', 0));
    expect(client.log).toEqual(['indicate abc', 'complete Z=', 'indicate abc']);
  });

  it('RCV-032 RCV-036: a request posted from inside a completion is served after it', () => {
    const client = new Client();
    client.post(client.request('A', 3));
    client.onComplete = () => {
      client.onComplete = () => undefined;
      client.post(client.request('B', 3));
      client.log.push('completion returns');
    };
    client.arrive('abcdef');
    expect(client.log).toEqual(['complete A=abc', 'completion returns', 'complete B=def']);
  });

  it('RCV-035: a segment that arrives during an indication is processed after it', () => {
    const client = new Client();
    client.answer = (bytes) => {
      client.answer = (more) => ({ status: NDIS_STATUS.SUCCESS, BytesConsumed: more.length });
      client.arrive('def');
      client.log.push('indication returns');
      return { status: NDIS_STATUS.SUCCESS, BytesConsumed: bytes.length };
    };
    client.arrive('abc');
    expect(client.log).toEqual(['indicate abc', 'indication returns', 'indicate def']);
  });

  it('RCV-033: a receive that is refused during an indication is completed after it', () => {
    const client = new Client();
    client.answer = (bytes) => {
      client.postInVain('A');
      client.log.push('return');
      return { status: NDIS_STATUS.SUCCESS, BytesConsumed: bytes.length };
    };
    client.arrive('abc');
    expect(client.log).toEqual(['indicate abc', 'return', 'complete A=!']);
  });

  it('RCV-033: receives that are refused during a completion are completed after it, oldest first', () => {
    const client = new Client();
    const names = ['A', 'B', 'C'];
    let open = 0;
    client.onComplete = () => {
      expect(++open).toBe(1);
      for (const name of names.splice(0)) client.postInVain(name);
      open--;
    };
    client.post(client.request('X', 3));
    client.arrive('abc');
    expect(client.log).toEqual(['complete X=abc', 'complete A=! B=! C=!']);
  });

  it('section 4.5: BufferedData of an initiate waits for a posted request and comes before newer data', () => {
    const client = new Client();
    client.delivery.adopt(Uint8Array.from([0x30, 0x31]));
    client.arrive('ab');
    expect(client.log).toEqual([]);
    client.post(client.request('A', 4));
    expect(client.log).toEqual(['complete A=01ab']);
  });

  it('RCV-009: a request that the host has filled in part is completed when its buffer is full, counting the bytes placed', () => {
    const client = new Client();
    const list = client.request('A', 5, 'nonpush');
    list.NetBufferListInfo[netBufferListInfo.TcpReceiveBytesTransferred] = 2;
    client.post(list);
    client.arrive('abc');
    expect(list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred]).toBe(3);
    expect(list.FirstNetBuffer.DataLength).toBe(2);
  });

  it('A110: at the end of the stream posted requests are completed with what they hold, then the event is due', () => {
    const client = new Client();
    client.post(client.request('A', 5), client.request('B', 5));
    client.arrive('abc');
    client.delivery.onPeerClosed();
    expect(client.log).toEqual(['complete A=abc B=', 'drained']);
  });

  it('A140: at an upload empty requests get the upload status, filled ones success', () => {
    const client = new Client();
    client.post(client.request('A', 5), client.request('B', 5));
    client.arrive('abc');
    client.delivery.returnPosted(NDIS_STATUS.UPLOAD_IN_PROGRESS);
    expect(client.log).toEqual(['complete A=abc B=!']);
  });

  it('nothing is delivered before the initiate has been completed', () => {
    const log: string[] = [];
    const delivery = new ReceiveDelivery({
      completeReceives: () => log.push('complete'),
      indicate: (bytes) => {
        log.push('indicate');
        return { status: NDIS_STATUS.SUCCESS, BytesConsumed: bytes.length };
      },
      indicationSize: () => 0,
      startPushTimer: () => undefined,
      stopPushTimer: () => undefined,
      drained: () => undefined,
    });
    delivery.onData(Uint8Array.from([1]), 0, 1, false);
    expect(log).toEqual([]);
    delivery.start();
    expect(log).toEqual(['indicate']);
  });
});

describe('RcvIndicationSize', () => {
  it('IND-006: zero indicates as much as there is', () => {
    const client = new Client();
    client.arrive('abcdef');
    expect(client.log).toEqual(['indicate abcdef']);
  });

  it('IND-007: indicates that much, and the rest waits for the receive that follows', () => {
    const client = new Client();
    client.indicationSize = 2;
    client.arrive('abcdef');
    expect(client.log).toEqual(['indicate ab']);
    client.post(client.request('A', 4));
    expect(client.log).toEqual(['indicate ab', 'complete A=cdef']);
  });

  it('IND-007: a receive that is posted from inside the indication gets the rest', () => {
    const client = new Client();
    client.indicationSize = 2;
    client.answer = (bytes) => {
      client.post(client.request('A', 4));
      return { status: NDIS_STATUS.SUCCESS, BytesConsumed: bytes.length };
    };
    client.arrive('abcdef');
    expect(client.log).toEqual(['indicate ab', 'complete A=cdef']);
  });

  it('IND-005: without such a receive the rest is indicated when the push timer expires', () => {
    const client = new Client();
    client.indicationSize = 4;
    client.arrive('abcdef');
    expect(client.pushTimer).toBe(true);
    client.delivery.onPushTimer();
    expect(client.log).toEqual(['indicate abcd', 'indicate ef']);
  });

  it('posted receives are filled whatever the preferred size', () => {
    const client = new Client();
    client.indicationSize = 2;
    client.post(client.request('A', 4));
    client.arrive('abcd');
    expect(client.log).toEqual(['complete A=abcd']);
  });
});
