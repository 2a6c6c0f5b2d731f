import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { jspi } from '../../src/engine/jspi.ts';
import { equal, ok } from '../helpers/assert.ts';
import { host, readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { namedFunctions, printTable, tableOf, type Ways } from './table.ts';

const PAGE = 'docs/ARCHITECTURE.md';

suite('ways', test => {
  const counts = `${PAGE} has the counts of npm run ways`;
  if (!host().runtime.startsWith('node ')) test.skip(counts, "counted with the inspector of Node's V8");
  else if (!jspi) test.skip(counts, 'this engine cannot suspend plugins; the newest Node counts all ways');
  else {
    test(counts, async () => {
      // A process of its own, because counting would end the coverage of this one.
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [host().path('dist/test/ways/count.js')],
        {
          env: { NODE_V8_COVERAGE: '' },
          timeout: 120_000,
        },
      );
      equal(tableOf(readText(PAGE)), printTable(JSON.parse(stdout) as Ways), 'stale: run npm run ways');
    });
  }

  test(`${PAGE} names functions that its files have`, () => {
    const named = namedFunctions(readText(PAGE));
    ok(named.length > 20, `only ${named.length} files with functions are named`);
    const missing = named.flatMap(({ path, names }) => {
      const source = readText(path);
      // A definition: a method, a function, a class or a constant.
      const has = (name: string) =>
        new RegExp(`(?<![\\w.#])(class ${name} |${name}(<.*>)?( =|\\(|: ))`).test(source);
      return names.filter(name => !has(name)).map(name => `${path}: ${name}`);
    });
    equal(missing, []);
  });
});
