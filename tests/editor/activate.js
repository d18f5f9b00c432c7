// Runs the extension's client with stand-ins for VS Code and its language client; prints what it did.
"use strict";

const Module = require("module");

const done = [];
const chosen = { command: "/opt/catnet", arguments: ["--root", "../shared"] };
let changed;

class LanguageClient {
  constructor(id, name, server, options) {
    done.push(["client", id, server.command, server.args, options.documentSelector]);
  }
  async start() {
    done.push(["start"]);
    if (chosen.command === "missing") throw new Error("ENOENT");
  }
  needsStop() {
    return chosen.command !== "missing";
  }
  async stop() {
    done.push(["stop"]);
  }
}

const commands = {};
const stubs = {
  vscode: {
    workspace: {
      getConfiguration: () => ({ get: (name) => chosen[name] }),
      createFileSystemWatcher: (glob) => glob,
      onDidChangeConfiguration: (listener) => (changed = listener),
    },
    window: { showErrorMessage: (text) => done.push(["error", text]) },
    commands: { registerCommand: (name, action) => (commands[name] = action) },
  },
  "vscode-languageclient/node": { LanguageClient, TransportKind: { stdio: 0 } },
};
const load = Module._load;
Module._load = (name, ...rest) => stubs[name] ?? load(name, ...rest);

async function main() {
  const extension = require(process.argv[2]);
  await extension.activate({ subscriptions: [] });
  await commands["catnet.restart"]();
  await changed({ affectsConfiguration: (section) => section === "python" });
  chosen.command = "missing";
  await changed({ affectsConfiguration: (section) => section === "catnet" });
  await extension.deactivate();
  console.log(JSON.stringify(done));
}

main();
