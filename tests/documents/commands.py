"""The table of commands of eclusectl, read from policies/ctl/commands_*.cpp."""
import re

GLOBALS = {"json": False, "help": False, "version": False, "root": True, "as": True, "lang": True}
SIGNING = {"password-file": True, "password-stdin": False, "code": True}


class Option:
    def __init__(self, text):
        def field(name):
            found = re.search(rf'\.{name}\s*=\s*"([^"]*)"', text)
            return found.group(1) if found else ""

        self.name = field("name")
        self.values = [word for word in field("values").split("|") if word]
        kind = re.search(r"\.kind\s*=\s*(?:Kind::)?(\w+)", text)
        self.kind = kind.group(1) if kind else "text"
        self.required = ".required = true" in text
        self.positional = ".positional = true" in text

    def spellings(self):
        """name → takes a value"""
        if self.kind == "secret":
            return {f"{self.name}-file": True, f"{self.name}-stdin": False}
        return {self.name: self.kind != "flag"}


class Command:
    def __init__(self, words, options, signs):
        self.words, self.options, self.signs = words, options, signs

    def fault(self, arguments, complete):
        """Why these arguments are not this command's; None when they are."""
        known = dict(GLOBALS)
        by_name = {}
        for option in self.options:
            if not option.positional:
                known.update(option.spellings())
                by_name.update({spelling: option for spelling in option.spellings()})
        if self.signs:
            known.update(SIGNING)
        positions, given, at = [], set(), 0
        while at < len(arguments):
            word = arguments[at]
            at += 1
            if not word.startswith("--"):
                positions.append(word)
                continue
            name, glued, value = word[2:].partition("=")
            if name not in known:
                return f"no option --{name}"
            given.add(name)
            if known[name] and not glued:
                if at == len(arguments):
                    return f"--{name} lacks its value" if complete else None
                value = arguments[at]
                at += 1
            option = by_name.get(name)
            if option and option.values and not value.isupper():
                for one in value.split(","):
                    if one not in option.values:
                        return f"--{name} {one}: not one of {', '.join(option.values)}"
        places = [option for option in self.options if option.positional]
        if len(positions) > len(places):
            return f"one word too many: {positions[len(places)]}"
        if not complete:
            return None
        for place in places[len(positions) :]:
            if place.required:
                return f"{place.name.upper()} is missing"
        for option in self.options:
            if option.required and not option.positional and option.kind != "secret":
                if option.name not in given:
                    return f"--{option.name} is missing"
        return None


def matching(text, start):
    """Index after the brace that closes the one at `start`; strings are skipped."""
    depth, at = 0, start
    while at < len(text):
        if text[at] == '"':
            at = re.compile(r'"(?:[^"\\]|\\.)*"').match(text, at).end()
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return at
    raise ValueError("braces do not close")


def options_of(text, shared):
    start = re.search(r"\.options\s*=\s*", text)
    if not start:
        return []
    rest = text[start.end() :]
    if not rest.startswith("{"):
        return shared.get(re.match(r"\w+", rest).group(0), [])
    body = rest[1 : matching(rest, 0) - 1]
    found, at = [], 0
    for piece in re.finditer(r"\{|\b[a-z_]+\b", body):
        if piece.start() < at:
            continue
        if piece.group(0) == "{":
            at = matching(body, piece.start())
            found.append(Option(body[piece.start() : at]))
        else:
            found += shared[piece.group(0)]
            at = piece.end()
    return found


def read_commands(root):
    commands = {}
    for path in sorted((root / "policies" / "ctl").glob("commands_*.cpp")):
        # Comments go; the "//" of an address in a string stays.
        text = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*', lambda found: found.group(1) or "", path.read_text())
        shared = {}
        for found in re.finditer(r"Option\s+(?:const\s+)?(\w+)\s*\{", text):
            shared[found.group(1)] = [Option(text[found.end() - 1 : matching(text, found.end() - 1)])]
        for found in re.finditer(r"std::vector<Option> const (\w+)\s*\{", text):
            body = text[found.end() - 1 : matching(text, found.end() - 1)]
            shared[found.group(1)] = options_of(".options = " + body, shared)
        for found in re.finditer(r"\{\s*\.object\s*=\s*\"", text):
            row = text[found.start() : matching(text, found.start())]
            words = tuple(re.findall(r'\.(?:object|verb)\s*=\s*"([^"]+)"', row))
            commands[words] = Command(words, options_of(row, shared), ".signs = true" in row)
    return commands


def find(commands, words):
    return commands.get(tuple(words[:2])) or commands.get(tuple(words[:1]))
