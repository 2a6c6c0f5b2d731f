import { Cursor, Malformed } from './cursor.ts';

/** The tools that made a module: the custom section `producers` of the tool conventions. */
export interface Producers {
  language: string[];
  processedBy: string[];
  sdk: string[];
}

/** Returns null for a malformed custom section: engines ignore its mistakes, so they do not make a module invalid. */
function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** Reads the tools, each as `name` or `name version`. */
export function readProducers(contents: Uint8Array): Producers | null {
  return readOrNull(() => {
    const fields = new Map<string, string[]>();
    const body = new Cursor(contents);
    body.each('fields', () => {
      const values: string[] = [];
      fields.set(body.name('the name of a field'), values);
      body.each('values', () => {
        const name = body.name('a name');
        const version = body.name('a version');
        values.push(version ? `${name} ${version}` : name);
      });
    });
    return {
      language: fields.get('language') ?? [],
      processedBy: fields.get('processed-by') ?? [],
      sdk: fields.get('sdk') ?? [],
    };
  });
}

/** Reads the names of the features that the module was built to use: the custom section `target_features`. */
export function readTargetFeatures(contents: Uint8Array): string[] | null {
  return readOrNull(() => {
    const features: string[] = [];
    const body = new Cursor(contents);
    body.each('features', () => {
      const prefix = body.byte('a prefix');
      const name = body.name('the name of a feature');
      if (prefix === 0x2b) features.push(name);
    });
    return features;
  });
}

/** Reads the module's own name from the first part of the custom section `name`. Null if that part is missing. */
export function readModuleName(contents: Uint8Array): string | null {
  return readOrNull(() => {
    const body = new Cursor(contents);
    if (!body.skipByte(0)) return null;
    body.u32('the length of the part');
    return body.name('the name of the module');
  });
}

const FUNCTION_NAMES = 1;

/** Reads the names of these functions from the custom section `name`. The names of the others are not decoded. */
export function readFunctionNames(contents: Uint8Array, wanted: ReadonlySet<number>): Map<number, string> {
  const names = new Map<number, string>();
  readOrNull(() => {
    const body = new Cursor(contents);
    while (body.left > 0) {
      const part = body.byte('the kind of a part');
      const bytes = body.take(body.u32('the length of a part'), 'a part');
      if (part !== FUNCTION_NAMES) continue;
      const list = new Cursor(bytes);
      list.each('names', () => {
        const index = list.u32('the index of a function');
        if (wanted.has(index)) names.set(index, list.name('the name of a function'));
        else list.take(list.u32('the length of a name'), 'a name');
      });
    }
    return null;
  });
  return names;
}
