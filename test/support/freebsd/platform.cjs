// Has a program believe that it runs on FreeBSD: --require it.
Object.defineProperty(process, 'platform', { value: 'freebsd' });
