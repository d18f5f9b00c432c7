// Starts `catnet lsp` and lets the editor talk to it; what the language is, the server knows.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

function settings() {
  const chosen = vscode.workspace.getConfiguration("catnet");
  return { command: chosen.get("command"), args: ["lsp", ...chosen.get("arguments")] };
}

async function start() {
  const { command, args } = settings();
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.cat");
  client = new LanguageClient(
    "catnet",
    "catnet",
    { command, args, transport: TransportKind.stdio },
    { documentSelector: [{ language: "catnet" }], synchronize: { fileEvents: watcher } },
  );
  try {
    await client.start();
  } catch (error) {
    const help = "Install it with pip install 'catnet[lsp]', and set catnet.command where it is not on the path.";
    vscode.window.showErrorMessage(`catnet: \`${command} lsp\` does not start (${error.message}). ${help}`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running !== undefined && running.needsStop()) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("catnet.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("catnet") && restart()),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
