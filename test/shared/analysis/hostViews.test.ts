import { describe, expect, it } from 'vitest';
import { chimneyStatisticsAt, chimneyStatisticsText } from '../../../shared/analysis/chimneyStatistics';
import { HostCostIndex } from '../../../shared/analysis/hostCostIndex';
import { defaultHostCost } from '../../../shared/analysis/hostCostModel';
import { hostCostReport, hostCostText } from '../../../shared/analysis/hostCostReport';
import {
  hostCostOfHeader,
  hostCostSetting,
  hostCostText as headerText,
  withHostCost,
} from '../../../shared/analysis/hostCostSettings';
import { netstatAt, netstatText } from '../../../shared/analysis/netstat';
import { recordScenario } from '../../harness/recordScenario';

const { model, report } = recordScenario('transfer', { fileBytes: 400_000, loss: 0 });
const many = recordScenario('many-connections', { fileBytes: 200_000, loss: 0 });
const end = model.store!.lastTime;

describe('netstat of a trace', () => {
  it('shows each state of a connection and each place of it, at its time', () => {
    const seen = new Set<string>();
    for (let step = 0; step <= 4000; step++)
      for (const row of netstatAt(model, (end * step) / 4000)) {
        seen.add(row.offloadState);
        seen.add(row.state);
      }
    for (const name of ['InHost', 'Offloading', 'Offloaded', 'Uploading', 'ESTABLISHED', 'TIME_WAIT'])
      expect(seen).toContain(name);
  });

  it('before the first connection there is none', () => {
    expect(netstatAt(model, 0)).toEqual([]);
  });

  it('has the columns of netstat -t', () => {
    const text = netstatText(netstatAt(model));
    expect(text).toMatch(/Proto +Local Address +Foreign Address +State +Offload State/);
    expect(text).toMatch(/TCP +192\.0\.2\.1:49152 +192\.0\.2\.2:7 +TIME_WAIT +InHost/);
  });
});

describe('chimneystats of a trace', () => {
  it('counts what an adapter took, refused and wanted back', () => {
    const [adapter, ...others] = chimneyStatisticsAt(many.model);
    expect(others).toEqual([]);
    expect(adapter).toMatchObject({ index: 1, supported: true, enabled: true, capacity: 17, offloaded: 0 });
    expect(adapter).toMatchObject({ peak: 17, total: 17 });
    expect(Object.values(adapter!.refused)).toEqual([13]);
    expect(adapter!.uploadsAskedFor).toEqual({ UploadRequested: 17 });
  });

  it('counts what is offloaded at a time', () => {
    const taken = many.model.calls.calls.find(
      (call) => call.functionName === 'ProtocolInitiateOffloadComplete',
    )!;
    const offloadedAt = (time: number): number => chimneyStatisticsAt(many.model, time)[0]!.offloaded;
    expect(offloadedAt(0)).toBe(0);
    expect(offloadedAt(taken.start)).toBe(17);
  });

  it('names the adapter in its text', () => {
    expect(chimneyStatisticsText(chimneyStatisticsAt(many.model))).toMatch(
      /yes +yes +17 +0 +17 +17 {2}Offload target/,
    );
  });
});

describe('the host cost of a trace', () => {
  it('the bytes of each path are those of the report', () => {
    const work = model.hostCost.work(defaultHostCost);
    expect(work.hostBytesSent).toBe(report.bytesSent.hostPath);
    // What arrives while the offload is being made goes up to the host, which hands it to the target.
    const forwarded = work.hostBytesReceived - report.bytesReceived.hostPath;
    expect(forwarded).toBeGreaterThanOrEqual(0);
    expect(forwarded).toBeLessThanOrEqual(4 * 1448);
    expect(work.chimneyBytes).toBeGreaterThanOrEqual(report.bytesSent.chimney + report.bytesReceived.chimney);
    expect(work).toMatchObject({ initiates: 1, terminates: 1 });
  });

  it('read at once or record by record, live or from a file, it is the same', () => {
    const index = new HostCostIndex();
    const store = model.store!;
    for (let event = 0; event < store.length; event++) {
      const record = store.record(event);
      if (record.kind !== 'unknown') index.onRecord(record, event, store.time(event));
    }
    expect(index.work(defaultHostCost)).toEqual(model.hostCost.work(defaultHostCost));
  });

  it('the bins of the series add up to the cycles', () => {
    const cost = hostCostReport(model, defaultHostCost, 37);
    const available = (defaultHostCost.clockHz * cost.series.binWidth) / 1e9;
    const sum = (bins: readonly number[]): number => bins.reduce((total, bin) => total + bin, 0) * available;
    expect(sum(cost.series.hostPath) / cost.cycles.hostPath).toBeCloseTo(1, 6);
    expect(sum(cost.series.chimney) / cost.cycles.chimney).toBeCloseTo(1, 6);
  });

  it('interrupts are coalesced over the time that the settings name', () => {
    const every = model.hostCost.work({ ...defaultHostCost, interruptCoalescing: 0 });
    const few = model.hostCost.work({ ...defaultHostCost, interruptCoalescing: 1e6 });
    expect(few.hostInterrupts + few.chimneyInterrupts).toBeLessThan(
      (every.hostInterrupts + every.chimneyInterrupts) / 5,
    );
  });

  it('the chimney costs less per byte than the host path where it carries bulk data', () => {
    const { work, cycles } = hostCostReport(model, defaultHostCost, 10);
    const perHostByte = cycles.hostPath / (work.hostBytesSent + work.hostBytesReceived);
    const perChimneyByte = cycles.chimney / work.chimneyBytes;
    expect(perChimneyByte).toBeLessThan(perHostByte);
  });

  it('is told as a table with the break-even', () => {
    expect(hostCostText(hostCostReport(model, defaultHostCost, 10))).toMatch(/pays after \d+ bytes/);
  });
});

describe('the numbers of the host-cost model', () => {
  it('travel in the header and are the defaults where it has none', () => {
    const changed = { ...defaultHostCost, clockHz: 3e9 };
    expect(hostCostOfHeader({ [hostCostSetting]: headerText(changed) })).toEqual({
      ok: true,
      value: changed,
    });
    expect(hostCostOfHeader({})).toEqual({ ok: true, value: defaultHostCost });
    expect(hostCostOfHeader(model.store!.header.settings)).toEqual({ ok: true, value: defaultHostCost });
  });

  it.each(['{', '{"clockHz":1}', '[]', '{"clockHz":"fast"}'])(
    'a header with %s is refused in words',
    (text) => {
      const read = hostCostOfHeader({ [hostCostSetting]: text });
      expect(read.ok).toBe(false);
    },
  );

  it('change by name=value', () => {
    expect(withHostCost(defaultHostCost, ['clockHz=3e9', 'checksumOffload=true'])).toEqual({
      ok: true,
      value: { ...defaultHostCost, clockHz: 3e9, checksumOffload: true },
    });
    for (const wrong of ['speed=1', 'clockHz', 'clockHz=', 'clockHz=x', 'clockHz=true', 'processors=0.5'])
      expect(withHostCost(defaultHostCost, [wrong]).ok).toBe(false);
  });
});
