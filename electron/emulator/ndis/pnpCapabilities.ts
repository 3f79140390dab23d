/** NDIS_PNP_CAPABILITIES, for OID_PNP_CAPABILITIES: from which power states the adapter can wake the machine. */

/** Bytes of the structure: Flags and NDIS_PM_WAKE_UP_CAPABILITIES. */
export const pnpCapabilitiesSize = 16;

/** Lowest NDIS_DEVICE_POWER_STATE from which each event wakes the machine; 0 (NdisDeviceStateUnspecified): from none. */
export interface WakeUpCapabilities {
  readonly MinMagicPacketWakeUp: number;
  readonly MinPatternWakeUp: number;
  readonly MinLinkChangeWakeUp: number;
}

/** The structure. NDIS alone writes Flags. */
export function writePnpCapabilities(capabilities: WakeUpCapabilities): Uint8Array {
  const view = new DataView(new ArrayBuffer(pnpCapabilitiesSize));
  view.setUint32(4, capabilities.MinMagicPacketWakeUp, true);
  view.setUint32(8, capabilities.MinPatternWakeUp, true);
  view.setUint32(12, capabilities.MinLinkChangeWakeUp, true);
  return new Uint8Array(view.buffer);
}

/** What the structure says; undefined if it is too short. */
export function readPnpCapabilities(bytes: Uint8Array): WakeUpCapabilities | undefined {
  if (bytes.length < pnpCapabilitiesSize) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    MinMagicPacketWakeUp: view.getUint32(4, true),
    MinPatternWakeUp: view.getUint32(8, true),
    MinLinkChangeWakeUp: view.getUint32(12, true),
  };
}
