namespace Wagi.Runtime.Wasi;

/// <summary>Every function of WASI preview 1, in the order of its document.</summary>
internal enum WasiFunction
{
    ArgsGet,
    ArgsSizesGet,
    EnvironGet,
    EnvironSizesGet,
    ClockResGet,
    ClockTimeGet,
    FdAdvise,
    FdAllocate,
    FdClose,
    FdDatasync,
    FdFdstatGet,
    FdFdstatSetFlags,
    FdFdstatSetRights,
    FdFilestatGet,
    FdFilestatSetSize,
    FdFilestatSetTimes,
    FdPread,
    FdPrestatGet,
    FdPrestatDirName,
    FdPwrite,
    FdRead,
    FdReaddir,
    FdRenumber,
    FdSeek,
    FdSync,
    FdTell,
    FdWrite,
    PathCreateDirectory,
    PathFilestatGet,
    PathFilestatSetTimes,
    PathLink,
    PathOpen,
    PathReadlink,
    PathRemoveDirectory,
    PathRename,
    PathSymlink,
    PathUnlinkFile,
    PollOneoff,
    ProcExit,
    ProcRaise,
    SchedYield,
    RandomGet,
    SockAccept,
    SockRecv,
    SockSend,
    SockShutdown,

    /// <summary><c>fd_filestat_get</c> of <c>wasi_unstable</c>, whose result has another layout.</summary>
    UnstableFdFilestatGet,

    /// <summary><c>poll_oneoff</c> of <c>wasi_unstable</c>, whose subscriptions have another layout.</summary>
    UnstablePollOneoff,
}

/// <summary>WASI preview 1 <c>errno</c>, the values that are returned here.</summary>
internal enum Errno : ushort
{
    Success = 0,
    Badf = 8,
    Ilseq = 25,
    Inval = 28,
    Nomem = 48,
    Notdir = 54,
    Notsock = 57,
    Notsup = 58,
    Spipe = 70,
}

/// <summary>
/// Names and parameters of the functions, as <c>wasi_snapshot_preview1.witx</c> lowers them: <c>i</c> is an i32, <c>I</c> an i64.
/// All return an errno as i32, except <c>proc_exit</c>, which returns nothing.
/// </summary>
internal static class WasiSignatures
{
    /// <summary>The module that preview 1 is imported from.</summary>
    public const string Preview1 = "wasi_snapshot_preview1";

    /// <summary>What preview 1 was called before it was finished; some older toolchains still import it under this name.</summary>
    public const string Unstable = "wasi_unstable";

    public static readonly (WasiFunction Function, string Name, string Parameters)[] All =
    [
        (WasiFunction.ArgsGet, "args_get", "ii"),
        (WasiFunction.ArgsSizesGet, "args_sizes_get", "ii"),
        (WasiFunction.EnvironGet, "environ_get", "ii"),
        (WasiFunction.EnvironSizesGet, "environ_sizes_get", "ii"),
        (WasiFunction.ClockResGet, "clock_res_get", "ii"),
        (WasiFunction.ClockTimeGet, "clock_time_get", "iIi"),
        (WasiFunction.FdAdvise, "fd_advise", "iIIi"),
        (WasiFunction.FdAllocate, "fd_allocate", "iII"),
        (WasiFunction.FdClose, "fd_close", "i"),
        (WasiFunction.FdDatasync, "fd_datasync", "i"),
        (WasiFunction.FdFdstatGet, "fd_fdstat_get", "ii"),
        (WasiFunction.FdFdstatSetFlags, "fd_fdstat_set_flags", "ii"),
        (WasiFunction.FdFdstatSetRights, "fd_fdstat_set_rights", "iII"),
        (WasiFunction.FdFilestatGet, "fd_filestat_get", "ii"),
        (WasiFunction.FdFilestatSetSize, "fd_filestat_set_size", "iI"),
        (WasiFunction.FdFilestatSetTimes, "fd_filestat_set_times", "iIIi"),
        (WasiFunction.FdPread, "fd_pread", "iiiIi"),
        (WasiFunction.FdPrestatGet, "fd_prestat_get", "ii"),
        (WasiFunction.FdPrestatDirName, "fd_prestat_dir_name", "iii"),
        (WasiFunction.FdPwrite, "fd_pwrite", "iiiIi"),
        (WasiFunction.FdRead, "fd_read", "iiii"),
        (WasiFunction.FdReaddir, "fd_readdir", "iiiIi"),
        (WasiFunction.FdRenumber, "fd_renumber", "ii"),
        (WasiFunction.FdSeek, "fd_seek", "iIii"),
        (WasiFunction.FdSync, "fd_sync", "i"),
        (WasiFunction.FdTell, "fd_tell", "ii"),
        (WasiFunction.FdWrite, "fd_write", "iiii"),
        (WasiFunction.PathCreateDirectory, "path_create_directory", "iii"),
        (WasiFunction.PathFilestatGet, "path_filestat_get", "iiiii"),
        (WasiFunction.PathFilestatSetTimes, "path_filestat_set_times", "iiiiIIi"),
        (WasiFunction.PathLink, "path_link", "iiiiiii"),
        (WasiFunction.PathOpen, "path_open", "iiiiiIIii"),
        (WasiFunction.PathReadlink, "path_readlink", "iiiiii"),
        (WasiFunction.PathRemoveDirectory, "path_remove_directory", "iii"),
        (WasiFunction.PathRename, "path_rename", "iiiiii"),
        (WasiFunction.PathSymlink, "path_symlink", "iiiii"),
        (WasiFunction.PathUnlinkFile, "path_unlink_file", "iii"),
        (WasiFunction.PollOneoff, "poll_oneoff", "iiii"),
        (WasiFunction.ProcExit, "proc_exit", "i"),
        (WasiFunction.ProcRaise, "proc_raise", "i"),
        (WasiFunction.SchedYield, "sched_yield", ""),
        (WasiFunction.RandomGet, "random_get", "ii"),
        (WasiFunction.SockAccept, "sock_accept", "iii"),
        (WasiFunction.SockRecv, "sock_recv", "iiiiii"),
        (WasiFunction.SockSend, "sock_send", "iiiii"),
        (WasiFunction.SockShutdown, "sock_shutdown", "ii"),
    ];

    /// <summary>The function that answers for another one when it is imported from <see cref="Unstable"/>.</summary>
    public static WasiFunction InUnstable(WasiFunction function) => function switch
    {
        WasiFunction.FdFilestatGet => WasiFunction.UnstableFdFilestatGet,
        WasiFunction.PollOneoff => WasiFunction.UnstablePollOneoff,
        _ => function,
    };
}
