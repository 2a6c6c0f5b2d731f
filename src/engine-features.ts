const moduleOf = (...sections: number[]) => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections]);

/** A module with one function () -> () of this body. */
const functionOf = (...body: number[]) =>
  moduleOf(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b);

/** The smallest module that uses a feature, by the name that the custom section `target_features` has for it. */
const SAMPLES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  simd128: functionOf(0x00, 0xfd, 0x4d, 0x1a),
  'relaxed-simd': functionOf(0x00, 0xfd, 0x80, 0x02, 0x1a),
  'tail-call': functionOf(0x12, 0x00),
  'exception-handling': moduleOf(1, 4, 1, 0x60, 0, 0, 13, 3, 1, 0, 0),
  multimemory: moduleOf(5, 5, 2, 0, 0, 0, 0),
  memory64: moduleOf(5, 3, 1, 4, 0),
  gc: moduleOf(1, 3, 1, 0x5f, 0),
};

/** Those of the features that this engine does not have. Features that every supported engine has are not asked for. */
export const missingFeatures = (features: Iterable<string>): string[] =>
  [...new Set(features)].filter(
    name => Object.hasOwn(SAMPLES, name) && !WebAssembly.validate(SAMPLES[name]!),
  );
