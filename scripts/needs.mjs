// What a machine must have for each group of tests, and the Debian package with it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { top } from './setup.mjs';

const program = (/** @type {string} */ name) =>
  (process.env['PATH'] ?? '').split(':').some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Whether gcc has a file: it prints the file's path if it has it, else only the name. */
const partOfGcc = (/** @type {string} */ name) => {
  const { stdout } = spawnSync('gcc', [`-print-prog-name=${name}`], { encoding: 'utf8' });
  return (stdout ?? '').startsWith('/');
};

/** Whether this is Debian 12. */
export const isBookworm = () => {
  try {
    return readFileSync('/etc/os-release', 'utf8').includes('VERSION_CODENAME=bookworm');
  } catch {
    return false;
  }
};

/**
 * @typedef {object} Need
 * @property {() => boolean} met
 * @property {string} [debianPackage] what brings it
 * @property {string} [cure] in words, where no package brings it
 *
 * @typedef {object} Group
 * @property {string} name
 * @property {Need[]} needs
 * @property {RegExp} [files] matches paths from the checkout
 * @property {() => boolean} [only]
 */

/** @type {(name: string, debianPackage?: string) => Need} */
const has = (name, debianPackage = name) => ({ met: () => program(name), debianPackage });

/**
 * Groups of tests that need more than Node and npm. `files` are left out of the run when a need is not met; without
 * `files` the tests check their needs themselves. A group that is `only` for some machines does not count as missing on
 * others.
 * @type {Group[]}
 */
export const groups = [
  {
    // bats ends a test that hangs by pkill or ps, and the tests themselves look at processes and sockets.
    name: 'commands, packages and peers in bats',
    files: /^test\/(?:cli|interop|packaging)\/.*\.bats$/,
    needs: [has('ps', 'procps'), has('pgrep', 'procps'), has('ss', 'iproute2')],
  },
  { name: 'versions of packages', files: /^test\/packaging\/deb-version\.bats$/, needs: [has('git')] },
  { name: 'compiling with gcc', needs: [has('gcc'), has('g++'), has('make')] },
  {
    name: 'builds by make, ninja and cmake',
    files: /^test\/cli\/builds\.bats$/,
    needs: [has('make'), has('ninja', 'ninja-build'), has('cmake')],
  },
  {
    name: "compilers' names in several shells",
    files: /^test\/cli\/masquerade\.bats$/,
    needs: [has('gcc'), has('dash'), has('zsh'), has('busybox')],
  },
  { name: 'compiling with clang', needs: [has('clang')] },
  { name: 'a host with another version of gcc', needs: [has('gcc-11')] },
  { name: 'options of compilers under strace', needs: [has('strace')] },
  { name: 'compilers that are ccache', needs: [has('ccache')] },
  {
    name: 'Objective-C',
    needs: [
      { met: () => partOfGcc('cc1obj'), debianPackage: 'gobjc' },
      { met: () => partOfGcc('cc1objplus'), debianPackage: 'gobjc++' },
    ],
  },
  { name: 'stock distcc as a peer', files: /^test\/interop\//, needs: [has('distcc'), has('distccd', 'distcc')] },
  {
    name: "distcc's window of jobs",
    files: /^test\/interop\/monitor-window\.bats$/,
    needs: [has('distccmon-gnome'), has('Xvfb', 'xvfb')],
  },
  {
    name: 'distccd started by inetd, systemd and ssh',
    files: /^test\/interop\/inetd/,
    needs: [
      has('distcc'),
      has('apt-get', 'apt'),
      has('dpkg'),
      has('systemd-socket-activate', 'systemd'),
      has('pgrep', 'procps'),
    ],
  },
  {
    name: "FreeBSD's rc.d script and package",
    files: /^test\/packaging\/freebsd\.bats$/,
    needs: [
      // Root directories that look like FreeBSD's need mounts and other accounts.
      { met: () => process.getuid?.() === 0, cure: 'running the tests as root' },
      has('unshare', 'util-linux'),
      has('ip', 'iproute2'),
      has('gcc'),
      has('dash'),
      has('busybox'),
      has('checkbashisms', 'devscripts'),
    ],
  },
  {
    name: "FreeBSD's port",
    files: /packaging\/freebsd-port\.test\.ts$/,
    needs: [has('bmake'), has('gcc')],
  },
  {
    name: 'an agent that systemd starts, and its units',
    files: /agent\/socket-activation\.test\.ts$/,
    needs: [has('systemd-socket-activate', 'systemd'), has('systemd-analyze', 'systemd'), has('gcc')],
  },
  {
    name: 'hosts that are reached by ssh',
    needs: [
      { met: () => existsSync('/usr/sbin/sshd'), debianPackage: 'openssh-server' },
      has('ssh', 'openssh-client'),
      has('gcc'),
    ],
    files: /agent\/ssh\.test\.ts$/,
  },
  { name: 'LZO made by others', needs: [has('lzop')] },
  {
    name: "LZO against liblzo's own code",
    needs: [{ met: () => existsSync('/usr/include/lzo/lzo1x.h'), debianPackage: 'liblzo2-dev' }],
  },
  {
    name: 'programs in a terminal',
    files: /\.terminal\.test\.ts$/,
    needs: [has('python3'), has('make'), has('g++')],
  },
  { name: 'a service manager that gives sockets', files: /service-manager\.test\.ts$/, needs: [has('python3')] },
  {
    name: 'metrics that Prometheus reads',
    files: /prometheus\.test\.ts$/,
    needs: [has('prometheus'), has('promtool', 'prometheus'), has('gcc')],
  },
  { name: 'the status page in a browser', files: /server\/status-page\.test\.ts$/, needs: [has('chromium')] },
  { name: 'a page in a browser', needs: [has('chromium'), has('gcc')], files: /monitor\/web.*\.test\.ts$/ },
  { name: 'checking of shell scripts', needs: [has('shellcheck')] },
  {
    name: 'completion in bash',
    files: /^test\/cli\/bash-completion\.bats$/,
    needs: [
      {
        met: () => existsSync('/usr/share/bash-completion/bash_completion'),
        debianPackage: 'bash-completion',
      },
    ],
  },
  { name: 'checking of manual pages', needs: [has('mandoc'), has('groff')] },
  {
    name: 'Debian systems that boot',
    files: /^test\/booted\//,
    needs: [
      { met: () => process.getuid?.() === 0, cure: 'running the tests as root' },
      has('systemd-nspawn', 'systemd-container'),
      has('mmdebstrap'),
      has('dh', 'debhelper'),
      has('dpkg-buildpackage', 'dpkg-dev'),
      has('gcc'),
      {
        met: () => existsSync('/usr/share/keyrings/debian-archive-keyring.gpg'),
        debianPackage: 'debian-archive-keyring',
      },
    ],
  },
  {
    name: "Debian's source package, built twice",
    files: /^test\/packaging\/deb\.bats$/,
    needs: [
      has('dh', 'debhelper'),
      has('dpkg-buildpackage', 'dpkg-dev'),
      has('gcc'),
      has('esbuild'),
      has('lintian'),
      has('blhc'),
      has('hardening-check', 'devscripts'),
      has('file'),
      { met: () => existsSync('/usr/share/i18n/locales/tr_TR'), debianPackage: 'locales' },
    ],
  },
  {
    name: 'a package for arm64',
    files: /^test\/packaging\/arm64\.bats$/,
    needs: [
      has('aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'),
      {
        met: () => existsSync('/usr/aarch64-linux-gnu/include/stdio.h'),
        debianPackage: 'libc6-dev-arm64-cross',
      },
      has('qemu-aarch64-static', 'qemu-user-static'),
      has('dh', 'debhelper'),
      has('dpkg-buildpackage', 'dpkg-dev'),
      has('gcc'),
    ],
  },
  {
    name: "the programs on Debian 12's own Node 18.20",
    only: isBookworm,
    needs: [
      has('apt-get', 'apt'),
      has('dpkg'),
      // Debian's Node reads these from their installed paths, and does not start without them.
      ...['acorn', 'cjs-module-lexer', 'undici'].map((name) => ({
        met: () => existsSync(join('/usr/share/nodejs', name)),
        debianPackage: `node-${name}`,
      })),
    ],
  },
];

/**
 * What a group needs in order to run; undefined when it can run.
 * @param {Group} group
 * @returns {string | undefined}
 */
export function cureFor(group) {
  const unmet = group.needs.filter(({ met }) => !met());
  const packages = new Set(unmet.flatMap(({ debianPackage }) => debianPackage ?? []));
  const cures = unmet.flatMap(({ cure }) => cure ?? []);
  if (packages.size > 0) cures.push(`apt-get install ${[...packages].join(' ')}`);
  return cures.length === 0 ? undefined : `${cures.join(' and ')} would enable it`;
}

/**
 * Whether node-pty, a terminal for tests, is built; builds it when that is possible.
 * @returns {{ ready: boolean, output: string }} output is what npm said
 */
export function buildTerminal() {
  const built = join(top, 'node_modules/node-pty/build/Release/pty.node');
  if (existsSync(built)) return { ready: true, output: '' };
  // node-gyp would download Node's headers; most installations have them already.
  const prefix = join(process.execPath, '../..');
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  const { status, stdout, stderr } = spawnSync('npm', ['rebuild', 'node-pty', '--ignore-scripts=false'], {
    cwd: top,
    encoding: 'utf8',
    env: { ...process.env, ...headers },
  });
  return { ready: status === 0 && existsSync(built), output: `${stdout ?? ''}${stderr ?? ''}` };
}
