// catnet in a worker, so that the page stays awake: asked by {id, what, args}, it answers {id, answer}.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const ready = (async () => {
  const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href });
  const archive = await (await fetch("./catnet.zip")).arrayBuffer();
  pyodide.unpackArchive(archive, "zip", { extractDir: "/lib/catnet" });
  pyodide.runPython("import sys; sys.path.insert(0, '/lib/catnet')");
  return pyodide.pyimport("reading");
})();

self.onmessage = async ({ data: { id, what, args } }) => {
  try {
    const reading = await ready;
    self.postMessage({ id, answer: reading[what](...args) });
  } catch (error) {
    self.postMessage({ id, failure: String(error) });
  }
};
