// Opens the playground in headless Chromium, edits the text, and prints what it saw as JSON.
//   node playground.mjs FOLDER_WITH_PLAYWRIGHT URL CHROMIUM SCREENSHOT
import { createRequire } from "node:module";

const [folder, url, executablePath, screenshot] = process.argv.slice(2);
const { chromium } = createRequire(folder + "/")("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

const reads = () => page.evaluate(() => Number(document.body.dataset.read ?? 0));
const after = (count) => page.waitForFunction((n) => Number(document.body.dataset.read ?? 0) > n, count, { polling: 5, timeout: 120000 });
const seen = () => page.evaluate(() => ({
  type: document.getElementById("type").textContent,
  boxes: document.querySelectorAll("#picture svg title").length,
  messages: document.getElementById("messages").innerText,
  marked: [...document.querySelectorAll("#behind mark")].map((mark) => mark.textContent),
  text: document.getElementById("text").value,
  nets: [...document.getElementById("nets").options].map((option) => option.value),
  status: document.getElementById("status").textContent,
}));

const started = Date.now();
await page.goto(url);
await after(0);
const load = Date.now() - started;
const first = await seen();
await page.screenshot({ path: screenshot });

const edits = []; // milliseconds from a key to the picture of the new text
for (let k = 0; k < 10; k++) {
  const count = await reads();
  edits.push(await page.evaluate((n) => new Promise((resolve) => {
    const text = document.getElementById("text"), start = performance.now();
    text.value = text.value.replace(/width = \d+/, `width = ${30 + n % 50}`);
    text.dispatchEvent(new Event("input"));
    const look = () => Number(document.body.dataset.read) > n ? resolve(performance.now() - start) : setTimeout(look, 1);
    look();
  }), count));
}
const edited = await seen();

let count = await reads();
await page.fill("#text", "net f : R[t, d] -> R[t, 8] = linear(8) >> rellu\n# \u{1f600} é\nnet   g:R[3]->R[4] =linear(5)\n");
await after(count);
const wrong = await seen();
await page.screenshot({ path: screenshot.replace(".png", "-wrong.png") });
count = await reads();
await page.click("#format");
await after(count);
const formatted = await seen();

count = await reads();
await page.selectOption("#examples", { label: "digits on a Moebius strip" });
await after(count);
const strips = await seen();
count = await reads();
await page.selectOption("#nets", "Moebius");
await after(count);
const bundle = await seen();
await page.screenshot({ path: screenshot.replace(".png", "-bundle.png") });
await page.setViewportSize({ width: 420, height: 900 });
await page.screenshot({ path: screenshot.replace(".png", "-narrow.png"), fullPage: true });

await browser.close();
console.log(JSON.stringify({ load, edits, first, edited, wrong, formatted, strips, bundle, complaints }));
