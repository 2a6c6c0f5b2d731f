import { aCount, orNull } from '../../../wasi/options.ts';
import { withCommas } from '../../units.ts';
import { NETWORK_LIMITS } from '../limits.ts';

/** How much the edges of a network hold. */
export interface BoundOptions {
  /** Packets that an edge holds before its sender waits. Default: 1,024. */
  capacity?: number | undefined;
  /** Bytes that an edge holds before its sender waits. Default: 4 MiB. */
  capacityBytes?: number | undefined;
  /** Packets that an edge holds whose sender may not wait, since it could wait for itself. Default: 10,000. */
  cycleCapacity?: number | undefined;
  /** Bytes that such an edge holds. Default: 16 MiB. */
  cycleCapacityBytes?: number | undefined;
}

const limit = (name: 'edgePackets' | 'edgeBytes' | 'cyclePackets' | 'cycleBytes') => {
  const { default: most, unit } = NETWORK_LIMITS[name];
  return { ...orNull(aCount(unit, 1)), default: withCommas(most) };
};

export const BOUND_ROWS = {
  capacity: limit('edgePackets'),
  capacityBytes: limit('edgeBytes'),
  cycleCapacity: limit('cyclePackets'),
  cycleCapacityBytes: limit('cycleBytes'),
};
