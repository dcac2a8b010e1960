#!/usr/bin/env python3
"""A browser without pages, for tests and demonstrations: logs in at the portal or the console as a page does.

browser.py --url https://127.0.0.1:PORT [--from ADDRESS] SCRIPT...; each word of SCRIPT is one step:
  login:LOGIN:PASSWORDFILE:CODE   GET:/path   POST:/path:JSON   logout
Prints one line per step: status, a space, the body. The certificate is not checked: the demonstration's is its own.
"""
import argparse
import hashlib
import http.client
import json
import pathlib
import ssl
import sys
import urllib.parse


def leading_zero_bits(digest):
    return 256 - int.from_bytes(digest, "big").bit_length()


def solve(challenge, bits):
    number = 0
    while leading_zero_bits(hashlib.sha256(f"{challenge}.{number}".encode()).digest()) < bits:
        number += 1
    return str(number)


class Browser:
    def __init__(self, url, source="127.0.0.1"):
        parts = urllib.parse.urlsplit(url)
        self.origin = f"https://{parts.netloc}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, context=context, source_address=(source, 0), timeout=60)
        self.cookie = self.csrf = None
        self.headers = {}

    def ask(self, method, path, body=None, headers=None):
        """Status, headers, body text; keeps the cookie as a browser would."""
        sent = {"Accept-Language": "fr", **(headers or {})}
        if self.cookie:
            sent.setdefault("Cookie", f"__Host-ecluse={self.cookie}")
        if method == "POST":
            sent.setdefault("Origin", self.origin)
            sent.setdefault("Content-Type", "application/json")
            if self.csrf:
                sent.setdefault("X-Ecluse-Token", self.csrf)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        self.connection.request(method, path, body=body, headers=sent)
        answer = self.connection.getresponse()
        text = answer.read()
        self.headers = answer.headers
        for line in answer.headers.get_all("Set-Cookie") or []:
            value = line.split(";")[0].partition("=")[2]
            self.cookie = value or None
            if not value:
                self.csrf = None
        return answer.status, text

    def proof(self, request):
        _, text = self.ask("GET", f"/api/v1/challenge?for={request}")
        made = json.loads(text)
        return {"challenge": made["challenge"], "solution": solve(made["challenge"], made["bits"])}

    def login(self, login, password, code):
        status, text = self.ask(
            "POST", "/api/v1/login", {"login": login, "password": password, "code": code, **self.proof("login")})
        if status == 200:
            self.csrf = json.loads(text)["csrf"]
        return status, text


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--url", required=True)
    arguments.add_argument("--from", dest="source", default="127.0.0.1")
    arguments.add_argument("steps", nargs="+")
    given = arguments.parse_args()
    browser = Browser(given.url, given.source)
    for step in given.steps:
        kind, _, rest = step.partition(":")
        if kind == "login":
            login, password, code = rest.split(":")
            status, text = browser.login(login, pathlib.Path(password).read_text().strip(), code)
        elif kind == "logout":
            status, text = browser.ask("POST", "/api/v1/logout", {})
        else:
            path, _, body = rest.partition(":")
            status, text = browser.ask(kind, path, body or None)
        print(status, text.decode(errors="replace").strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
