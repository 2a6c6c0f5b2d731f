import type { PolicyGrant } from '../given/policy-types.ts';
import { compileGlob, globParts } from '../host/allowed-hosts.ts';
import { type GrantKind, kindOf } from './policy-file.ts';

/** Longer texts are only compared as a whole. Names of hosts have at most 253 characters. */
const MOST_CHARACTERS = 1000;

/** Whether each host that the glob `asked` matches is matched by `granted` too. May say no for two globs that are not alike. */
export function coversHost(granted: string, asked: string): boolean {
  if (granted.toLowerCase() === asked.toLowerCase()) return true;
  if (granted.length > MOST_CHARACTERS || asked.length > MOST_CHARACTERS) return false;
  const rest = globParts(asked.toLowerCase());
  // Whether the parts of `granted` from one place on cover those of `asked` from each place on.
  let covers = [...rest.map(() => false), true];
  for (const part of globParts(granted.toLowerCase()).reverse()) {
    const next = rest.map(() => false);
    next.push(part === '*' && covers[rest.length]!);
    for (let at = rest.length - 1; at >= 0; at--) {
      next[at] = part === '*' ? covers[at]! || next[at + 1]! : coversPart(part, rest[at]!) && covers[at + 1]!;
    }
    covers = next;
  }
  return covers[0]!;
}

function coversPart(granted: string, asked: string): boolean {
  if (granted === asked) return true;
  if (asked === '*') return false;
  if (granted === '?') return true;
  return asked.length === 1 && asked !== '?' && granted.length > 1 && compileGlob(granted).test(asked);
}

/** Whether a folder is the granted one or below it, as its path says. A path that goes up below its beginning is not. */
export function coversPath(granted: string, asked: string): boolean {
  if (granted === asked) return true;
  if (granted.startsWith('/') !== asked.startsWith('/')) return false;
  const parts = (path: string) => path.split('/').filter(part => part !== '' && part !== '.');
  const [own, other] = [parts(granted), parts(asked)];
  return own.every((part, index) => part === other[index]) && !other.slice(own.length).includes('..');
}

const coversText = (granted: string, asked: string): boolean => granted === asked;

const COVERS: Readonly<Record<GrantKind, (granted: string, asked: string) => boolean>> = {
  hash: coversText,
  host: coversHost,
  path: coversPath,
  preopen: coversText,
  config: coversText,
  function: coversText,
  power: coversText,
};

/** Whether a grant allows all that another one would. */
export function covers(granted: Partial<PolicyGrant>, asked: Partial<PolicyGrant>): boolean {
  const kind = kindOf(granted);
  return (
    kind === kindOf(asked) &&
    granted.namespace === asked.namespace &&
    (granted.access === 'write' || asked.access !== 'write') &&
    COVERS[kind](granted[kind]!, asked[kind]!)
  );
}
