/** How long segments may wait between the moment that their timestamp is made and the first bit on the wire, virtual ns. */

/** In the transmit ring of a target, on slow links as well. */
export const engineQueue = 50_000_000;

/** Between host stack, NDIS and the transmit ring, where several frames of a connection wait behind each other. */
export const hostQueue = 400_000_000;

/**
 * How long hand-overs take at which a connection's clock stands still, virtual ns: between the moment that TsTime is read and the one that it is
 * taken over at.
 */
export const handOverTime = 50_000_000;
