import { History } from '../../../../src/client/builds/history.ts';
import type { JobTrack } from '../../../../src/client/builds/job-track.ts';
import type { DistantHost } from '../../../../src/client/hosts/host.ts';
import { parseHostList } from '../../../../src/client/hosts/host-list.ts';
import { hostText } from '../../../../src/agent-state/status.ts';
import type { JobMessage } from '../../../../src/wire/agent/job.ts';

/** A call that says little. */
const message = (file: string, pid = 4711): JobMessage => ({
  pid,
  umask: 0,
  terminals: [false, false, false],
  surroundings: [0, 0, 0, 0, 0],
  directory: '/home/me',
  words: ['distcc', 'gcc', '-c', file],
  variables: [],
  hosts: { path: '', text: '', error: 0 },
});

/** An agent's history on a clock that the test sets. */
export class PlayedJobs {
  now = 1000;
  readonly history = new History(() => this.now, hostText);
  readonly hosts: readonly DistantHost[];

  constructor(list = 'one/2 two/2') {
    const { hosts } = parseHostList({ name: '$DISTCC_HOSTS', text: list, unit: 'words' });
    this.hosts = hosts.filter((host) => host.kind !== 'local');
    this.history.lists(hosts);
  }

  host(at: number): DistantHost {
    const host = this.hosts[at];
    if (host === undefined) throw new Error('no such host');
    return host;
  }

  begin(file: string, pid?: number): JobTrack {
    const track = this.history.begin(message(file, pid));
    track.concerns(file);
    track.begin('queue');
    return track;
  }

  /** A job that a host does: 10 ms of waiting, 20 of scanning, 1 to connect and to send, 100 to compile, 5 to receive. */
  remote(file: string, at = 0, slot = 0): JobTrack {
    const track = this.begin(file);
    this.now += 10;
    track.begin('scan');
    this.now += 20;
    track.goesTo(this.host(at), slot);
    track.begin('connect');
    this.now += 107;
    track.reached('connected', 106);
    track.reached('sent', 105);
    track.reached('answered', 5);
    track.moved(2000, 700);
    track.sent('unpreprocessed');
    track.status = 0;
    this.history.end(track);
    return track;
  }

  /** A job that is compiled here for 50 ms, for a reason. */
  local(
    file: string,
    because = '"-march=native" means another processor',
    cure = 'name it',
    status?: number,
  ): JobTrack {
    const track = this.begin(file);
    track.staysHere({ because, cure });
    track.begin('local');
    this.now += 50;
    track.status = status;
    this.history.end(track);
    return track;
  }
}
