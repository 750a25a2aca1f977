// Says what of alerts is new to those who hear: politely, or at once where it is critical. What comes within five seconds is
// one sentence.

import { type Alert, readAlerts } from "./alerts";
import { announcement } from "./alertwords";

const GROUP_MS = 5000;
const FIRST = 20;

export class Announcing {
  polite = $state("");
  urgent = $state("");
  private known: readonly Alert[] | null = null;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private saidAt = -Infinity;
  private asking = false;
  private missed = false;

  /** Something about alerts changed. */
  look(): void {
    // one question at a time: of two whose answers cross, the older one would make old what was told, and new once more
    if (this.asking) this.missed = true;
    if (this.asking || this.waiting !== undefined) return;
    // the first is told at once; what comes right after it waits until the five seconds are over
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      void this.tell();
    }, Math.max(0, GROUP_MS - (performance.now() - this.saidAt)));
  }

  private async tell(): Promise<void> {
    this.asking = true;
    try {
      const list = await readAlerts(FIRST, null);
      const said = announcement(this.known, list.alerts);
      this.known = list.alerts;
      if (said !== null) {
        this.saidAt = performance.now();
        if (said.sign === "critical") this.urgent = said.text;
        else this.polite = said.text;
      }
    } catch {
      // the connection bar says what is wrong
    }
    this.asking = false;
    if (!this.missed) return;
    this.missed = false;
    this.look();
  }
}
