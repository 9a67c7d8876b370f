#!/usr/bin/env node
// What an editor shows of a topology: the YAML language server, as it comes from npm, is asked over its
// protocol about our examples, which name the schema in their first line, and about edits of them.
//
//     npm install --prefix SCRATCH    # with package.json in SCRATCH
//     NODE_PATH=SCRATCH/node_modules node tests/editor/editor.js
//
// It prints a line for each check and exits with 1 if one failed.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const rpc = require('vscode-jsonrpc/node');

const EXAMPLES = path.join(__dirname, '..', '..', 'examples');
const SETTINGS = {
  yaml: { validate: true, hover: true, completion: true, schemaStore: { enable: false }, schemas: {} },
};
// Longer than any machine needs. It only ends a server that hangs.
const PATIENCE = 300_000;

let failed = 0;

function check(what, holds, found) {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${holds ? '' : `: ${JSON.stringify(found)}`}`);
  if (!holds) failed += 1;
}

function read(name) {
  return fs.readFileSync(path.join(EXAMPLES, name), 'utf8');
}

// The server, and what it last said of each file.
class Editor {
  constructor() {
    const program = require.resolve('yaml-language-server/bin/yaml-language-server');
    this.process = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.connection = rpc.createMessageConnection(
      new rpc.StreamMessageReader(this.process.stdout),
      new rpc.StreamMessageWriter(this.process.stdin),
    );
    this.waiting = new Map();
    this.opened = 0;
    this.connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }) => {
      this.waiting.get(uri)?.(diagnostics);
    });
    this.connection.onRequest('workspace/configuration', ({ items }) => {
      return items.map(({ section }) => SETTINGS[section] ?? {});
    });
    this.connection.onRequest('client/registerCapability', () => null);
    this.connection.listen();
  }

  async start() {
    await this.connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(path.dirname(EXAMPLES)).href,
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
        textDocument: {
          completion: { completionItem: { snippetSupport: true } },
          hover: { contentFormat: ['markdown'] },
          publishDiagnostics: { versionSupport: true },
        },
      },
    });
    await this.connection.sendNotification('initialized', {});
    await this.connection.sendNotification('workspace/didChangeConfiguration', { settings: SETTINGS });
  }

  // Opens `text` as a new file beside the examples; answers its URI and what is wrong in it.
  async open(text) {
    this.opened += 1;
    const uri = pathToFileURL(path.join(EXAMPLES, `open-${this.opened}.yaml`)).href;
    const diagnostics = new Promise((resolve) => this.waiting.set(uri, resolve));
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'yaml', version: 1, text },
    });
    return { uri, messages: (await diagnostics).map(({ message }) => message) };
  }

  // Opens `text` with the line of the `|` in it; answers where that is.
  async openAt(text) {
    const before = text.slice(0, text.indexOf('|')).split('\n');
    const { uri } = await this.open(text.replace('|', ''));
    return { textDocument: { uri }, position: { line: before.length - 1, character: before.at(-1).length } };
  }

  async completions(text) {
    const answer = await this.connection.sendRequest('textDocument/completion', await this.openAt(text));
    return (answer.items ?? answer).map(({ label }) => label).sort();
  }

  async hover(text) {
    const answer = await this.connection.sendRequest('textDocument/hover', await this.openAt(text));
    return answer?.contents?.value ?? '';
  }

  stop() {
    this.connection.dispose();
    this.process.kill();
  }
}

// `text` with `before` replaced, which has to be in it.
function edit(text, before, after) {
  if (!text.includes(before)) throw new Error(`${before} is not in the example`);
  return text.replace(before, after);
}

async function main() {
  const editor = new Editor();
  await editor.start();

  const names = fs.readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  check('there are examples', names.length >= 5, names);
  for (const name of names) {
    const { messages } = await editor.open(read(name));
    check(`${name} is clean`, messages.length === 0, messages);
  }

  const resilient = read('resilient.yaml');
  const l2 = read('l2.yaml');
  for (const [what, text, expected] of [
    ['an unknown field', edit(resilient, 'customerBgpArea', 'customerAsn'), /customerAsn is not allowed/],
    ['an unknown word', edit(resilient, 'manage: all', 'manage: some'), /all.*declared/],
    ['a wrong type', edit(resilient, 'protect: true', 'protect: "yes"'), /boolean/],
    ['a number in quotes', edit(resilient, '65001', '"65001"'), /integer/],
    ['an ASN that is none', edit(resilient, '65001', '4294967295'), /maximum/],
    ['a PoP that is no /30', edit(resilient, '172.16.0.0/30', '172.16.0.0/29'), /length \/30/],
    ['an address that is none', edit(resilient, '10.1.0.11', '10.1.0.256'), /An IPv4 address/],
    ['a missing field', edit(resilient, '        subnet: 10.1.0.0/24\n', ''), /Missing property "subnet"/],
    ['a field of the other type', edit(l2, 'datacenter: RBX', 'datacenter: RBX\n          subnet: 172.16.0.0/30'), /subnet/],
    ['a field that the type needs', edit(l2, '          datacenter: RBX\n', ''), /Missing property "datacenter"/],
    ['a vRack by another name', edit(resilient, 'pn-12345', 'vrack-1'), /vrack-1 is not allowed/],
    ['a service by another name', edit(l2, '6b0c8f3e-3c1f-4a5e-9a52-0c4c9b1f2d01', 'paris'), /paris is not allowed/],
  ]) {
    const { messages } = await editor.open(text);
    check(`${what} is told`, messages.some((message) => expected.test(message)), messages);
  }

  for (const [what, text, expected, absent] of [
    ['the file', edit(resilient, 'version: 1\n', '|\n'), ['endpoint', 'version'], ['vracks', 'pop']],
    ['a vRack', edit(resilient, '    manage: all\n', '    |\n'), ['manage', 'protect'], ['pop', 'services']],
    ['a PoP', edit(resilient, '          protect: true\n', '          |\n'), ['interfaceId', 'protect'], ['extra', 'type']],
    ['a datacenter', edit(resilient, '        ovhBgpArea: 65010\n', '        |\n'), ['ovhBgpArea', 'protect'], ['type', 'subnet']],
    ['an extra', edit(read('l3-bgp.yaml'), '            bgpNeighborIp: 10.1.0.10', '            |'), ['bgpNeighborIp', 'protect'], ['manage', 'type']],
  ]) {
    const labels = await editor.completions(text);
    const right = expected.every((label) => labels.includes(label)) && !absent.some((label) => labels.includes(label));
    check(`in ${what}, its other fields are offered`, right, labels);
  }
  const words = await editor.completions(edit(resilient, 'manage: all', 'manage: |'));
  check('the words of a field are offered', words.includes('all') && words.includes('declared'), words);

  for (const [field, expected] of [
    ['customerBgpArea', /ASN of your router/],
    ['manage', /does not declare/],
    ['nextHop', /address of your gateway/],
  ]) {
    const text = await editor.hover(edit(resilient, field, `${field.slice(0, 3)}|${field.slice(3)}`));
    check(`${field} is explained`, expected.test(text), text);
  }

  editor.stop();
}

setTimeout(() => {
  console.error('FAIL the language server does not answer');
  process.exit(1);
}, PATIENCE).unref();
main().then(
  () => process.exit(failed ? 1 : 0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
