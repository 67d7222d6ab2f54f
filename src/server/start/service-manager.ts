import type { ServiceManager } from '../../system/service-manager/sd-notify.ts';

/** Reports of a daemon to the service manager (sd_notify(3)). */
export interface ManagerReports {
  /** Clients are served from now on. Starts to feed the watchdog, from the event loop that serves them. */
  ready(): void;
  status(text: string): void;
  /** Does the work between the two messages about a reload. */
  reloading(work: () => void): void;
  stopping(): void;
  /** Lets the process end. */
  end(): void;
}

/** Makes the reports to the service manager, if there is one. */
export function reportToManager({ tell, watchdogMs }: ServiceManager): ManagerReports {
  let watchdog: NodeJS.Timeout | undefined;
  return {
    ready() {
      tell({ READY: 1 });
      if (watchdogMs === undefined) return;
      tell({ WATCHDOG: 1 });
      watchdog = setInterval(() => tell({ WATCHDOG: 1 }), watchdogMs);
    },
    status: (text) => tell({ STATUS: text }),
    reloading(work) {
      // The manager compares this with its own clock.
      tell({ RELOADING: 1, MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) });
      work();
      tell({ READY: 1 });
    },
    stopping: () => tell({ STOPPING: 1 }),
    end: () => clearInterval(watchdog),
  };
}
