// Builds the page into src/barograph/web/static, which Python serves. Hashed files go under assets/, so that they may
// be cached for ever. Fails when the start of the page outgrows its budget (docs/decisions/0006-front-end-build.md).
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const JS_BUDGET_BYTES = 120_000;
const CSS_BUDGET_BYTES = 15_000;
/** What is loaded before anybody did anything: the entry, and the page that opens first. */
const FIRST_PAGE = "/pages/Overview.svelte";

function startOf(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set();
  const add = (chunk) => {
    if (chunk === undefined || found.has(chunk)) return;
    found.add(chunk);
    for (const name of chunk.imports) add(byName.get(name));
  };
  for (const chunk of chunks) if (chunk.isEntry || chunk.facadeModuleId?.endsWith(FIRST_PAGE)) add(chunk);
  return found;
}

function budget() {
  return {
    name: "barograph-budget",
    // after the style sheet is made
    enforce: "post",
    generateBundle(_options, bundle) {
      const weigh = (content) => gzipSync(content).length;
      const files = Object.values(bundle);
      const chunks = files.filter((file) => file.type === "chunk");
      const js = [...startOf(chunks)].reduce((sum, chunk) => sum + weigh(chunk.code), 0);
      const all = chunks.reduce((sum, chunk) => sum + weigh(chunk.code), 0);
      const sheets = files.filter((file) => file.fileName.endsWith(".css"));
      const first = new Set([...startOf(chunks)].flatMap((chunk) => [...(chunk.viteMetadata?.importedCss ?? [])]));
      const css = sheets.filter((file) => first.has(file.fileName)).reduce((sum, file) => sum + weigh(file.source), 0);
      const allCss = sheets.reduce((sum, file) => sum + weigh(file.source), 0);
      if (css === 0) this.error("No style sheet was found at the start of the page.");
      const words = `js at start ${js} of ${JS_BUDGET_BYTES}, css ${css} of ${CSS_BUDGET_BYTES} bytes, gzip (all: js ${all}, css ${allCss})`;
      if (js > JS_BUDGET_BYTES || css > CSS_BUDGET_BYTES) this.error(`The page is over its budget: ${words}.`);
      console.log(`budget: ${words}`);
    },
  };
}

// The first paint waits for the script (a few tens of kB), so that it is already the right theme and nothing flashes.
function blockFirstPaint() {
  return {
    name: "barograph-block-first-paint",
    enforce: "post",
    transformIndexHtml: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  };
}

export default defineConfig({
  plugins: [svelte(), budget(), blockFirstPaint()],
  build: {
    outDir: "../src/barograph/web/static",
    emptyOutDir: true,
    target: "es2022",
    // Pages come by import(); what they need beside the entry is small, and the polyfill would be a script of its own.
    modulePreload: false,
    // A page's styles come with its script, which waits for them: it is never seen without its own.
    cssCodeSplit: true,
    // Small icons must stay files: `img-src` allows no data: addresses.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
