/**
 * Devices that keep nothing, so that every file system serves them alike.
 * RATIONALE: why-are-devnull-and-devzero-served-without-opening-them
 */
export type DeviceName = 'null' | 'zero';

/** Reads from each device: fills `into` and returns the number of bytes. Writes are accepted and thrown away. */
export const readDevice: Readonly<Record<DeviceName, (into: Uint8Array) => number>> = {
  null: () => 0,
  zero: into => into.fill(0).length,
};
