"""The families of mounted NFS shares, with the places of their values in the lines of /proc/self/mountstats.

Used by the mountstats collector; what the values are is told by Documentation/filesystems/nfs and net/sunrpc/stats.c.
"""

from barograph.collectors.base import counter, gauge
from barograph.model.batch import Family

INFO = gauge("node_mountstats_nfs_mountpoint_info", "Info metric for an NFS mountpoint.")
AGE = counter("node_mountstats_nfs_age_seconds_total", "The age of the NFS mount in seconds.")

_BYTES = (
    ("read_bytes_total", "Number of bytes read using the read() syscall."),
    ("write_bytes_total", "Number of bytes written using the write() syscall."),
    ("direct_read_bytes_total", "Number of bytes read using the read() syscall in O_DIRECT mode."),
    ("direct_write_bytes_total", "Number of bytes written using the write() syscall in O_DIRECT mode."),
    ("total_read_bytes_total", "Number of bytes read from the NFS server, in total."),
    ("total_write_bytes_total", "Number of bytes written to the NFS server, in total."),
    ("read_pages_total", "Number of pages read directly via mmap()'d files."),
    ("write_pages_total", "Number of pages written directly via mmap()'d files."),
)
# the place in the line of a TCP transport; the name without transport_; what it counts
_TRANSPORT = (
    (1, "bind_total", "Number of times the client has had to establish a connection from scratch to the NFS server."),
    (2, "connect_total", "Number of times the client has made a TCP connection to the NFS server."),
    (4, "idle_time_seconds", "Duration since the NFS mount last saw any RPC traffic, in seconds."),
    (5, "sends_total", "Number of RPC requests for this mount sent to the NFS server."),
    (6, "receives_total", "Number of RPC responses for this mount received from the NFS server."),
    (
        7,
        "bad_transaction_ids_total",
        "Number of times the NFS server sent a response with a transaction ID unknown to this client.",
    ),
    (9, "backlog_queue_total", "Total number of items added to the RPC backlog queue."),
    (10, "maximum_rpc_slots", "Maximum number of simultaneously active RPC requests ever used."),
    (11, "sending_queue_total", "Total number of items added to the RPC transmission sending queue."),
    (12, "pending_queue_total", "Total number of items added to the RPC transmission pending queue."),
)
# names without operations_, in the order of a line
_OPERATION = (
    ("requests_total", "Number of requests performed for a given operation."),
    ("transmissions_total", "Number of times an actual RPC request has been transmitted for a given operation."),
    ("major_timeouts_total", "Number of times a request has had a major timeout for a given operation."),
    ("sent_bytes_total", "Number of bytes sent for a given operation, including RPC headers and payload."),
    ("received_bytes_total", "Number of bytes received for a given operation, including RPC headers and payload."),
    (
        "queue_time_seconds_total",
        "Duration all requests spent queued for transmission for a given operation before they were sent, in seconds.",
    ),
    (
        "response_time_seconds_total",
        "Duration all requests took to get a reply back after a request for a given operation was transmitted, "
        "in seconds.",
    ),
    (
        "request_time_seconds_total",
        "Duration all requests took from when a request was enqueued to when it was completely handled "
        "for a given operation, in seconds.",
    ),
)
# the place in the line; the name without event_ and _total; what it counts (place 18 has not been counted since 2.6.31)
_EVENTS = (
    (0, "inode_revalidate", "Number of times cached inode attributes are re-validated from the server."),
    (1, "dnode_revalidate", "Number of times cached dentry nodes are re-validated from the server."),
    (2, "data_invalidate", "Number of times an inode cache is cleared."),
    (3, "attribute_invalidate", "Number of times cached inode attributes are invalidated."),
    (4, "vfs_open", "Number of times cached inode attributes are invalidated."),
    (5, "vfs_lookup", "Number of times a directory lookup has occurred."),
    (6, "vfs_access", "Number of times permissions have been checked."),
    (7, "vfs_update_page", "Number of updates (and potential writes) to pages."),
    (8, "vfs_read_page", "Number of pages read directly via mmap()'d files."),
    (9, "vfs_read_pages", "Number of times a group of pages have been read."),
    (10, "vfs_write_page", "Number of pages written directly via mmap()'d files."),
    (11, "vfs_write_pages", "Number of times a group of pages have been written."),
    (12, "vfs_getdents", "Number of times directory entries have been read with getdents()."),
    (13, "vfs_setattr", "Number of times directory entries have been read with getdents()."),
    (14, "vfs_flush", "Number of pending writes that have been forcefully flushed to the server."),
    (15, "vfs_fsync", "Number of times fsync() has been called on directories and files."),
    (16, "vfs_lock", "Number of times locking has been attempted on a file."),
    (17, "vfs_file_release", "Number of times files have been closed and released."),
    (19, "truncation", "Number of times files have been truncated."),
    (20, "write_extension", "Number of times a file has been grown due to writes beyond its existing end."),
    (21, "silly_rename", "Number of times a file was removed while still open by another process."),
    (22, "short_read", "Number of times the NFS server gave less data than expected while reading."),
    (23, "short_write", "Number of times the NFS server wrote less data than expected while writing."),
    (24, "jukebox_delay", "Number of times the NFS server indicated EJUKEBOX; retrieving data from offline storage."),
    (25, "pnfs_read", "Number of NFS v4.1+ pNFS reads."),
    (26, "pnfs_write", "Number of NFS v4.1+ pNFS writes."),
)
_GAUGES = frozenset({"idle_time_seconds", "maximum_rpc_slots"})


def _family(name: str, text: str) -> Family:
    make = gauge if name.removeprefix("transport_") in _GAUGES else counter
    return make(f"node_mountstats_nfs_{name}", text)


BYTES = tuple(_family(name, text) for name, text in _BYTES)
TRANSPORT = tuple((place, _family(f"transport_{name}", text)) for place, name, text in _TRANSPORT)
OPERATION = tuple(_family(f"operations_{name}", text) for name, text in _OPERATION)
EVENTS = tuple((place, _family(f"event_{name}_total", text)) for place, name, text in _EVENTS)
FAMILIES = (INFO, AGE, *BYTES, *(f for _, f in TRANSPORT), *OPERATION, *(f for _, f in EVENTS))
