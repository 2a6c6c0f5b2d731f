import type { TestHost } from '../helpers/host.ts';

/** The test host for runtimes without files. The files that suites read are loaded before the suites. */
export function preloadedHost(runtime: string, files: ReadonlyMap<string, Uint8Array>): TestHost {
  return {
    runtime,
    readBytes: path => {
      const bytes = files.get(normal(path));
      if (!bytes) throw new Error(`${path} is not among the files that test/runtime/bundle.ts lists`);
      return bytes.slice();
    },
    list: path => {
      const folder = normal(path).replace(/\/?$/, '/');
      const names = [...files.keys()]
        .filter(name => name.startsWith(folder))
        .map(name => name.slice(folder.length).replace(/\/.*/, '/'));
      return [...new Set(names)].sort();
    },
    path: path => {
      throw new Error(`${path}: there is no file system here`);
    },
  };
}

/** The path without `..`, resolved as file systems do. */
const normal = (path: string) => new URL(path, 'http://repository/').pathname.slice(1);
