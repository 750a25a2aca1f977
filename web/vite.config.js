// Builds the page into src/barograph/web/static, which Python serves. Hashed files go under assets/, so that they may
// be cached for ever. Fails when the start of the page outgrows its budget (docs/decisions/0006-front-end-build.md).
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const JS_BUDGET_BYTES = 120_000;
const CSS_BUDGET_BYTES = 15_000;

function budget() {
  return {
    name: "barograph-budget",
    generateBundle(_options, bundle) {
      const sizes = { js: 0, css: 0 };
      for (const file of Object.values(bundle)) {
        const kind = file.fileName.split(".").pop();
        if (kind in sizes) sizes[kind] += gzipSync(file.type === "chunk" ? file.code : file.source).length;
      }
      const words = `js ${sizes.js} of ${JS_BUDGET_BYTES}, css ${sizes.css} of ${CSS_BUDGET_BYTES} bytes, gzip`;
      if (sizes.js > JS_BUDGET_BYTES || sizes.css > CSS_BUDGET_BYTES) this.error(`The page is over its budget: ${words}.`);
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
    // A preload helper would be inline-able script; everything is one chunk anyway.
    modulePreload: false,
    // Small icons must stay files: `img-src` allows no data: addresses.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
