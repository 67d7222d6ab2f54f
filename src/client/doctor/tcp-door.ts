import type { Socket } from 'node:net';
import { unmapped, writeHostPort } from '../../basics/address-text.ts';
import { connectTo, isClosedUnasked } from '../../probe/exchange.ts';
import { NoAnswer } from '../../probe/no-answer.ts';
import { errorCode, systemReason } from '../../system/error-text.ts';
import { connectPatience } from '../agent/carry.ts';
import type { TcpHost } from '../hosts/host.ts';
import { TransportError } from '../job/faults.ts';
import { addressesOf } from '../transport/host-addresses.ts';
import { blameAnswer } from './door.ts';
import type { Compiler, Door } from './door.ts';
import type { Findings } from './findings.ts';
import { compilePatience, tryCompile } from './try-compile.ts';
import type { Made, Order } from './try-compile.ts';

/** How long a server that does not allow a client may take to close its connection, in ms. */
const closingPatience = 2000;

/** Addresses of one name that are tried, one after the other. */
const mostAddresses = 4;

interface Reached {
  readonly address: string;
  /** The address of this machine in that connection. */
  readonly own: string;
  /** How long the connection took, in ms. */
  readonly roundTrip: number;
}

/** Connects, and tells how long that took, in ms. @throws NoAnswer */
async function openTimed(address: string, port: number) {
  const began = performance.now();
  const socket = await connectTo(address, port, connectPatience);
  return { socket, roundTrip: performance.now() - began };
}

/** Connects once. @throws NoAnswer */
async function reach(address: string, port: number): Promise<Reached> {
  const { socket, roundTrip } = await openTimed(address, port);
  const own = unmapped(socket.localAddress ?? '');
  socket.destroy();
  return { address, own, roundTrip };
}

/** Why an address cannot be reached, and what to do. */
function unreachable(target: string, error: NoAnswer): string {
  if (error.kind === 'late') {
    const why = 'the address is wrong, the machine is off, or a firewall drops the connection';
    return `no answer from ${target} in ${connectPatience / 1000} s: ${why}: correct the host list, or open this TCP port there for this machine`;
  }
  const reason = systemReason(error.cause);
  const code = errorCode(error.cause);
  if (code === 'ECONNREFUSED')
    return `nothing listens at ${target} (${reason}): start distccd there and have it listen on that address, or correct the host list`;
  if (code === 'ECONNRESET')
    return `${target} resets the connection (${reason}): add this machine to those that the server there allows, or correct the host list`;
  return `no way to ${target} (${reason}): correct the host list, or the network and the firewalls on the way`;
}

/** Looks for an address of the host that answers, and notes what was found. */
async function findAddress({ name, port }: TcpHost, addresses: readonly string[], findings: Findings) {
  const failed: string[] = [];
  for (const address of addresses.slice(0, mostAddresses)) {
    const target = writeHostPort(address, port);
    try {
      const reached = await reach(address, port);
      for (const fault of failed) findings.note('port', fault);
      findings.well('port', `${target} answers`);
      return reached;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      failed.push(unreachable(target, error));
    }
  }
  for (const fault of failed) findings.wrong('port', fault);
  if (failed.length === 0) findings.wrong('name', `"${name}" has no address: correct the host list or the DNS`);
  return undefined;
}

async function resolveHost(host: TcpHost, findings: Findings): Promise<readonly string[] | undefined> {
  try {
    const found = await addressesOf(host);
    if (found.length === 1 && found[0] === host.name) findings.well('name', `${host.name} is an address`);
    else findings.well('name', `"${host.name}" is ${found.join(', ')}`);
    return found;
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    findings.wrong('name', `${error.message}: correct the name in the host list, or add it to the DNS or /etc/hosts`);
    return undefined;
  }
}

class TcpDoor implements Door {
  readonly #host: TcpHost;
  readonly #reached: Reached;
  #roundTrip: number;

  constructor(host: TcpHost, reached: Reached) {
    this.#host = host;
    this.#reached = reached;
    this.#roundTrip = reached.roundTrip;
  }

  get network() {
    return { address: this.#reached.address, port: this.#host.port, roundTrip: this.#roundTrip };
  }

  /** Of all connections the fastest tells the round trip best. */
  async #open(): Promise<Socket> {
    const { socket, roundTrip } = await openTimed(this.#reached.address, this.#host.port);
    this.#roundTrip = Math.min(this.#roundTrip, roundTrip);
    return socket;
  }

  async compile(order: Order): Promise<Made> {
    const socket = await this.#open();
    try {
      return await tryCompile({ from: socket, to: socket }, order);
    } finally {
      socket.destroy();
    }
  }

  admitted(findings: Findings): void {
    findings.well('access', `this machine, ${this.#reached.own}, is allowed`);
  }

  async knock(findings: Findings): Promise<boolean> {
    const isShut = await this.#isShut();
    if (isShut) this.#notAllowed(findings);
    else this.admitted(findings);
    return !isShut;
  }

  async blame(error: NoAnswer, { language, name }: Compiler, findings: Findings): Promise<'host' | 'compiler'> {
    if (error.kind === 'garbled' || error.kind === 'late') {
      blameAnswer(error, compilePatience / 1000, findings);
      return 'host';
    }
    // Stock servers close without a word, both for a stranger and for a compiler that is not permitted.
    if (await this.#isShut()) {
      this.#notAllowed(findings);
      return 'host';
    }
    findings.wrong(
      language,
      `the server closed the connection without an answer, as it does when it does not permit "${name}": run update-distcc-symlinks there, and look at its log`,
    );
    return 'compiler';
  }

  /** Whether the server closes a connection on which it is asked nothing. */
  async #isShut(): Promise<boolean> {
    try {
      const socket = await this.#open();
      const line = { from: socket, to: socket };
      return await isClosedUnasked(line, closingPatience).finally(() => socket.destroy());
    } catch {
      return true;
    }
  }

  #notAllowed(findings: Findings): void {
    const { own } = this.#reached;
    findings.wrong(
      'access',
      `the server closes the connection at once, so it does not allow ${own}, this machine: add that to ALLOWEDNETS in /etc/default/distccd there, or to its --allow, and restart it`,
    );
  }
}

/** Finds the way into a host that is reached by TCP; undefined when there is none. What was found is noted. */
export async function openTcpDoor(host: TcpHost, findings: Findings): Promise<Door | undefined> {
  const found = await resolveHost(host, findings);
  const reached = found === undefined ? undefined : await findAddress(host, found, findings);
  return reached === undefined ? undefined : new TcpDoor(host, reached);
}
