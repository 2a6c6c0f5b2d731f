import type { Kernel } from '../../abi/index.ts';
import type { Settings } from '../given/settings.ts';
import { coded, secretsOfHostFunction } from '../host/function.ts';
import type { PluginTrace, Trace, TracedPlugin } from '../host/listener.ts';
import type { LinkPlan } from '../link/plan.ts';
import type { PluginReport } from './report.ts';

// Loaded with a plugin that has the option `trace`.

/** Lets a trace follow a plugin. A call ends if its listener throws. @throws {PlugboardError} HOST_FUNCTION_FAILED */
export function follow(
  kernel: Kernel,
  plan: LinkPlan,
  { kernel: tier, isolation, modules }: PluginReport,
  { secrets }: Settings,
  trace: Trace,
): PluginTrace {
  const linkOf: TracedPlugin['linkOf'] = ({ module, namespace, name }) => {
    const { links } = plan.modules.get(module)!;
    const { type, provider } = links.find(link => link.namespace === namespace && link.name === name)!;
    return provider.kind === 'host'
      ? { from: 'host', type, secrets: secretsOfHostFunction(provider.fn) }
      : { from: provider.kind as 'kernel' | 'wasi', type, secrets: [] };
  };
  const plugin = { kernel, tier, isolation, modules, secrets, linkOf };
  const followed = coded('option.trace', () => trace.attach(plugin))();
  const listener = coded('the import listener', followed.listener);
  const orStop = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      return kernel.stop(error as Error);
    }
  };
  return {
    ...followed,
    listener: call => {
      const done = orStop(() => listener(call));
      const codedDone = done && coded('the import listener', done);
      return codedDone && (outcome => orStop(() => codedDone(outcome)));
    },
  };
}
