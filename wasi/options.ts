// Reads options objects. `abi/options.ts` and `wasi/options.ts` are one text, since neither folder imports the other:
// test/signatures.test.ts compares them.

/** Throws the error of the function whose options are read. `code` is the row's own code, if it has one. */
export type Refuse = (message: string, code?: string, options?: ErrorOptions) => never;

/** Returns the checked value, or refuses. Values may be secrets: a message names their type only. */
export type Check<T = unknown> = (value: unknown, where: string, refuse: Refuse) => T;

/** A type of values. */
export interface Kind<T = unknown> {
  /** The words after "expected" in a message. */
  readonly type: string;
  readonly unit?: string;
  readonly check: Check<T>;
}

/** One key of an options object. docs/OPTIONS.md is printed from these rows. */
export interface OptionRow extends Kind {
  /** The value, or the behaviour, where the key is left out. */
  readonly default: string;
  /** Whether leaving it out is an error. */
  readonly required?: true;
  /** The platforms on which the option works. Default: all. */
  readonly where?: string;
  /** The access that the option gives to a plugin or limits. docs/SECURITY.md lists these rows. */
  readonly grants?: string;
  /** The other spelling of this key. Only one of them may be given. */
  readonly sameAs?: string;
  /** The code of the error for a wrong value. Default: the code of `Refuse`. */
  readonly code?: string;
}

/** The keys of one options object. An option without a row does not compile. */
export interface OptionTable<Options> {
  /** The function that takes it, as docs/OPTIONS.md names it. */
  readonly of: string;
  readonly rows: {
    readonly [Key in keyof Options]-?: undefined extends Options[Key]
      ? OptionRow
      : OptionRow & { readonly required: true };
  };
  /** Keys that belong elsewhere → the advice for them. */
  readonly hints?: Readonly<Record<string, string>>;
  /** Whether null counts as left out, as undefined always does. Default: no. */
  readonly nullIsLeftOut?: true;
  /** The code of the error for a wrong key. Default: the code of `Refuse`. */
  readonly code?: string;
}

/**
 * Runs code that only reads a value of the caller. If a getter or a proxy of the value throws, refuses the value, with that
 * error as the cause. Errors of `refuse` and of the class `Own` pass.
 */
export function guarded<T>(
  where: string,
  refuse: Refuse,
  read: (refuse: Refuse) => T,
  Own?: abstract new (...args: never[]) => Error,
): T {
  let refusal: { error: unknown } | undefined;
  const marking: Refuse = (...reason) => {
    try {
      return refuse(...reason);
    } catch (error) {
      refusal = { error };
      throw error;
    }
  };
  try {
    return read(marking);
  } catch (cause) {
    if (refusal?.error === cause || (Own && cause instanceof Own)) throw cause;
    return refuse(unreadable(where), undefined, { cause });
  }
}

/** The message for a value with a getter or proxy that throws. */
export const unreadable = (where: string): string =>
  `${where}: expected a value that can be read, got one that throws`;

/** Checks an argument that is not an options object. */
export const readArgument = <T>({ check }: Kind<T>, value: unknown, where: string, refuse: Refuse): T =>
  guarded(where, refuse, refuse => check(value, where, refuse));

/**
 * Reads each own key once, and checks it by its row. Keys that are symbols are ignored: tools mark objects with them.
 * @param where How messages name the object
 */
export const readOptions = <Options>(
  table: OptionTable<Options>,
  given: unknown,
  where: string,
  refuse: Refuse,
): Options => guarded(where, refuse, refuse => readKeys(table, given, where, refuse));

function readKeys<Options>(
  table: OptionTable<Options>,
  given: unknown,
  where: string,
  refuse: Refuse,
): Options {
  const object = given === undefined ? {} : given;
  const refuseKey = (message: string): never => refuse(message, table.code);
  if (!isPlain(object)) return refuseKey(expected('a plain object', given, where));
  const rows: Readonly<Record<string, OptionRow>> = table.rows;
  const read: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    const row = Object.hasOwn(rows, key) ? rows[key] : undefined;
    if (!row) return refuseKey(unknownKey(table, key, where));
    if (value === undefined || (value === null && table.nullIsLeftOut)) continue;
    const { code: own } = row;
    const refuseValue: Refuse = own === undefined ? refuse : (message, code = own) => refuse(message, code);
    read[key] = row.check(value, pathOf(where, key), refuseValue);
  }
  for (const key in rows) {
    const { required, type, sameAs } = rows[key]!;
    if (key in object && !Object.prototype.propertyIsEnumerable.call(object, key))
      refuseKey(`${pathOf(where, key)}: inherited or not enumerable; set it on the object itself`);
    if (sameAs !== undefined && Object.hasOwn(read, key) && Object.hasOwn(read, sameAs))
      refuseKey(`${pathOf(where, key)}: expected this or "${sameAs}", not both`);
    if (required && !Object.hasOwn(read, key)) refuseKey(expected(type, undefined, pathOf(where, key)));
  }
  return read as Options;
}

/**
 * Refuses an options object after the last parameter, where nothing would read it. Numbers and arrays pass, because `map` adds
 * them as arguments.
 */
export function refuseExtra(extra: readonly unknown[], where: string, refuse: Refuse, hint = ''): void {
  if (extra.length === 0 || !guarded(where, refuse, () => extra.some(value => isPlain(value)))) return;
  refuse(`${where}: takes no options here, got an object that nothing would read${hint && `; ${hint}`}`);
}

function unknownKey({ rows, hints = {} }: OptionTable<unknown>, key: string, where: string): string {
  const names = Object.keys(rows);
  const meant = nearest(key, names);
  const help = Object.hasOwn(hints, key) ? hints[key]! : meant && `did you mean "${meant}"?`;
  const told = help ? `; ${help}` : '';
  return `${pathOf(where, key)}: unknown key${told}${told.endsWith('?') ? '' : '.'} Accepted: ${names.join(', ')}`;
}

const MOST_KEY_CHARS = 60;

/** `where.key`, or with brackets where JavaScript needs them. */
export const pathOf = (where: string, key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) && key.length <= MOST_KEY_CHARS ? `${where}.${key}` : pathTo(where, key);

/** `where["key"]`. Strange characters are escaped, and long keys are cut. */
function pathTo(where: string, key: string): string {
  const text = JSON.stringify(key.length > MOST_KEY_CHARS ? `${key.slice(0, MOST_KEY_CHARS)}...` : key);
  const escaped = text.replace(/[^ -~]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `${where}[${escaped}]`;
}

const MOST_TYPOS = 2;

/** Returns the name with the fewest differing letters: at most `most`, and fewer than its length. Ignores case. */
export function nearest(word: string, names: readonly string[], most = MOST_TYPOS): string | undefined {
  if (word.length > MOST_KEY_CHARS) return undefined;
  const distances = names.map(name => ({ name, typos: distance(word.toLowerCase(), name.toLowerCase()) }));
  const near = distances.filter(({ name, typos }) => typos <= most && typos < name.length);
  return near.sort((one, other) => one.typos - other.typos)[0]?.name;
}

/** Returns the Levenshtein distance: the number of letters to add, remove or replace. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (let at = 0; at < other.length; at++) {
      const replaced = row[at]! + (letter === other[at] ? 0 : 1);
      next.push(Math.min(replaced, row[at + 1]! + 1, next[at]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}

export const expected = (type: string, value: unknown, where: string): string =>
  `${where}: expected ${type}, got ${kindOf(value)}`;

/** Values that tell more than their type, and nothing of a secret. */
const SHOWN: readonly unknown[] = [undefined, 0, Number.NaN, Number.POSITIVE_INFINITY];

/** Returns the type of a value in words, without the value. */
export function kindOf(value: unknown): string {
  if (value === null || SHOWN.includes(value)) return String(value);
  if (typeof value === 'number')
    return value < 0
      ? 'a negative number'
      : Number.isInteger(value)
        ? 'a number'
        : 'a number that is not whole';
  if (value === '') return 'an empty string';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return value.length > 0 ? 'an array' : 'an empty array';
  const name = classOf(value);
  return name === 'Object' ? 'an object' : `an object of class ${name}`;
}

/** Returns the class name, also for objects of another realm. */
const classOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

/** Whether a value can be read key by key. Not true for a Map, a Promise or a signal, which would seem to have no keys. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // An object made by `Object.create(Uint8Array.prototype)` inherits the tag, and is of class Object.
  return !Array.isArray(value) && !(Symbol.toStringTag in value) && classOf(value) === 'Object';
}

// Bundlers drop kinds that nobody uses.
/* @__NO_SIDE_EFFECTS__ */
export const kind = <T>(type: string, fits: (value: unknown) => boolean, unit?: string): Kind<T> => ({
  type,
  ...(unit !== undefined && { unit }),
  check: (value, where, refuse) => (fits(value) ? (value as T) : refuse(expected(type, value, where))),
});

export const aFlag = kind<boolean>('true or false', value => typeof value === 'boolean');
export const aText = kind<string>('a string', value => typeof value === 'string');
export const aFunction = kind<(...args: never[]) => unknown>(
  'a function',
  value => typeof value === 'function',
);
/** Accepts any value: the function that receives it checks it. */
export const anything = kind<unknown>('as there', () => true);

/** Also accepts null, which counts as left out. */
export const orNull = <T>({ type, check, ...rest }: Kind<T>): Kind<T | undefined> => ({
  ...rest,
  type: `${type}, or null`,
  check: (value, where, refuse) => (value === null ? undefined : check(value, where, refuse)),
});

export const aCount = (unit: string, least = 0, most = Number.MAX_SAFE_INTEGER): Kind<number> =>
  kind(
    `a whole number of ${unit}, ${most < Number.MAX_SAFE_INTEGER ? `${least} to ${most}` : `${least} or more`}`,
    value => typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most,
    unit,
  );

export function oneOf<T extends string>(names: readonly T[]): Kind<T> {
  const type = `one of ${names.join(', ')}`;
  const check: Check<T> = (value, where, refuse) => {
    const name = names.find(name => name === value);
    if (name !== undefined) return name;
    const meant = typeof value === 'string' ? nearest(value, names, 1) : undefined;
    return refuse(`${expected(type, value, where)}${meant ? `; did you mean "${meant}"?` : ''}`);
  };
  return { type, check };
}

export const anArray = <T>({ type, check }: Kind<T>, whole = `an array, each ${type}`): Kind<T[]> => ({
  type: whole,
  check: (value, where, refuse) =>
    Array.isArray(value)
      ? Array.from(value, (item, index) => check(item, `${where}[${index}]`, refuse))
      : refuse(expected('an array', value, where)),
});

/** Returns a new object with the checked values, because getters of the given object could return other values later. */
export const aRecord = <T>({ type, check }: Kind<T>, names = 'name'): Kind<Record<string, T>> => ({
  type: `an object of ${names} → ${type}`,
  check: (value, where, refuse) => {
    if (!isPlain(value)) return refuse(expected('an object', value, where));
    if (inheritsKeys(value)) refuse(`${where}: expected own keys, got inherited ones`);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, check(item, pathTo(where, key), refuse)]),
    );
  },
});

function inheritsKeys(value: object): boolean {
  for (let at: unknown = Object.getPrototypeOf(value); at; at = Object.getPrototypeOf(at)) {
    if (Object.getPrototypeOf(at) !== null && Object.keys(at).length > 0) return true;
  }
  return false;
}

/** Accepts an object or function with these methods. Its class is not checked, because callers pass their own implementations. */
export const having = <T>(type: string, ...methods: string[]): Kind<T> =>
  kind(type, value => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
    return methods.every(name => typeof (value as Record<string, unknown>)[name] === 'function');
  });

export const aSignal = kind<AbortSignal>('an AbortSignal', value => {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>;
  return (
    [typeof aborted, typeof addEventListener, typeof removeEventListener].join() ===
    'boolean,function,function'
  );
});
