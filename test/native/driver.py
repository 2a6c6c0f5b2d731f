"""Runs scenarios on the native Extism runtime: JSON from stdin to stdout. test/native/native.ts has the types.

Each scenario runs in a process of its own, because some of them end the process, and because the log level is that of a process.
"""

import json
import os
import signal
import sys
from base64 import b64decode, b64encode

import extism
from extism.extism import _ffi, _lib

SECONDS = 30


def add_host_function(shape):
    returns = shape.get("returns")

    def call(plugin, params, results, *_):
        for result in results:
            result.value = 0
        if returns is not None:
            plugin.return_bytes(results[0], b64decode(returns))

    types = ([extism.ValType.I64] * shape["params"], [extism.ValType.I64] * shape["results"])
    extism.host_fn(name=shape["name"], namespace=shape["namespace"], signature=types, user_data=[])(call)


def call_export(plugin, name, data):
    code = _lib.extism_plugin_call(plugin, name.encode(), data, len(data))
    error = _lib.extism_plugin_error(plugin)
    length = _lib.extism_plugin_output_length(plugin)
    # A plugin can make native tell a length up to 2^64 - 1: such an output is not read.
    output = None
    if length <= 2**26:
        output = bytes(_ffi.buffer(_lib.extism_plugin_output_data(plugin), length))
    return {
        "code": code,
        "error": None if error == _ffi.NULL else _ffi.string(error).decode(errors="replace"),
        "output": None if output is None else b64encode(output).decode(),
    }


def run(scenario, tell):
    _lib.extism_log_custom(scenario["logLevel"].encode())
    for shape in scenario["functions"]:
        add_host_function(shape)
    try:
        made = extism.Plugin(scenario["manifest"], wasi=scenario["wasi"])
    except extism.Error as error:
        tell({"failed": str(error)})
        return
    for step in scenario["calls"]:
        tell(call_export(made.plugin, step["name"], b64decode(step["input"])))


def run_apart(scenario):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        os.close(reader)
        with os.fdopen(writer, "w") as out:

            def tell(result):
                out.write(json.dumps(result) + "\n")
                out.flush()

            try:
                run(scenario, tell)
            except BaseException as error:
                tell({"driver": repr(error)})
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        results = [json.loads(line) for line in lines]
    _, status = os.waitpid(child, 0)
    return {"results": results, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None}


json.dump([run_apart(scenario) for scenario in json.load(sys.stdin)], sys.stdout)
