"""The counters of InfiniBand ports: which file of sysfs makes which metric.

Used by the infiniband collector. Tables only; Documentation/ABI/stable/sysfs-class-infiniband tells of the files.
"""

from typing import NamedTuple

from barograph.collectors.base import counter, gauge
from barograph.model.batch import Family


class PortCounter(NamedTuple):
    """A counter: its file below the port's folder, its family, and what its number is multiplied by."""

    file: str
    family: Family
    factor: int


# ports count four octets as one
_OCTETS_IN_WORD = 4

_COUNTERS = (
    (
        "link_downed",
        "link_downed_total",
        "Number of times the link failed to recover from an error state and went down",
    ),
    (
        "link_error_recovery",
        "link_error_recovery_total",
        "Number of times the link successfully recovered from an error state",
    ),
    (
        "multicast_rcv_packets",
        "multicast_packets_received_total",
        "Number of multicast packets received (including errors)",
    ),
    (
        "multicast_xmit_packets",
        "multicast_packets_transmitted_total",
        "Number of multicast packets transmitted (including errors)",
    ),
    (
        "port_rcv_constraint_errors",
        "port_constraint_errors_received_total",
        "Number of packets received on the switch physical port that are discarded",
    ),
    (
        "port_xmit_constraint_errors",
        "port_constraint_errors_transmitted_total",
        "Number of packets not transmitted from the switch physical port",
    ),
    ("port_rcv_data", "port_data_received_bytes_total", "Number of data octets received on all links"),
    ("port_xmit_data", "port_data_transmitted_bytes_total", "Number of data octets transmitted on all links"),
    (
        "port_rcv_discards",
        "port_discards_received_total",
        "Number of inbound packets discarded by the port because the port is down or congested",
    ),
    (
        "port_xmit_discards",
        "port_discards_transmitted_total",
        "Number of outbound packets discarded by the port because the port is down or congested",
    ),
    (
        "port_rcv_errors",
        "port_errors_received_total",
        "Number of packets containing an error that were received on this port",
    ),
    (
        "port_rcv_packets",
        "port_packets_received_total",
        "Number of packets received on all VLs by this port (including errors)",
    ),
    (
        "port_xmit_packets",
        "port_packets_transmitted_total",
        "Number of packets transmitted on all VLs from this port (including errors)",
    ),
    (
        "port_xmit_wait",
        "port_transmit_wait_total",
        "Number of ticks during which the port had data to transmit but no data was sent during the entire tick",
    ),
    ("unicast_rcv_packets", "unicast_packets_received_total", "Number of unicast packets received (including errors)"),
    (
        "unicast_xmit_packets",
        "unicast_packets_transmitted_total",
        "Number of unicast packets transmitted (including errors)",
    ),
    (
        "excessive_buffer_overrun_errors",
        "excessive_buffer_overrun_errors_total",
        "Times that consecutive flow control periods each had an overrun error",
    ),
    (
        "local_link_integrity_errors",
        "local_link_integrity_errors_total",
        "Times that local physical errors exceeded their threshold",
    ),
    (
        "port_rcv_remote_physical_errors",
        "port_receive_remote_physical_errors_total",
        "Received packets marked as bad by the sender (EBP)",
    ),
    (
        "port_rcv_switch_relay_errors",
        "port_receive_switch_relay_errors_total",
        "Packets that the switch could not forward",
    ),
    ("symbol_error", "symbol_error_total", "Minor link errors on one or more lanes"),
    ("VL15_dropped", "vl15_dropped_total", "Management packets (VL15) dropped for want of resources"),
)
# kernels before 4.5 keep 64-bit counters in a folder of their own
_LEGACY = (
    ("port_multicast_rcv_packets", "legacy_multicast_packets_received_total", "Number of multicast packets received"),
    (
        "port_multicast_xmit_packets",
        "legacy_multicast_packets_transmitted_total",
        "Number of multicast packets transmitted",
    ),
    ("port_rcv_data_64", "legacy_data_received_bytes_total", "Number of data octets received on all links"),
    ("port_rcv_packets_64", "legacy_packets_received_total", "Number of data packets received on all links"),
    ("port_unicast_rcv_packets", "legacy_unicast_packets_received_total", "Number of unicast packets received"),
    ("port_unicast_xmit_packets", "legacy_unicast_packets_transmitted_total", "Number of unicast packets transmitted"),
    ("port_xmit_data_64", "legacy_data_transmitted_bytes_total", "Number of data octets transmitted on all links"),
    ("port_xmit_packets_64", "legacy_packets_transmitted_total", "Number of data packets received on all links"),
)
# drivers mlx5 and irdma
_HARDWARE = (
    ("duplicate_request", "duplicate_requests_packets_total", "Received requests that had been executed before"),
    (
        "implied_nak_seq_err",
        "implied_nak_seq_errors_total",
        "Acknowledgements with a larger sequence number than expected",
    ),
    ("local_ack_timeout_err", "local_ack_timeout_errors_total", "Acknowledgement timers that ran out at the sender"),
    ("np_cnp_sent", "np_cnp_packets_sent_total", "Congestion notifications sent"),
    (
        "np_ecn_marked_roce_packets",
        "np_ecn_marked_roce_packets_received_total",
        "Received RoCEv2 packets marked for congestion",
    ),
    ("out_of_buffer", "out_of_buffer_drops_total", "Drops for want of a receive work request"),
    ("out_of_sequence", "out_of_sequence_packets_received_total", "Packets received out of sequence"),
    ("packet_seq_err", "packet_sequence_errors_total", "Received negative acknowledgements for the sequence"),
    ("req_cqe_error", "req_cqes_errors_total", "Completions with an error at the requester"),
    ("req_cqe_flush_error", "req_cqes_flush_errors_total", "Completions with a flush error at the requester"),
    ("req_remote_access_errors", "req_remote_access_errors_total", "Remote access errors at the requester"),
    ("req_remote_invalid_request", "req_remote_invalid_request_errors_total", "Invalid requests at the requester"),
    ("resp_cqe_error", "resp_cqes_errors_total", "Completions with an error at the responder"),
    ("resp_cqe_flush_error", "resp_cqes_flush_errors_total", "Completions with a flush error at the responder"),
    ("resp_local_length_error", "resp_local_length_errors_total", "Local length errors at the responder"),
    ("resp_remote_access_errors", "resp_remote_access_errors_total", "Remote access errors at the responder"),
    ("rnr_nak_retry_err", "rnr_nak_retry_packets_received_total", "Received refusals for want of a ready receiver"),
    ("roce_adp_retrans", "roce_adp_retransmits_total", "Adaptive retransmissions of RoCE"),
    ("roce_adp_retrans_to", "roce_adp_retransmits_timeout_total", "Adaptive retransmissions of RoCE that timed out"),
    ("roce_slow_restart", "roce_slow_restart_used_total", "Uses of RoCE slow restart"),
    ("roce_slow_restart_cnps", "roce_slow_restart_cnps_total", "Congestion notifications made by RoCE slow restart"),
    ("roce_slow_restart_trans", "roce_slow_restart_total", "Changes of state to RoCE slow restart"),
    ("rp_cnp_handled", "rp_cnp_packets_handled_total", "Congestion notifications that slowed sending"),
    ("rp_cnp_ignored", "rp_cnp_ignored_packets_received_total", "Congestion notifications that were ignored"),
    ("rx_atomic_requests", "rx_atomic_requests_total", "Received atomic requests"),
    ("rx_dct_connect", "rx_dct_connect_requests_total", "Received connection requests"),
    ("rx_icrc_encapsulated", "rx_icrc_encapsulated_errors_total", "RoCE packets with a checksum error"),
    ("rx_read_requests", "rx_read_requests_total", "Received read requests"),
    ("rx_write_requests", "rx_write_requests_total", "Received write requests"),
)
LIFESPAN = gauge("node_infiniband_lifespan_seconds", "How long counters may lag behind what happened")


def _counters(folder: str, table: tuple[tuple[str, str, str], ...]) -> tuple[PortCounter, ...]:
    return tuple(
        PortCounter(
            f"{folder}/{file}",
            counter(f"node_infiniband_{name}", text),
            _OCTETS_IN_WORD if "_data" in file else 1,
        )
        for file, name, text in table
    )


COUNTERS = (*_counters("counters", _COUNTERS), *_counters("counters_ext", _LEGACY))
HARDWARE_COUNTERS = _counters("hw_counters", _HARDWARE)
