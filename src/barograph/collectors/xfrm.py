"""The xfrm collector: packets that IPsec could not handle, by cause, from /proc/net/xfrm_stat."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of

# the kernel's name (net/xfrm/xfrm_proc.c), the metric's, and what it counts
_COUNTERS = (
    ("XfrmInError", "in_error_packets_total", "All errors not matched by other"),
    ("XfrmInBufferError", "in_buffer_error_packets_total", "No buffer is left"),
    ("XfrmInHdrError", "in_hdr_error_packets_total", "Header error"),
    (
        "XfrmInNoStates",
        "in_no_states_packets_total",
        "No state is found i.e. Either inbound SPI, address, or IPsec protocol at SA is wrong",
    ),
    (
        "XfrmInStateProtoError",
        "in_state_proto_error_packets_total",
        "Transformation protocol specific error e.g. SA key is wrong",
    ),
    ("XfrmInStateModeError", "in_state_mode_error_packets_total", "Transformation mode specific error"),
    ("XfrmInStateSeqError", "in_state_seq_error_packets_total", "Sequence error i.e. Sequence number is out of window"),
    ("XfrmInStateExpired", "in_state_expired_packets_total", "State is expired"),
    (
        "XfrmInStateMismatch",
        "in_state_mismatch_packets_total",
        "State has mismatch option e.g. UDP encapsulation type is mismatch",
    ),
    ("XfrmInStateInvalid", "in_state_invalid_packets_total", "State is invalid"),
    (
        "XfrmInTmplMismatch",
        "in_tmpl_mismatch_packets_total",
        "No matching template for states e.g. Inbound SAs are correct but SP rule is wrong",
    ),
    (
        "XfrmInNoPols",
        "in_no_pols_packets_total",
        "No policy is found for states e.g. Inbound SAs are correct but no SP is found",
    ),
    ("XfrmInPolBlock", "in_pol_block_packets_total", "Policy discards"),
    ("XfrmInPolError", "in_pol_error_packets_total", "Policy error"),
    ("XfrmOutError", "out_error_packets_total", "All errors which is not matched others"),
    ("XfrmOutBundleGenError", "out_bundle_gen_error_packets_total", "Bundle generation error"),
    ("XfrmOutBundleCheckError", "out_bundle_check_error_packets_total", "Bundle check error"),
    ("XfrmOutNoStates", "out_no_states_packets_total", "No state is found"),
    ("XfrmOutStateProtoError", "out_state_proto_error_packets_total", "Transformation protocol specific error"),
    ("XfrmOutStateModeError", "out_state_mode_error_packets_total", "Transformation mode specific error"),
    ("XfrmOutStateSeqError", "out_state_seq_error_packets_total", "Sequence error i.e. Sequence number overflow"),
    ("XfrmOutStateExpired", "out_state_expired_packets_total", "State is expired"),
    ("XfrmOutPolBlock", "out_pol_block_packets_total", "Policy discards"),
    ("XfrmOutPolDead", "out_pol_dead_packets_total", "Policy is dead"),
    ("XfrmOutPolError", "out_pol_error_packets_total", "Policy error"),
    ("XfrmFwdHdrError", "fwd_hdr_error_packets_total", "Forward routing of a packet is not allowed"),
    ("XfrmOutStateInvalid", "out_state_invalid_packets_total", "State is invalid, perhaps expired"),
    ("XfrmAcquireError", "acquire_error_packets_total", "State hasn’t been fully acquired before use"),
)
_SPECS = {name.encode(): SeriesSpec(counter(f"node_xfrm_{metric}", text), {}) for name, metric, text in _COUNTERS}


class XfrmConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the xfrm collector: only those of every collector."""


class XfrmCollector(FileCollector):
    """Parses one file. See `model.protocols.Collector`."""

    name = "xfrm"

    def __init__(self, host: Host, config: XfrmConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "net/xfrm_stat", single=False), _parse)


def _parse(data: bytes) -> Sequence[Reading]:
    """Read lines of a name and a number. What this kernel does not count is 0, as node_exporter has it."""
    values: dict[bytes, int] = {}
    for words in lines_of(data):
        if len(words) != 2:
            raise ValueError(f"not a name and a number: {b' '.join(words)[:60]!r}")
        values[words[0]] = int(words[1])
    return [(spec, float(values.get(name, 0))) for name, spec in _SPECS.items()]


ENTRY = CollectorEntry(
    factory=XfrmCollector,
    section=XfrmConfig,
    default=False,
    summary="Packets that IPsec could not handle, by cause",
    files=("/proc/net/xfrm_stat",),
    families=tuple(spec.family for spec in _SPECS.values()),
)
