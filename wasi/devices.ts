/** Devices that keep nothing, so that every file system serves them alike. */
export type DeviceName = 'null' | 'zero';

/** What a read from each device does, and how many bytes it returns. A write is accepted and thrown away. */
export const readDevice: Readonly<Record<DeviceName, (into: Uint8Array) => number>> = {
  null: () => 0,
  zero: into => into.fill(0).length,
};
