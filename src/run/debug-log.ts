import { excerpt } from '../errors.ts';
import type { LinkPlan } from '../link/plan.ts';
import type { Outcome } from './call.ts';

// Lines of the host's own debug log.

export function describeLinks({ modules }: LinkPlan): string {
  const links = [...modules.values()].flatMap(module => module.links);
  const kinds = [...new Set(links.map(({ provider }) => provider.kind))];
  const counts = kinds.map(
    kind => `${links.filter(({ provider }) => provider.kind === kind).length} from ${kind}`,
  );
  return `${modules.size} modules, ${links.length} imports${counts.length ? `, ${counts.join(', ')}` : ''}`;
}

export const describeCall = (name: string, input: string | Uint8Array): string =>
  `call: ${name}, input ${input.length} ${typeof input === 'string' ? 'characters' : 'bytes'}`;

export function describeOutcome({ name, output, error }: Outcome): string {
  if (error) return `call: ${name} failed, ${error.code}: ${excerpt(error.message)}`;
  return `call: ${name} done, ${output ? `output ${output.byteLength} bytes` : 'no output'}`;
}

export function describeInstance({ modules }: LinkPlan, kernel: string): string {
  const names = [...modules.keys()].map(name => `"${name}"`).join(', ');
  return `instance: modules ${names}, ${kernel} kernel`;
}
