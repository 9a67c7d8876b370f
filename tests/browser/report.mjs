// The HTML report and the graphs as what shows them sees them: a browser, Mermaid and Graphviz.
//
//     node report.mjs PROGRAM [FOLDER FOR SCREENSHOTS]
//
// It needs the packages in package.json, Chromium (CHROMIUM, /usr/bin/chromium) and Graphviz's `dot`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

// From where it is run, so that packages can be installed elsewhere than beside this file.
const require = createRequire(join(process.cwd(), 'package.json'));
const { chromium } = require('playwright-core');

const program = resolve(process.argv[2] ?? 'target/debug/ovhconnect');
const screenshots = process.argv[3] && resolve(process.argv[3]);
const folder = mkdtempSync(join(tmpdir(), 'ovhconnect-browser-'));

const run = (...args) =>
  execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });

const service = (number) =>
  `${(0x6b0c8f00 + number).toString(16)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** Services in vRacks of two, with two datacenters each. `after`: the same with something of everything changed. */
function topology(services, after = false) {
  const lines = ['version: 1', 'vracks:'];
  for (let vrack = 0; vrack < services / 2; vrack++) {
    lines.push(`  pn-${1000 + vrack}:`, '    services:');
    for (const which of [0, 1]) {
      const net = after && which === 1 ? 17 : 16;
      lines.push(
        `      ${service(vrack * 2 + which)}:`,
        `        description: ${JSON.stringify(after && which === 0 ? '<script>alert(1)</script> & "Paris"' : 'Paris')}`,
        `        pop: {type: l3, customerBgpArea: 65001, ovhBgpArea: 65002, subnet: 172.${net}.${vrack}.${which * 4}/30}`,
      );
    }
    lines.push(
      '    datacenters:',
      `      GRA:\n        ovhBgpArea: 65010\n        subnet: 10.${vrack}.0.0/24\n        extra:`,
      `          - {type: network, subnet: 192.168.${after ? 20 : 10}.0/24, nextHop: 10.${vrack}.0.10}`,
      after ? `      RBX: {subnet: 10.${200 + (vrack % 50)}.0.0/24}` : `      SBG: {subnet: 10.${100 + vrack}.0.0/24}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The reports: the name, and the page. */
function reports() {
  writeFileSync(join(folder, 'two.yaml'), topology(2));
  writeFileSync(join(folder, 'two-after.yaml'), topology(2, true));
  writeFileSync(join(folder, 'sixty.yaml'), topology(60));
  run('apply', 'two.yaml', '--simulate=two.json', '--auto-approve');
  return {
    two: run('plan', 'two-after.yaml', '--simulate=two.json', '--format', 'html'),
    nothing: run('plan', 'two.yaml', '--simulate=two.json', '--format', 'html'),
    sixty: run('plan', 'sixty.yaml', '--simulate', '--format', 'html'),
  };
}

/** Opens a page and fails with whatever it complains of or asks for. */
async function open(browser, file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error}`));
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    const url = request.url();
    if (url !== pathToFileURL(file).href && !url.startsWith('data:')) complaints.push(`request: ${url}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, close: () => context.close() };
}

async function looksRight(browser, name, file) {
  for (const [view, options] of Object.entries({
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    narrow: { colorScheme: 'light', viewport: { width: 360, height: 780 } },
  })) {
    const { page, complaints, close } = await open(browser, file, options);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${name}, ${view}: the page is ${overflow} px too wide`);
    assert.deepEqual(complaints, [], `${name}, ${view}`);
    if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${view}.png`), fullPage: true });
    await close();
  }
}

/** The rules that axe has for contrast, names, roles, headings and landmarks. */
async function isAccessible(browser, name, file) {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  for (const colorScheme of ['light', 'dark']) {
    const { page, close } = await open(browser, file, { colorScheme, bypassCSP: true });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    const told = violations.map((it) => `${it.id}: ${it.help}\n    ${it.nodes.slice(0, 3).map((node) => node.html).join('\n    ')}`);
    assert.deepEqual(told, [], `${name}, ${colorScheme}`);
    await close();
  }
}

/** Everything can be reached and opened without a mouse. */
async function worksByKeyboard(browser, file) {
  const { page, close } = await open(browser, file);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip', 'the first stop is the skip link');
  const step = page.locator('.step summary').first();
  await step.focus();
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('.step .why').first().isVisible(), 'Enter opens a step');
  const link = page.locator('.network a').first();
  const target = await link.getAttribute('href');
  await link.focus();
  await page.keyboard.press('Enter');
  assert.equal(new URL(page.url()).hash, target, 'Enter follows a link in the drawing');
  assert.ok(await page.locator(target).isVisible(), `${target} is shown`);
  await close();
}

/** On paper every step says why, and colours are those of paper. */
async function prints(browser, name, file) {
  const { page, close } = await open(browser, file, { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  const hidden = await page.locator('.why').evaluateAll((all) => all.filter((it) => it.getBoundingClientRect().height === 0).length);
  assert.equal(hidden, 0, `${name}: ${hidden} steps do not say why on paper`);
  const ink = await page.evaluate(() => getComputedStyle(document.body).color);
  assert.equal(ink, 'rgb(23, 32, 46)', `${name}: dark ink on paper`);
  if (screenshots) await page.pdf({ path: join(screenshots, `${name}.pdf`), format: 'A4', printBackground: true });
  await close();
}

/** What Mermaid and Graphviz make of the graphs, hostile descriptions in them. */
async function graphsAreRead(browser) {
  const graphs = [
    ['graph', 'two-after.yaml'],
    ['graph', 'two-after.yaml', '--plan', '--simulate=two.json'],
    ['graph', 'sixty.yaml', '--plan', '--simulate'],
  ];
  const page = await browser.newPage();
  await page.addScriptTag({ path: require.resolve('mermaid/dist/mermaid.min.js') });
  for (const graph of graphs) {
    const mermaid = run(...graph, '--format', 'mermaid');
    const kind = await page.evaluate(async (text) => {
      window.mermaid.initialize({ startOnLoad: false, maxEdges: 5000, maxTextSize: 1_000_000 });
      return (await window.mermaid.parse(text)).diagramType;
    }, mermaid);
    assert.equal(kind, 'flowchart-v2', graph.join(' '));
    const drawn = execFileSync('dot', ['-Tplain'], { input: run(...graph, '--format', 'dot'), encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.match(drawn, /^graph /, graph.join(' '));
    const svg = run(...graph, '--format', 'svg');
    const wrong = await page.evaluate(
      (text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')?.textContent ?? '',
      svg,
    );
    assert.equal(wrong, '', graph.join(' '));
    if (screenshots) writeFileSync(join(screenshots, `${graph.join('-').replaceAll(/[^\w-]/g, '')}.svg`), svg);
  }
  await page.close();
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  for (const [name, html] of Object.entries(reports())) {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, html);
    await looksRight(browser, name, file);
    await isAccessible(browser, name, file);
    await prints(browser, name, file);
  }
  await worksByKeyboard(browser, join(folder, 'two.html'));
  await graphsAreRead(browser);
  console.log('the report and the graphs are as they should be');
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
