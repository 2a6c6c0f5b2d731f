import { toHtml } from '../../src/audit/html.ts';
import { reportOf } from '../../src/audit/index.ts';
import { readLockFile } from '../../src/audit/lock-file.ts';
import { readPolicy, verifyPolicy } from '../../src/audit/node.ts';
import { PlugboardError } from '../../src/errors.ts';
import { audit } from '../fuzz/audit.ts';
import { policy } from '../fuzz/policy.ts';
import { toHex } from '../fuzz/wasm.ts';
import { is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { ENVELOPES, LOCKS, MODULES, moduleNamed, NAMES, POLICIES, type TextRow } from './hostile-rows.ts';

const codeOf = async (read: () => unknown): Promise<string> => {
  try {
    await read();
    return 'read';
  } catch (error) {
    return error instanceof PlugboardError ? error.code : String(error);
  }
};
const verify = (text: string) =>
  verifyPolicy(text, { verify: () => true, now: () => Date.parse('2027-01-01'), minSequence: 2 });

/** The files of each kind, and the function that reads them. */
const KINDS: readonly [
  kind: 'policy' | 'lock' | 'envelope',
  rows: readonly TextRow[],
  read: (text: string) => unknown,
][] = [
  ['policy', POLICIES, readPolicy],
  ['lock', LOCKS, readLockFile],
  ['envelope', ENVELOPES, verify],
];

suite('audit: 200 hostile files', test => {
  for (const [kind, rows, read] of KINDS) {
    for (const [name, text, code] of rows) {
      test(`${kind}, ${name}: ${code}`, async () => {
        is(await codeOf(() => read(text)), code);
        // The rules of the fuzzer: a known code, a short message; a file that is read is read again.
        await policy.check({ kind, text, accepted: true });
      });
    }
  }

  for (const [name, bytes, isValid] of MODULES) {
    test(`module, ${name}: the report keeps the rules of the fuzzer`, async () => {
      const { modules } = await reportOf(bytes);
      if (isValid !== null) is(modules[0]!.valid, isValid);
      await audit.check({ wasm: toHex(bytes), seed: 1 });
    });
  }

  for (const [index, name] of NAMES.entries()) {
    test(`name ${index}, ${JSON.stringify(name.slice(0, 30))}: the report holds it, and prints it as text`, async () => {
      const bytes = moduleNamed(name);
      const report = await reportOf(bytes);
      is(report.exports[0]!.name, name);
      await audit.check({ wasm: toHex(bytes), seed: 1 });
      const page = toHtml(report, { title: name });
      ok(['<img', '<!--', '\u202e', '\u2066', '\0', '\u001b'].every(text => !page.includes(text)));
    });
  }

  test('there are 200 of them and more, each with another name', () => {
    const names = [
      ...KINDS.flatMap(([kind, rows]) => rows.map(([name]) => `${kind} ${name}`)),
      ...MODULES.map(([name]) => name),
      ...NAMES,
    ];
    ok(new Set(names).size === names.length && names.length >= 200, String(names.length));
  });
});
