const moduleOf = (...sections: number[]) => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections]);

/** Builds a module with one function () -> () and this body. */
const functionOf = (...body: number[]) =>
  moduleOf(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b);

/** The smallest module that uses a feature, by the feature's name in the custom section `target_features`. */
const SAMPLES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  simd128: functionOf(0x00, 0xfd, 0x4d, 0x1a),
  'relaxed-simd': functionOf(0x00, 0xfd, 0x80, 0x02, 0x1a),
  'tail-call': functionOf(0x12, 0x00),
  'exception-handling': moduleOf(1, 4, 1, 0x60, 0, 0, 13, 3, 1, 0, 0),
  multimemory: moduleOf(5, 5, 2, 0, 0, 0, 0),
  memory64: moduleOf(5, 3, 1, 4, 0),
  gc: moduleOf(1, 3, 1, 0x5f, 0),
};

/** Returns the features that this engine does not have. Only the features in `SAMPLES` can be missing: engines have the rest. */
export const missingFeatures = (features: Iterable<string>): string[] =>
  [...new Set(features)].filter(
    name => Object.hasOwn(SAMPLES, name) && !WebAssembly.validate(SAMPLES[name]!),
  );
