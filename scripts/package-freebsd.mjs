// `npm run package:freebsd [-- --out DIR] [--node node22] [--stage] [--port]`: writes the package for FreeBSD into
// dist/, on any system. One package serves every processor: only the launcher is a program of one, and FreeBSD's base
// system has the compiler for it, so the package brings its sources and compiles them on installation. --stage leaves
// the tree of files in DIR instead, and --port writes the port, in the folder "port" with the sums of its distribution
// file, and that file, which goes into DISTDIR by hand.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launcherFiles } from './launcher.mjs';
import { readVersion } from './npm-packages.mjs';
import { fail, run, setUp, top } from './setup.mjs';
import { tarOf } from './tar.mjs';
import { readWords } from './words.mjs';

const values = readWords('npm run package:freebsd -- [--out DIR] [--node node22] [--stage] [--port]', {
  out: { type: 'string', default: join(top, 'dist') },
  node: { type: 'string', default: 'node22' },
  stage: { type: 'boolean', default: false },
  port: { type: 'boolean', default: false },
});
const out = resolve(values.out);
const from = join(top, 'packaging/freebsd-rc');
const places = { PREFIX: '/usr/local', LOCALBASE: '/usr/local' };
const version = readVersion();
const sha256 = (/** @type {Buffer | string} */ bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * A file of packaging/freebsd-rc with its %%NAMES%% filled in.
 * @param {string} name
 * @param {Record<string, string>} [more]
 */
function fill(name, more = {}) {
  /** @type {Record<string, string>} */
  const meanings = { ...places, ...more };
  return readFileSync(join(from, name), 'utf8').replace(/%%([A-Z_]+)%%/g, (_, /** @type {string} */ word) => {
    const value = meanings[word];
    if (value === undefined) fail(`packaging/freebsd-rc/${name} has an unknown word %%${word}%%`);
    return value;
  });
}

/**
 * @param {string} path
 * @param {string | Buffer} text
 * @param {number} mode
 */
function put(path, text, mode) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/**
 * A launcher finds the agent that came with it: the name of the socket says so, and the agent serves no other name.
 * @param {string} home
 * @returns {string}
 */
function agentVersion(home) {
  const text = readFileSync(join(home, 'distcc-agent'), 'utf8');
  return /\bagentVersion = "([^"]+)"/.exec(text)?.[1] ?? fail('distcc-agent does not know its version: build again');
}

/**
 * Lays all files out below `stage`, as they lie in FreeBSD.
 * @param {string} stage
 */
function layOut(stage) {
  const prefix = join(stage, 'usr/local');
  const home = join(prefix, 'libexec/distccd');
  if (run(process.execPath, ['scripts/install.mjs', '--freebsd', '--destdir', stage]) !== 0)
    fail('cannot lay the files out: see above');
  put(join(prefix, 'etc/rc.d/distccd'), fill('distccd.in'), 0o555);
  put(join(home, 'finish-install'), fill('package/finish-install.in', { AGENT_VERSION: agentVersion(home) }), 0o755);
  for (const name of ['inetd.conf.example', 'syslog.conf.example', 'newsyslog.conf.example'])
    put(join(prefix, 'share/examples/distccd', name), fill(name), 0o644);
  for (const page of readdirSync(join(top, 'man')))
    put(
      join(prefix, `share/man/man${page.at(-1)}/${page}.gz`),
      gzipSync(readFileSync(join(top, 'man', page)), { level: 9 }),
      0o644,
    );
  put(join(prefix, 'share/doc/distccd/LICENSE'), readFileSync(join(top, 'LICENSE')), 0o644);
  for (const name of filesUnder(stage))
    if (/share\/(?:doc|bash)/.test(name) && !isLink(join(stage, name))) chmodSync(join(stage, name), 0o644);
}

const isLink = (/** @type {string} */ path) => lstatSync(path).isSymbolicLink();

/**
 * Every file and link below a directory, sorted.
 * @param {string} directory
 * @returns {string[]}
 */
function filesUnder(directory) {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !lstatSync(join(directory, name)).isDirectory())
    .sort();
}

/** When this version was made: two packages of one commit are the same. */
function timeOfSource() {
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: top, encoding: 'utf8' });
  return Number(process.env['SOURCE_DATE_EPOCH'] ?? ((stdout ?? '').trim() || 0));
}

/**
 * The entries of an archive: each file of a tree, called what `rename` makes of its name.
 * @param {string} tree
 * @param {(name: string) => string} rename
 * @returns {import('./tar.mjs').Entry[]}
 */
function entriesOf(tree, rename) {
  return filesUnder(tree).map((name) => {
    const path = join(tree, name);
    const { mode } = lstatSync(path);
    return isLink(path)
      ? { name: rename(name), link: readlinkSync(path), mode: 0o755 }
      : { name: rename(name), bytes: readFileSync(path), mode: mode & 0o7777 };
  });
}

/**
 * The manifest as pkg-create(8) writes it; sums of kind 1 are SHA-256, of a link that of its text.
 * @param {import('./tar.mjs').Entry[]} entries
 */
function manifestOf(entries) {
  const messages = fill('port/pkg-message').matchAll(/type: (\w+)\s+message: <<EOM\n([\s\S]*?)\nEOM\n/g);
  return {
    name: 'distccd',
    origin: 'devel/distccd',
    version,
    comment: "Distributed compile service that speaks distcc's protocol",
    maintainer: 'ports@FreeBSD.org',
    www: 'UNKNOWN',
    abi: 'FreeBSD:*',
    arch: 'freebsd:*',
    prefix: places.PREFIX,
    flatsize: entries.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0),
    licenselogic: 'single',
    licenses: ['GPLv2+'],
    desc: fill('port/pkg-descr').trim(),
    deps: { [values.node]: { origin: `www/${values.node}`, version: `${/\d+/.exec(values.node)?.[0] ?? 0}.0.0` } },
    categories: ['devel'],
    users: ['distcc'],
    groups: ['distcc'],
    messages: [...messages].map(([, type, message]) => ({ message, type })),
    scripts: Object.fromEntries(
      ['pre-install', 'post-install', 'pre-deinstall'].map((name) => [name, fill(`package/${name}`)]),
    ),
    files: Object.fromEntries(
      entries.map(({ name, bytes, link, mode }) => [
        name,
        {
          sum: `1$${sha256(bytes ?? link)}`,
          uname: 'root',
          gname: 'wheel',
          perm: `0${mode.toString(8)}`,
          ...(link === undefined ? {} : { symlink_target: link }),
        },
      ]),
    ),
  };
}

/**
 * pkg(8) reads the first manifest, without the files, when it only wants to know what a package is.
 * @param {string} stage
 */
function packageOf(stage) {
  const entries = entriesOf(stage, (name) => `/${name}`);
  const manifest = manifestOf(entries);
  const { files: _files, scripts: _scripts, ...compact } = manifest;
  const asEntry = (/** @type {string} */ name, /** @type {object} */ value) => ({
    name,
    bytes: Buffer.from(JSON.stringify(value)),
    mode: 0o644,
  });
  return tarOf([asEntry('+COMPACT_MANIFEST', compact), asEntry('+MANIFEST', manifest), ...entries], timeOfSource());
}

/**
 * What the port builds from: the files below one directory, without what only the package has.
 * @param {string} stage
 */
function distfileOf(stage) {
  const root = `distccd-${version}-freebsd`;
  const home = join(stage, 'usr/local/libexec/distccd');
  const left = /libexec\/distccd\/(?:finish-install$|launcher\/)|etc\/rc\.d\//;
  return tarOf(
    [
      { name: `${root}/agent-version`, bytes: Buffer.from(`${agentVersion(home)}\n`), mode: 0o644 },
      ...launcherFiles.map((path) => ({
        name: `${root}/launcher/${basename(path)}`,
        bytes: readFileSync(path),
        mode: 0o644,
      })),
      ...entriesOf(join(stage, 'usr/local'), (name) => `${root}/${name}`).filter(({ name }) => !left.test(name)),
    ],
    timeOfSource(),
  );
}

/**
 * @param {string} name
 * @param {Buffer} bytes
 */
function write(name, bytes) {
  const fresh = join(out, `.${process.pid}.${name}`);
  writeFileSync(fresh, bytes);
  renameSync(fresh, join(out, name));
  console.log(join(out, name));
}

/**
 * The port, complete with what is made for it: scripts as the ports collection fills them in, and the distribution
 * file's sums.
 * @param {string} name
 * @param {Buffer} bytes
 */
function writePort(name, bytes) {
  const port = join(out, 'port');
  rmSync(port, { recursive: true, force: true });
  cpSync(join(from, 'port'), port, { recursive: true });
  put(join(port, 'files/distccd.in'), readFileSync(join(from, 'distccd.in')), 0o644);
  put(join(port, 'files/pkg-deinstall.in'), readFileSync(join(from, 'package/pre-deinstall')), 0o644);
  const sums = [
    `TIMESTAMP = ${timeOfSource()}`,
    `SHA256 (${name}) = ${sha256(bytes)}`,
    `SIZE (${name}) = ${bytes.length}`,
  ];
  put(join(port, 'distinfo'), sums.map((line) => `${line}\n`).join(''), 0o644);
  write(name, bytes);
  console.log(port);
}

const packed = (/** @type {Buffer} */ archive) => gzipSync(archive, { level: 9 });

setUp();
mkdirSync(out, { recursive: true });
const stage = mkdtempSync(join(out, '.package-freebsd-'));
try {
  layOut(stage);
  if (values.stage) cpSync(stage, out, { recursive: true, verbatimSymlinks: true });
  else if (values.port) writePort(`distccd-${version}-freebsd.tar.gz`, packed(distfileOf(stage)));
  else write(`distccd-${version}.pkg`, packed(packageOf(stage)));
} finally {
  rmSync(stage, { recursive: true, force: true });
}
