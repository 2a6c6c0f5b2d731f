# The Worker of worker.js under workerd, which serves it on http://127.0.0.1:8787:
#   npm run bundle
#   npx workerd serve examples/wasi/config.capnp
#   curl -d 'so it is, or is it not?' 'http://127.0.0.1:8787/?word=is&word=it'
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "tally", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "tally")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    (name = "worker.js", esModule = embed "../../dist/examples/wasi/worker.js"),
    (name = "c_command.wasm", wasm = embed "../../fixtures/c-command/c_command.wasm"),
  ],
);
