"""The dmi collector: which machine this is, from /sys/class/dmi/id."""

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading

_INFO = gauge("node_dmi_info", "What the firmware says of this machine; the value is always 1.")
# the file and, where it is another, the label
_LABELS = {
    "bios_date": "",
    "bios_release": "",
    "bios_vendor": "",
    "bios_version": "",
    "board_asset_tag": "",
    "board_name": "",
    "board_serial": "",
    "board_vendor": "",
    "board_version": "",
    "chassis_asset_tag": "",
    "chassis_serial": "",
    "chassis_vendor": "",
    "chassis_version": "",
    "product_family": "",
    "product_name": "",
    "product_serial": "",
    "product_sku": "",
    "product_uuid": "",
    "product_version": "",
    "sys_vendor": "system_vendor",
}


class DmiConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the dmi collector: only those of every collector."""


class DmiCollector(PlainCollector):
    """Fills one value. See `model.protocols.Collector`."""

    name = "dmi"

    def __init__(self, host: Host, config: DmiConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "class/dmi/id"
        self._readings: list[Reading] = []

    def read(self) -> list[Reading]:
        """See `PlainCollector`. The firmware's words do not change while the machine runs: they are read once."""
        if not self._readings:
            names = listed(self._folder)
            labels = {}
            for name in names:
                if name in _LABELS:
                    try:
                        content = (self._folder / name).read_bytes()
                    except OSError:
                        continue  # serial numbers are root's alone
                    labels[_LABELS[name] or name] = content.strip(b" \t\r\n").decode("utf-8", "replace")
            self._readings = [(SeriesSpec(_INFO, labels), 1.0)]
        return self._readings


ENTRY = CollectorEntry(
    factory=DmiCollector,
    section=DmiConfig,
    default=True,
    summary="Which machine this is: vendor, product, firmware",
    files=("/sys/class/dmi/id/*",),
    privileges="root: serial numbers",
    families=(_INFO,),
)
