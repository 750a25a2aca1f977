"""The procedures of NFS in the order in which the kernel counts them, by version; "" where none is shown.

Used by the collectors nfs and nfsd. Names are the label values of node_exporter.
"""

V2 = [
    "Null",
    "GetAttr",
    "SetAttr",
    "Root",
    "Lookup",
    "ReadLink",
    "Read",
    "WrCache",
    "Write",
    "Create",
    "Remove",
    "Rename",
    "Link",
    "SymLink",
    "MkDir",
    "RmDir",
    "ReadDir",
    "FsStat",
]
V3 = [
    "Null",
    "GetAttr",
    "SetAttr",
    "Lookup",
    "Access",
    "ReadLink",
    "Read",
    "Write",
    "Create",
    "MkDir",
    "SymLink",
    "MkNod",
    "Remove",
    "RmDir",
    "Rename",
    "Link",
    "ReadDir",
    "ReadDirPlus",
    "FsStat",
    "FsInfo",
    "PathConf",
    "Commit",
]
# fs/nfs/nfs4xdr.c: requests of the client
V4_CLIENT = [
    "Null",
    "Read",
    "Write",
    "Commit",
    "Open",
    "OpenConfirm",
    "OpenNoattr",
    "OpenDowngrade",
    "Close",
    "Setattr",
    "FsInfo",
    "Renew",
    "SetClientID",
    "SetClientIDConfirm",
    "Lock",
    "Lockt",
    "Locku",
    "Access",
    "Getattr",
    "Lookup",
    "LookupRoot",
    "Remove",
    "Rename",
    "Link",
    "Symlink",
    "Create",
    "Pathconf",
    "StatFs",
    "ReadLink",
    "ReadDir",
    "ServerCaps",
    "DelegReturn",
    "GetACL",
    "SetACL",
    "FsLocations",
    "ReleaseLockowner",
    "Secinfo",
    "FsidPresent",
    "ExchangeID",
    "CreateSession",
    "DestroySession",
    "Sequence",
    "GetLeaseTime",
    "ReclaimComplete",
    "GetDeviceInfo",
    "LayoutGet",
    "LayoutCommit",
    "LayoutReturn",
    "SecinfoNoName",
    "TestStateID",
    "FreeStateID",
    "GetDeviceList",
    "BindConnToSession",
    "DestroyClientID",
    "Seek",
    "Allocate",
    "DeAllocate",
    "LayoutStats",
    "Clone",
]
# include/linux/nfs4.h: operations of the server; 0 to 2 are no operations, PUTPUBFH and PUTROOTFH are not shown
V4_SERVER = [
    *("", "", ""),
    *[
        "Access",
        "Close",
        "Commit",
        "Create",
        "DelegPurge",
        "DelegReturn",
        "GetAttr",
        "GetFH",
        "Link",
        "Lock",
        "Lockt",
        "Locku",
        "Lookup",
        "LookupRoot",
    ],
    *["Nverify", "Open", "OpenAttr", "OpenConfirm", "OpenDgrd", "PutFH"],
    *("", ""),
    *[
        "Read",
        "ReadDir",
        "ReadLink",
        "Remove",
        "Rename",
        "Renew",
        "RestoreFH",
        "SaveFH",
        "SecInfo",
        "SetAttr",
        "SetClientID",
    ],
    *["SetClientIDConfirm", "Verify", "Write", "RelLockOwner"],
]


def counted(values: list[int], names: list[str], least: int) -> list[int]:
    """Return the counts of procedures: of those that this kernel does not know, 0.

    Args:
        values: How many counts follow, then the counts.
        names: The procedures that are known here.
        least: How many counts there are at least.

    Raises:
        ValueError: There are fewer counts, or not as many as the first number says.
    """
    if len(values) - 1 != values[0] or values[0] < least:
        raise ValueError(f"{len(values) - 1} procedures are counted where {values[0]} were announced")
    return (values[1:] + [0] * len(names))[: len(names)]
