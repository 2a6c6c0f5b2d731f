/** A state file without a module, with these members instead of the usual ones. */
export const form = (members: object) =>
  JSON.stringify({ plugboard: 'state', version: 1, module: null, positions: {}, state: {}, ...members });
/** Files that hold no state, with the start of the message, and whether `adopt` takes them all the same. */
export const OTHER_FILES: readonly [text: string, problem: string, withAdopt?: 'taken'][] = [
  ['[1]', 'expected a JSON object, got an array of 1'],
  ['{"count":', 'the state is not valid JSON'],
  ['', 'the state is not valid JSON'],
  [
    '{"name":"package","version":"1.0.0"}',
    'expected a state file, which begins with {"plugboard":"state"',
    'taken',
  ],
  ['{}', 'expected a state file, which begins with {"plugboard":"state"', 'taken'],
  [form({ version: 2 }), 'the state file has version 2, of a newer plugboard; this one knows version 1'],
  [form({ version: 2, nodes: {} }), 'the state file has version 2, of a newer plugboard'],
  [form({ version: '1' }), 'version: expected 1, got "1"'],
  [form({ plugboard: 'manifest' }), 'plugboard: expected "state", got "manifest"'],
  [form({ plugboard: 'manifest', version: 2 }), 'plugboard: expected "state", got "manifest"'],
  [form({ state: [] }), 'state: expected an object, got an array of 0'],
  [form({ state: undefined }), 'state: expected an object, got undefined'],
  [form({ positions: null }), 'positions: expected an object, got null'],
  [
    form({ module: { sha256: 'ab' } }),
    'module: expected {"sha256": 64 hexadecimal digits} or null, got an object',
  ],
  [
    form({ states: {} }),
    'unknown member "states"; expected plugboard, version, module, positions, bytes, state',
  ],
  [form({ bytes: [['a']] }), 'bytes: expected a list of bytes at ["a"] of the state'],
  [form({ bytes: [['a']], state: { a: [256] } }), 'bytes: expected a list of bytes at ["a"] of the state'],
  [form({ bytes: 'a' }), 'bytes: expected a list of paths, got "a"'],
];
