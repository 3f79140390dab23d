/** How the emulated NDIS behaves where drivers must cope with more than one answer. */
export interface NdisSettings {
  /** Structures that NdisSetOptionalHandlers has memory for; it answers NDIS_STATUS_RESOURCES from then on. */
  readonly optionalHandlersCapacity: number;
  /** Whether NdisOpenAdapterEx returns NDIS_STATUS_PENDING and ends with ProtocolOpenAdapterCompleteEx. */
  readonly opensPend: boolean;
}

/** Memory for everybody, and opens that end at once. */
export const defaultNdisSettings: NdisSettings = {
  optionalHandlersCapacity: Infinity,
  opensPend: false,
};
