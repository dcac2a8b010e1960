"""testssl and wapiti against both doors of the real daemons; leaves with 1 when one finds more than "low" that
explained.tsv does not explain. Started by run.sh."""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario/web"))
import rig as rigs  # noqa: E402

WWW, OUT = pathlib.Path(os.environ["WWW"]), pathlib.Path(os.environ["OUT"])
ABOVE_LOW = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
# All but those that look for other people's software (WordPress, Drupal, a list of known scripts) or would ask a server of the
# scanner's authors to call back (ssrf, xxe): nothing here leaves the machine.
MODULES = "crlf,csp,http_headers,csrf,cookieflags,exec,file,sql,timesql,xss,permanentxss,redirect,htaccess,methods,backup"
# What a scanner's crawl cannot find in pages that scripts draw: each with an object that exists.
PLACES = {"portal": ["creneaux/{window}", "creneaux/{window}/terminal", "demande", "comptes-rendus", "equipe", "compte"],
          "console": ["creneaux", "creneaux/{window}", "sessions", "titulaires", "personnes/n.belkacem", "cibles/scanner-1",
                      "refus", "enregistrements", "recherche", "conformite", "compte"]}
# Asking these ends the scan's own login, or waits.
LEFT_OUT = {"live.subscribe", "session.watch", "terminal.open"}


class Rig(rigs.Rig):
    def pages(self):
        shutil.copytree(WWW, self.root / "www")


def routes(door, known):
    """Every reading route of the door, its parameters filled with what exists or with a word."""
    lines = [line for line in (rigs.SOURCE / "admin-web/routes.tsv").read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines, delimiter="\t"):
        if row["method"] != "GET" or row["door"] not in (door, "both") or row["request"] in LEFT_OUT:
            continue
        path, query = row["path"], []
        for field in [] if row["fields"] == "-" else row["fields"].split(","):
            name, _, kind = field.removesuffix("?").removesuffix("[]").partition(":")
            value = {"flag": "true", "number": "1"}.get(kind, known.get(name, "x"))
            if "{" + name + "}" in path:
                path = path.replace("{" + name + "}", value)
            else:
                query.append(f"{name}={value}")
        yield path + ("?" + "&".join(query) if query else "")


def testssl(door, port, authority, name):
    report = OUT / f"testssl-{door}.json"
    report.unlink(missing_ok=True)
    subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--add-ca", authority, "--ip", "127.0.0.1",
                    "--jsonfile", report, f"https://{name}:{port}"], stdout=(OUT / f"testssl-{door}.txt").open("w"), check=False)
    rows = json.loads(report.read_text())
    assert len(rows) > 50, f"testssl did not finish: {report}"
    return [("testssl", row["id"], row["finding"]) for row in rows if row["severity"] in ABOVE_LOW]


def wapiti(label, port, starts, cookie=None):
    base = f"https://127.0.0.1:{port}/"
    report = OUT / f"wapiti-{label}.json"
    report.unlink(missing_ok=True)
    words = ["wapiti", "-u", base, "--scope", "domain", "-m", MODULES, "-d", "4", "--max-scan-time", "40", "--max-attack-time", "15",
             "-t", "20", "-f", "json", "-o", report, "--flush-session", "--store-session", OUT / "sessions", "--no-bugreport",
             "-v", "1"]
    for start in starts:
        words += ["-s", base + start.lstrip("/")]
    if cookie:
        words += ["-H", f"Cookie: __Host-ecluse={cookie}"]
    subprocess.run(list(map(str, words)), stdout=(OUT / f"wapiti-{label}.txt").open("w"), stderr=subprocess.STDOUT, check=False)
    found = json.loads(report.read_text())
    # Levels: 1 low, 2 medium, 3 high; an anomaly is a 500 or a time-out.
    rows = [("wapiti", kind, f"{row['method']} {row['path']} {row['info']}")
            for part in ("vulnerabilities", "anomalies") for kind, rows in found[part].items()
            for row in rows if part == "anomalies" or row["level"] > 1]
    return found["infos"], rows


def main():
    explained = {}
    for row in csv.DictReader((HERE / "explained.tsv").open(), delimiter="\t"):
        explained[(row["tool"], row["finding"])] = row["why"]
    rig = Rig("[portal]\nper_source_max = 200\n[console]\nper_source_max = 200\n")
    rig.act("c.leroy", "source", "approve", rig.act("o.haddad", "source", "declare", "127.0.0.1/32", "--kind", "vpn",
                                                    "--reason", "balayage")["source"])
    people = {"portal": rig.logged_in("portal", "n.belkacem", "127.0.0.1"), "console": rig.logged_in("console", "d.roux")}
    status, text = people["portal"].ask("POST", "/api/v1/windows", {
        "asset": ["scanner-1"], "function": ["shell"], "opens": "2088-01-05T08:00:00Z", "closes": "2088-01-05T10:00:00Z",
        "nature": "corrective", "reason": "balayage", "procedure": "P-1"})
    assert status == 200, text
    known = {"window": json.loads(text)["window"], "person": "n.belkacem", "asset": "scanner-1", "vendor": "Imagelec", "door": "portal"}
    found = []
    for door in ("portal", "console"):
        found += [(door, *row) for row in testssl(door, rig.ports[door], *rig.certify(door))]
        starts = [place.format(**known) for place in PLACES[door]]
        for label, person in ((f"{door}-anonymous", None), (f"{door}-logged-in", people[door])):
            infos, rows = wapiti(label, rig.ports[door], [*starts, *routes(door, known)], person and person.cookie)
            print(f"wapiti, {label}: {infos.get('crawled_pages', '?')} pages")
            found += [(label, *row) for row in rows]
        people[door].connection.close()  # long idle: the door has closed it
        assert people[door].ask("GET", "/api/v1/me")[0] == 200, "the login did not last as long as its scan"
    rig.stop()
    new = 0
    for where, tool, what, detail in found:
        why = explained.get((tool, what))
        new += why is None
        print(f"{'explained' if why else 'NEW'}: {where}, {tool}, {what}: {detail}{' – ' + why if why else ''}")
    print(f"above low: {len(found)}, of them new: {new}")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
