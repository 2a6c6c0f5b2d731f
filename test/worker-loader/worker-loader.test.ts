import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { once } from '../option-tables.ts';
import { CASES, LOADED_FILES, type Loading } from './cases.ts';
import { FakeLoader } from './fake-loader.ts';

suite('plugins in child isolates, on a loader of this thread', test => {
  const loading = once(
    (): Loading => ({
      loader: new FakeLoader(),
      files: Object.fromEntries(
        LOADED_FILES.map(name => [name, host().readBytes(`fixtures/${name}.wasm`)]),
      ) as Loading['files'],
    }),
  );
  for (const [name, body] of Object.entries(CASES)) test(name, () => body(loading()));
});
