"""Prints how the native runtime sends HTTP requests and reads responses, and how it takes time limits.

python3 -m venv venv && venv/bin/pip install extism==1.1.1 extism-sys==1.41.0
venv/bin/python test/native/http_probe.py
"""
import gzip
import json
import pathlib
import socket
import threading

import extism

WASM = (pathlib.Path(__file__).parents[2] / "fixtures/rust-http/rust_http.wasm").read_bytes()
GZIPPED = gzip.compress(b"decoded")


def answer(status="200 OK", headers=(), body=b"fine"):
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


ANSWERS = {
    "/fine": answer(),
    "/cookies": answer(headers=["set-cookie: a=1", "set-cookie: b=2", "x-twice: 1", "x-twice: 2"]),
    "/utf8": answer(headers=["x-text: \u00c3\u00a9", "x-plain: e"]),
    "/gzip": answer(headers=["content-encoding: gzip"], body=GZIPPED),
    "/deflate": answer(headers=["content-encoding: br"], body=b"not decoded"),
    "/unknown": answer(headers=["content-encoding: other"], body=b"not decoded"),
    **{f"/{code}": answer(f"{code} Go", ["location: /fine"]) for code in (301, 302, 303, 307, 308)},
    "/299": answer("299 Odd"),
    "/600": answer("600 Odd"),
    "/304": answer("304 Not Modified", body=b""),
}


class Server:
    """Answers each connection with the answer for its path, and keeps the bytes that came."""

    def __init__(self):
        self.seen = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            connection.settimeout(0.3)
            data = b""
            try:
                while len(data) < 100_000:
                    part = connection.recv(65536)
                    if not part:
                        break
                    data += part
                    if data.endswith(b"\r\n\r\n") and b"content-length" not in data.lower():
                        break
            except OSError:
                pass
            self.seen.append(data)
            path = data.split(b" ")[1].decode() if b" " in data else ""
            connection.sendall(ANSWERS.get(path, answer("404 Not Found")))
            connection.close()


def main():
    server = Server()
    manifest = {"wasm": [{"data": WASM}], "allowed_hosts": ["*"]}
    shown = lambda text: str(text).replace(server.origin, "ORIGIN").split("\n\nStack")[0]

    def send(name, path="/fine", method="GET", headers=None, body=None, origin=server.origin):
        server.seen.clear()
        with extism.Plugin(manifest, wasi=True) as plugin:
            extism.extism._lib.extism_plugin_allow_http_response_headers(plugin.plugin)
            request = {"url": origin + path, "method": method, "headers": headers or {}, "body": body}
            try:
                outcome = plugin.call("send", json.dumps(request, ensure_ascii=False).encode()).decode()
            except extism.Error as error:
                outcome = f"error: {shown(error)[:300]}"
        print(f"{name}\n  -> {outcome}")
        for data in server.seen:
            print(f"  <- {data!r}".replace(server.origin[7:], "ORIGIN"))

    send("plain")
    for code in (301, 302, 303, 307, 308):
        send(f"{code} of a POST with a body", f"/{code}", "POST", {"x-a": "1"}, "body")
    send("307 of a GET", "/307")
    send("307 of a POST without a body", "/307", "POST")
    send("a header value beyond ASCII", headers={"x-text": "\u00e9", "x-wide": "\u20ac"})
    for path in ("/cookies", "/utf8", "/gzip", "/deflate", "/unknown", "/299", "/600", "/304"):
        send(path, path)
    send("accept-encoding of the plugin", "/gzip", headers={"accept-encoding": "gzip"})
    send("HEAD", "/gzip", "HEAD")
    for method in ("TRACE", "CONNECT", "TRACK", "OPTIONS", "FOO"):
        send(method, method=method)
        send(f"{method} with a body", method=method, body="x")
    for name, value in {
        "host": "other.test", "cookie": "a=1", "content-length": "4", "transfer-encoding": "chunked", "te": "trailers",
        "connection": "keep-alive", "keep-alive": "1", "upgrade": "websocket", "expect": "100-continue",
        "origin": "https://a.test", "referer": "https://a.test/", "user-agent": "me", "date": "x", "sec-x": "1",
        "proxy-x": "1", "x y": "1", "x-line": "a\r\nb: c", "x-space": "  a  ", "x-nul": "a\0b", "": "x", "x-empty": "",
        "x-del": "a\x7fb",
    }.items():
        send(f"header {name!r}", method="POST", headers={name: value}, body="body")
    send("content-length that is wrong", method="POST", headers={"content-length": "2"}, body="body")
    for port in (1, 6000, 0):
        send(f"port {port}", origin=f"http://127.0.0.1:{port}")
    for hosts in ([], None):
        one = {"wasm": [{"data": WASM}], **({} if hosts is None else {"allowed_hosts": hosts})}
        with extism.Plugin(one, wasi=True) as plugin:
            try:
                print(plugin.call("get", server.origin + "/fine"))
            except extism.Error as error:
                print(f"allowed_hosts {hosts}: {shown(error)[:300]}")
    for limit in (0, 1, 2**31 - 1, 2**31, 2**32, 2**53, 2**63, -1, 1.5):
        try:
            with extism.Plugin({**manifest, "timeout_ms": limit}, wasi=True) as plugin:
                for _ in range(2):
                    try:
                        print(f"timeout_ms {limit}: {plugin.call('get', server.origin + '/fine')!r}")
                    except extism.Error as error:
                        print(f"timeout_ms {limit}: {shown(error)[:200]}")
        except extism.Error as error:
            print(f"timeout_ms {limit}: refused: {shown(error)[:200]}")


main()
