#!/usr/bin/env node
// Drives `ovhconnect simulate` with OVHcloud's own Node.js client, as it comes from npm, through the
// whole life of a layer 3 topology: two services, two datacenters, a static route and a BGP peer.
//
//     npm install --prefix SCRATCH @ovhcloud/node-ovh   # the version in package.json
//     NODE_PATH=SCRATCH/node_modules node tests/clients/node_ovh.js target/debug/ovhconnect
//
// It prints a line for each check and exits with 1 if one failed. The client speaks only https, so the
// simulator gets a certificate made here with openssl. Node.js reads the certificates it trusts once, at
// its start: the checks run in a second process, which is told of this one. Nothing of the client is
// touched: it gets host, port and token address as the arguments it has for them.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

// How long a task takes, in seconds. Time is made to jump, so it costs nothing, and `init` and
// `toDelete` are seen however slow the machine is.
const TASK = 3600;
// Jumps of time that anything may take to come about.
const JUMPS = 50;
const TOPOLOGY = path.join(__dirname, '..', '..', 'examples', 'resilient.yaml');
const VRACK = 'pn-12345';
const MEMBERS = `/vrack/${VRACK}/ovhCloudConnect`;
const NOBODY = '00000000-0000-4000-8000-000000000000';
const ASNS = { customerBgpArea: 65001, ovhBgpArea: 65002 };

// ---- the first process: certificate and simulator ----

function certify(folder) {
  const files = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=ovhconnect simulate', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-out', files.certificate, '-keyout', files.key,
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  return files;
}

// The variables that the simulator prints once it listens.
async function variables(simulator) {
  const found = {};
  for await (const line of readline.createInterface({ input: simulator.stdout })) {
    const [, name, value] = /^export (OVH_\w+)=(\S+)$/.exec(line);
    found[name] = value;
    if (Object.keys(found).length === 4) return found;
  }
  throw new Error('the simulator did not start');
}

async function serve(binary) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-ovh-'));
  let simulator;
  try {
    const { certificate, key } = certify(folder);
    simulator = spawn(binary, [
      'simulate', '--listen', '127.0.0.1:0', '--task-seconds', String(TASK), '--topology', TOPOLOGY,
      '--tls-certificate', certificate, '--tls-key', key,
    ], { stdio: ['ignore', 'pipe', 'inherit'] });
    const env = { ...process.env, ...(await variables(simulator)), NODE_EXTRA_CA_CERTS: certificate };
    const checks = spawn(process.execPath, [__filename], { stdio: 'inherit', env });
    const [code] = await once(checks, 'exit');
    return code ?? 1;
  } finally {
    if (simulator && simulator.exitCode === null) {
      simulator.kill();
      await once(simulator, 'exit');
    }
    fs.rmSync(folder, { recursive: true });
  }
}

// ---- the second process: checks ----

const counts = { passed: 0, failed: 0 };

function that(what, holds, seen) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(holds ? `ok      ${what}` : `FAILED  ${what}: ${JSON.stringify(seen)}`);
}

function same(what, seen, expected) {
  that(what, JSON.stringify(seen) === JSON.stringify(expected), seen);
}

// Checks that a call is refused with this status and a message.
async function refused(what, status, call) {
  try {
    that(what, false, await call());
  } catch (problem) {
    that(what, problem.error === status && typeof problem.message === 'string', problem);
  }
}

// The calls of one client, each followed to its effect.
class Life {
  constructor(client, origin) {
    this.client = client;
    this.origin = origin;
  }

  call(method, path, body) {
    return this.client.requestPromised(method, path, body ?? {});
  }

  get(path) {
    return this.call('GET', path);
  }

  // Looks until there is something to see, and returns it. Time jumps between two looks.
  async until(what, look) {
    for (let jump = 0; jump < JUMPS; jump += 1) {
      const seen = await look();
      if (seen) return seen;
      await fetch(`${this.origin}/simulator/advance`, { method: 'POST', body: '{}' });
    }
    throw new Error(`looked ${JUMPS} times for ${what}`);
  }

  async gone(path) {
    try {
      await this.get(path);
      return false;
    } catch (problem) {
      if (problem.error === 404) return true;
      throw problem;
    }
  }

  // Waits for a task of a service; checks its way and that it leaves the list, not the route.
  async follow(service, task, what) {
    const tasks = `/ovhCloudConnect/${service}/task`;
    const states = [task.status];
    that(`the task that is to ${what} is listed`, (await this.get(tasks)).includes(task.id));
    await this.until(`the task that is to ${what}`, async () => {
      states.push((await this.get(`${tasks}/${task.id}`)).status);
      return ['done', 'error', 'denied'].includes(states.at(-1));
    });
    same(`the task that is to ${what} goes from todo to done`, [...new Set(states)], ['todo', 'doing', 'done']);
    that(`the task that is to ${what} leaves the list`, !(await this.get(tasks)).includes(task.id));
  }

  // Attaches or detaches. A task of a vRack is over when it is not found any more.
  async move(service, method, path, body, holds) {
    const task = await this.call(method, path, body);
    that('a vRack\'s task is not over at once', ['init', 'todo', 'doing'].includes(task.status), task);
    await this.until('the vRack\'s task to be gone', () => this.gone(`/vrack/${VRACK}/task/${task.id}`));
    same('the vRack\'s list follows', (await this.get(MEMBERS)).includes(service), holds);
    const { vrack } = await this.get(`/ovhCloudConnect/${service}`);
    same('the service\'s vRack follows', vrack, holds ? VRACK : null);
  }

  async attach(service) {
    const family = { serviceFamily: 'ovhCloudConnect' };
    const allowed = await this.call('GET', `/vrack/${VRACK}/allowedServices`, family);
    that('the service is allowed in the vRack', allowed.ovhCloudConnect.includes(service), allowed);
    await this.move(service, 'POST', MEMBERS, { ovhCloudConnect: service }, true);
    await refused('a service is not attached twice', 409,
      () => this.call('POST', MEMBERS, { ovhCloudConnect: service }));
  }

  detach(service) {
    return this.move(service, 'DELETE', `${MEMBERS}/${service}`, undefined, false);
  }

  // Creates a configuration, follows its task, and returns its path.
  async create(service, path, what, body) {
    const task = await this.call('POST', path, { ...body });
    const made = `${path}/${task.resourceId}`;
    same(`the ${what} is \`init\` at first`, (await this.get(made)).status, 'init');
    await this.follow(service, task, `create the ${what}`);
    const seen = await this.get(made);
    same(`the ${what} is what was asked for, and active`, seen, { ...seen, ...body, status: 'active' });
    that(`the ${what} is listed`, (await this.get(path)).includes(task.resourceId));
    return made;
  }

  async remove(service, path, what) {
    const task = await this.call('DELETE', path);
    same(`the ${what} is \`toDelete\` at first`, (await this.get(path)).status, 'toDelete');
    await this.follow(service, task, `delete the ${what}`);
    that(`the ${what} is gone`, await this.gone(path));
  }

  async pop(service, subnet) {
    const [interfaceId] = await this.get(`/ovhCloudConnect/${service}/interface`);
    const pops = `/ovhCloudConnect/${service}/config/pop`;
    return this.create(service, pops, 'PoP', { interfaceId, type: 'l3', subnet, ...ASNS });
  }

  // A datacenter of the catalogue, by its name; returns the configuration's path.
  async datacenter(service, pop, name, body) {
    const base = `/ovhCloudConnect/${service}/datacenter`;
    const offered = await Promise.all((await this.get(base)).map((id) => this.get(`${base}/${id}`)));
    const datacenterId = offered.find((one) => one.name === name).id;
    return this.create(service, `${pop}/datacenter`, `datacenter ${name}`, { datacenterId, ...body });
  }

  // What a PoP shows of its vRack: datacenters and their extras, without the ids, which may be others
  // under each service.
  async shown(pop) {
    const found = [];
    for (const id of await this.get(`${pop}/datacenter`)) {
      const datacenter = `${pop}/datacenter/${id}`;
      const extras = [];
      for (const extra of await this.get(`${datacenter}/extra`)) {
        extras.push({ ...(await this.get(`${datacenter}/extra/${extra}`)), id: undefined });
      }
      found.push({ ...(await this.get(datacenter)), id: undefined, extras });
    }
    return found.sort((one, other) => one.datacenterId - other.datacenterId);
  }

  async lock(service) {
    const base = `/ovhCloudConnect/${service}/interface`;
    const port = `${base}/${(await this.get(base))[0]}`;
    for (const [verb, status] of [['lock', 'disabled'], ['unlock', 'enabled']]) {
      await this.follow(service, await this.call('POST', `${port}/${verb}`), `${verb} the interface`);
      same(`an interface after ${verb}`, (await this.get(port)).status, status);
    }
  }

  async diagnose(service, pop) {
    const base = `/ovhCloudConnect/${service}/diagnostic`;
    const body = { diagnosticName: 'diagPeering', popConfigId: Number(pop.split('/').pop()) };
    const asked = await this.call('POST', base, body);
    same('a diagnostic is `todo` at first', asked.status, 'todo');
    const report = await this.until('the diagnostic\'s result', async () => {
      const seen = await this.get(`${base}/${asked.id}`);
      return seen.status === 'done' && seen;
    });
    that('a diagnostic has a result in the end', report.result.length > 0, report);
  }

  async describe(service) {
    await this.call('PUT', `/ovhCloudConnect/${service}`, { description: 'Paris: é, ü' });
    const { description } = await this.get(`/ovhCloudConnect/${service}`);
    same('a description is changed in place', description, 'Paris: é, ü');
  }

  // Deletes the last PoP with what hangs on it: by one task, its children `toDelete` after a while.
  async removeLast(service, pop) {
    const children = (await this.get(`${pop}/datacenter`)).map((id) => `${pop}/datacenter/${id}`);
    const task = await this.call('DELETE', pop);
    same('one task deletes all of it', await this.get(`/ovhCloudConnect/${service}/task`), [task.id]);
    const statuses = async () => Promise.all(children.map(async (child) => (await this.get(child)).status));
    same('its datacenter is still `active`', await statuses(), ['active']);
    await this.until('the datacenter to be `toDelete`', async () => (await statuses())[0] === 'toDelete');
    await this.until('the PoP to be gone', () => this.gone(pop));
    const ended = await this.get(`/ovhCloudConnect/${service}/task/${task.id}`);
    same('the task answers after its end', ended, { ...task, status: 'done' });
  }
}

async function wholeLife(life) {
  const services = await life.get('/ovhCloudConnect');
  same('two services are listed', services.length, 2);
  same('the vRack holds no service at first', await life.get(MEMBERS), []);
  const [first, second] = services;
  await life.attach(first);
  await life.attach(second);
  const pop = await life.pop(first, '172.16.0.0/30');
  const fixed = await life.datacenter(first, pop, 'GRA', { ovhBgpArea: 65010, subnet: '10.1.0.0/24' });
  const dynamic = await life.datacenter(first, pop, 'RBX', { ovhBgpArea: 65011, subnet: '10.2.0.0/28' });
  const route = { type: 'network', subnet: '192.168.10.0/24', nextHop: '10.1.0.10' };
  const peer = { type: 'bgp', bgpNeighborArea: 65020, bgpNeighborIp: '10.2.0.10' };
  const extra = await life.create(first, `${fixed}/extra`, 'static route', route);
  await life.create(first, `${dynamic}/extra`, 'BGP peer', peer);
  await refused('a datacenter has static routes or BGP peers, not both', 409,
    () => life.call('POST', `${fixed}/extra`, { ...peer, bgpNeighborIp: '10.1.0.11' }));
  const other = await life.pop(second, '172.16.0.4/30');
  same('the second PoP inherits the datacenters', await life.shown(other), await life.shown(pop));
  await life.lock(first);
  await life.diagnose(first, pop);
  await life.describe(first);
  await refused('a service with a PoP is not detached', 409, () => life.call('DELETE', `${MEMBERS}/${first}`));
  await life.remove(first, extra, 'static route');
  await life.remove(first, fixed, 'datacenter');
  await life.remove(first, pop, 'PoP');
  same('the other PoP keeps the datacenter', (await life.shown(other)).map((one) => one.subnet), ['10.2.0.0/28']);
  await life.removeLast(second, other);
  await life.detach(first);
  await life.detach(second);
}

async function run() {
  // Asked for here: the first process does not need it.
  const ovh = require('@ovhcloud/node-ovh');
  const { protocol, hostname: host, port } = new URL(process.env.OVH_ENDPOINT);
  same('the simulator speaks https', protocol, 'https:');
  const origin = `https://${host}:${port}`;
  const keys = {
    appKey: process.env.OVH_APPLICATION_KEY,
    appSecret: process.env.OVH_APPLICATION_SECRET,
    consumerKey: process.env.OVH_CONSUMER_KEY,
  };
  const client = (credentials) => new Life(ovh({ host, port: Number(port), ...credentials }), origin);
  const life = client(keys);
  await wholeLife(life);
  await refused('an unknown route is not found', 404, () => life.get('/nothing'));
  await refused('a wrong method is not allowed', 405, () => life.call('DELETE', '/ovhCloudConnect'));
  await refused('a wrong secret is refused', 400, () => client({ ...keys, appSecret: 'wrong' }).get('/vrack'));
  const reader = client({ ...keys, consumerKey: 'simulator-read-only-consumer-key' });
  same('the read-only key reads', (await reader.get('/ovhCloudConnect')).length, 2);
  await refused('the read-only key may not attach', 403,
    () => reader.call('POST', MEMBERS, { ovhCloudConnect: NOBODY }));
  const account = client({
    clientID: 'simulator-client', clientSecret: 'simulator-client-secret', tokenURL: `${origin}/auth/`,
  });
  same('a service account reads', (await account.get('/ovhCloudConnect')).length, 2);
  await account.describe((await account.get('/ovhCloudConnect'))[0]);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed ? 1 : 0;
}

async function main() {
  if (process.argv.length === 3) return serve(process.argv[2]);
  if (process.argv.length === 2 && process.env.OVH_ENDPOINT) return run();
  console.error('usage: node_ovh.js BINARY');
  return 64;
}

main().then((code) => { process.exitCode = code; }, (problem) => {
  console.error(problem);
  process.exitCode = 1;
});
