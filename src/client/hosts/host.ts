/** This machine, when the user lists it: its jobs need no connection, and no separate preprocessing. */
export interface LocalHost {
  readonly kind: 'local';
  /** Its word in the host list. */
  readonly definition: string;
  readonly slots: number;
}

interface Distant {
  readonly definition: string;
  readonly name: string;
  /** How many jobs it gets at a time. */
  readonly slots: number;
  /** The protocol: 1 sends sources as they are, 2 compresses them. */
  readonly version: 1 | 2;
  /** Listed with ",down": never used. */
  readonly down: boolean;
}

/** A server that is reached by TCP. */
export interface TcpHost extends Distant {
  readonly kind: 'tcp';
  readonly port: number;
}

/** A server on another machine that is started by ssh. */
export interface SshHost extends Distant {
  readonly kind: 'ssh';
  readonly user?: string;
  /** The server program there. */
  readonly command: string;
}

/** A machine other than this one. */
export type DistantHost = TcpHost | SshHost;

/** A machine that compiles. */
export type Host = LocalHost | DistantHost;

/**
 * The part of lock and back-off file names that tells hosts apart, as distcc writes it (doc/distcc-behaviour.md,
 * "Slots and lock files").
 */
export function lockName(host: Host): string {
  switch (host.kind) {
    case 'local':
      return 'localhost';
    case 'tcp':
      return `tcp_${host.name}_${host.port}`;
    case 'ssh':
      return `ssh_${host.name}`;
  }
}

/** What tells servers apart. Over ssh the account and the command decide which one answers. */
export function serverName(host: DistantHost): string {
  return host.kind === 'tcp' ? lockName(host) : `ssh_${host.user ?? ''}@${host.name}:${host.command}`;
}

/** The host's bare name, as monitors show it. */
export function hostName(host: Host): string {
  return host.kind === 'local' ? 'localhost' : host.name;
}
