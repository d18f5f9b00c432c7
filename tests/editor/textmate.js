// Colours the texts given as JSON on standard input with the TextMate grammar, as VS Code does.
// Prints for each text a list of [start, end, scopes] in UTF-16 units.
"use strict";

const fs = require("fs");
const path = require("path");

const folder = process.argv[2];
const from = (name) => require(path.join(folder, "node_modules", name));
const { Registry, parseRawGrammar, INITIAL } = from("vscode-textmate");
const oniguruma = from("vscode-oniguruma");
const grammar = path.join(folder, "syntaxes", "catnet.tmLanguage.json");

async function main() {
  await oniguruma.loadWASM(fs.readFileSync(path.join(folder, "node_modules/vscode-oniguruma/release/onig.wasm")).buffer);
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => parseRawGrammar(fs.readFileSync(grammar, "utf8"), grammar),
  });
  const loaded = await registry.loadGrammar("source.catnet");
  const texts = JSON.parse(fs.readFileSync(0, "utf8"));
  const answers = texts.map((text) => {
    const found = [];
    let stack = INITIAL;
    let offset = 0;
    for (const line of text.split("\n")) {
      const answer = loaded.tokenizeLine(line, stack);
      stack = answer.ruleStack;
      for (const token of answer.tokens) {
        found.push([offset + token.startIndex, offset + token.endIndex, token.scopes]);
      }
      offset += line.length + 1;
    }
    return found;
  });
  console.log(JSON.stringify(answers));
}

main();
