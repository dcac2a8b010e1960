#!/usr/bin/env python3
"""timestamp_authority.py FOLDER [PORT] [--tls]: a real RFC 3161 authority, by `openssl ts -reply` behind HTTP.

FOLDER is filled with its certificates: ca.pem is the one to believe. FOLDER/mode, read at each request, says
how it answers: good, or one of the lies below. Prints its port.
"""
import http.server
import os
import pathlib
import ssl
import subprocess
import sys
import time

FOLDER = pathlib.Path(sys.argv[1])
CONFIG = """
[tsa]
default_tsa = tsa1
[tsa1]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*words, **options):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=FOLDER, **options).stdout


def certify(name, issuer, usage):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-subj", f"/CN={name}", "-out", f"{name}.csr")
    (FOLDER / f"{name}.ext").write_text(usage)
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-days", "30",
            "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def prepare():
    for name in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                f"{name}.key", "-subj", f"/CN={name}", "-days", "30", "-out", f"{name}.pem")
    stamping = "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
    certify("tsa", "ca", stamping)
    certify("stranger", "other-ca", stamping)
    certify("server", "ca", "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,serverAuth\n"
            "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    (FOLDER / "serial").write_text("01\n")
    (FOLDER / "tsa.cnf").write_text(CONFIG.format(folder=FOLDER))


def reply(query, signer="tsa", environment=None):
    (FOLDER / "query.tsq").write_bytes(query)
    openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-signer", f"{signer}.pem", "-inkey",
            f"{signer}.key", "-out", "reply.tsr", env={**os.environ, **(environment or {})})
    return (FOLDER / "reply.tsr").read_bytes()


def digest_of(query):
    (FOLDER / "query.tsq").write_bytes(query)
    text = openssl("ts", "-query", "-in", "query.tsq", "-text").decode()
    lines = [line.split(" - ")[1][:50] for line in text.splitlines() if " - " in line and line.startswith("    0")]
    return "".join(lines).replace(" ", "").replace("-", "")[:64]


def ask_again(digest, *words):
    return openssl("ts", "-query", "-digest", digest, "-sha256", "-cert", *words)


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(size)]) + size + body


def signed_by_a_web_server(query):
    """The same words, under a certificate of the same authority that is not for timestamps."""
    reply(query)
    openssl("ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "token.der")
    openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "token.der", "-binary", "-out", "info.der")
    openssl("cms", "-sign", "-cades", "-binary", "-nodetach", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-in",
            "info.der", "-signer", "server.pem", "-inkey", "server.key", "-outform", "DER", "-out", "token.der")
    return der(0x30, der(0x30, b"\x02\x01\x00"), (FOLDER / "token.der").read_bytes())


def answer(mode, query):
    if mode == "wrong_digest":
        return reply(ask_again("00" * 32))
    if mode == "wrong_nonce":
        return reply(ask_again(digest_of(query)))
    if mode == "no_nonce":
        return reply(ask_again(digest_of(query), "-no_nonce"))
    if mode == "no_certificate":
        return reply(openssl("ts", "-query", "-digest", digest_of(query), "-sha256"))
    if mode == "untrusted":
        return reply(query, "stranger")
    if mode == "wrong_usage":
        return signed_by_a_web_server(query)
    if mode == "wrong_time":
        return reply(query, environment={"LD_PRELOAD": os.environ["ECLUSE_FAKETIME"], "FAKETIME": "+2h"})
    if mode == "tomorrow":
        return reply(query, environment={"LD_PRELOAD": os.environ["ECLUSE_FAKETIME"], "FAKETIME": "+24h"})
    if mode == "refused":
        return der(0x30, der(0x30, b"\x02\x01\x02"))
    if mode == "malformed":
        return der(0x30, b"rubbish")
    if mode == "flipped":
        text = bytearray(reply(query))
        text[-20] ^= 1
        return bytes(text)
    if mode == "huge":
        return der(0x04, b"x" * 100_000)
    return reply(query)


class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        mode = (FOLDER / "mode").read_text().strip() if (FOLDER / "mode").exists() else "good"
        if mode == "silent":
            time.sleep(600)
        if mode == "not_found":
            return self.send_error(404)
        body = b"<html>" if mode == "page" else answer(mode, query)
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if mode == "page" else "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "ca.pem").exists():
        prepare()
    words = [word for word in sys.argv[2:] if word != "--tls"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(words[0]) if words else 0), Authority)
    server.daemon_threads = True
    if "--tls" in sys.argv:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
