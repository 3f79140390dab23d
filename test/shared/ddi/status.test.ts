import { describe, expect, it } from 'vitest';
import { constantsInGroup } from '../../../shared/ddi/catalogue';
import {
  NDIS_STATUS,
  PROJECT_STATUS_OFFLOAD_PATH_MTU,
  isProjectStatus,
  statusMeaning,
  statusName,
} from '../../../shared/ddi/status';

describe('status codes', () => {
  it('have the published numbers', () => {
    expect(NDIS_STATUS.SUCCESS).toBe(0);
    expect(NDIS_STATUS.PENDING).toBe(0x103);
    expect(NDIS_STATUS.FAILURE).toBe(0xc0000001);
    expect(NDIS_STATUS.RESOURCES).toBe(0xc000009a);
    expect(NDIS_STATUS.INVALID_STATE).toBe(0xc0000184);
    expect(NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS).toBe(0x40020004);
    expect(NDIS_STATUS.UPLOAD_IN_PROGRESS).toBe(0xc0231001);
    expect(NDIS_STATUS.OFFLOAD_CONNECTION_REJECTED).toBe(0xc0231012);
  });

  it('have different numbers, and every number leads back to its name', () => {
    const values = Object.values(NDIS_STATUS);
    expect(new Set(values).size).toBe(values.length);
    for (const [key, value] of Object.entries(NDIS_STATUS))
      expect(statusName(value)).toBe(`NDIS_STATUS_${key}`);
  });

  it('keep REQUEST_ABORTED and SEND_ABORTED apart, whose low words coincide', () => {
    expect(NDIS_STATUS.REQUEST_ABORTED).toBe(0xc001000c);
    expect(NDIS_STATUS.SEND_ABORTED).toBe(0xc023000c);
    expect(statusName(0xc001000c)).toBe('NDIS_STATUS_REQUEST_ABORTED');
    // The header also calls this one STATUS_NDIS_REQUEST_ABORTED.
    expect(statusName(0xc023000c)).toBe('NDIS_STATUS_SEND_ABORTED');
  });

  it('prefer the NDIS spelling and fall back on the general one', () => {
    expect(statusName(0)).toBe('NDIS_STATUS_SUCCESS');
    expect(statusName(0xc000009a)).toBe('NDIS_STATUS_RESOURCES');
    expect(statusName(0xc0231013)).toBe('STATUS_NDIS_OFFLOAD_PATH_REJECTED');
    expect(statusName(0xc0230004)).toBe('STATUS_NDIS_BAD_VERSION');
  });

  it('print unknown codes as eight digits and accept signed input', () => {
    expect(statusName(0xdeadbeef)).toBe('0xDEADBEEF');
    expect(statusName(7)).toBe('0x00000007');
    expect(statusName(-0x3ffeeff4)).toBe(statusName(0xc001100c));
    expect(statusName(0xc0231003 | 0)).toBe('NDIS_STATUS_UPLOAD_REQUESTED');
  });

  it('mark the number that is ours', () => {
    expect(statusName(NDIS_STATUS.OFFLOAD_PATH_MTU)).toBe('NDIS_STATUS_OFFLOAD_PATH_MTU');
    expect(isProjectStatus(PROJECT_STATUS_OFFLOAD_PATH_MTU)).toBe(true);
    expect(isProjectStatus(NDIS_STATUS.FAILURE)).toBe(false);
    expect(PROJECT_STATUS_OFFLOAD_PATH_MTU & 0x20000000).not.toBe(0);
    const published = ['status-general', 'status-offload', 'status-indication-offload', 'ntstatus'] as const;
    const values = published.flatMap((group) => constantsInGroup(group).map((entry) => entry.value));
    expect(values).not.toContain(PROJECT_STATUS_OFFLOAD_PATH_MTU);
  });

  it('come with their meaning', () => {
    expect(statusMeaning(NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS)).toMatch(/\w/);
    expect(statusMeaning(0xdeadbeef)).toBeUndefined();
  });
});
