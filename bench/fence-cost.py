#!/usr/bin/env python3
"""What the fence costs: ms of processor time for a job whose compiler does nothing, and for one that compiles a line.

    fence-cost.py FENCE [NAME=FENCE...]

Runs each of them in turn, plain, with "-", with a root of its own, and with one that is a client's tree, as "nobody"
when started as root, and prints the medians of the rounds and of the differences within a round, so that what else the
machine does counts on both sides. NAME=FENCE is another program to compare with: one of distccd 0.1.0's first form,
which takes COUNT instead of ROOT COUNT."""
import os, pwd, re, resource, shutil, statistics, subprocess, sys, tempfile

ROUNDS, CALLS = 15, 60
SHOWN = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libx32', '/usr/libexec',
         '/usr/local/bin', '/usr/local/sbin', '/usr/local/lib',
         '/usr/share/locale', '/usr/share/perl', '/usr/share/perl5',
         '/etc/alternatives', '/etc/ld.so.cache', '/dev/null', '/dev/urandom']


def gccs_parts():
    """As src/system/fence/toolchain.ts."""
    ask = lambda *words: subprocess.run(words, capture_output=True, text=True).stdout
    cc1 = ask('gcc', '-print-prog-name=cc1').strip()
    found = re.findall(r'(/\S+) \(0x', ask('ldd', cc1) + ask('ldd', '/usr/bin/as') + ask('ldd', '/usr/bin/gcc'))
    libraries = {os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in found}
    gconv = os.path.join(os.path.dirname(next(path for path in libraries if '/libc.so' in path)), 'gconv')
    return sorted(libraries | {'/usr/bin', os.path.dirname(cc1), gconv, '/usr/lib/locale', '/usr/share/locale',
                               '/etc/alternatives', '/etc/ld.so.cache', '/dev/null', '/dev/urandom'})


def lay(root, paths):
    """As src/system/fence/private-root.ts; returns what is shown."""
    os.makedirs(root + '/.job')
    shown = [path for path in paths if os.path.exists(path)]
    for path in shown:
        if os.path.isdir(path): os.makedirs(root + path)
        else:
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            open(root + path, 'w').close()
    for name in ('bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'):
        if os.path.islink('/' + name): os.symlink(os.readlink('/' + name), f'{root}/{name}')
    return shown


def cpu(words):
    """ms for one run, with all of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(CALLS):
        place = '/.job' if '--in' in words else '.'
        child = os.posix_spawn(words[0], words[1:], {'PATH': '/usr/bin:/bin', 'TMPDIR': place})
        _, status = os.waitpid(child, 0)
        if status != 0: sys.exit(f'{words[0]} ended with {status}')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / CALLS


def main():
    fence, *others = sys.argv[1:]
    top = tempfile.mkdtemp()
    if os.getuid() == 0:
        nobody = pwd.getpwnam('nobody')
        os.chown(top, nobody.pw_uid, nobody.pw_gid)
        os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
    root, job = top + '/spool/root', top + '/spool/job'
    os.makedirs(job)
    shown = lay(root, [path for path in SHOWN if not os.path.islink(path)])
    tree = top + '/tree'
    parts = lay(tree, gccs_parts())
    os.makedirs(tree + '/home/me/project')
    os.chdir(job)
    for name in ('a.i', tree + '/home/me/project/a.i'):
        with open(name, 'w') as file: file.write('int twice(int x) { return 2 * x; }\n')
    compile_it = ['/usr/bin/gcc', 'gcc', '-O2', '-c', 'a.i', '-o', 'a.o']
    for title, program in (('true', ['/bin/true', 'true']), ('gcc -O2', compile_it)):
        ways = {'plain': program}
        for name, path in (other.split('=') for other in others): ways[name] = [path, 'fence', '0', *program]
        ways['"-"'] = [fence, 'fence', '-', '0', *program]
        ways['root'] = [fence, 'fence', root, str(len(shown)), *shown, *program]
        there = ['/.job/a.o' if word == 'a.o' else '/usr/bin/true' if word == '/bin/true' else word for word in program]
        ways['tree'] = [fence, 'fence', '--in', '/home/me/project', tree, str(len(parts)), *parts, *there]
        rounds = [{name: cpu(words) for name, words in ways.items()} for _ in range(ROUNDS)]
        base = list(ways)[1] if others else 'plain'
        for name in ways:
            more = statistics.median(one[name] - one[base] for one in rounds)
            own = statistics.median(one[name] for one in rounds)
            print(f'{title:8} {name:8} {own:6.2f} ms, {more:+.2f} against {base}')
    shutil.rmtree(top, ignore_errors=True)


main()
