/** Commands of the test suite whose outcome differs on purpose. */
export interface Excuses {
  readonly reason: string;
  /** By script: the lines of the commands. */
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

export const FIXED_TABLES: Excuses = {
  reason: 'the tables of a module with a limit cannot grow, and have a maximum for that',
  lines: {
    'wasm-latest/imports.wast': [453, 461],
    'wasm-latest/table_grow.wast': [
      21, 22, 23, 24, 25, 29, 30, 31, 32, 33, 34, 35, 36, 37, 62, 63, 64, 65, 76, 77, 78, 79, 80, 108, 109,
      117, 118, 124, 125, 130,
    ],
    'wasm-latest/table_size.wast': [28, 30, 32, 36, 38, 40, 46, 48, 50, 52, 56, 58, 60, 62, 64],
    'gc/i31.wast': [
      102, 103, 104, 105, 108, 109, 110, 113, 114, 115, 118, 119, 120, 121, 209, 210, 211, 212, 215, 216, 217,
      220, 221, 222, 225, 226, 227, 228,
    ],
    'reference-types/imports.wast': [351, 359],
    'reference-types/table_grow.wast': [
      17, 18, 19, 20, 21, 25, 26, 27, 28, 29, 30, 31, 32, 33, 58, 59, 60, 61, 72, 73, 74, 75, 76, 104, 105,
    ],
    'reference-types/table_size.wast': [28, 30, 32, 36, 38, 40, 46, 48, 50, 52, 56, 58, 60, 62, 64],
    'threads/imports.wast': [347],
  },
};

/** Scripts with calls that one engine makes, and another one refuses before they begin, with the reason. */
export const UNCALLED: Readonly<Record<string, string>> = {
  'wasm-latest/ref_null.wast':
    'V8 refuses to call a function whose result is a nullexnref, and JavaScriptCore returns null',
};
