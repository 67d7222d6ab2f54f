import type { ServiceManager } from '../../system/service-manager/sd-notify.ts';

/** What the service manager hears of a daemon's life (sd_notify(3)). */
export interface ManagerReports {
  /**
   * Everything has been tried and clients are served: from here on the watchdog is fed, from the loop that serves them.
   */
  ready(): void;
  status(text: string): void;
  /** Does the work between the two messages by which the manager sees that it is done. */
  reloading(work: () => void): void;
  stopping(): void;
  /** Lets the process end. */
  end(): void;
}

/** Tells the service manager what it wants to know, when there is one. */
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
      // The manager compares with its own clock when the reload began.
      tell({ RELOADING: 1, MONOTONIC_USEC: String(process.hrtime.bigint() / 1000n) });
      work();
      tell({ READY: 1 });
    },
    stopping: () => tell({ STOPPING: 1 }),
    end: () => clearInterval(watchdog),
  };
}
