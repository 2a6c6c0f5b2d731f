import { equal } from './helpers/assert.ts';
import { readJson, readText } from './helpers/host.ts';
import { suite } from './helpers/suite.ts';

suite('docs/TESTING.md', test => {
  test('has a row for each script of package.json, and for no other', () => {
    const { scripts } = readJson('package.json') as { scripts: Record<string, string> };
    // The first cell of a row: one name, or several.
    const cells = [...readText('docs/TESTING.md').matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell]) => cell!);
    const named = cells.flatMap(cell => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
    equal(named.sort(), Object.keys(scripts).sort());
  });
});
