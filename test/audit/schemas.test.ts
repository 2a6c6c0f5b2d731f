import { readLockFile } from '../../src/audit/lock-file.ts';
import { readPolicy } from '../../src/audit/node.ts';
import { GRANT_KEYS, POLICY_LIMITS } from '../../src/audit/policy-file.ts';
import { policy as target } from '../fuzz/policy.ts';
import { equal, ok } from '../helpers/assert.ts';
import { readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

const SCHEMAS = { policy: 'schemas/policy-1.json', lock: 'schemas/lock-1.json' };
const READERS = { policy: readPolicy, lock: readLockFile };

const isRead = (read: (text: string) => unknown, text: string): boolean => {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
};

suite('schemas of policy and lock', test => {
  test('they have all keys of the tables', () => {
    const { $defs } = readJson(SCHEMAS.policy) as { $defs: Record<string, { properties: object }> };
    equal(Object.keys($defs.grant!.properties), Object.keys(GRANT_KEYS.rows));
    equal(Object.keys($defs.limits!.properties), Object.keys(POLICY_LIMITS.rows));
  });

  for (const kind of ['policy', 'lock'] as const) {
    test(`${kind}: a text that is read fits the schema`, () => {
      const schema = readJson(SCHEMAS[kind]) as Schema;
      let [read, refused] = [0, 0];
      for (let seed = 0; seed < 2000; seed++) {
        const { kind: made, text } = target.make(new Random(seed));
        if (made !== kind) continue;
        if (!isRead(READERS[kind], text)) {
          refused++;
          continue;
        }
        read++;
        equal(checkSchema(JSON.parse(text), schema, kind), [], text);
      }
      ok(read > 50 && refused > 50, `${read} read, ${refused} refused`);
    });
  }
});
