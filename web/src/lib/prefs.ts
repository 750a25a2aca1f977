// What a person chose for this browser: keys, the zone of times, the unit of network rates.

import { kept } from "./kept";

/** "browser": the zone that this browser has. */
export const zoneChoice = kept("barograph.zone", ["browser", "UTC"], "browser");
/** How network rates are written. */
export const networkUnit = kept("barograph.network", ["bits", "bytes"], "bits");
