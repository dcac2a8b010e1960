// The pages' texts: i18n/web.fr.json and web.en.json, held to the rules of the other catalogue
// (cmake/generate_catalogue.cmake). They are apart so that a sentence of a page compiles no C++.
import { readFileSync } from "node:fs";

const holesOf = (text) => [...new Set(text.match(/\{[^}]*\}/g) ?? [])].sort();

/** One `"key": "text"` a line, sorted; anything else stops the build. */
function readOne(path) {
  const lines = readFileSync(path, "utf8").split("\n");
  const keys = [];
  for (const line of lines) {
    if (/^[{}]?$/.test(line)) continue;
    const match = /^ {2}("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*"),?$/.exec(line);
    if (!match) throw new Error(`${path}: not one "key": "text" per line: ${line}`);
    keys.push([JSON.parse(match[1]), JSON.parse(match[2])]);
  }
  for (let i = 1; i < keys.length; i++)
    if (keys[i - 1][0] >= keys[i][0]) throw new Error(`${path}: "${keys[i][0]}" is there twice, or not in order`);
  JSON.parse(lines.join("\n"));
  return new Map(keys);
}

export function readTexts(folder) {
  const french = readOne(`${folder}/web.fr.json`);
  const english = readOne(`${folder}/web.en.json`);
  for (const key of english.keys())
    if (!french.has(key)) throw new Error(`i18n: "${key}" is in web.en.json but not in web.fr.json`);
  for (const [key, text] of french) {
    if (!english.has(key)) throw new Error(`i18n: "${key}" is in web.fr.json but not in web.en.json`);
    if (!/^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(key))
      throw new Error(`i18n: "${key}" is not a key (lower case, digits, underscores, dots)`);
    const holes = [holesOf(text), holesOf(english.get(key))].map(String);
    if (holes[0] !== holes[1])
      throw new Error(`i18n: "${key}" has holes ${holes[0]} in French and ${holes[1]} in English`);
    if (/ [:;?!»]|« /.test(text)) throw new Error(`i18n: "${key}": a space that may break before a mark`);
  }
  return { french, english };
}

/** The type of every key with the names of its holes. */
export function typesOf({ french }) {
  const rows = [...french].map(([key, text]) => {
    const names = holesOf(text).map((hole) => JSON.stringify(hole.slice(1, -1)));
    return `  ${JSON.stringify(key)}: ${names.join(" | ") || "never"};`;
  });
  return `// Generated from i18n/web.fr.json.\n\nexport interface Holes {\n${rows.join("\n")}\n}\n`;
}

/** The keys that these sources name, whole ("a.b") or by their first words (word("a.b", …)). */
export function keysOf(sources, texts) {
  const used = new Set();
  for (const source of sources) {
    for (const [, literal] of source.matchAll(/["'`]([a-z0-9_]+(?:\.[a-z0-9_]+)+)["'`]/g)) {
      if (texts.french.has(literal)) used.add(literal);
      if (texts.french.has(`${literal}_one`)) used.add(`${literal}_one`).add(`${literal}_other`);
    }
    for (const [, prefix] of source.matchAll(/\bword\("([a-z0-9_.]+)"/g)) {
      const found = [...texts.french.keys()].filter((key) => key.startsWith(`${prefix}.`));
      if (found.length === 0) throw new Error(`i18n: no key begins with "${prefix}."`);
      for (const key of found) used.add(key);
    }
  }
  return used;
}
