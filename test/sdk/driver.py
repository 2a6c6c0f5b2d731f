"""Runs actors on the native Extism runtime: a request of JSON on each line of stdin, an answer on each line of stdout.

test/sdk/native.ts has the types. The state is a map of key to JSON text, so that no number is read and written here.
"""

import json
import sys
from base64 import b64decode, b64encode

import extism
from extism.extism import _ffi, _lib

live = {"state": {}, "sent": []}
I64 = extism.ValType.I64


def host_function(name, params, results):
    return extism.host_fn(name=name, namespace="extism:host/user", signature=([I64] * params, [I64] * results))


@host_function("__send_output", 1, 0)
def send_output(plugin, params, results, *_):
    live["sent"].append(plugin.input_string(params[0]))


@host_function("__get_state", 1, 1)
def get_state(plugin, params, results, *_):
    plugin.return_string(results[0], live["state"].get(plugin.input_string(params[0]), "null"))


@host_function("__set_state", 2, 0)
def set_state(plugin, params, results, *_):
    live["state"][plugin.input_string(params[0])] = plugin.input_string(params[1])


def call(plugin, name, data):
    code = _lib.extism_plugin_call(plugin, name.encode(), data, len(data))
    error = _lib.extism_plugin_error(plugin)
    length = _lib.extism_plugin_output_length(plugin)
    return {
        "code": code,
        "error": None if error == _ffi.NULL else _ffi.string(error).decode(),
        "output": b64encode(bytes(_ffi.buffer(_lib.extism_plugin_output_data(plugin), length))).decode(),
    }


plugin = None
for line in sys.stdin:
    request = json.loads(line)
    if "open" in request:
        plugin = extism.Plugin({"wasm": [{"data": request["open"]}]}, wasi=True)
        answer = {}
    else:
        live["state"], live["sent"] = request["state"], []
        answer = {**call(plugin.plugin, request["call"], b64decode(request["input"])), **live}
    print(json.dumps(answer), flush=True)
