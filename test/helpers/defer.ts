// Imported before uvu, which reads this when it loads: without it uvu runs the suites by itself, uncounted.
globalThis.UVU_DEFER = 1;
globalThis.UVU_QUEUE = [];

declare global {
  var UVU_DEFER: number;
  var UVU_QUEUE: unknown[][];
  var UVU_INDEX: number;
}

export {};
