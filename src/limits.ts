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
  stdioLineBytes: { default: 8192 },
  stdioLines: { default: 20 },
  stdioBytes: { default: 16_384 },
  reachSteps: { default: 20_000_000 },
  reachPairs: { default: 100_000 },
} as const;
