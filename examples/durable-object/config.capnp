# The Worker of worker.js under workerd, on http://127.0.0.1:8787, with its objects in a folder that is there:
#   npm run bundle && mkdir objects
#   npx workerd serve examples/durable-object/config.capnp --directory-path=objects=objects
#   curl http://127.0.0.1:8787/ada
#   curl http://127.0.0.1:8787/total
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "visits", worker = .worker),
    (name = "objects", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "visits")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    (name = "worker.js", esModule = embed "../../dist/examples/durable-object/worker.js"),
    (name = "plugboard/abi/accessors.wasm", wasm = embed "../../dist/abi/accessors.wasm"),
    (name = "rust_counter.wasm", wasm = embed "../../fixtures/rust-counter/rust_counter.wasm"),
  ],
  bindings = [
    (name = "VISITOR", durableObjectNamespace = "Visitor"),
    (name = "TOTAL", durableObjectNamespace = "Total"),
  ],
  # An object is known by its key and its name: a key is never changed.
  durableObjectNamespaces = [
    (className = "Visitor", uniqueKey = "visitor", enableSql = true),
    (className = "Total", uniqueKey = "total", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "objects"),
);
