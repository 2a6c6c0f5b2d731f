import { type Packet, type ProcessError, ScriptActor } from '../actor/index.ts';
import type { JsonObject } from '../actor/json/value.ts';
import { msgpack } from '../msgpack/index.ts';
import { judgePackets, judgeState, toPacket } from './actor-case.ts';
import type { Case } from './case.ts';
import type { Scenario } from './host.ts';
import { judgeError } from './judge.ts';
import type { PlugboardTerms } from './plugboard-terms.ts';
import { seenError } from './seen-error.ts';
import { toJson } from './spelled.ts';

const EXACT = { has: () => true };

/** Runs a case of an actor on plugboard's own actors. */
export async function runScriptActor(
  { read, options }: PlugboardTerms,
  scenario: Scenario,
  given: Case,
): Promise<string[]> {
  const { entryPoint = 'process', protocol, config = {}, env = {}, state = {} } = given.actor ?? {};
  const source = read(scenario.manifest.wasm[0]!.path);
  const actorOptions = {
    ...options,
    codec: msgpack,
    // A compiled module does not show its protocol; bytes do.
    protocol: source instanceof WebAssembly.Module ? (protocol ?? 'context') : undefined,
    stdout: () => {},
    stderr: () => {},
    actorConfig: { config: toJson(config) as JsonObject, resolved_env: env },
    state: toJson(state) as JsonObject,
  };
  let actor: ScriptActor;
  try {
    actor = await ScriptActor.create({ source, entry_point: entryPoint }, actorOptions);
  } catch (error) {
    return judgeError(seenError(error), given.error ?? { code: 'nothing' }, EXACT);
  }
  if (given.error) return judgeError(null, given.error, EXACT);
  const problems: string[] = [];
  for (const [index, step] of (given.process ?? []).entries()) {
    let packets: readonly Packet[];
    let wrong: string[];
    try {
      packets = await actor.process(toPacket(step.payload));
      wrong = step.error ? judgeError(null, step.error, EXACT) : [];
    } catch (error) {
      const failure = error as ProcessError;
      packets = failure.packets ?? [];
      // Exit code and cause are on the error of the failed call, which is the cause of this one.
      const seen = {
        ...seenError(failure.cause ?? failure),
        name: seenError(failure).name,
        message: failure.message,
      };
      wrong = judgeError(seen, step.error ?? { code: 'nothing' }, EXACT);
    }
    const states = step.state ? judgeState(step.state, actor.state) : [];
    problems.push(
      ...[...wrong, ...judgePackets(step, packets), ...states].map(text => `packet ${index + 1}: ${text}`),
    );
  }
  await actor.stop();
  return problems;
}
