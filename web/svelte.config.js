import { basename } from "node:path";
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

// Names of scopes stand in every rule and do not compress: short ones save a twentieth of the style sheet. They come from
// the file's name, so that every build is the same.
const scopes = new Map();
function cssHash({ filename, hash }) {
  const scope = `s${hash(basename(filename)).slice(0, 3)}`;
  const other = scopes.get(scope);
  if (other !== undefined && other !== filename) throw new Error(`${filename} and ${other} would share the scope ${scope}: rename one`);
  scopes.set(scope, filename);
  return scope;
}

export default { preprocess: vitePreprocess(), compilerOptions: { runes: true, cssHash } };
