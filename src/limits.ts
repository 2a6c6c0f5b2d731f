/** Defaults of the limits. Their names, units, options and reasons stand in limit-rows.ts, which bundles may leave out. */
export const LIMITS = {
  kernelPages: { default: 65_536 },
  varBytes: { default: 1_048_576 },
  textBytes: { default: 536_870_888 },
  jsonValues: { default: 33_554_432 },
  synchronousCompileBytes: { default: 262_144 },
  httpResponseBytes: { default: 52_428_800 },
  urlCharacters: { default: 1_048_576 },
  httpRedirects: { default: 10 },
  queueMs: { default: 30_000 },
  keptModuleBytes: { default: 33_554_432 },
  keptModules: { default: 128 },
  compiledVariants: { default: 16 },
  poolPlugins: { default: 10 },
  poolQueue: { default: 10_000 },
  poolQueuePerKey: { default: 1000 },
  stdioLineBytes: { default: 8192 },
  stdioLines: { default: 20 },
  stdioBytes: { default: 16_384 },
} as const;

/** The limits of plugboard/audit. They stand apart because bundles of the host leave them out. */
export const AUDIT_LIMITS = {
  traceEvents: { default: 1_000_000 },
  traceValueBytes: { default: 4096 },
  pageEvents: { default: 10_000 },
  recordingBytes: { default: 67_108_864 },
  replayMs: { default: 10_000 },
  reachSteps: { default: 20_000_000 },
  reachPairs: { default: 100_000 },
} as const;
